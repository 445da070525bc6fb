"""Find the face that shall speak, or say why none of the picture's faces can."""

from dataclasses import dataclass

from s2v.core.errors import InvalidInput, Reason
from s2v_render.engines.portrait.arrays import Rgb
from s2v_render.engines.portrait.detector import Face, FaceDetector
from s2v_render.engines.portrait.head import head_of
from s2v_render.engines.portrait.mesh import FaceMesh, Landmarks
from s2v_render.engines.portrait.reference import FIELD

_MOST_CANDIDATES = 8
_SURE_DETECTION = 0.65
_SURE_MESH = 0.97
"""The detector doubts small faces and the mesh takes to cats; only one of them may doubt."""


@dataclass(frozen=True, slots=True)
class Suitability:
    """What a face must be like to be animated.

    Attributes:
        min_score: how sure the mesh must be that it is one, 0..1.
        max_yaw_degrees: how far it may be turned away.
        max_tilt_degrees: how far it may lean towards a shoulder.
        min_eye_distance_pixels: between the outer corners of the eyes, at the film's size.
    """

    min_score: float = 0.5
    max_yaw_degrees: float = 40.0
    max_tilt_degrees: float = 45.0
    min_eye_distance_pixels: float = 40.0


DEFAULT_SUITABILITY = Suitability()


@dataclass(frozen=True, slots=True)
class Speaker:
    """The largest face of a picture, and how many there are in all."""

    landmarks: Landmarks
    faces: int


def find_speaker(
    picture: Rgb, detector: FaceDetector, mesh: FaceMesh, *, suitability: Suitability
) -> Speaker:
    """Return the largest face.

    Raises:
        InvalidInput: FACE_NOT_FOUND or FACE_UNSUITABLE on "spec.reference".
    """
    candidates = detector.find(picture)[:_MOST_CANDIDATES]
    located = [(face, mesh.locate(picture, face)) for face in candidates]
    faces = [found for face, found in located if _is_face(face, found, suitability.min_score)]
    if faces:
        _check(faces[0], suitability)
        return Speaker(faces[0], len(faces))
    if any(face.score >= _SURE_DETECTION for face in candidates):
        raise _unsuitable(
            "the face in the reference cannot be made out clearly",
            "use a sharp photo of a face that is seen from the front and not covered",
        )
    raise InvalidInput(
        Reason.FACE_NOT_FOUND,
        "no face was found in the reference; use a photo in which one person's face is well lit, "
        "seen from the front and at least an eighth of the picture wide",
        field=FIELD,
    )


def _is_face(face: Face, found: Landmarks, min_score: float) -> bool:
    sure = face.score >= _SURE_DETECTION or found.score >= _SURE_MESH
    return sure and found.score >= min_score


def _check(found: Landmarks, suitability: Suitability) -> None:
    head = head_of(found.points)
    if abs(head.yaw_degrees) > suitability.max_yaw_degrees:
        raise _unsuitable(
            f"the face in the reference is turned {abs(head.yaw_degrees):.0f} degrees to the "
            f"side, at most {suitability.max_yaw_degrees:.0f} are possible",
            "use a photo in which the person looks towards the camera",
        )
    if abs(head.tilt_degrees) > suitability.max_tilt_degrees:
        raise _unsuitable(
            f"the face in the reference leans {abs(head.tilt_degrees):.0f} degrees to the side, "
            f"at most {suitability.max_tilt_degrees:.0f} are possible",
            "turn the photo upright",
        )
    if head.eye_distance < suitability.min_eye_distance_pixels:
        raise _unsuitable(
            f"the face in the reference is too small: its eyes are {head.eye_distance:.0f} pixels "
            f"apart at the film's size, at least {suitability.min_eye_distance_pixels:.0f} are "
            "needed",
            "use a larger photo or one in which the face fills more of the picture",
        )


def _unsuitable(fault: str, remedy: str) -> InvalidInput:
    return InvalidInput(Reason.FACE_UNSUITABLE, f"{fault}; {remedy}", field=FIELD)
