from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DigitalSourceType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DIGITAL_SOURCE_TYPE_UNSPECIFIED: _ClassVar[DigitalSourceType]
    DIGITAL_SOURCE_TYPE_TRAINED_ALGORITHMIC_MEDIA: _ClassVar[DigitalSourceType]
    DIGITAL_SOURCE_TYPE_COMPOSITE_SYNTHETIC: _ClassVar[DigitalSourceType]

class NoticeCode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NOTICE_CODE_UNSPECIFIED: _ClassVar[NoticeCode]
    NOTICE_CODE_SEVERAL_FACES: _ClassVar[NoticeCode]
    NOTICE_CODE_FACE_ENLARGED: _ClassVar[NoticeCode]
    NOTICE_CODE_FACE_LOST: _ClassVar[NoticeCode]
    NOTICE_CODE_WORDS_LEFT_OUT: _ClassVar[NoticeCode]
    NOTICE_CODE_TRANSCRIPT_MISMATCH: _ClassVar[NoticeCode]
    NOTICE_CODE_LOUDNESS_ONLY: _ClassVar[NoticeCode]
    NOTICE_CODE_SERVICE_AWAY: _ClassVar[NoticeCode]
    NOTICE_CODE_RANDOM_WEIGHTS: _ClassVar[NoticeCode]
    NOTICE_CODE_PICTURE_SMALL: _ClassVar[NoticeCode]
    NOTICE_CODE_LANGUAGE_MISMATCH: _ClassVar[NoticeCode]
    NOTICE_CODE_CAPTIONS_MISSING: _ClassVar[NoticeCode]
    NOTICE_CODE_MARKUP_IGNORED: _ClassVar[NoticeCode]
    NOTICE_CODE_SAMPLE_LENGTH: _ClassVar[NoticeCode]
    NOTICE_CODE_SAMPLE_NOISY: _ClassVar[NoticeCode]
    NOTICE_CODE_SAMPLE_CLIPPED: _ClassVar[NoticeCode]
    NOTICE_CODE_SAMPLE_QUIET: _ClassVar[NoticeCode]
    NOTICE_CODE_SAMPLE_PAUSES: _ClassVar[NoticeCode]
    NOTICE_CODE_TRANSCRIPT_MISSING: _ClassVar[NoticeCode]
DIGITAL_SOURCE_TYPE_UNSPECIFIED: DigitalSourceType
DIGITAL_SOURCE_TYPE_TRAINED_ALGORITHMIC_MEDIA: DigitalSourceType
DIGITAL_SOURCE_TYPE_COMPOSITE_SYNTHETIC: DigitalSourceType
NOTICE_CODE_UNSPECIFIED: NoticeCode
NOTICE_CODE_SEVERAL_FACES: NoticeCode
NOTICE_CODE_FACE_ENLARGED: NoticeCode
NOTICE_CODE_FACE_LOST: NoticeCode
NOTICE_CODE_WORDS_LEFT_OUT: NoticeCode
NOTICE_CODE_TRANSCRIPT_MISMATCH: NoticeCode
NOTICE_CODE_LOUDNESS_ONLY: NoticeCode
NOTICE_CODE_SERVICE_AWAY: NoticeCode
NOTICE_CODE_RANDOM_WEIGHTS: NoticeCode
NOTICE_CODE_PICTURE_SMALL: NoticeCode
NOTICE_CODE_LANGUAGE_MISMATCH: NoticeCode
NOTICE_CODE_CAPTIONS_MISSING: NoticeCode
NOTICE_CODE_MARKUP_IGNORED: NoticeCode
NOTICE_CODE_SAMPLE_LENGTH: NoticeCode
NOTICE_CODE_SAMPLE_NOISY: NoticeCode
NOTICE_CODE_SAMPLE_CLIPPED: NoticeCode
NOTICE_CODE_SAMPLE_QUIET: NoticeCode
NOTICE_CODE_SAMPLE_PAUSES: NoticeCode
NOTICE_CODE_TRANSCRIPT_MISSING: NoticeCode

class Preview(_message.Message):
    __slots__ = ("frame", "jpeg")
    FRAME_FIELD_NUMBER: _ClassVar[int]
    JPEG_FIELD_NUMBER: _ClassVar[int]
    frame: int
    jpeg: bytes
    def __init__(self, frame: _Optional[int] = ..., jpeg: _Optional[bytes] = ...) -> None: ...

class MediaChunk(_message.Message):
    __slots__ = ("offset", "data", "media_type", "crc32c")
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    MEDIA_TYPE_FIELD_NUMBER: _ClassVar[int]
    CRC32C_FIELD_NUMBER: _ClassVar[int]
    offset: int
    data: bytes
    media_type: str
    crc32c: int
    def __init__(self, offset: _Optional[int] = ..., data: _Optional[bytes] = ..., media_type: _Optional[str] = ..., crc32c: _Optional[int] = ...) -> None: ...

class Notice(_message.Message):
    __slots__ = ("code", "message")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    code: NoticeCode
    message: str
    def __init__(self, code: _Optional[_Union[NoticeCode, str]] = ..., message: _Optional[str] = ...) -> None: ...
