"""Show a part of the pictures, the face in it, in another size."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from s2v.core.ports import Size
from s2v.face.tracking import FaceTracker
from s2v.media.colour import Rgb

_HEAD_DOWN = 0.45
"""Of the height, where the middle of the head should be."""
_HAIR = 0.5
"""Of the face's height, what may be above the forehead."""
_SURROUND_BLUR = 0.04
"""Of the longer side, behind a picture that is shown whole."""


@dataclass(frozen=True, slots=True)
class FaceBounds:
    """What the face takes of the picture while it moves, in pixels."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class View:
    """What of the pictures is shown.

    Attributes:
        box: left, top, right and bottom of the part, in pixels.
        size: in which it is shown.
        whole: whether the face has no room in the part: then the whole picture is shown, over
            the part of it, blurred.
    """

    box: tuple[float, float, float, float]
    size: Size
    whole: bool = False

    def of(self, picture: Rgb) -> Rgb:
        """Return what is shown of a picture [height, width, 3]."""
        left, top, right, bottom = self.box
        if not self.whole and (right - left, bottom - top) == (self.size.width, self.size.height):
            rows, columns = slice(round(top), round(bottom)), slice(round(left), round(right))
            return np.array(picture[rows, columns])
        image = Image.fromarray(picture)
        shown = image.resize(self._sides, Image.Resampling.LANCZOS, box=self.box)
        return np.array(self._over(shown, image) if self.whole else shown)

    @property
    def _sides(self) -> tuple[int, int]:
        return self.size.width, self.size.height

    def _over(self, surround: Image.Image, image: Image.Image) -> Image.Image:
        blur = ImageFilter.GaussianBlur(_SURROUND_BLUR * max(self._sides))
        behind = surround.filter(blur)
        scale = min(self.size.width / image.width, self.size.height / image.height)
        sides = (round(image.width * scale), round(image.height * scale))
        corner = ((self.size.width - sides[0]) // 2, (self.size.height - sides[1]) // 2)
        behind.paste(image.resize(sides, Image.Resampling.LANCZOS), corner)
        return behind


def view_of(rendered: Size, size: Size, face: FaceBounds | None) -> View:
    """Choose the largest part of the shape of a size that has the face where it is looked for."""
    scale = min(rendered.width / size.width, rendered.height / size.height)
    width, height = size.width * scale, size.height * scale
    left, top = (rendered.width - width) / 2, (rendered.height - height) / 2
    if face is not None:
        left = (face.left + face.right - width) / 2
        crown = face.top - _HAIR * (face.bottom - face.top)
        top = min((crown + face.bottom) / 2 - height * _HEAD_DOWN, max(crown, 0))
        top = max(top, face.bottom - height)
    left, top = _start(left, rendered.width - width), _start(top, rendered.height - height)
    box = (left, top, left + width, top + height)
    return View(box, size, whole=face is not None and not _holds(box, face))


def face_bounds(pictures: Iterable[Rgb]) -> FaceBounds | None:
    """Return what the face takes of some pictures; None where there is none."""
    tracker = FaceTracker()
    found = [face.points[:, :2] for picture in pictures if (face := tracker.find(picture))]
    if not found:
        return None
    low, high = np.min(found, axis=(0, 1)), np.max(found, axis=(0, 1))
    return FaceBounds(*map(float, (*low, *high)))


def shown(pictures: Iterator[Rgb], view: View) -> Iterator[Rgb]:
    """Show a part of every picture."""
    return map(view.of, pictures)


def _start(wanted: float, most: float) -> float:
    """Return where a part begins: at a whole pixel, within the picture."""
    return float(min(max(round(wanted), 0), max(most, 0)))


def _holds(box: tuple[float, float, float, float], face: FaceBounds) -> bool:
    left, top, right, bottom = box
    return left <= face.left and top <= face.top and face.right <= right and face.bottom <= bottom
