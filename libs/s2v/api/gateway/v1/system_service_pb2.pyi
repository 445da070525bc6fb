import datetime

from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetServerInfoRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetServerInfoResponse(_message.Message):
    __slots__ = ("version", "max_text_characters", "max_audio_seconds", "max_upload_bytes", "max_queued_jobs", "max_reference_seconds", "max_transcript_characters", "live_media_seconds", "job_timeout_seconds")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    MAX_TEXT_CHARACTERS_FIELD_NUMBER: _ClassVar[int]
    MAX_AUDIO_SECONDS_FIELD_NUMBER: _ClassVar[int]
    MAX_UPLOAD_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_QUEUED_JOBS_FIELD_NUMBER: _ClassVar[int]
    MAX_REFERENCE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    MAX_TRANSCRIPT_CHARACTERS_FIELD_NUMBER: _ClassVar[int]
    LIVE_MEDIA_SECONDS_FIELD_NUMBER: _ClassVar[int]
    JOB_TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    version: str
    max_text_characters: int
    max_audio_seconds: float
    max_upload_bytes: int
    max_queued_jobs: int
    max_reference_seconds: float
    max_transcript_characters: int
    live_media_seconds: float
    job_timeout_seconds: float
    def __init__(self, version: _Optional[str] = ..., max_text_characters: _Optional[int] = ..., max_audio_seconds: _Optional[float] = ..., max_upload_bytes: _Optional[int] = ..., max_queued_jobs: _Optional[int] = ..., max_reference_seconds: _Optional[float] = ..., max_transcript_characters: _Optional[int] = ..., live_media_seconds: _Optional[float] = ..., job_timeout_seconds: _Optional[float] = ...) -> None: ...

class GetSystemStatusRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetSystemStatusResponse(_message.Message):
    __slots__ = ("services", "workers", "queued_jobs", "running_jobs", "alarms", "storage", "server_time")
    SERVICES_FIELD_NUMBER: _ClassVar[int]
    WORKERS_FIELD_NUMBER: _ClassVar[int]
    QUEUED_JOBS_FIELD_NUMBER: _ClassVar[int]
    RUNNING_JOBS_FIELD_NUMBER: _ClassVar[int]
    ALARMS_FIELD_NUMBER: _ClassVar[int]
    STORAGE_FIELD_NUMBER: _ClassVar[int]
    SERVER_TIME_FIELD_NUMBER: _ClassVar[int]
    services: _containers.RepeatedCompositeFieldContainer[ServiceStatus]
    workers: _containers.RepeatedCompositeFieldContainer[WorkerStatus]
    queued_jobs: int
    running_jobs: int
    alarms: _containers.RepeatedScalarFieldContainer[str]
    storage: _containers.RepeatedCompositeFieldContainer[StorageStatus]
    server_time: _timestamp_pb2.Timestamp
    def __init__(self, services: _Optional[_Iterable[_Union[ServiceStatus, _Mapping]]] = ..., workers: _Optional[_Iterable[_Union[WorkerStatus, _Mapping]]] = ..., queued_jobs: _Optional[int] = ..., running_jobs: _Optional[int] = ..., alarms: _Optional[_Iterable[str]] = ..., storage: _Optional[_Iterable[_Union[StorageStatus, _Mapping]]] = ..., server_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class StorageStatus(_message.Message):
    __slots__ = ("name", "free_bytes", "total_bytes")
    NAME_FIELD_NUMBER: _ClassVar[int]
    FREE_BYTES_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    name: str
    free_bytes: int
    total_bytes: int
    def __init__(self, name: _Optional[str] = ..., free_bytes: _Optional[int] = ..., total_bytes: _Optional[int] = ...) -> None: ...

class ServiceStatus(_message.Message):
    __slots__ = ("name", "serving", "message", "version", "clock_ahead_seconds")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SERVING_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CLOCK_AHEAD_SECONDS_FIELD_NUMBER: _ClassVar[int]
    name: str
    serving: bool
    message: str
    version: str
    clock_ahead_seconds: float
    def __init__(self, name: _Optional[str] = ..., serving: bool = ..., message: _Optional[str] = ..., version: _Optional[str] = ..., clock_ahead_seconds: _Optional[float] = ...) -> None: ...

class WorkerStatus(_message.Message):
    __slots__ = ("name", "state", "device", "restarts", "problem")
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    RESTARTS_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    name: str
    state: str
    device: str
    restarts: int
    problem: str
    def __init__(self, name: _Optional[str] = ..., state: _Optional[str] = ..., device: _Optional[str] = ..., restarts: _Optional[int] = ..., problem: _Optional[str] = ...) -> None: ...

class ListEnginesRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListEnginesResponse(_message.Message):
    __slots__ = ("engines", "next_page_token")
    ENGINES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    engines: _containers.RepeatedCompositeFieldContainer[Engine]
    next_page_token: str
    def __init__(self, engines: _Optional[_Iterable[_Union[Engine, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class Engine(_message.Message):
    __slots__ = ("name", "description", "frame_rates", "min_side_pixels", "max_side_pixels", "reference_media_types", "presets", "directed", "side_step_pixels", "problem", "default_frame_rate", "least_area_pixels")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    FRAME_RATES_FIELD_NUMBER: _ClassVar[int]
    MIN_SIDE_PIXELS_FIELD_NUMBER: _ClassVar[int]
    MAX_SIDE_PIXELS_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_MEDIA_TYPES_FIELD_NUMBER: _ClassVar[int]
    PRESETS_FIELD_NUMBER: _ClassVar[int]
    DIRECTED_FIELD_NUMBER: _ClassVar[int]
    SIDE_STEP_PIXELS_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_FRAME_RATE_FIELD_NUMBER: _ClassVar[int]
    LEAST_AREA_PIXELS_FIELD_NUMBER: _ClassVar[int]
    name: str
    description: str
    frame_rates: _containers.RepeatedScalarFieldContainer[int]
    min_side_pixels: int
    max_side_pixels: int
    reference_media_types: _containers.RepeatedScalarFieldContainer[str]
    presets: _containers.RepeatedCompositeFieldContainer[Preset]
    directed: bool
    side_step_pixels: int
    problem: str
    default_frame_rate: int
    least_area_pixels: int
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ..., frame_rates: _Optional[_Iterable[int]] = ..., min_side_pixels: _Optional[int] = ..., max_side_pixels: _Optional[int] = ..., reference_media_types: _Optional[_Iterable[str]] = ..., presets: _Optional[_Iterable[_Union[Preset, _Mapping]]] = ..., directed: bool = ..., side_step_pixels: _Optional[int] = ..., problem: _Optional[str] = ..., default_frame_rate: _Optional[int] = ..., least_area_pixels: _Optional[int] = ...) -> None: ...

class Preset(_message.Message):
    __slots__ = ("name", "description")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    name: str
    description: str
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...
