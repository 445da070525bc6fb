"""Read photographs as people have them: upright, opaque, in the colours they were meant to have."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pi_heif
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageCms,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from PIL.ImageFile import ImageFile

from s2v.core.errors import InvalidInput, Reason
from s2v.media.sniffing import HEAD_BYTES, sniff, webp_size
from s2v.media.video import Rgb

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
PHOTO_TYPES = tuple(_PLUGINS)
"""The media types of what can be read; the list is closed."""
PHOTO_NAMES = "JPEG, PNG, WebP, AVIF, HEIC, GIF, BMP or TIFF"
UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, RuntimeError)
"""What the plugins raise on a file that is broken."""

_MAX_PIXELS = 90_000_000
_TOO_LARGE = (Image.DecompressionBombError, Image.DecompressionBombWarning)
"""What the GIF plugin raises by itself where a frame is larger than the picture says it is."""
_TIFF_KIND = 254
_REDUCED = 1

_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_PROFILED_MODES = ("RGB", "L", "CMYK")


def read_photo(path: Path, *, field: str = "spec.reference") -> Rgb:
    """Read a photograph as it is meant to be seen, on white where it is transparent.

    It is turned as its EXIF says and converted to sRGB from its colour profile. Of a moving picture
    the first frame is taken.

    Raises:
        InvalidInput: IMAGE_UNREADABLE or, for over 90 megapixels, IMAGE_SIZE_UNSUPPORTED.
    """

    def check_size(width: int, height: int) -> None:
        if width * height > _MAX_PIXELS:
            raise InvalidInput(
                Reason.IMAGE_SIZE_UNSUPPORTED,
                f"the reference has too many pixels ({width}x{height}); scale it down to 50 "
                "megapixels or less",
                field=field,
            )

    try:
        with opened_photo(path, check_size) as image:
            return _opaque(_in_srgb(ImageOps.exif_transpose(image)))
    except UNREADABLE as error:
        raise InvalidInput(
            Reason.IMAGE_UNREADABLE,
            f"the reference could not be read as a {PHOTO_NAMES} picture ({error}); "
            "open it in an image editor and export it again",
            field=field,
        ) from error


@contextmanager
def opened_photo(path: Path, check_size: Callable[[int, int], None]) -> Iterator[ImageFile]:
    """Open a photograph; its width and height are checked before anything is decoded.

    Pillow's own plugins are called directly: `Image.open` looks for formats that are not in the
    list and warns about large images by itself.

    Raises:
        OSError, SyntaxError, ValueError, EOFError, RuntimeError: it is broken or none of the list.
    """
    with path.open("rb") as source:
        head = source.read(HEAD_BYTES)
    plugin = _PLUGINS.get(kind := sniff(head))
    if plugin is None:
        raise ValueError("it does not begin like one")
    if kind == "image/webp":  # its plugin takes memory for every pixel when it opens
        check_size(*webp_size(head))
    with _opened(plugin, path) as image:
        check_size(image.width, image.height)
        _check_kind(image)
        yield image


def _opened(plugin: type[ImageFile], path: Path) -> ImageFile:
    try:
        return plugin(path)
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
