"""Put something else behind the person."""

from collections.abc import Callable, Iterator

import cv2
import numpy as np
from PIL import Image, ImageColor, ImageOps

from s2v.core.finishing import Backdrop
from s2v.core.ports import Size
from s2v.face.arrays import Floats, Rgb
from s2v.face.matte import PersonMatte
from s2v.face.tracking import FaceTracker, eye_distance

_SMALL = 4
"""Colours about the person's edge and blurs are worked out in pictures so much smaller."""
_EDGE_SHARE, _BLUR_SHARE = 0.012, 0.02
"""Of the longer side: how wide the person's edge is, and how much a blur blurs."""
_STEADY, _FOLLOW = 0.35, 4.0
"""Share of a small change of the matte that a picture takes, and how soon it takes all of it."""


class Parting:
    """Parts the person of one film from what is behind; pictures come one after the other."""

    def __init__(self, backdrop: Backdrop, size: Size, read_image: Callable[[], Rgb]) -> None:
        """Load the networks.

        Args:
            backdrop: what to put there.
            size: of the pictures.
            read_image: gives the backdrop's image, if it has one.
        """
        self._matte = PersonMatte()
        self._tracker = FaceTracker()
        self._alpha: Floats | None = None
        self._plate: Rgb | None = None
        if backdrop.image:
            self._plate = _covering(read_image(), size)
        elif backdrop.colour:
            colour = np.array(ImageColor.getrgb(backdrop.colour)[:3], np.uint8)
            self._plate = np.broadcast_to(colour, (size.height, size.width, 3))

    def parted(self, pictures: Iterator[Rgb]) -> Iterator[Rgb]:
        """Put the backdrop behind the person of every picture."""
        return map(self._with_backdrop, pictures)

    def _with_backdrop(self, picture: Rgb) -> Rgb:
        alpha = self._steadied(self._cut(picture))
        person, blurred = _colours(picture, alpha)
        behind = blurred if self._plate is None else self._plate
        mixed = behind + (person - behind) * alpha[..., None]
        return np.clip(mixed + 0.5, 0, 255).astype(np.uint8)

    def _cut(self, picture: Rgb) -> Floats:
        face = self._tracker.find(picture)
        if face is None:
            return self._matte.cut(picture)
        return self._matte.cut_around(picture, face.points, eye_distance(face))

    def _steadied(self, alpha: Floats) -> Floats:
        """Return a matte whose edge does not flicker, yet follows the person."""
        if self._alpha is not None:
            change = alpha - self._alpha
            alpha = self._alpha + change * np.clip(np.abs(change) * _FOLLOW, _STEADY, 1)
        self._alpha = alpha
        return alpha


def _colours(picture: Rgb, alpha: Floats) -> tuple[Floats, Floats]:
    """Estimate the person without what shines through, and what is behind, blurred.

    Each is what is near, weighted by how much it is either (Forte, Approximate Fast Foreground
    Colour Estimation, 2021); the person is exact where the matte is whole.
    """
    height, width = alpha.shape
    size = (max(1, width // _SMALL), max(1, height // _SMALL))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    part = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
    edge, blur = (share * max(size) for share in (_EDGE_SHARE, _BLUR_SHARE))
    person = cv2.resize(_near(small, part, edge), (width, height))
    near = cv2.resize(_near(small, 1 - part, edge), (width, height))
    behind = cv2.resize(_near(small, 1 - part, blur), (width, height))
    share = alpha[..., None]
    person += share * (picture - share * person - (1 - share) * near)
    return np.clip(person, 0, 255), behind


def _near(picture: Floats, weight: Floats, sigma: float) -> Floats:
    """Return what is near to each pixel, weighted; far from all that counts, the picture."""
    least = 1e-3
    total = cv2.GaussianBlur(weight, (0, 0), sigma) + least
    summed = cv2.GaussianBlur(picture * weight[..., None], (0, 0), sigma) + least * picture
    near: Floats = summed / total[..., None]
    return near


def _covering(image: Rgb, size: Size) -> Rgb:
    fitted = ImageOps.fit(
        Image.fromarray(image), (size.width, size.height), Image.Resampling.LANCZOS
    )
    return np.asarray(fitted)
