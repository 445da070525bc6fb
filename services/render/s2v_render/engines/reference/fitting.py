"""Fit a picture to the film's size, with its face in view."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Size
from s2v.face.arrays import Rgb
from s2v.media.confined.footage import ConfinedFootage

FIELD = "spec.reference"
MAX_LONG_SIDE = 1920
MAX_SHORT_SIDE = 1080
_MARGIN = 0.3


@dataclass(frozen=True, slots=True)
class FaceBox:
    """Where a face lies in a picture, in pixels.

    Attributes:
        low: its left and its top.
        high: its right and its bottom.
        eye_distance: between the outer corners of the eyes.
    """

    low: tuple[float, float]
    high: tuple[float, float]
    eye_distance: float

    @property
    def margin(self) -> float:
        """How much more should be seen around it."""
        return _MARGIN * self.eye_distance


@dataclass(frozen=True, slots=True)
class Framing:
    """Which part of a scaled picture the film shows."""

    cover: Size
    left: int
    top: int
    size: Size

    def picture(self, footage: ConfinedFootage, number: int) -> Rgb:
        """Return a picture of the footage as the film shows it."""
        whole = footage.picture(number, self.cover.width, self.cover.height)
        rows = slice(self.top, self.top + self.size.height)
        part: Rgb = whole[rows, self.left : self.left + self.size.width]
        return part


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
    scaled = scaled_to_cover(photo, size)
    target = size or own_size(Size(photo.shape[1], photo.shape[0]))
    crops = size is not None and (scaled.shape[1], scaled.shape[0]) != (target.width, target.height)
    return cropped(scaled, target, find_face(scaled) if find_face and crops else None)[0]


def scaled_to_cover(photo: Rgb, size: Size | None) -> Rgb:
    """Return a whole photo, scaled so that it just covers a size, None for its own."""
    shown = Size(photo.shape[1], photo.shape[0])
    return _scaled(photo, covering(shown, size or own_size(shown)))


def cropped(whole: Rgb, size: Size, face: FaceBox | None) -> tuple[Rgb, tuple[int, int]]:
    """Return the part of a picture that a film of a size shows, and its left and top.

    Raises:
        InvalidInput: SIZE_UNSUPPORTED, as `fitted`.
    """
    left, top = crop_corner(Size(whole.shape[1], whole.shape[0]), size, face)
    part = whole[top : top + size.height, left : left + size.width]
    return np.ascontiguousarray(part), (left, top)


def covering(shown: Size, target: Size) -> Size:
    """Return the size to scale a picture to so that it just covers the target, undistorted.

    A picture that is larger by a single row or column is not scaled for that.
    """
    if 0 <= shown.width - target.width <= 1 and 0 <= shown.height - target.height <= 1:
        return shown
    scale = max(target.width / shown.width, target.height / shown.height)
    return Size(
        max(target.width, round(shown.width * scale)),
        max(target.height, round(shown.height * scale)),
    )


def crop_corner(cover: Size, target: Size, face: FaceBox | None) -> tuple[int, int]:
    """Return the left and the top of the part to show of a picture that covers the target.

    Raises:
        InvalidInput: SIZE_UNSUPPORTED, as `fitted`.
    """
    return (
        _start(face, 0, length=target.width, excess=cover.width - target.width),
        _start(face, 1, length=target.height, excess=cover.height - target.height),
    )


def _start(face: FaceBox | None, axis: int, *, length: int, excess: int) -> int:
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


def _scaled(photo: Rgb, size: Size) -> Rgb:
    height, width = photo.shape[:2]
    if (width, height) == (size.width, size.height):
        return photo
    how = cv2.INTER_AREA if size.width < width else cv2.INTER_LANCZOS4
    scaled: Rgb = cv2.resize(photo, (size.width, size.height), interpolation=how)
    return scaled
