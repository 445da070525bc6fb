from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class NoiseReduction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NOISE_REDUCTION_UNSPECIFIED: _ClassVar[NoiseReduction]
    NOISE_REDUCTION_OFF: _ClassVar[NoiseReduction]
    NOISE_REDUCTION_LIGHT: _ClassVar[NoiseReduction]
    NOISE_REDUCTION_STRONG: _ClassVar[NoiseReduction]
NOISE_REDUCTION_UNSPECIFIED: NoiseReduction
NOISE_REDUCTION_OFF: NoiseReduction
NOISE_REDUCTION_LIGHT: NoiseReduction
NOISE_REDUCTION_STRONG: NoiseReduction

class Enhancement(_message.Message):
    __slots__ = ("noise_reduction", "target_lufs", "trim_silences")
    NOISE_REDUCTION_FIELD_NUMBER: _ClassVar[int]
    TARGET_LUFS_FIELD_NUMBER: _ClassVar[int]
    TRIM_SILENCES_FIELD_NUMBER: _ClassVar[int]
    noise_reduction: NoiseReduction
    target_lufs: float
    trim_silences: bool
    def __init__(self, noise_reduction: _Optional[_Union[NoiseReduction, str]] = ..., target_lufs: _Optional[float] = ..., trim_silences: bool = ...) -> None: ...

class SoundMeasurement(_message.Message):
    __slots__ = ("duration_seconds", "integrated_lufs", "true_peak_dbtp", "clipped_share", "snr_db", "speech_share")
    DURATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    INTEGRATED_LUFS_FIELD_NUMBER: _ClassVar[int]
    TRUE_PEAK_DBTP_FIELD_NUMBER: _ClassVar[int]
    CLIPPED_SHARE_FIELD_NUMBER: _ClassVar[int]
    SNR_DB_FIELD_NUMBER: _ClassVar[int]
    SPEECH_SHARE_FIELD_NUMBER: _ClassVar[int]
    duration_seconds: float
    integrated_lufs: float
    true_peak_dbtp: float
    clipped_share: float
    snr_db: float
    speech_share: float
    def __init__(self, duration_seconds: _Optional[float] = ..., integrated_lufs: _Optional[float] = ..., true_peak_dbtp: _Optional[float] = ..., clipped_share: _Optional[float] = ..., snr_db: _Optional[float] = ..., speech_share: _Optional[float] = ...) -> None: ...
