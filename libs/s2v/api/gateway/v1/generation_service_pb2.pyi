from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from s2v.api.common.v1 import media_pb2 as _media_pb2
from s2v.api.gateway.v1 import job_pb2 as _job_pb2
from s2v.api.gateway.v1 import job_service_pb2 as _job_service_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GenerateRequest(_message.Message):
    __slots__ = ("config", "text_chunk", "audio_chunk", "reference_chunk", "pose_chunk", "end_of_input")
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    TEXT_CHUNK_FIELD_NUMBER: _ClassVar[int]
    AUDIO_CHUNK_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_CHUNK_FIELD_NUMBER: _ClassVar[int]
    POSE_CHUNK_FIELD_NUMBER: _ClassVar[int]
    END_OF_INPUT_FIELD_NUMBER: _ClassVar[int]
    config: GenerateConfig
    text_chunk: str
    audio_chunk: bytes
    reference_chunk: bytes
    pose_chunk: bytes
    end_of_input: EndOfInput
    def __init__(self, config: _Optional[_Union[GenerateConfig, _Mapping]] = ..., text_chunk: _Optional[str] = ..., audio_chunk: _Optional[bytes] = ..., reference_chunk: _Optional[bytes] = ..., pose_chunk: _Optional[bytes] = ..., end_of_input: _Optional[_Union[EndOfInput, _Mapping]] = ...) -> None: ...

class EndOfInput(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GenerateConfig(_message.Message):
    __slots__ = ("request_id", "spec", "keep_running", "without_media")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    KEEP_RUNNING_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_MEDIA_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    spec: _job_pb2.JobSpec
    keep_running: bool
    without_media: bool
    def __init__(self, request_id: _Optional[str] = ..., spec: _Optional[_Union[_job_pb2.JobSpec, _Mapping]] = ..., keep_running: bool = ..., without_media: bool = ...) -> None: ...

class GenerateResponse(_message.Message):
    __slots__ = ("accepted", "progress", "notice", "preview", "media", "keepalive", "finished", "captions", "waiting")
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    NOTICE_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_FIELD_NUMBER: _ClassVar[int]
    MEDIA_FIELD_NUMBER: _ClassVar[int]
    KEEPALIVE_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    CAPTIONS_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    accepted: _job_pb2.Job
    progress: _job_pb2.Progress
    notice: _media_pb2.Notice
    preview: _media_pb2.Preview
    media: _media_pb2.MediaChunk
    keepalive: _job_service_pb2.Keepalive
    finished: _job_pb2.Job
    captions: _job_pb2.SegmentCaptions
    waiting: _job_pb2.Waiting
    def __init__(self, accepted: _Optional[_Union[_job_pb2.Job, _Mapping]] = ..., progress: _Optional[_Union[_job_pb2.Progress, _Mapping]] = ..., notice: _Optional[_Union[_media_pb2.Notice, _Mapping]] = ..., preview: _Optional[_Union[_media_pb2.Preview, _Mapping]] = ..., media: _Optional[_Union[_media_pb2.MediaChunk, _Mapping]] = ..., keepalive: _Optional[_Union[_job_service_pb2.Keepalive, _Mapping]] = ..., finished: _Optional[_Union[_job_pb2.Job, _Mapping]] = ..., captions: _Optional[_Union[_job_pb2.SegmentCaptions, _Mapping]] = ..., waiting: _Optional[_Union[_job_pb2.Waiting, _Mapping]] = ...) -> None: ...
