from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Aspect(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ASPECT_UNSPECIFIED: _ClassVar[Aspect]
    ASPECT_WIDE: _ClassVar[Aspect]
    ASPECT_TALL: _ClassVar[Aspect]
    ASPECT_SQUARE: _ClassVar[Aspect]

class Corner(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CORNER_UNSPECIFIED: _ClassVar[Corner]
    CORNER_BOTTOM_RIGHT: _ClassVar[Corner]
    CORNER_BOTTOM_LEFT: _ClassVar[Corner]
    CORNER_TOP_RIGHT: _ClassVar[Corner]
    CORNER_TOP_LEFT: _ClassVar[Corner]
    CORNER_CENTRE: _ClassVar[Corner]
ASPECT_UNSPECIFIED: Aspect
ASPECT_WIDE: Aspect
ASPECT_TALL: Aspect
ASPECT_SQUARE: Aspect
CORNER_UNSPECIFIED: Corner
CORNER_BOTTOM_RIGHT: Corner
CORNER_BOTTOM_LEFT: Corner
CORNER_TOP_RIGHT: Corner
CORNER_TOP_LEFT: Corner
CORNER_CENTRE: Corner

class Finish(_message.Message):
    __slots__ = ("denoise", "sharpen", "aspect", "width_pixels", "height_pixels", "bits_per_second", "watermark", "background", "fragment_seconds", "thumbnail_seconds", "sprites", "hls", "restore_faces")
    DENOISE_FIELD_NUMBER: _ClassVar[int]
    SHARPEN_FIELD_NUMBER: _ClassVar[int]
    ASPECT_FIELD_NUMBER: _ClassVar[int]
    WIDTH_PIXELS_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_PIXELS_FIELD_NUMBER: _ClassVar[int]
    BITS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    WATERMARK_FIELD_NUMBER: _ClassVar[int]
    BACKGROUND_FIELD_NUMBER: _ClassVar[int]
    FRAGMENT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    THUMBNAIL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    SPRITES_FIELD_NUMBER: _ClassVar[int]
    HLS_FIELD_NUMBER: _ClassVar[int]
    RESTORE_FACES_FIELD_NUMBER: _ClassVar[int]
    denoise: bool
    sharpen: bool
    aspect: Aspect
    width_pixels: int
    height_pixels: int
    bits_per_second: int
    watermark: Watermark
    background: Background
    fragment_seconds: int
    thumbnail_seconds: float
    sprites: bool
    hls: bool
    restore_faces: bool
    def __init__(self, denoise: bool = ..., sharpen: bool = ..., aspect: _Optional[_Union[Aspect, str]] = ..., width_pixels: _Optional[int] = ..., height_pixels: _Optional[int] = ..., bits_per_second: _Optional[int] = ..., watermark: _Optional[_Union[Watermark, _Mapping]] = ..., background: _Optional[_Union[Background, _Mapping]] = ..., fragment_seconds: _Optional[int] = ..., thumbnail_seconds: _Optional[float] = ..., sprites: bool = ..., hls: bool = ..., restore_faces: bool = ...) -> None: ...

class Watermark(_message.Message):
    __slots__ = ("text", "image", "corner", "opacity")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    CORNER_FIELD_NUMBER: _ClassVar[int]
    OPACITY_FIELD_NUMBER: _ClassVar[int]
    text: str
    image: str
    corner: Corner
    opacity: float
    def __init__(self, text: _Optional[str] = ..., image: _Optional[str] = ..., corner: _Optional[_Union[Corner, str]] = ..., opacity: _Optional[float] = ...) -> None: ...

class Background(_message.Message):
    __slots__ = ("colour", "image", "blur")
    COLOUR_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    BLUR_FIELD_NUMBER: _ClassVar[int]
    colour: str
    image: str
    blur: bool
    def __init__(self, colour: _Optional[str] = ..., image: _Optional[str] = ..., blur: bool = ...) -> None: ...
