"""Measure the mouth in finished pictures, knowing nothing of how they were made."""

import numpy as np

from s2v.face import topology as topo
from s2v.face.arrays import Rgb
from s2v.face.detector import FaceDetector
from s2v.face.mesh import FaceMesh, Landmarks

_LOST_SCORE = 0.5
_SMALL_EVERY = 25
"""Of pictures in a row without a face, one in so many is searched for a small one."""
_UPPER = list(topo.UPPER_INNER[4:7])
_LOWER = list(topo.LOWER_INNER[4:7])


class FaceTracker:
    """Follows the largest face from picture to picture, however many there are."""

    def __init__(self) -> None:
        self._detector, self._mesh = FaceDetector(), FaceMesh()
        self._previous: Landmarks | None = None
        self._misses = 0

    def find(self, picture: Rgb) -> Landmarks | None:
        """Return the face's landmarks in the next RGB picture; None where there is none."""
        current = self._mesh.follow(picture, self._previous) if self._previous else None
        if current is None or current.score < _LOST_SCORE:
            also_small = self._misses % _SMALL_EVERY == 0
            faces = self._detector.find(picture, also_small=also_small)
            current = self._mesh.locate(picture, faces[0]) if faces else None
        self._previous = current if current and current.score >= _LOST_SCORE else None
        self._misses = 0 if self._previous else self._misses + 1
        return self._previous


def mouth_opening(found: Landmarks | None) -> float:
    """Return how far the mouth is open; NaN without a face.

    The measure is the mean distance between the inner edges of the lips at their middle over the
    distance between the outer corners of the eyes: under 0.02 is shut, over 0.08 an open vowel.
    """
    if found is None:
        return float("nan")
    upper = found.points[_UPPER, :2]
    lower = found.points[_LOWER, :2]
    return float(np.linalg.norm(upper - lower, axis=1).mean() / _unit(found))


def mouth_width(found: Landmarks | None) -> float:
    """Return the distance between the corners of the mouth over that of the eyes, as they look."""
    if found is None:
        return float("nan")
    mouth = found.points[topo.LEFT_CORNER, :2] - found.points[topo.RIGHT_CORNER, :2]
    return float(np.linalg.norm(mouth)) / eye_distance(found)


def eye_distance(found: Landmarks) -> float:
    """Return the distance between the outer corners of the eyes as they look, in pixels."""
    eyes = found.points[topo.LEFT_EYE_OUTER, :2] - found.points[topo.RIGHT_EYE_OUTER, :2]
    return float(np.linalg.norm(eyes))


def _unit(found: Landmarks) -> float:
    eyes = found.points[topo.LEFT_EYE_OUTER] - found.points[topo.RIGHT_EYE_OUTER]
    return float(np.linalg.norm(eyes))
