"""Restore the speaker's face in every picture: align it, have it restored, lay it back."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, repeat
from typing import Protocol

import cv2
import numpy as np

from s2v.core.ports import Size
from s2v.face import topology as topo
from s2v.face.arrays import Floats, Pixels, Rgb
from s2v.face.tracking import FaceTracker
from s2v_compositor.finishing.restorer import SIDE_PIXELS

TEMPLATE = np.array(
    [
        192.98138 + 239.94708j,
        318.90277 + 240.1936j,
        256.63416 + 314.01935j,
        201.26117 + 371.41043j,
        313.08905 + 371.15118j,
    ]
)
"""Eyes, tip of the nose, corners of the mouth in an aligned face, the picture's left one first.

x + yj, in pixels: FFHQ's mean face in 512 x 512 (xinntao/facexlib, `face_restoration_helper.py`).
"""
_WEIGHTS = (1, 4, 6, 4, 1)
"""Of pictures around one whose landmarks are steadied, itself in the middle."""
_REACH = len(_WEIGHTS) // 2
_JUMP = 0.25
"""Of the distance of the eyes: what has moved further from one picture to another is a cut."""
_FEATHER_PIXELS = 32
"""In the aligned face: within its edge, how far the restored one fades."""

Tracked = tuple[Rgb, Floats | None]
"""A picture, and the landmarks [478, 2] of its face in pixels; None where there is no face."""


class Restores(Protocol):
    """What restores an aligned face [512, 512, 3]."""

    def restored(self, face: Rgb) -> Rgb:
        """Return it restored."""


class Restoring:
    """Restores the largest face of one film; pictures come one after the other."""

    def __init__(self, restorer: Restores) -> None:
        self._restorer = restorer
        self._tracker = FaceTracker()

    def restored(self, pictures: Iterator[Rgb]) -> Iterator[Rgb]:
        """Restore the face of every picture; one without a face stays as it is."""
        for picture, points in steadied(map(self._tracked, pictures)):
            yield picture if points is None else self._with_face(picture, points)

    def _tracked(self, picture: Rgb) -> Tracked:
        found = self._tracker.find(picture)
        return picture, found.points[:, :2] if found else None

    def _with_face(self, picture: Rgb, points: Floats) -> Rgb:
        to_face = alignment(points)
        size = Size(SIDE_PIXELS, SIDE_PIXELS)
        face = _warped(picture, to_face, size, border=cv2.BORDER_REPLICATE)
        opacity = _opacity(points @ to_face[:, :2].T + to_face[:, 2])
        layer = np.dstack([self._restorer.restored(face), opacity])
        return _laid(picture, layer, cv2.invertAffineTransform(to_face), points)


def alignment(points: Floats) -> Floats:
    """Return the turn, scale and shift [2, 3] that bring landmarks best onto the template."""
    x, y = np.transpose(
        [
            points[[topo.RIGHT_EYE_UPPER[0], topo.RIGHT_EYE_UPPER[-1]]].mean(axis=0),
            points[[topo.LEFT_EYE_UPPER[0], topo.LEFT_EYE_UPPER[-1]]].mean(axis=0),
            *points[[topo.NOSE_TIP, topo.RIGHT_CORNER, topo.LEFT_CORNER]],
        ]
    )
    places = x + 1j * y
    middle, wanted = places.mean(), TEMPLATE.mean()
    away = places - middle
    turn = (away.conj() @ (TEMPLATE - wanted)) / (away.conj() @ away)
    shift = wanted - turn * middle
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def steadied(tracked: Iterable[Tracked]) -> Iterator[Tracked]:
    """Average landmarks with those of the pictures around, not over cuts."""
    nothing: Tracked = np.empty((0, 0, 3), np.uint8), None
    near = deque(repeat(nothing, _REACH), maxlen=len(_WEIGHTS))
    for one in chain(tracked, repeat(nothing, _REACH)):
        near.append(one)
        if len(near) == len(_WEIGHTS):
            yield near[_REACH][0], _averaged([points for _, points in near])


def _averaged(near: Sequence[Floats | None]) -> Floats | None:
    here = near[_REACH]
    if here is None:
        return None
    eyes = here[topo.LEFT_EYE_OUTER] - here[topo.RIGHT_EYE_OUTER]
    furthest = _JUMP * float(np.linalg.norm(eyes)) * _REACH
    weighed = [
        (points, weight)
        for points, weight in zip(near, _WEIGHTS, strict=True)
        if points is not None and np.linalg.norm(points - here, axis=1).mean() <= furthest
    ]
    places, weights = zip(*weighed, strict=True)
    steady: Floats = np.average(places, axis=0, weights=weights)
    return steady


def _opacity(points: Floats) -> Pixels:
    """Return how much of the restored face is seen, [512, 512]: all but for the face's edge."""
    inside = np.zeros((SIDE_PIXELS, SIDE_PIXELS), np.uint8)
    cv2.fillConvexPoly(inside, cv2.convexHull(np.rint(points).astype(np.int32)), 1)
    inside[[0, -1]] = inside[:, [0, -1]] = 0
    share = np.minimum(cv2.distanceTransform(inside, cv2.DIST_L2, 5) / _FEATHER_PIXELS, 1)
    opacity: Pixels = np.rint(255 * share * share * (3 - 2 * share)).astype(np.uint8)
    return opacity


def _laid(picture: Rgb, layer: Pixels, to_picture: Floats, points: Floats) -> Rgb:
    """Lay the layer of an aligned face, red, green, blue and opacity, over a picture."""
    height, width = picture.shape[:2]
    left, top = np.clip(np.floor(points.min(axis=0)).astype(int), 0, (width, height))
    right, bottom = np.clip(np.ceil(points.max(axis=0)).astype(int) + 1, 0, (width, height))
    if left >= right or top >= bottom:
        return picture
    shifted = to_picture - np.array([[0, 0, left], [0, 0, top]])
    size = Size(int(right - left), int(bottom - top))
    over = _warped(layer, shifted, size, border=cv2.BORDER_CONSTANT).astype(np.float32)
    under = picture[top:bottom, left:right]
    mixed = under + (over[..., :3] - under) * (over[..., 3:] / 255)
    result = picture.copy()
    result[top:bottom, left:right] = np.rint(mixed).astype(np.uint8)
    return result


def _warped(image: Pixels, matrix: Floats, size: Size, *, border: int) -> Pixels:
    """Return an image as an affine map [2, 3] without shear shows it; fine lines do not break."""
    scale = float(np.hypot(*matrix[:, 0]))
    if scale < 1:
        height, width = image.shape[:2]
        small = max(1, round(width * scale)), max(1, round(height * scale))
        image = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
        across, down = width / small[0], height / small[1]
        grown = [[across, 0, (across - 1) / 2], [0, down, (down - 1) / 2], [0, 0, 1]]
        matrix = matrix @ np.array(grown)
    sides = (size.width, size.height)
    warped: Pixels = cv2.warpAffine(image, matrix, sides, flags=cv2.INTER_LINEAR, borderMode=border)
    return warped
