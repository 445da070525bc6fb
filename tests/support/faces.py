"""Mouths and eyes of finished pictures, knowing nothing of how they were made."""

from collections.abc import Callable, Iterable

import numpy as np

from s2v.face import topology as topo
from s2v.face.arrays import Floats, Rgb
from s2v.face.mesh import Landmarks
from s2v.face.tracking import FaceTracker, mouth_opening

_EYES = (
    (topo.RIGHT_EYE_UPPER[4], topo.RIGHT_EYE_LOWER[4]),
    (topo.LEFT_EYE_UPPER[4], topo.LEFT_EYE_LOWER[4]),
)


def mouth_openings(frames: Iterable[Rgb]) -> Floats:
    """Return the `mouth_opening` of each picture, shape [frames]; NaN where no face was found."""
    return _measured(frames, mouth_opening)


def eye_openings(frames: Iterable[Rgb]) -> Floats:
    """Return the mean height of the eyes over their distance, like `mouth_openings`."""
    return _measured(frames, _eye_opening)


def _measured(frames: Iterable[Rgb], measure: Callable[[Landmarks | None], float]) -> Floats:
    tracker = FaceTracker()
    return np.array([measure(tracker.find(frame)) for frame in frames])


def _eye_opening(found: Landmarks | None) -> float:
    if found is None:
        return float("nan")
    points = found.points
    heights = [np.linalg.norm(points[upper, :2] - points[lower, :2]) for upper, lower in _EYES]
    unit = np.linalg.norm(points[topo.LEFT_EYE_OUTER] - points[topo.RIGHT_EYE_OUTER])
    return float(np.mean(heights) / unit)
