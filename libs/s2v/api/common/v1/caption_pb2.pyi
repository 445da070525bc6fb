from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Caption(_message.Message):
    __slots__ = ("start_seconds", "end_seconds", "lines")
    START_SECONDS_FIELD_NUMBER: _ClassVar[int]
    END_SECONDS_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    start_seconds: float
    end_seconds: float
    lines: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, start_seconds: _Optional[float] = ..., end_seconds: _Optional[float] = ..., lines: _Optional[_Iterable[str]] = ...) -> None: ...
