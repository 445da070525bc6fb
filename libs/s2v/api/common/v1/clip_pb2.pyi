from s2v.api.common.v1 import artifact_pb2 as _artifact_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Clip(_message.Message):
    __slots__ = ("video", "frames", "width_pixels", "height_pixels", "state")
    VIDEO_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    WIDTH_PIXELS_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_PIXELS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    video: _artifact_pb2.Artifact
    frames: int
    width_pixels: int
    height_pixels: int
    state: _artifact_pb2.Artifact
    def __init__(self, video: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., frames: _Optional[int] = ..., width_pixels: _Optional[int] = ..., height_pixels: _Optional[int] = ..., state: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ...) -> None: ...

class Reel(_message.Message):
    __slots__ = ("video", "first_frame", "frames")
    VIDEO_FIELD_NUMBER: _ClassVar[int]
    FIRST_FRAME_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    video: _artifact_pb2.Artifact
    first_frame: int
    frames: int
    def __init__(self, video: _Optional[_Union[_artifact_pb2.Artifact, _Mapping]] = ..., first_frame: _Optional[int] = ..., frames: _Optional[int] = ...) -> None: ...
