from s2v.api.common.v1 import sound_pb2 as _sound_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LipSyncMeasurement(_message.Message):
    __slots__ = ("frames", "face_share", "opening_correlation", "lag_milliseconds", "closures", "closure_recall", "rounded_over_wide", "sharpness_ratio", "identity_distance", "best_correlation", "chance_correlation", "mouth_colour_distance", "mouth_sharpness_ratio", "mouth_flicker", "mouth_spill")
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    FACE_SHARE_FIELD_NUMBER: _ClassVar[int]
    OPENING_CORRELATION_FIELD_NUMBER: _ClassVar[int]
    LAG_MILLISECONDS_FIELD_NUMBER: _ClassVar[int]
    CLOSURES_FIELD_NUMBER: _ClassVar[int]
    CLOSURE_RECALL_FIELD_NUMBER: _ClassVar[int]
    ROUNDED_OVER_WIDE_FIELD_NUMBER: _ClassVar[int]
    SHARPNESS_RATIO_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_DISTANCE_FIELD_NUMBER: _ClassVar[int]
    BEST_CORRELATION_FIELD_NUMBER: _ClassVar[int]
    CHANCE_CORRELATION_FIELD_NUMBER: _ClassVar[int]
    MOUTH_COLOUR_DISTANCE_FIELD_NUMBER: _ClassVar[int]
    MOUTH_SHARPNESS_RATIO_FIELD_NUMBER: _ClassVar[int]
    MOUTH_FLICKER_FIELD_NUMBER: _ClassVar[int]
    MOUTH_SPILL_FIELD_NUMBER: _ClassVar[int]
    frames: int
    face_share: float
    opening_correlation: float
    lag_milliseconds: float
    closures: int
    closure_recall: float
    rounded_over_wide: float
    sharpness_ratio: float
    identity_distance: float
    best_correlation: float
    chance_correlation: float
    mouth_colour_distance: float
    mouth_sharpness_ratio: float
    mouth_flicker: float
    mouth_spill: float
    def __init__(self, frames: _Optional[int] = ..., face_share: _Optional[float] = ..., opening_correlation: _Optional[float] = ..., lag_milliseconds: _Optional[float] = ..., closures: _Optional[int] = ..., closure_recall: _Optional[float] = ..., rounded_over_wide: _Optional[float] = ..., sharpness_ratio: _Optional[float] = ..., identity_distance: _Optional[float] = ..., best_correlation: _Optional[float] = ..., chance_correlation: _Optional[float] = ..., mouth_colour_distance: _Optional[float] = ..., mouth_sharpness_ratio: _Optional[float] = ..., mouth_flicker: _Optional[float] = ..., mouth_spill: _Optional[float] = ...) -> None: ...

class SampleMeasurement(_message.Message):
    __slots__ = ("duration_seconds", "speech_seconds", "speech_dbfs", "signal_to_noise_db", "clipped_share", "sound")
    DURATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    SPEECH_SECONDS_FIELD_NUMBER: _ClassVar[int]
    SPEECH_DBFS_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_TO_NOISE_DB_FIELD_NUMBER: _ClassVar[int]
    CLIPPED_SHARE_FIELD_NUMBER: _ClassVar[int]
    SOUND_FIELD_NUMBER: _ClassVar[int]
    duration_seconds: float
    speech_seconds: float
    speech_dbfs: float
    signal_to_noise_db: float
    clipped_share: float
    sound: _sound_pb2.SoundMeasurement
    def __init__(self, duration_seconds: _Optional[float] = ..., speech_seconds: _Optional[float] = ..., speech_dbfs: _Optional[float] = ..., signal_to_noise_db: _Optional[float] = ..., clipped_share: _Optional[float] = ..., sound: _Optional[_Union[_sound_pb2.SoundMeasurement, _Mapping]] = ...) -> None: ...
