from s2v.api.common.v1 import artifact_pb2 as _artifact_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LipCues(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LIP_CUES_UNSPECIFIED: _ClassVar[LipCues]
    LIP_CUES_PHONEMES: _ClassVar[LipCues]
    LIP_CUES_LOUDNESS: _ClassVar[LipCues]
    LIP_CUES_TRANSCRIPT: _ClassVar[LipCues]
    LIP_CUES_WORDS: _ClassVar[LipCues]
    LIP_CUES_SOUNDS: _ClassVar[LipCues]
LIP_CUES_UNSPECIFIED: LipCues
LIP_CUES_PHONEMES: LipCues
LIP_CUES_LOUDNESS: LipCues
LIP_CUES_TRANSCRIPT: LipCues
LIP_CUES_WORDS: LipCues
LIP_CUES_SOUNDS: LipCues

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
    __slots__ = ("audio", "samples", "words", "phonemes", "cues")
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    WORDS_FIELD_NUMBER: _ClassVar[int]
    PHONEMES_FIELD_NUMBER: _ClassVar[int]
    CUES_FIELD_NUMBER: _ClassVar[int]
    audio: _artifact_pb2.Artifact
    samples: int
    words: _containers.RepeatedCompositeFieldContainer[Mark]
    phonemes: _containers.RepeatedCompositeFieldContainer[Mark]
    cues: LipCues
    def __init__(self, audio: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., samples: _Optional[int] = ..., words: _Optional[_Iterable[_Union[Mark, _Mapping]]] = ..., phonemes: _Optional[_Iterable[_Union[Mark, _Mapping]]] = ..., cues: _Optional[_Union[LipCues, str]] = ...) -> None: ...
