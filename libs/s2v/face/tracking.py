"""Measure the mouth in finished pictures, knowing nothing of how they were made."""

from dataclasses import dataclass

import numpy as np

from s2v.face import topology as topo
from s2v.face.arrays import Rgb
from s2v.face.detector import FaceDetector
from s2v.face.mesh import FaceMesh, Landmarks
from s2v.face.search import clearest, is_face, located

_LOST_SCORE = 0.5
_SMALL_EVERY = 25
"""Of pictures in a row without a face, one in so many is searched for a small one."""
_MOST_FACES = 4
_NEW_EVERY = 25
"""One picture in so many is searched for faces that are not followed yet."""
_SAME_PLACE = 0.6
"""Faces nearer to each other than this, in sizes of the larger one, are one."""
_FARTHEST_RETURN = 1.0
"""How far, in its size, a face that was lost may have gone until it is found again."""
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
            face = clearest(picture, self._detector, also_small=also_small)
            current = self._mesh.locate(picture, face) if face else None
        self._previous = current if current and current.score >= _LOST_SCORE else None
        self._misses = 0 if self._previous else self._misses + 1
        return self._previous


@dataclass(slots=True)
class _Followed:
    """A face: where it is, or was when it was last seen."""

    last: Landmarks
    seen: bool


class FacesTracker:
    """Follows the largest faces from picture to picture, each under a number of its own."""

    def __init__(self) -> None:
        self._detector, self._mesh = FaceDetector(), FaceMesh()
        self._faces: list[_Followed] = []
        self._pictures = 0

    def find(self, picture: Rgb) -> list[Landmarks | None]:
        """Return the landmarks of every face met so far in the next RGB picture, None if lost.

        While no face is seen, searches are thorough; others find large ones and who comes back.
        """
        for face in self._faces:
            if face.seen:
                now = self._mesh.follow(picture, face.last)
                face.seen = now.score >= _LOST_SCORE and not self._is_followed(now, by=face)
                face.last = now if face.seen else face.last
        regularly = self._pictures % _NEW_EVERY == 0
        none_seen = not any(face.seen for face in self._faces)
        if regularly or none_seen:
            self._search(picture, thorough=regularly and none_seen)
        self._pictures += 1
        return [face.last if face.seen else None for face in self._faces]

    def _search(self, picture: Rgb, *, thorough: bool) -> None:
        for one, found in located(picture, self._detector, self._mesh, also_small=thorough):
            if is_face(one, found) and not self._is_followed(found):
                self._meet(found)

    def _meet(self, found: Landmarks) -> None:
        """Follow a face that came back, or a new one."""
        gone = [face for face in self._faces if not face.seen]
        back = min(gone, key=lambda face: _apart(face.last, found), default=None)
        alone = len(self._faces) == 1
        if back and (alone or _apart(back.last, found) < _FARTHEST_RETURN):
            back.last, back.seen = found, True
        elif len(self._faces) < _MOST_FACES:
            self._faces.append(_Followed(found, seen=True))

    def _is_followed(self, found: Landmarks, *, by: _Followed | None = None) -> bool:
        """Tell whether a face is followed already, by another number."""
        return any(
            face.seen and face is not by and _apart(face.last, found) < _SAME_PLACE
            for face in self._faces
        )


def _box(found: Landmarks) -> tuple[float, float, float]:
    """Return the middle of a face and its size."""
    points = found.points[:468, :2]
    low, high = points.min(axis=0), points.max(axis=0)
    x, y = (low + high) / 2
    return float(x), float(y), float((high - low).max())


def _apart(one: Landmarks, other: Landmarks) -> float:
    (x, y, size), (left, top, length) = _box(one), _box(other)
    return float(np.hypot(x - left, y - top)) / max(size, length)


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
