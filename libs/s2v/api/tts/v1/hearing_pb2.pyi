from s2v.api.common.v1 import artifact_pb2 as _artifact_pb2
from s2v.api.common.v1 import sound_pb2 as _sound_pb2
from s2v.api.common.v1 import speech_pb2 as _speech_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EnhancedAudio(_message.Message):
    __slots__ = ("audio", "before", "after")
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    audio: _artifact_pb2.Artifact
    before: _sound_pb2.SoundMeasurement
    after: _sound_pb2.SoundMeasurement
    def __init__(self, audio: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., before: _Optional[_Union[_sound_pb2.SoundMeasurement, _Mapping]] = ..., after: _Optional[_Union[_sound_pb2.SoundMeasurement, _Mapping]] = ...) -> None: ...

class AudioAnalysis(_message.Message):
    __slots__ = ("measurement", "language")
    MEASUREMENT_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    measurement: _sound_pb2.SoundMeasurement
    language: str
    def __init__(self, measurement: _Optional[_Union[_sound_pb2.SoundMeasurement, _Mapping]] = ..., language: _Optional[str] = ...) -> None: ...

class HeardStretch(_message.Message):
    __slots__ = ("first_sample", "end_sample", "words", "phonemes", "cues", "cost")
    FIRST_SAMPLE_FIELD_NUMBER: _ClassVar[int]
    END_SAMPLE_FIELD_NUMBER: _ClassVar[int]
    WORDS_FIELD_NUMBER: _ClassVar[int]
    PHONEMES_FIELD_NUMBER: _ClassVar[int]
    CUES_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    first_sample: int
    end_sample: int
    words: _containers.RepeatedCompositeFieldContainer[_speech_pb2.Mark]
    phonemes: _containers.RepeatedCompositeFieldContainer[_speech_pb2.Mark]
    cues: _speech_pb2.LipCues
    cost: float
    def __init__(self, first_sample: _Optional[int] = ..., end_sample: _Optional[int] = ..., words: _Optional[_Iterable[_Union[_speech_pb2.Mark, _Mapping]]] = ..., phonemes: _Optional[_Iterable[_Union[_speech_pb2.Mark, _Mapping]]] = ..., cues: _Optional[_Union[_speech_pb2.LipCues, str]] = ..., cost: _Optional[float] = ...) -> None: ...

class Alignment(_message.Message):
    __slots__ = ("cost", "fits")
    COST_FIELD_NUMBER: _ClassVar[int]
    FITS_FIELD_NUMBER: _ClassVar[int]
    cost: float
    fits: bool
    def __init__(self, cost: _Optional[float] = ..., fits: bool = ...) -> None: ...
