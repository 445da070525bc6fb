"""Find all faces of a picture and their landmarks, leaving out what only resembles one."""

from s2v.face.arrays import Rgb
from s2v.face.detector import Face, FaceDetector
from s2v.face.mesh import FaceMesh, Landmarks

_MOST_CANDIDATES = 12
_SURE_DETECTION = 0.65
_SURE_MESH = 0.985
"""The detector doubts small faces and the mesh takes to cats; only one of them may doubt."""
_LEAST_MESH = 0.5


def located(
    picture: Rgb, detector: FaceDetector, mesh: FaceMesh, *, also_small: bool = True
) -> list[tuple[Face, Landmarks]]:
    """Return whatever the detector takes for a face, the largest first, and its landmarks."""
    faces = detector.find(picture, also_small=also_small)[:_MOST_CANDIDATES]
    return [(face, mesh.locate(picture, face)) for face in faces]


def is_face(face: Face, found: Landmarks) -> bool:
    """Tell whether detector and mesh together are sure."""
    return found.score >= _LEAST_MESH and (is_detected(face) or found.score >= _SURE_MESH)


def is_detected(face: Face) -> bool:
    """Tell whether the detector alone is sure."""
    return face.score >= _SURE_DETECTION
