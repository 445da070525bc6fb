from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class VideoShorter(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VIDEO_SHORTER_UNSPECIFIED: _ClassVar[VideoShorter]
    VIDEO_SHORTER_PING_PONG: _ClassVar[VideoShorter]
    VIDEO_SHORTER_LOOP: _ClassVar[VideoShorter]
    VIDEO_SHORTER_FREEZE: _ClassVar[VideoShorter]
    VIDEO_SHORTER_STRETCH: _ClassVar[VideoShorter]
    VIDEO_SHORTER_REFUSE: _ClassVar[VideoShorter]

class VideoLonger(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VIDEO_LONGER_UNSPECIFIED: _ClassVar[VideoLonger]
    VIDEO_LONGER_TRIM: _ClassVar[VideoLonger]
    VIDEO_LONGER_PAD: _ClassVar[VideoLonger]
    VIDEO_LONGER_STRETCH: _ClassVar[VideoLonger]
    VIDEO_LONGER_REFUSE: _ClassVar[VideoLonger]
VIDEO_SHORTER_UNSPECIFIED: VideoShorter
VIDEO_SHORTER_PING_PONG: VideoShorter
VIDEO_SHORTER_LOOP: VideoShorter
VIDEO_SHORTER_FREEZE: VideoShorter
VIDEO_SHORTER_STRETCH: VideoShorter
VIDEO_SHORTER_REFUSE: VideoShorter
VIDEO_LONGER_UNSPECIFIED: VideoLonger
VIDEO_LONGER_TRIM: VideoLonger
VIDEO_LONGER_PAD: VideoLonger
VIDEO_LONGER_STRETCH: VideoLonger
VIDEO_LONGER_REFUSE: VideoLonger

class LengthPolicy(_message.Message):
    __slots__ = ("video_shorter", "video_longer")
    VIDEO_SHORTER_FIELD_NUMBER: _ClassVar[int]
    VIDEO_LONGER_FIELD_NUMBER: _ClassVar[int]
    video_shorter: VideoShorter
    video_longer: VideoLonger
    def __init__(self, video_shorter: _Optional[_Union[VideoShorter, str]] = ..., video_longer: _Optional[_Union[VideoLonger, str]] = ...) -> None: ...
