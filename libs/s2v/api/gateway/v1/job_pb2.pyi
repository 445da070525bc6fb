import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from s2v.api.common.v1 import caption_pb2 as _caption_pb2
from s2v.api.common.v1 import face_pb2 as _face_pb2
from s2v.api.common.v1 import finish_pb2 as _finish_pb2
from s2v.api.common.v1 import lengths_pb2 as _lengths_pb2
from s2v.api.common.v1 import measurement_pb2 as _measurement_pb2
from s2v.api.common.v1 import media_pb2 as _media_pb2
from s2v.api.common.v1 import sampling_pb2 as _sampling_pb2
from s2v.api.common.v1 import sound_pb2 as _sound_pb2
from s2v.api.common.v1 import speech_pb2 as _speech_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Priority(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRIORITY_UNSPECIFIED: _ClassVar[Priority]
    PRIORITY_LOW: _ClassVar[Priority]
    PRIORITY_NORMAL: _ClassVar[Priority]
    PRIORITY_HIGH: _ClassVar[Priority]

class StatsState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STATS_STATE_UNSPECIFIED: _ClassVar[StatsState]
    STATS_STATE_PENDING: _ClassVar[StatsState]
    STATS_STATE_DONE: _ClassVar[StatsState]
    STATS_STATE_NOT_MEASURED: _ClassVar[StatsState]

class JobState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    JOB_STATE_UNSPECIFIED: _ClassVar[JobState]
    JOB_STATE_QUEUED: _ClassVar[JobState]
    JOB_STATE_RUNNING: _ClassVar[JobState]
    JOB_STATE_CANCELLING: _ClassVar[JobState]
    JOB_STATE_SUCCEEDED: _ClassVar[JobState]
    JOB_STATE_FAILED: _ClassVar[JobState]
    JOB_STATE_CANCELLED: _ClassVar[JobState]

class Stage(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STAGE_UNSPECIFIED: _ClassVar[Stage]
    STAGE_SPEAK: _ClassVar[Stage]
    STAGE_RENDER: _ClassVar[Stage]
    STAGE_COMPOSE: _ClassVar[Stage]
PRIORITY_UNSPECIFIED: Priority
PRIORITY_LOW: Priority
PRIORITY_NORMAL: Priority
PRIORITY_HIGH: Priority
STATS_STATE_UNSPECIFIED: StatsState
STATS_STATE_PENDING: StatsState
STATS_STATE_DONE: StatsState
STATS_STATE_NOT_MEASURED: StatsState
JOB_STATE_UNSPECIFIED: JobState
JOB_STATE_QUEUED: JobState
JOB_STATE_RUNNING: JobState
JOB_STATE_CANCELLING: JobState
JOB_STATE_SUCCEEDED: JobState
JOB_STATE_FAILED: JobState
JOB_STATE_CANCELLED: JobState
STAGE_UNSPECIFIED: Stage
STAGE_SPEAK: Stage
STAGE_RENDER: Stage
STAGE_COMPOSE: Stage

class Job(_message.Message):
    __slots__ = ("name", "spec", "state", "progress", "film", "error", "notices", "stage_times", "create_time", "start_time", "end_time", "stats", "expire_time", "with_media", "lip_cues", "waiting", "retry_of")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    FILM_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    NOTICES_FIELD_NUMBER: _ClassVar[int]
    STAGE_TIMES_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    STATS_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    WITH_MEDIA_FIELD_NUMBER: _ClassVar[int]
    LIP_CUES_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    RETRY_OF_FIELD_NUMBER: _ClassVar[int]
    name: str
    spec: JobSpec
    state: JobState
    progress: Progress
    film: Film
    error: _status_pb2.Status
    notices: _containers.RepeatedCompositeFieldContainer[_media_pb2.Notice]
    stage_times: _containers.RepeatedCompositeFieldContainer[StageTime]
    create_time: _timestamp_pb2.Timestamp
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    stats: FilmStats
    expire_time: _timestamp_pb2.Timestamp
    with_media: bool
    lip_cues: _speech_pb2.LipCues
    waiting: Waiting
    retry_of: str
    def __init__(self, name: _Optional[str] = ..., spec: _Optional[_Union[JobSpec, _Mapping]] = ..., state: _Optional[_Union[JobState, str]] = ..., progress: _Optional[_Union[Progress, _Mapping]] = ..., film: _Optional[_Union[Film, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., notices: _Optional[_Iterable[_Union[_media_pb2.Notice, _Mapping]]] = ..., stage_times: _Optional[_Iterable[_Union[StageTime, _Mapping]]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., stats: _Optional[_Union[FilmStats, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., with_media: bool = ..., lip_cues: _Optional[_Union[_speech_pb2.LipCues, str]] = ..., waiting: _Optional[_Union[Waiting, _Mapping]] = ..., retry_of: _Optional[str] = ...) -> None: ...

class Waiting(_message.Message):
    __slots__ = ("position", "estimated_start_time")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_START_TIME_FIELD_NUMBER: _ClassVar[int]
    position: int
    estimated_start_time: _timestamp_pb2.Timestamp
    def __init__(self, position: _Optional[int] = ..., estimated_start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class FilmStats(_message.Message):
    __slots__ = ("lip_sync", "state", "reason")
    LIP_SYNC_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    lip_sync: _measurement_pb2.LipSyncMeasurement
    state: StatsState
    reason: str
    def __init__(self, lip_sync: _Optional[_Union[_measurement_pb2.LipSyncMeasurement, _Mapping]] = ..., state: _Optional[_Union[StatsState, str]] = ..., reason: _Optional[str] = ...) -> None: ...

class JobSpec(_message.Message):
    __slots__ = ("script", "reference", "voice", "engine", "preset", "width_pixels", "height_pixels", "frame_rate", "seed", "display_name", "prompt", "negative_prompt", "sampling", "pose", "language", "captions", "lengths", "liveliness", "face", "finish", "webhook_url", "priority", "timeout")
    SCRIPT_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    VOICE_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    PRESET_FIELD_NUMBER: _ClassVar[int]
    WIDTH_PIXELS_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_PIXELS_FIELD_NUMBER: _ClassVar[int]
    FRAME_RATE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    NEGATIVE_PROMPT_FIELD_NUMBER: _ClassVar[int]
    SAMPLING_FIELD_NUMBER: _ClassVar[int]
    POSE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    CAPTIONS_FIELD_NUMBER: _ClassVar[int]
    LENGTHS_FIELD_NUMBER: _ClassVar[int]
    LIVELINESS_FIELD_NUMBER: _ClassVar[int]
    FACE_FIELD_NUMBER: _ClassVar[int]
    FINISH_FIELD_NUMBER: _ClassVar[int]
    WEBHOOK_URL_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    script: Script
    reference: str
    voice: str
    engine: str
    preset: str
    width_pixels: int
    height_pixels: int
    frame_rate: int
    seed: int
    display_name: str
    prompt: str
    negative_prompt: str
    sampling: _sampling_pb2.Sampling
    pose: str
    language: str
    captions: Captions
    lengths: _lengths_pb2.LengthPolicy
    liveliness: float
    face: _face_pb2.FaceChoice
    finish: _finish_pb2.Finish
    webhook_url: str
    priority: Priority
    timeout: _duration_pb2.Duration
    def __init__(self, script: _Optional[_Union[Script, _Mapping]] = ..., reference: _Optional[str] = ..., voice: _Optional[str] = ..., engine: _Optional[str] = ..., preset: _Optional[str] = ..., width_pixels: _Optional[int] = ..., height_pixels: _Optional[int] = ..., frame_rate: _Optional[int] = ..., seed: _Optional[int] = ..., display_name: _Optional[str] = ..., prompt: _Optional[str] = ..., negative_prompt: _Optional[str] = ..., sampling: _Optional[_Union[_sampling_pb2.Sampling, _Mapping]] = ..., pose: _Optional[str] = ..., language: _Optional[str] = ..., captions: _Optional[_Union[Captions, _Mapping]] = ..., lengths: _Optional[_Union[_lengths_pb2.LengthPolicy, _Mapping]] = ..., liveliness: _Optional[float] = ..., face: _Optional[_Union[_face_pb2.FaceChoice, _Mapping]] = ..., finish: _Optional[_Union[_finish_pb2.Finish, _Mapping]] = ..., webhook_url: _Optional[str] = ..., priority: _Optional[_Union[Priority, str]] = ..., timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class Captions(_message.Message):
    __slots__ = ("track", "burnt_in", "language")
    TRACK_FIELD_NUMBER: _ClassVar[int]
    BURNT_IN_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    track: bool
    burnt_in: bool
    language: str
    def __init__(self, track: bool = ..., burnt_in: bool = ..., language: _Optional[str] = ...) -> None: ...

class SegmentCaptions(_message.Message):
    __slots__ = ("segment", "captions")
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    CAPTIONS_FIELD_NUMBER: _ClassVar[int]
    segment: int
    captions: _containers.RepeatedCompositeFieldContainer[_caption_pb2.Caption]
    def __init__(self, segment: _Optional[int] = ..., captions: _Optional[_Iterable[_Union[_caption_pb2.Caption, _Mapping]]] = ...) -> None: ...

class Script(_message.Message):
    __slots__ = ("text", "audio", "transcript", "enhancement", "speed", "lexicon")
    class LexiconEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    TEXT_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    TRANSCRIPT_FIELD_NUMBER: _ClassVar[int]
    ENHANCEMENT_FIELD_NUMBER: _ClassVar[int]
    SPEED_FIELD_NUMBER: _ClassVar[int]
    LEXICON_FIELD_NUMBER: _ClassVar[int]
    text: str
    audio: str
    transcript: str
    enhancement: _sound_pb2.Enhancement
    speed: float
    lexicon: _containers.ScalarMap[str, str]
    def __init__(self, text: _Optional[str] = ..., audio: _Optional[str] = ..., transcript: _Optional[str] = ..., enhancement: _Optional[_Union[_sound_pb2.Enhancement, _Mapping]] = ..., speed: _Optional[float] = ..., lexicon: _Optional[_Mapping[str, str]] = ...) -> None: ...

class Progress(_message.Message):
    __slots__ = ("fraction", "stage", "segments_spoken", "segments_rendered", "segments_total", "frames_done", "frames_total", "frames_per_second", "remaining_seconds")
    FRACTION_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_SPOKEN_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_RENDERED_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_TOTAL_FIELD_NUMBER: _ClassVar[int]
    FRAMES_DONE_FIELD_NUMBER: _ClassVar[int]
    FRAMES_TOTAL_FIELD_NUMBER: _ClassVar[int]
    FRAMES_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    REMAINING_SECONDS_FIELD_NUMBER: _ClassVar[int]
    fraction: float
    stage: Stage
    segments_spoken: int
    segments_rendered: int
    segments_total: int
    frames_done: int
    frames_total: int
    frames_per_second: float
    remaining_seconds: float
    def __init__(self, fraction: _Optional[float] = ..., stage: _Optional[_Union[Stage, str]] = ..., segments_spoken: _Optional[int] = ..., segments_rendered: _Optional[int] = ..., segments_total: _Optional[int] = ..., frames_done: _Optional[int] = ..., frames_total: _Optional[int] = ..., frames_per_second: _Optional[float] = ..., remaining_seconds: _Optional[float] = ...) -> None: ...

class StageTime(_message.Message):
    __slots__ = ("stage", "seconds")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    stage: Stage
    seconds: float
    def __init__(self, stage: _Optional[_Union[Stage, str]] = ..., seconds: _Optional[float] = ...) -> None: ...

class Film(_message.Message):
    __slots__ = ("asset", "sha256", "size_bytes", "duration_seconds", "frames", "width_pixels", "height_pixels", "frame_rate", "subrip_asset", "webvtt_asset", "thumbnail_asset", "sprites_asset", "sprites_index_asset", "playlist_asset", "fragments_asset")
    ASSET_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    DURATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    WIDTH_PIXELS_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_PIXELS_FIELD_NUMBER: _ClassVar[int]
    FRAME_RATE_FIELD_NUMBER: _ClassVar[int]
    SUBRIP_ASSET_FIELD_NUMBER: _ClassVar[int]
    WEBVTT_ASSET_FIELD_NUMBER: _ClassVar[int]
    THUMBNAIL_ASSET_FIELD_NUMBER: _ClassVar[int]
    SPRITES_ASSET_FIELD_NUMBER: _ClassVar[int]
    SPRITES_INDEX_ASSET_FIELD_NUMBER: _ClassVar[int]
    PLAYLIST_ASSET_FIELD_NUMBER: _ClassVar[int]
    FRAGMENTS_ASSET_FIELD_NUMBER: _ClassVar[int]
    asset: str
    sha256: str
    size_bytes: int
    duration_seconds: float
    frames: int
    width_pixels: int
    height_pixels: int
    frame_rate: int
    subrip_asset: str
    webvtt_asset: str
    thumbnail_asset: str
    sprites_asset: str
    sprites_index_asset: str
    playlist_asset: str
    fragments_asset: str
    def __init__(self, asset: _Optional[str] = ..., sha256: _Optional[str] = ..., size_bytes: _Optional[int] = ..., duration_seconds: _Optional[float] = ..., frames: _Optional[int] = ..., width_pixels: _Optional[int] = ..., height_pixels: _Optional[int] = ..., frame_rate: _Optional[int] = ..., subrip_asset: _Optional[str] = ..., webvtt_asset: _Optional[str] = ..., thumbnail_asset: _Optional[str] = ..., sprites_asset: _Optional[str] = ..., sprites_index_asset: _Optional[str] = ..., playlist_asset: _Optional[str] = ..., fragments_asset: _Optional[str] = ...) -> None: ...
