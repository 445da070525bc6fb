"""Find the faces in a picture."""

from dataclasses import dataclass, replace
from itertools import chain, product

import cv2
import numpy as np

from s2v.face import models
from s2v.face.arrays import Floats, Rgb

_INPUT_SIZE = 128
_STRIDES_AND_ANCHORS = ((8, 2), (16, 6))
_MIN_SCORE = 0.5
_TILE_FRACTIONS = (0.66, 0.5, 0.34)
_WHOLE = 0.45
"""How much of a face's size must lie between its middle and the edges of a part."""


@dataclass(frozen=True, slots=True)
class Face:
    """A found face: all in pixels of the picture.

    Attributes:
        score: 0.5..1.
        centre: x and y of the box's centre.
        size: the longer side of the box.
        tilt: angle of the line between the eyes, radians, clockwise positive.
    """

    score: float
    centre: tuple[float, float]
    size: float
    tilt: float


class FaceDetector:
    """MediaPipe's short-range BlazeFace (arXiv:1907.05047); sees faces over ~1/8 of the picture."""

    def __init__(self) -> None:
        self._session = models.session("face_detector")
        self._input = self._session.get_inputs()[0].name
        self._anchors = _anchors()

    def find(self, picture: Rgb, *, also_small: bool = True) -> list[Face]:
        """Return all faces, the largest first.

        It looks at parts of the picture for small ones, too, which takes some thirty times as long
        as one look at the whole.
        """
        faces = self._find_in(picture)
        if also_small:
            in_tiles = (self._find_in_tiles(picture, fraction) for fraction in _TILE_FRACTIONS)
            faces = _without_doubles([*faces, *chain.from_iterable(in_tiles)])
        return sorted(faces, key=lambda face: -face.size)

    def _find_in_tiles(self, picture: Rgb, fraction: float) -> list[Face]:
        """Return what is found in overlapping squares; faces that a square cuts are left out."""
        height, width = picture.shape[:2]
        side = max(int(max(height, width) * fraction), 1)
        step = max(side // 2, 1)
        tops = range(0, max(1, height - step), step)
        lefts = range(0, max(1, width - step), step)
        return [
            _moved(face, left, top)
            for top, left in product(tops, lefts)
            for face in self._find_in(picture[top : top + side, left : left + side])
            if _is_whole(_moved(face, left, top), (left, top, side), (width, height))
        ]

    def _find_in(self, picture: Rgb) -> list[Face]:
        pixels, scale, offset = _letterboxed(picture)
        regressors, logits = self._session.run(["reg", "cls"], {self._input: pixels})
        scores = 1 / (1 + np.exp(-np.clip(logits.reshape(-1), -50, 50)))
        kept = np.flatnonzero(scores > _MIN_SCORE)
        if kept.size == 0:
            return []
        values = regressors.reshape(-1, 16)[kept] / _INPUT_SIZE
        points = values.reshape(-1, 8, 2).copy()
        points[:, 0] += self._anchors[kept]
        points[:, 2:] += self._anchors[kept][:, None]
        return [
            _face(score, merged, scale=scale, offset=offset)
            for score, merged in _merged(scores[kept], points)
        ]


def _anchors() -> Floats:
    rows = []
    for stride, count in _STRIDES_AND_ANCHORS:
        cells = _INPUT_SIZE // stride
        for y, x in product(range(cells), range(cells)):
            rows += [((x + 0.5) / cells, (y + 0.5) / cells)] * count
    return np.array(rows, np.float32)


def _letterboxed(picture: Rgb) -> tuple[Floats, float, Floats]:
    """Return the network's input [1, 3, 128, 128] in -1..1, its scale and its offset in pixels."""
    height, width = picture.shape[:2]
    scale = _INPUT_SIZE / max(height, width)
    small_width, small_height = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(picture, (small_width, small_height), interpolation=cv2.INTER_AREA)
    left, top = (_INPUT_SIZE - small_width) // 2, (_INPUT_SIZE - small_height) // 2
    canvas = np.zeros((_INPUT_SIZE, _INPUT_SIZE, 3), np.float32)
    canvas[top : top + small_height, left : left + small_width] = small / 127.5 - 1
    pixels = np.ascontiguousarray(canvas.transpose(2, 0, 1)[None])
    return pixels, scale, np.array([left, top], np.float32)


def _merged(scores: Floats, points: Floats) -> list[tuple[float, Floats]]:
    """Average boxes of the same face by score; points [n, 8, 2]: centre, size, six keypoints."""
    order = np.argsort(-scores)
    free = np.ones(len(scores), bool)
    merged = []
    for index in order:
        if not free[index]:
            continue
        reach = 0.5 * points[index, 1]
        near = free & (np.abs(points[:, 0] - points[index, 0]) < reach).all(axis=1)
        free &= ~near
        mean = np.average(points[near], axis=0, weights=scores[near])
        merged.append((float(scores[index]), mean))
    return merged


def _face(score: float, points: Floats, *, scale: float, offset: Floats) -> Face:
    place = (points * _INPUT_SIZE - offset) / scale
    right_eye, left_eye = place[2], place[3]
    along = left_eye - right_eye
    return Face(
        score=score,
        centre=(float(place[0, 0]), float(place[0, 1])),
        size=float(points[1].max() * _INPUT_SIZE / scale),
        tilt=float(np.arctan2(along[1], along[0])),
    )


def _moved(face: Face, right: int, down: int) -> Face:
    return replace(face, centre=(face.centre[0] + right, face.centre[1] + down))


def _is_whole(face: Face, tile: tuple[int, int, int], picture: tuple[int, int]) -> bool:
    """Tell whether no edge of the tile (left, top, side) cuts the face, but for the picture's."""
    for axis in (0, 1):
        low, high = tile[axis], tile[axis] + tile[2]
        reach = _WHOLE * face.size
        if low > 0 and face.centre[axis] - reach < low:
            return False
        if high < picture[axis] and face.centre[axis] + reach > high:
            return False
    return True


def _without_doubles(faces: list[Face]) -> list[Face]:
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -face.score):
        apart = [
            np.hypot(face.centre[0] - other.centre[0], face.centre[1] - other.centre[1])
            > 0.5 * max(face.size, other.size)
            for other in kept
        ]
        if all(apart):
            kept.append(face)
    return kept
