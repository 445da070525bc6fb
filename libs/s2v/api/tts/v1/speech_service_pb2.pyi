from s2v.api.common.v1 import artifact_pb2 as _artifact_pb2
from s2v.api.common.v1 import media_pb2 as _media_pb2
from s2v.api.common.v1 import speech_pb2 as _speech_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CutScriptRequest(_message.Message):
    __slots__ = ("text", "audio", "frame_rate", "transcript")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    FRAME_RATE_FIELD_NUMBER: _ClassVar[int]
    TRANSCRIPT_FIELD_NUMBER: _ClassVar[int]
    text: str
    audio: _artifact_pb2.Artifact
    frame_rate: int
    transcript: str
    def __init__(self, text: _Optional[str] = ..., audio: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., frame_rate: _Optional[int] = ..., transcript: _Optional[str] = ...) -> None: ...

class CutScriptResponse(_message.Message):
    __slots__ = ("segments", "decoded_audio")
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    DECODED_AUDIO_FIELD_NUMBER: _ClassVar[int]
    segments: _containers.RepeatedCompositeFieldContainer[Segment]
    decoded_audio: _artifact_pb2.Artifact
    def __init__(self, segments: _Optional[_Iterable[_Union[Segment, _Mapping]]] = ..., decoded_audio: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ...) -> None: ...

class Segment(_message.Message):
    __slots__ = ("index", "text", "first_sample", "end_sample")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    FIRST_SAMPLE_FIELD_NUMBER: _ClassVar[int]
    END_SAMPLE_FIELD_NUMBER: _ClassVar[int]
    index: int
    text: str
    first_sample: int
    end_sample: int
    def __init__(self, index: _Optional[int] = ..., text: _Optional[str] = ..., first_sample: _Optional[int] = ..., end_sample: _Optional[int] = ...) -> None: ...

class SpeakRequest(_message.Message):
    __slots__ = ("segment", "voice", "frame_rate", "decoded_audio")
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    VOICE_FIELD_NUMBER: _ClassVar[int]
    FRAME_RATE_FIELD_NUMBER: _ClassVar[int]
    DECODED_AUDIO_FIELD_NUMBER: _ClassVar[int]
    segment: Segment
    voice: str
    frame_rate: int
    decoded_audio: _artifact_pb2.Artifact
    def __init__(self, segment: _Optional[_Union[Segment, _Mapping]] = ..., voice: _Optional[str] = ..., frame_rate: _Optional[int] = ..., decoded_audio: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ...) -> None: ...

class SpeakResponse(_message.Message):
    __slots__ = ("speech", "notice", "working")
    SPEECH_FIELD_NUMBER: _ClassVar[int]
    NOTICE_FIELD_NUMBER: _ClassVar[int]
    WORKING_FIELD_NUMBER: _ClassVar[int]
    speech: _speech_pb2.Speech
    notice: _media_pb2.Notice
    working: Working
    def __init__(self, speech: _Optional[_Union[_speech_pb2.Speech, _Mapping]] = ..., notice: _Optional[_Union[_media_pb2.Notice, _Mapping]] = ..., working: _Optional[_Union[Working, _Mapping]] = ...) -> None: ...

class Working(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListVoicesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListVoicesResponse(_message.Message):
    __slots__ = ("voices",)
    VOICES_FIELD_NUMBER: _ClassVar[int]
    voices: _containers.RepeatedCompositeFieldContainer[Voice]
    def __init__(self, voices: _Optional[_Iterable[_Union[Voice, _Mapping]]] = ...) -> None: ...

class Voice(_message.Message):
    __slots__ = ("name", "language", "backend", "description")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    name: str
    language: str
    backend: str
    description: str
    def __init__(self, name: _Optional[str] = ..., language: _Optional[str] = ..., backend: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...
