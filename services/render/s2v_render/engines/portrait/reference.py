"""Read the photograph: any common colour model, upright, opaque, at the film's size."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Size
from s2v_render.engines.portrait.arrays import Rgb

FIELD = "spec.reference"
MAX_LONG_SIDE = 1920
MAX_SHORT_SIDE = 1080
_FORMATS = ("JPEG", "PNG", "WEBP")


def read_photo(path: Path) -> Rgb:
    """Read a JPEG, PNG or WebP as it is meant to be seen, on white where it is transparent.

    Raises:
        InvalidInput: IMAGE_UNREADABLE or, for over about 90 megapixels, IMAGE_SIZE_UNSUPPORTED.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=_FORMATS) as image:
                return _opaque(ImageOps.exif_transpose(image))
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise InvalidInput(
            Reason.IMAGE_SIZE_UNSUPPORTED,
            f"the reference has too many pixels ({error}); scale it down to 50 megapixels or less",
            field=FIELD,
        ) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise InvalidInput(
            Reason.IMAGE_UNREADABLE,
            f"the reference could not be read as a JPEG, PNG or WebP picture ({error}); "
            "open it in an image editor and export it again",
            field=FIELD,
        ) from error


@dataclass(frozen=True, slots=True)
class FaceBox:
    """Where a face lies in a picture, in pixels.

    Attributes:
        low: its left and its top.
        high: its right and its bottom.
        margin: how much more should be seen around it.
    """

    low: tuple[float, float]
    high: tuple[float, float]
    margin: float


def fitted(
    photo: Rgb, size: Size | None, *, find_face: Callable[[Rgb], FaceBox | None] | None = None
) -> Rgb:
    """Scale and crop a photo to a size, never distorting it.

    Without a size the photo keeps its own, made even, scaled down to lie within 1920x1080 or
    1080x1920. The crop is the photo's centre unless the face would leave it.

    Raises:
        InvalidInput: SIZE_UNSUPPORTED on "spec.width_pixels" or "spec.height_pixels" where the
            face does not fit.
    """
    height, width = photo.shape[:2]
    target = size or own_size(Size(width, height))
    scale = max(target.width / width, target.height / height)
    if 0 <= width - target.width <= 1 and 0 <= height - target.height <= 1:
        scale = 1.0
    scaled = photo if scale == 1 else _scaled(photo, scale, target)
    excess = (scaled.shape[1] - target.width, scaled.shape[0] - target.height)
    face = find_face(scaled) if find_face and size and max(excess) > 0 else None
    left = _start(face, 0, target.width, excess[0])
    top = _start(face, 1, target.height, excess[1])
    cropped = scaled[top : top + target.height, left : left + target.width]
    return np.ascontiguousarray(cropped)


def _start(face: FaceBox | None, axis: int, length: int, excess: int) -> int:
    """Return where a crop begins along an axis."""
    centred = excess // 2
    if face is None or excess == 0:
        return centred
    low, high = face.low[axis], face.high[axis]
    if centred <= low - face.margin and high + face.margin <= centred + length:
        return centred
    if high - low > length:
        name, shape = (("width", "narrow"), ("height", "low"))[axis]
        raise InvalidInput(
            Reason.SIZE_UNSUPPORTED,
            f"a film of this shape is too {shape} for the face: it is {length} pixels, the face "
            f"{high - low:.0f}; choose a {name} nearer to the reference's proportions",
            field=f"spec.{name}_pixels",
        )
    return int(np.clip(round((low + high - length) / 2), 0, excess))


def own_size(size: Size) -> Size:
    """Return the even size nearest to a photo's own that the engine renders it at."""
    long_side, short_side = max(size.width, size.height), min(size.width, size.height)
    scale = min(1.0, MAX_LONG_SIDE / long_side, MAX_SHORT_SIDE / short_side)
    return Size(_even(size.width * scale), _even(size.height * scale))


def _even(length: float) -> int:
    return max(2, round(length) // 2 * 2)


def _scaled(photo: Rgb, scale: float, target: Size) -> Rgb:
    height, width = photo.shape[:2]
    size = (
        max(target.width, round(width * scale)),
        max(target.height, round(height * scale)),
    )
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LANCZOS4
    scaled: Rgb = cv2.resize(photo, size, interpolation=how)
    return scaled


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
