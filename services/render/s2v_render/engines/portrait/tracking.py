"""Measure the mouth in finished pictures, knowing nothing of how they were made."""

from collections.abc import Iterable

import numpy as np

from s2v_render.engines.portrait import topology as topo
from s2v_render.engines.portrait.arrays import Floats, Rgb
from s2v_render.engines.portrait.detector import FaceDetector
from s2v_render.engines.portrait.mesh import FaceMesh, Landmarks

_LOST_SCORE = 0.5
_UPPER = list(topo.UPPER_INNER[4:7])
_LOWER = list(topo.LOWER_INNER[4:7])


def track(frames: Iterable[Rgb]) -> list[Landmarks | None]:
    """Follow the largest face through RGB pictures; None where there is none."""
    detector, mesh = FaceDetector(), FaceMesh()
    found: list[Landmarks | None] = []
    previous: Landmarks | None = None
    for picture in frames:
        current = mesh.follow(picture, previous) if previous else None
        if current is None or current.score < _LOST_SCORE:
            faces = detector.find(picture)
            current = mesh.locate(picture, faces[0]) if faces else None
        previous = current if current and current.score >= _LOST_SCORE else None
        found.append(previous)
    return found


def mouth_openings(frames: Iterable[Rgb]) -> Floats:
    """Return how far the mouth is open in each picture, shape [frames].

    The measure is the mean distance between the inner edges of the lips at their middle over the
    distance between the outer corners of the eyes: under 0.02 is shut, over 0.08 an open vowel;
    NaN where no face was found.
    """
    return np.array([_opening(found) for found in track(frames)])


def eye_openings(frames: Iterable[Rgb]) -> Floats:
    """Return the mean height of the eyes over their distance, like `mouth_openings`."""
    return np.array([_eye_opening(found) for found in track(frames)])


def _opening(found: Landmarks | None) -> float:
    if found is None:
        return float("nan")
    upper = found.points[_UPPER, :2]
    lower = found.points[_LOWER, :2]
    return float(np.linalg.norm(upper - lower, axis=1).mean() / _unit(found))


def _eye_opening(found: Landmarks | None) -> float:
    if found is None:
        return float("nan")
    heights = [
        np.linalg.norm(found.points[upper[4], :2] - found.points[lower[4], :2])
        for upper, lower in (
            (topo.RIGHT_EYE_UPPER, topo.RIGHT_EYE_LOWER),
            (topo.LEFT_EYE_UPPER, topo.LEFT_EYE_LOWER),
        )
    ]
    return float(np.mean(heights) / _unit(found))


def _unit(found: Landmarks) -> float:
    eyes = found.points[topo.LEFT_EYE_OUTER] - found.points[topo.RIGHT_EYE_OUTER]
    return float(np.linalg.norm(eyes))
