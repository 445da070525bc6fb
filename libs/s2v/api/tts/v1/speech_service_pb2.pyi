from s2v.api.common.v1 import artifact_pb2 as _artifact_pb2
from s2v.api.common.v1 import measurement_pb2 as _measurement_pb2
from s2v.api.common.v1 import media_pb2 as _media_pb2
from s2v.api.common.v1 import sound_pb2 as _sound_pb2
from s2v.api.common.v1 import speech_pb2 as _speech_pb2
from s2v.api.tts.v1 import hearing_pb2 as _hearing_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ReadingWarningCode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    READING_WARNING_CODE_UNSPECIFIED: _ClassVar[ReadingWarningCode]
    READING_WARNING_CODE_SCRIPT_UNKNOWN: _ClassVar[ReadingWarningCode]
    READING_WARNING_CODE_LANGUAGE_DOUBTFUL: _ClassVar[ReadingWarningCode]
    READING_WARNING_CODE_NOT_READ: _ClassVar[ReadingWarningCode]
READING_WARNING_CODE_UNSPECIFIED: ReadingWarningCode
READING_WARNING_CODE_SCRIPT_UNKNOWN: ReadingWarningCode
READING_WARNING_CODE_LANGUAGE_DOUBTFUL: ReadingWarningCode
READING_WARNING_CODE_NOT_READ: ReadingWarningCode

class CutScriptRequest(_message.Message):
    __slots__ = ("text", "audio", "frame_rate", "transcript", "continues", "lexicon", "least_seconds")
    class LexiconEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    TEXT_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    FRAME_RATE_FIELD_NUMBER: _ClassVar[int]
    TRANSCRIPT_FIELD_NUMBER: _ClassVar[int]
    CONTINUES_FIELD_NUMBER: _ClassVar[int]
    LEXICON_FIELD_NUMBER: _ClassVar[int]
    LEAST_SECONDS_FIELD_NUMBER: _ClassVar[int]
    text: str
    audio: _artifact_pb2.Artifact
    frame_rate: int
    transcript: str
    continues: bool
    lexicon: _containers.ScalarMap[str, str]
    least_seconds: float
    def __init__(self, text: _Optional[str] = ..., audio: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., frame_rate: _Optional[int] = ..., transcript: _Optional[str] = ..., continues: bool = ..., lexicon: _Optional[_Mapping[str, str]] = ..., least_seconds: _Optional[float] = ...) -> None: ...

class CutScriptResponse(_message.Message):
    __slots__ = ("segments", "decoded_audio", "notices", "film_audio")
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    DECODED_AUDIO_FIELD_NUMBER: _ClassVar[int]
    NOTICES_FIELD_NUMBER: _ClassVar[int]
    FILM_AUDIO_FIELD_NUMBER: _ClassVar[int]
    segments: _containers.RepeatedCompositeFieldContainer[Segment]
    decoded_audio: _artifact_pb2.Artifact
    notices: _containers.RepeatedCompositeFieldContainer[_media_pb2.Notice]
    film_audio: _artifact_pb2.Artifact
    def __init__(self, segments: _Optional[_Iterable[_Union[Segment, _Mapping]]] = ..., decoded_audio: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., notices: _Optional[_Iterable[_Union[_media_pb2.Notice, _Mapping]]] = ..., film_audio: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ...) -> None: ...

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
    __slots__ = ("segment", "voice", "frame_rate", "decoded_audio", "device_group", "lexicon", "voice_sample", "speed")
    class LexiconEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    VOICE_FIELD_NUMBER: _ClassVar[int]
    FRAME_RATE_FIELD_NUMBER: _ClassVar[int]
    DECODED_AUDIO_FIELD_NUMBER: _ClassVar[int]
    DEVICE_GROUP_FIELD_NUMBER: _ClassVar[int]
    LEXICON_FIELD_NUMBER: _ClassVar[int]
    VOICE_SAMPLE_FIELD_NUMBER: _ClassVar[int]
    SPEED_FIELD_NUMBER: _ClassVar[int]
    segment: Segment
    voice: str
    frame_rate: int
    decoded_audio: _artifact_pb2.Artifact
    device_group: str
    lexicon: _containers.ScalarMap[str, str]
    voice_sample: VoiceSample
    speed: float
    def __init__(self, segment: _Optional[_Union[Segment, _Mapping]] = ..., voice: _Optional[str] = ..., frame_rate: _Optional[int] = ..., decoded_audio: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., device_group: _Optional[str] = ..., lexicon: _Optional[_Mapping[str, str]] = ..., voice_sample: _Optional[_Union[VoiceSample, _Mapping]] = ..., speed: _Optional[float] = ...) -> None: ...

class VoiceSample(_message.Message):
    __slots__ = ("audio", "transcript", "language", "backend")
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    TRANSCRIPT_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    audio: _artifact_pb2.Artifact
    transcript: str
    language: str
    backend: str
    def __init__(self, audio: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., transcript: _Optional[str] = ..., language: _Optional[str] = ..., backend: _Optional[str] = ...) -> None: ...

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

class NormalizeTextRequest(_message.Message):
    __slots__ = ("text", "language", "voice", "lexicon")
    class LexiconEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    TEXT_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    VOICE_FIELD_NUMBER: _ClassVar[int]
    LEXICON_FIELD_NUMBER: _ClassVar[int]
    text: str
    language: str
    voice: str
    lexicon: _containers.ScalarMap[str, str]
    def __init__(self, text: _Optional[str] = ..., language: _Optional[str] = ..., voice: _Optional[str] = ..., lexicon: _Optional[_Mapping[str, str]] = ...) -> None: ...

class NormalizeTextResponse(_message.Message):
    __slots__ = ("spoken_text", "spans", "warnings", "normalizer_version")
    SPOKEN_TEXT_FIELD_NUMBER: _ClassVar[int]
    SPANS_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    NORMALIZER_VERSION_FIELD_NUMBER: _ClassVar[int]
    spoken_text: str
    spans: _containers.RepeatedCompositeFieldContainer[SpokenSpan]
    warnings: _containers.RepeatedCompositeFieldContainer[ReadingWarning]
    normalizer_version: str
    def __init__(self, spoken_text: _Optional[str] = ..., spans: _Optional[_Iterable[_Union[SpokenSpan, _Mapping]]] = ..., warnings: _Optional[_Iterable[_Union[ReadingWarning, _Mapping]]] = ..., normalizer_version: _Optional[str] = ...) -> None: ...

class SpokenSpan(_message.Message):
    __slots__ = ("source_first", "source_end", "spoken_first", "spoken_end", "speech_class", "rule")
    SOURCE_FIRST_FIELD_NUMBER: _ClassVar[int]
    SOURCE_END_FIELD_NUMBER: _ClassVar[int]
    SPOKEN_FIRST_FIELD_NUMBER: _ClassVar[int]
    SPOKEN_END_FIELD_NUMBER: _ClassVar[int]
    SPEECH_CLASS_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    source_first: int
    source_end: int
    spoken_first: int
    spoken_end: int
    speech_class: str
    rule: str
    def __init__(self, source_first: _Optional[int] = ..., source_end: _Optional[int] = ..., spoken_first: _Optional[int] = ..., spoken_end: _Optional[int] = ..., speech_class: _Optional[str] = ..., rule: _Optional[str] = ...) -> None: ...

class ReadingWarning(_message.Message):
    __slots__ = ("code", "source_first", "source_end", "message")
    CODE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIRST_FIELD_NUMBER: _ClassVar[int]
    SOURCE_END_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    code: ReadingWarningCode
    source_first: int
    source_end: int
    message: str
    def __init__(self, code: _Optional[_Union[ReadingWarningCode, str]] = ..., source_first: _Optional[int] = ..., source_end: _Optional[int] = ..., message: _Optional[str] = ...) -> None: ...

class ListVoicesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListVoicesResponse(_message.Message):
    __slots__ = ("voices", "backends")
    VOICES_FIELD_NUMBER: _ClassVar[int]
    BACKENDS_FIELD_NUMBER: _ClassVar[int]
    voices: _containers.RepeatedCompositeFieldContainer[Voice]
    backends: _containers.RepeatedCompositeFieldContainer[Backend]
    def __init__(self, voices: _Optional[_Iterable[_Union[Voice, _Mapping]]] = ..., backends: _Optional[_Iterable[_Union[Backend, _Mapping]]] = ...) -> None: ...

class Backend(_message.Message):
    __slots__ = ("name", "clones")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CLONES_FIELD_NUMBER: _ClassVar[int]
    name: str
    clones: bool
    def __init__(self, name: _Optional[str] = ..., clones: bool = ...) -> None: ...

class Voice(_message.Message):
    __slots__ = ("name", "language", "backend", "description", "lexicon")
    class LexiconEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    LEXICON_FIELD_NUMBER: _ClassVar[int]
    name: str
    language: str
    backend: str
    description: str
    lexicon: _containers.ScalarMap[str, str]
    def __init__(self, name: _Optional[str] = ..., language: _Optional[str] = ..., backend: _Optional[str] = ..., description: _Optional[str] = ..., lexicon: _Optional[_Mapping[str, str]] = ...) -> None: ...

class TakeSampleRequest(_message.Message):
    __slots__ = ("media", "start_seconds", "end_seconds")
    MEDIA_FIELD_NUMBER: _ClassVar[int]
    START_SECONDS_FIELD_NUMBER: _ClassVar[int]
    END_SECONDS_FIELD_NUMBER: _ClassVar[int]
    media: _artifact_pb2.Artifact
    start_seconds: float
    end_seconds: float
    def __init__(self, media: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., start_seconds: _Optional[float] = ..., end_seconds: _Optional[float] = ...) -> None: ...

class TakeSampleResponse(_message.Message):
    __slots__ = ("audio", "measurement", "notices")
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    MEASUREMENT_FIELD_NUMBER: _ClassVar[int]
    NOTICES_FIELD_NUMBER: _ClassVar[int]
    audio: _artifact_pb2.Artifact
    measurement: _measurement_pb2.SampleMeasurement
    notices: _containers.RepeatedCompositeFieldContainer[_media_pb2.Notice]
    def __init__(self, audio: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., measurement: _Optional[_Union[_measurement_pb2.SampleMeasurement, _Mapping]] = ..., notices: _Optional[_Iterable[_Union[_media_pb2.Notice, _Mapping]]] = ...) -> None: ...

class EnhanceAudioRequest(_message.Message):
    __slots__ = ("audio", "enhancement")
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    ENHANCEMENT_FIELD_NUMBER: _ClassVar[int]
    audio: _artifact_pb2.Artifact
    enhancement: _sound_pb2.Enhancement
    def __init__(self, audio: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., enhancement: _Optional[_Union[_sound_pb2.Enhancement, _Mapping]] = ...) -> None: ...

class EnhanceAudioResponse(_message.Message):
    __slots__ = ("enhanced", "working", "fraction")
    ENHANCED_FIELD_NUMBER: _ClassVar[int]
    WORKING_FIELD_NUMBER: _ClassVar[int]
    FRACTION_FIELD_NUMBER: _ClassVar[int]
    enhanced: _hearing_pb2.EnhancedAudio
    working: Working
    fraction: float
    def __init__(self, enhanced: _Optional[_Union[_hearing_pb2.EnhancedAudio, _Mapping]] = ..., working: _Optional[_Union[Working, _Mapping]] = ..., fraction: _Optional[float] = ...) -> None: ...

class AnalyzeAudioRequest(_message.Message):
    __slots__ = ("audio", "with_marks", "transcript")
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    WITH_MARKS_FIELD_NUMBER: _ClassVar[int]
    TRANSCRIPT_FIELD_NUMBER: _ClassVar[int]
    audio: _artifact_pb2.Artifact
    with_marks: bool
    transcript: str
    def __init__(self, audio: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., with_marks: bool = ..., transcript: _Optional[str] = ...) -> None: ...

class AnalyzeAudioResponse(_message.Message):
    __slots__ = ("analysis", "heard", "notice", "working", "fraction")
    ANALYSIS_FIELD_NUMBER: _ClassVar[int]
    HEARD_FIELD_NUMBER: _ClassVar[int]
    NOTICE_FIELD_NUMBER: _ClassVar[int]
    WORKING_FIELD_NUMBER: _ClassVar[int]
    FRACTION_FIELD_NUMBER: _ClassVar[int]
    analysis: _hearing_pb2.AudioAnalysis
    heard: _hearing_pb2.HeardStretch
    notice: _media_pb2.Notice
    working: Working
    fraction: float
    def __init__(self, analysis: _Optional[_Union[_hearing_pb2.AudioAnalysis, _Mapping]] = ..., heard: _Optional[_Union[_hearing_pb2.HeardStretch, _Mapping]] = ..., notice: _Optional[_Union[_media_pb2.Notice, _Mapping]] = ..., working: _Optional[_Union[Working, _Mapping]] = ..., fraction: _Optional[float] = ...) -> None: ...

class AlignTextRequest(_message.Message):
    __slots__ = ("audio", "text", "language")
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    audio: _artifact_pb2.Artifact
    text: str
    language: str
    def __init__(self, audio: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., text: _Optional[str] = ..., language: _Optional[str] = ...) -> None: ...

class AlignTextResponse(_message.Message):
    __slots__ = ("alignment", "heard", "working", "fraction")
    ALIGNMENT_FIELD_NUMBER: _ClassVar[int]
    HEARD_FIELD_NUMBER: _ClassVar[int]
    WORKING_FIELD_NUMBER: _ClassVar[int]
    FRACTION_FIELD_NUMBER: _ClassVar[int]
    alignment: _hearing_pb2.Alignment
    heard: _hearing_pb2.HeardStretch
    working: Working
    fraction: float
    def __init__(self, alignment: _Optional[_Union[_hearing_pb2.Alignment, _Mapping]] = ..., heard: _Optional[_Union[_hearing_pb2.HeardStretch, _Mapping]] = ..., working: _Optional[_Union[Working, _Mapping]] = ..., fraction: _Optional[float] = ...) -> None: ...
