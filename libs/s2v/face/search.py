"""Find all faces of a picture and their landmarks, and tell people's from what resembles them."""

import cv2
import numpy as np

from s2v.face import topology as topo
from s2v.face.arrays import Floats, Rgb
from s2v.face.detector import Face, FaceDetector
from s2v.face.mesh import FaceMesh, Landmarks

_MOST_CANDIDATES = 12
_SURE_DETECTION = 0.65
_SURE_MESH = 0.985
"""The detector doubts small faces and the mesh takes to cats; only one of them may doubt."""
_LEAST_MESH = 0.5
_AS_CLEAR = 0.15
_PORTRAIT_PIXELS = 192
_PORTRAIT_SIZES = (1.6, 2.2, 3.0)
"""How much more than the face is shown."""
_LEAST_LIKENESS = 0.74
"""Of 80 looks at people's faces all had 0.79 and more; of 65 at animals, drawings and false hits
three had as much as this, all drawn children (benchmarks/results/faces_2-cores_2026-11-29.md)."""


def located(
    picture: Rgb, detector: FaceDetector, mesh: FaceMesh, *, also_small: bool = True
) -> list[tuple[Face, Landmarks]]:
    """Return whatever the detector takes for a face, the largest first, and its landmarks."""
    faces = detector.find(picture, also_small=also_small)[:_MOST_CANDIDATES]
    return [(face, mesh.locate(picture, face)) for face in faces]


def clearest(picture: Rgb, detector: FaceDetector, *, also_small: bool = True) -> Face | None:
    """Return the largest of the faces that are about as clear as any; None if there is none.

    Small ones are searched only where the whole picture shows none for certain.
    """
    faces = detector.find(picture, also_small=False)
    if also_small and not any(map(is_detected, faces)):
        faces = detector.find(picture)
    best = max((face.score for face in faces), default=0.0)
    return next((face for face in faces if face.score >= best - _AS_CLEAR), None)


def is_face(face: Face, found: Landmarks) -> bool:
    """Tell whether detector and mesh together are sure."""
    return found.score >= _LEAST_MESH and (is_detected(face) or found.score >= _SURE_MESH)


def is_detected(face: Face) -> bool:
    """Tell whether the detector alone is sure."""
    return face.score >= _SURE_DETECTION


def is_person(picture: Rgb, found: Landmarks, detector: FaceDetector) -> bool:
    """Tell a person's face from an animal's, a cartoon's and what only resembles one.

    The detector is shown the face again, upright and by itself, at three sizes: of people it is
    then sure at all of them, whatever the picture around was like.
    """
    scores = [_likeness(picture, found, size, detector) for size in _PORTRAIT_SIZES]
    return float(np.median(scores)) >= _LEAST_LIKENESS


def _likeness(picture: Rgb, found: Landmarks, size: float, detector: FaceDetector) -> float:
    points = found.points[:468, :2]
    low, high = points.min(axis=0), points.max(axis=0)
    eyes = found.points[topo.LEFT_EYE_OUTER, :2] - found.points[topo.RIGHT_EYE_OUTER, :2]
    to_picture = _upright(
        (low + high) / 2,
        float(np.arctan2(eyes[1], eyes[0])),
        size * float((high - low).max()) / _PORTRAIT_PIXELS,
    )
    portrait = cv2.warpAffine(
        picture,
        to_picture,
        (_PORTRAIT_PIXELS, _PORTRAIT_PIXELS),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    middle, reach = _PORTRAIT_PIXELS / 2, 0.2 * _PORTRAIT_PIXELS
    return max(
        (
            face.score
            for face in detector.find(portrait, also_small=False)
            if np.hypot(face.centre[0] - middle, face.centre[1] - middle) < reach
        ),
        default=0.0,
    )


def _upright(centre: Floats, tilt: float, scale: float) -> Floats:
    """Return the affine map [2, 3] from a portrait to the picture."""
    c, s = scale * np.cos(tilt), scale * np.sin(tilt)
    turn = np.array([[c, -s], [s, c]])
    matrix: Floats = np.c_[turn, centre - turn @ np.full(2, _PORTRAIT_PIXELS / 2)]
    return matrix
