"""Read photographs as people have them: upright, opaque, in the colours they were meant to have."""

import io
import mmap
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pi_heif
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageCms,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from PIL.ImageFile import ImageFile

from s2v.core.errors import InvalidInput, Reason
from s2v.media import nclx, png
from s2v.media.colour import Rgb, developed
from s2v.media.limits import DEFAULT_LIMITS, FileLimits, beyond
from s2v.media.opening import Source, first_bytes, opened
from s2v.media.sniffing import HEAD_BYTES, sniff, webp_size

_PLUGINS: dict[str, type[ImageFile]] = {
    "image/jpeg": JpegImagePlugin.JpegImageFile,
    "image/png": PngImagePlugin.PngImageFile,
    "image/webp": WebPImagePlugin.WebPImageFile,
    "image/avif": AvifImagePlugin.AvifImageFile,
    "image/heic": pi_heif.HeifImageFile,
    "image/gif": GifImagePlugin.GifImageFile,
    "image/bmp": BmpImagePlugin.BmpImageFile,
    "image/tiff": TiffImagePlugin.TiffImageFile,
}
Opacity = npt.NDArray[np.uint8]
"""[height, width]; 255 hides what is behind it."""
PHOTO_TYPES = tuple(_PLUGINS)
"""The media types of what can be read; the list is closed."""
PHOTO_NAMES = "JPEG, PNG, WebP, AVIF, HEIC, GIF, BMP or TIFF"
_STATED = {
    PngImagePlugin.PngImageFile: png.stated_colours,
    AvifImagePlugin.AvifImageFile: nclx.stated_colours,
    pi_heif.HeifImageFile: nclx.stated_colours,
}
UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, RuntimeError)
"""What the plugins raise on a file that is broken."""

_MAX_PIXELS = 90_000_000
_TOO_LARGE = (Image.DecompressionBombError, Image.DecompressionBombWarning)
"""What the GIF plugin raises by itself where a frame is larger than the picture says it is."""
_TIFF_KIND = 254
_REDUCED = 1

_EXIF_ORIENTATION = 0x0112
_TURNS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_MARKER = re.compile(rb"\xff+([\x01-\xcf\xd8-\xfe])")
"""Any but those that stand within a scan's data."""
_SCAN, _END, _WITHOUT_LENGTH = b"\xda", b"\xd9", (b"\x01", b"\xd8")

_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_PROFILED_MODES = ("RGB", "L", "CMYK")


def read_photo(source: Source, *, field: str = "spec.reference") -> Rgb:
    """Read a photograph as it is meant to be seen, on white where it is transparent.

    It is turned as its EXIF says and converted to sRGB from its colour profile or, in PNG, AVIF and
    HEIC, from the colours that it says it is in, PQ and HLG among them. Of a moving picture the
    first frame is taken.

    Raises:
        InvalidInput: IMAGE_UNREADABLE or, for over 90 megapixels, IMAGE_SIZE_UNSUPPORTED.
    """
    return _read(source, _opaque, field)


def read_layer(source: Source, *, field: str) -> tuple[Rgb, Opacity]:
    """Read a picture that is laid over others, as `read_photo`, and how opaque each pixel of it is.

    Raises:
        InvalidInput: as `read_photo`.
    """
    layer = _read(source, _with_opacity, field)
    return np.ascontiguousarray(layer[..., :3]), np.ascontiguousarray(layer[..., 3])


def _read(source: Source, pixels_of: Callable[[Image.Image], Rgb], field: str) -> Rgb:
    """Read pixels [height, width, 3 or 4] of a photograph."""

    def check_size(width: int, height: int) -> None:
        if width * height > _MAX_PIXELS:
            raise InvalidInput(
                Reason.IMAGE_SIZE_UNSUPPORTED,
                f"the picture has too many pixels ({width}x{height}); scale it down to 50 "
                "megapixels or less",
                field=field,
            )

    try:
        with opened_photo(source, check_size, field=field) as image:
            pixels = pixels_of(_in_srgb(_upright(image)))
            stated = _stated_colours(image, source)
    except UNREADABLE as error:
        raise InvalidInput(
            Reason.IMAGE_UNREADABLE,
            f"the picture could not be read as a {PHOTO_NAMES} picture ({error}); "
            "open it in an image editor and export it again",
            field=field,
        ) from error
    if stated:
        rgb = developed(pixels[..., :3], primaries=stated[0], transfer=stated[1])
        pixels = np.concatenate([rgb, pixels[..., 3:]], axis=2)
    return pixels


@contextmanager
def opened_photo(
    source: Source,
    check_size: Callable[[int, int], None],
    *,
    field: str,
    limits: FileLimits = DEFAULT_LIMITS,
) -> Iterator[ImageFile]:
    """Open a photograph; its width and height are checked before anything is decoded.

    Pillow's own plugins are called directly: `Image.open` looks for formats that are not in the
    list and warns about large images by itself.

    Raises:
        OSError, SyntaxError, ValueError, EOFError, RuntimeError: it is broken or none of the list.
        InvalidInput: it is a JPEG of too many scans (IMAGE_UNREADABLE).
    """
    head = first_bytes(source, HEAD_BYTES)
    plugin = _PLUGINS.get(kind := sniff(head))
    if plugin is None:
        raise ValueError("it does not begin like one")
    if kind == "image/webp":  # its plugin takes memory for every pixel when it opens
        check_size(*webp_size(head))
    with opened(source) as file:
        if kind == "image/jpeg":
            _check_scans(file, limits.max_scans, field)
        image = _opened(plugin, png.picture_of(file) if kind == "image/png" else file)
        check_size(image.width, image.height)
        _check_kind(image)
        yield image


def orientation(image: Image.Image) -> int:
    """Return how an image's EXIF says that it lies, 1 to 8; 1 where it says nothing readable."""
    with suppress(*UNREADABLE):
        found = image.getexif().get(_EXIF_ORIENTATION)
        if isinstance(found, int) and found in _TURNS:
            return found
    return 1


def _upright(image: Image.Image) -> Image.Image:
    """Load an image and turn it as its EXIF says; the plugin of TIFF has done so when it loads."""
    image.load()
    method = _TURNS[orientation(image)]
    return image if method is None else image.transpose(method)


def _check_scans(file: BinaryIO, most: int, field: str) -> None:
    """Count the scans of a JPEG (ITU-T T.81, annex B) without decoding any."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        scans, at = 0, 2
        while marker := _MARKER.search(data, at):
            at = marker.end()
            if marker[1] == _END:
                break
            scans += marker[1] == _SCAN
            if marker[1] not in _WITHOUT_LENGTH:
                at += int.from_bytes(data[at : at + 2])
            if scans > most:
                raise beyond(
                    Reason.IMAGE_UNREADABLE,
                    "max_scans",
                    most,
                    found="too many scans",
                    field=field,
                )


def _opened(plugin: type[ImageFile], file: BinaryIO) -> ImageFile:
    try:
        return plugin(file)
    except _TOO_LARGE as error:
        raise ValueError("a frame of it is larger than can be used") from error


def _check_kind(image: ImageFile) -> None:
    if image.mode == "F":
        raise ValueError("its pixels are floating-point numbers")
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        kind = image.tag_v2.get(_TIFF_KIND, 0)
        if isinstance(kind, int) and kind & _REDUCED:
            raise ValueError("it is a camera's raw file, of which only a thumbnail can be read")


def _in_srgb(image: Image.Image) -> Image.Image:
    """Convert from the image's own colour profile, if it has one that makes sense."""
    data = image.info.get("icc_profile")
    if not data or image.mode.startswith("I"):
        return image
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        if "sRGB" in ImageCms.getProfileDescription(profile):
            return image
        plain = image if image.mode in _PROFILED_MODES else image.convert("RGB")
        converted = ImageCms.profileToProfile(plain, profile, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, TypeError):
        return image
    if converted is not None and image.has_transparency_data:
        converted.putalpha(image.convert("RGBA").getchannel("A"))
    return converted or image


def _stated_colours(image: ImageFile, source: Source) -> tuple[int, int] | None:
    """Return primaries and curve of a picture that has no profile but says them otherwise."""
    reading = _STATED.get(type(image))
    if reading is None or image.info.get("icc_profile"):
        return None
    with opened(source) as file:
        return reading(file)


def _opaque(image: Image.Image) -> Rgb:
    if image.mode.startswith("I"):
        deep = np.asarray(image, np.int64)
        grey = Image.fromarray((np.clip(deep, 0, 65535) // 256).astype(np.uint8))
        return np.array(grey.convert("RGB"))
    if not image.has_transparency_data:
        return np.array(image.convert("RGB"))
    layer = image.convert("RGBA")
    white = Image.new("RGBA", layer.size, "white")
    return np.array(Image.alpha_composite(white, layer).convert("RGB"))


def _with_opacity(image: Image.Image) -> Rgb:
    """Return [height, width, 4]."""
    rgb = _opaque(image)
    if not image.has_transparency_data:
        return np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])
    return np.array(image.convert("RGBA"))
