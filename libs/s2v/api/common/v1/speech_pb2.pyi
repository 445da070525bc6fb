from s2v.api.common.v1 import artifact_pb2 as _artifact_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LipSync(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LIP_SYNC_UNSPECIFIED: _ClassVar[LipSync]
    LIP_SYNC_PHONEMES: _ClassVar[LipSync]
    LIP_SYNC_LOUDNESS: _ClassVar[LipSync]
    LIP_SYNC_TRANSCRIPT: _ClassVar[LipSync]
    LIP_SYNC_WORDS: _ClassVar[LipSync]
    LIP_SYNC_SOUNDS: _ClassVar[LipSync]
LIP_SYNC_UNSPECIFIED: LipSync
LIP_SYNC_PHONEMES: LipSync
LIP_SYNC_LOUDNESS: LipSync
LIP_SYNC_TRANSCRIPT: LipSync
LIP_SYNC_WORDS: LipSync
LIP_SYNC_SOUNDS: LipSync

class Mark(_message.Message):
    __slots__ = ("label", "first_sample", "end_sample")
    LABEL_FIELD_NUMBER: _ClassVar[int]
    FIRST_SAMPLE_FIELD_NUMBER: _ClassVar[int]
    END_SAMPLE_FIELD_NUMBER: _ClassVar[int]
    label: str
    first_sample: int
    end_sample: int
    def __init__(self, label: _Optional[str] = ..., first_sample: _Optional[int] = ..., end_sample: _Optional[int] = ...) -> None: ...

class Speech(_message.Message):
    __slots__ = ("audio", "samples", "words", "phonemes", "lip_sync")
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    WORDS_FIELD_NUMBER: _ClassVar[int]
    PHONEMES_FIELD_NUMBER: _ClassVar[int]
    LIP_SYNC_FIELD_NUMBER: _ClassVar[int]
    audio: _artifact_pb2.Artifact
    samples: int
    words: _containers.RepeatedCompositeFieldContainer[Mark]
    phonemes: _containers.RepeatedCompositeFieldContainer[Mark]
    lip_sync: LipSync
    def __init__(self, audio: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., samples: _Optional[int] = ..., words: _Optional[_Iterable[_Union[Mark, _Mapping]]] = ..., phonemes: _Optional[_Iterable[_Union[Mark, _Mapping]]] = ..., lip_sync: _Optional[_Union[LipSync, str]] = ...) -> None: ...
