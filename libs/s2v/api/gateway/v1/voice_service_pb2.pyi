import datetime

from google.api import annotations_pb2 as _annotations_pb2
from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from s2v.api.common.v1 import measurement_pb2 as _measurement_pb2
from s2v.api.common.v1 import media_pb2 as _media_pb2
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

class ListVoicesRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListVoicesResponse(_message.Message):
    __slots__ = ("voices", "next_page_token")
    VOICES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    voices: _containers.RepeatedCompositeFieldContainer[Voice]
    next_page_token: str
    def __init__(self, voices: _Optional[_Iterable[_Union[Voice, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CreateVoiceRequest(_message.Message):
    __slots__ = ("request_id", "voice", "asset", "start_seconds", "end_seconds")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VOICE_FIELD_NUMBER: _ClassVar[int]
    ASSET_FIELD_NUMBER: _ClassVar[int]
    START_SECONDS_FIELD_NUMBER: _ClassVar[int]
    END_SECONDS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    voice: Voice
    asset: str
    start_seconds: float
    end_seconds: float
    def __init__(self, request_id: _Optional[str] = ..., voice: _Optional[_Union[Voice, _Mapping]] = ..., asset: _Optional[str] = ..., start_seconds: _Optional[float] = ..., end_seconds: _Optional[float] = ...) -> None: ...

class CreateVoiceResponse(_message.Message):
    __slots__ = ("voice",)
    VOICE_FIELD_NUMBER: _ClassVar[int]
    voice: Voice
    def __init__(self, voice: _Optional[_Union[Voice, _Mapping]] = ...) -> None: ...

class GetVoiceRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetVoiceResponse(_message.Message):
    __slots__ = ("voice",)
    VOICE_FIELD_NUMBER: _ClassVar[int]
    voice: Voice
    def __init__(self, voice: _Optional[_Union[Voice, _Mapping]] = ...) -> None: ...

class UpdateVoiceRequest(_message.Message):
    __slots__ = ("voice", "update_mask")
    VOICE_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    voice: Voice
    update_mask: _field_mask_pb2.FieldMask
    def __init__(self, voice: _Optional[_Union[Voice, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class UpdateVoiceResponse(_message.Message):
    __slots__ = ("voice",)
    VOICE_FIELD_NUMBER: _ClassVar[int]
    voice: Voice
    def __init__(self, voice: _Optional[_Union[Voice, _Mapping]] = ...) -> None: ...

class DeleteVoiceRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class DeleteVoiceResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PreviewVoiceRequest(_message.Message):
    __slots__ = ("name", "text")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    name: str
    text: str
    def __init__(self, name: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class PreviewVoiceResponse(_message.Message):
    __slots__ = ("offset", "data", "media_type", "notice")
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    MEDIA_TYPE_FIELD_NUMBER: _ClassVar[int]
    NOTICE_FIELD_NUMBER: _ClassVar[int]
    offset: int
    data: bytes
    media_type: str
    notice: _media_pb2.Notice
    def __init__(self, offset: _Optional[int] = ..., data: _Optional[bytes] = ..., media_type: _Optional[str] = ..., notice: _Optional[_Union[_media_pb2.Notice, _Mapping]] = ...) -> None: ...

class NormalizeTextRequest(_message.Message):
    __slots__ = ("name", "text", "lexicon")
    class LexiconEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    LEXICON_FIELD_NUMBER: _ClassVar[int]
    name: str
    text: str
    lexicon: _containers.ScalarMap[str, str]
    def __init__(self, name: _Optional[str] = ..., text: _Optional[str] = ..., lexicon: _Optional[_Mapping[str, str]] = ...) -> None: ...

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

class Voice(_message.Message):
    __slots__ = ("name", "language", "description", "backend", "built_in", "transcript", "consent", "sample", "notices", "create_time", "update_time", "lexicon")
    class LexiconEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    BUILT_IN_FIELD_NUMBER: _ClassVar[int]
    TRANSCRIPT_FIELD_NUMBER: _ClassVar[int]
    CONSENT_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_FIELD_NUMBER: _ClassVar[int]
    NOTICES_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    LEXICON_FIELD_NUMBER: _ClassVar[int]
    name: str
    language: str
    description: str
    backend: str
    built_in: bool
    transcript: str
    consent: VoiceConsent
    sample: _measurement_pb2.SampleMeasurement
    notices: _containers.RepeatedCompositeFieldContainer[_media_pb2.Notice]
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    lexicon: _containers.ScalarMap[str, str]
    def __init__(self, name: _Optional[str] = ..., language: _Optional[str] = ..., description: _Optional[str] = ..., backend: _Optional[str] = ..., built_in: bool = ..., transcript: _Optional[str] = ..., consent: _Optional[_Union[VoiceConsent, _Mapping]] = ..., sample: _Optional[_Union[_measurement_pb2.SampleMeasurement, _Mapping]] = ..., notices: _Optional[_Iterable[_Union[_media_pb2.Notice, _Mapping]]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., lexicon: _Optional[_Mapping[str, str]] = ...) -> None: ...

class VoiceConsent(_message.Message):
    __slots__ = ("statement", "date")
    STATEMENT_FIELD_NUMBER: _ClassVar[int]
    DATE_FIELD_NUMBER: _ClassVar[int]
    statement: str
    date: str
    def __init__(self, statement: _Optional[str] = ..., date: _Optional[str] = ...) -> None: ...
