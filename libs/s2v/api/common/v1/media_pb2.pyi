from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class DigitalSourceType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DIGITAL_SOURCE_TYPE_UNSPECIFIED: _ClassVar[DigitalSourceType]
    DIGITAL_SOURCE_TYPE_TRAINED_ALGORITHMIC_MEDIA: _ClassVar[DigitalSourceType]
    DIGITAL_SOURCE_TYPE_COMPOSITE_SYNTHETIC: _ClassVar[DigitalSourceType]
DIGITAL_SOURCE_TYPE_UNSPECIFIED: DigitalSourceType
DIGITAL_SOURCE_TYPE_TRAINED_ALGORITHMIC_MEDIA: DigitalSourceType
DIGITAL_SOURCE_TYPE_COMPOSITE_SYNTHETIC: DigitalSourceType

class Preview(_message.Message):
    __slots__ = ("frame", "jpeg")
    FRAME_FIELD_NUMBER: _ClassVar[int]
    JPEG_FIELD_NUMBER: _ClassVar[int]
    frame: int
    jpeg: bytes
    def __init__(self, frame: _Optional[int] = ..., jpeg: _Optional[bytes] = ...) -> None: ...

class MediaChunk(_message.Message):
    __slots__ = ("offset", "data")
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    offset: int
    data: bytes
    def __init__(self, offset: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...

class Notice(_message.Message):
    __slots__ = ("code", "message")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    code: str
    message: str
    def __init__(self, code: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...
