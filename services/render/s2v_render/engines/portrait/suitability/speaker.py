"""Find the face that shall speak, or say why none of the picture's faces can."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from s2v.core.directing import LARGEST_FACE, FaceChoice
from s2v.core.errors import InvalidInput, Reason
from s2v.face.arrays import Rgb
from s2v.face.detector import Face, FaceDetector
from s2v.face.mesh import FaceMesh, Landmarks
from s2v.face.search import is_detected, is_face, is_person, located
from s2v_render.engines.portrait.head import head_of
from s2v_render.engines.portrait.suitability.choosing import Located, chosen_face, in_reading_order
from s2v_render.engines.portrait.suitability.hidden_mouth import mouth_is_hidden
from s2v_render.engines.portrait.upscaling.enlarging import can_enlarge
from s2v_render.engines.reference.fitting import FIELD, FaceBox

Kind = Literal["photo", "video"]
"""What the picture comes from, for messages."""

_SURE_MESH = 0.97
_MUCH_DOUBT, _LEAST_DOUBT = 50.0, 1e-6
"""A turned face is taken for lying if the mesh doubts the upright one this many times more."""
_CLEARLY = 0.2
"""How much higher the detector must score the turned face, where the mesh is sure of both."""
_MOST_LEAN_DEGREES, _LYING_DEGREES = 45.0, 60.0
_ON_ITS_SIDE = "lie on its side"
_MOST_CUT = 0.05
"""How far, in eye distances, landmarks may lie outside of the picture."""


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
    """The face that speaks.

    Attributes:
        landmarks: its own.
        faces: how many there are in all.
        number: its own in reading order, from 1.
    """

    landmarks: Landmarks
    faces: int
    number: int = 1


def find_speaker(
    picture: Rgb,
    detector: FaceDetector,
    mesh: FaceMesh,
    *,
    suitability: Suitability,
    kind: Kind = "photo",
    choice: FaceChoice = LARGEST_FACE,
) -> Speaker:
    """Return the chosen face, the largest without a choice.

    Raises:
        InvalidInput: FACE_NOT_FOUND or FACE_UNSUITABLE on "spec.reference"; FIELD_INVALID on
            "spec.face" where there is no such face.
    """
    seen = located(picture, detector, mesh)
    faces = _people(picture, seen, detector, suitability)
    if not faces:
        raise _not_found(picture, seen, (detector, mesh), suitability, kind)
    index = chosen_face(faces, choice, width=picture.shape[1], height=picture.shape[0])
    face, landmarks = faces[index]
    _check_turned(landmarks, suitability, kind)
    _check_upright(picture, face, landmarks, (detector, mesh), kind)
    _check(landmarks, suitability, kind)
    _check_whole(landmarks, picture, kind)
    hidden = mouth_is_hidden(picture, landmarks.points)
    if not hidden and not is_person(picture, landmarks, detector):
        raise _unsuitable(
            "the face in the reference does not look like a person's but like an animal's, a "
            "drawing's or a mask's",
            f"use a {kind}, or a lifelike picture, of a person's face",
        )
    if hidden:
        raise _unsuitable(
            "the mouth in the reference is covered, or it is no person's",
            f"use a {kind} of a person without a mask, a hand, a microphone or anything else in "
            "front of the mouth",
        )
    return Speaker(landmarks, len(faces), index + 1)


def find_face_box(
    picture: Rgb,
    detector: FaceDetector,
    mesh: FaceMesh,
    *,
    suitability: Suitability,
    choice: FaceChoice = LARGEST_FACE,
) -> FaceBox | None:
    """Return where the chosen face lies, suitable or not; None if there is none.

    Raises:
        InvalidInput: FIELD_INVALID on "spec.face", as `find_speaker`.
    """
    faces = _people(picture, located(picture, detector, mesh), detector, suitability)
    if not faces:
        return None
    index = chosen_face(faces, choice, width=picture.shape[1], height=picture.shape[0])
    return box_of(faces[index][1])


def box_of(found: Landmarks) -> FaceBox:
    """Return where a face lies."""
    points = found.points[:468, :2]
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    eye_distance = head_of(found.points).eye_distance
    return FaceBox((float(left), float(top)), (float(right), float(bottom)), eye_distance)


def _people(
    picture: Rgb, seen: list[Located], detector: FaceDetector, suitability: Suitability
) -> list[Located]:
    """Return the faces of people in reading order; where there is none, of whatever has one."""
    sure = [
        (face, found)
        for face, found in seen
        if is_face(face, found) and found.score >= suitability.min_score
    ]
    people = [pair for pair in sure if is_person(picture, pair[1], detector)]
    return in_reading_order(people or sure)


def _not_found(
    picture: Rgb,
    seen: list[Located],
    networks: tuple[FaceDetector, FaceMesh],
    suitability: Suitability,
    kind: Kind,
) -> InvalidInput:
    """Return why there is no face that is surely one."""
    sure = [(face, found) for face, found in seen if is_detected(face)]
    try:
        for _, found in sure[:1]:
            _check_turned(found, suitability, kind)
        for face, found in seen[:1]:
            _check_upright(picture, face, found, networks, kind)
    except InvalidInput as error:
        return error
    if sure:
        return _unsuitable(
            "the face in the reference cannot be made out clearly",
            f"use a sharp {kind} of a face that is seen from the front and not covered",
        )
    return InvalidInput(
        Reason.FACE_NOT_FOUND,
        f"no face was found in the reference; use a {kind} in which one person's face is well lit, "
        "seen from the front and at least an eighth of the picture wide",
        field=FIELD,
    )


def _check_upright(
    picture: Rgb,
    face: Face,
    found: Landmarks,
    networks: tuple[FaceDetector, FaceMesh],
    kind: Kind,
) -> None:
    """Refuse a lying face, of which the detector makes an upright one and the mesh, then, too.

    In the picture turned upright the mesh is far surer, or else the detector is.
    """
    detector, mesh = networks
    turn = f"turn the {kind} upright; if it is, it shows no human face that can be animated"
    if found.score >= _SURE_MESH and abs(_lean_degrees(found)) > _LYING_DEGREES:
        raise _unsuitable(f"the reference seems to {_ON_ITS_SIDE}", turn)
    for quarters, how in ((2, "be upside down"), (1, _ON_ITS_SIDE), (3, _ON_ITS_SIDE)):
        turned = np.ascontiguousarray(np.rot90(picture, quarters))
        for other in detector.find(turned)[:1]:
            look = mesh.locate(turned, other)
            upright = abs(_lean_degrees(look)) < _MOST_LEAN_DEGREES
            surer = _doubt(found) > _MUCH_DOUBT * _doubt(look)
            clearer = other.score > face.score + _CLEARLY
            sure = upright and look.score >= _SURE_MESH and (surer or clearer)
            if sure and is_person(turned, look, detector):
                raise _unsuitable(f"the reference seems to {how}", turn)


def _doubt(found: Landmarks) -> float:
    return max(1 - found.score, _LEAST_DOUBT)


def _lean_degrees(found: Landmarks) -> float:
    """Return where the chin points, 0 for down; holds for a profile, too."""
    down = head_of(found.points).axes[:, 1]
    return float(np.degrees(np.arctan2(-down[0], down[1])))


def _check_turned(found: Landmarks, suitability: Suitability, kind: Kind) -> None:
    """Refuse a face that looks aside; one that lies, too, is left to `_check_upright`."""
    yaw = abs(head_of(found.points).yaw_degrees)
    if yaw > suitability.max_yaw_degrees and abs(_lean_degrees(found)) < _MOST_LEAN_DEGREES:
        raise _unsuitable(
            f"the face in the reference is turned {yaw:.0f} degrees to the side, at most "
            f"{suitability.max_yaw_degrees:.0f} are possible",
            f"use a {kind} in which the person looks towards the camera",
        )


def _check(found: Landmarks, suitability: Suitability, kind: Kind) -> None:
    head = head_of(found.points)
    if abs(head.tilt_degrees) > suitability.max_tilt_degrees:
        raise _unsuitable(
            f"the face in the reference leans {abs(head.tilt_degrees):.0f} degrees to the side, "
            f"at most {suitability.max_tilt_degrees:.0f} are possible",
            f"turn the {kind} upright",
        )
    if head.eye_distance < suitability.min_eye_distance_pixels:
        raise _unsuitable(
            f"the face in the reference is too small: its eyes are {head.eye_distance:.0f} pixels "
            f"apart at the film's size, at least {suitability.min_eye_distance_pixels:.0f} are "
            "needed",
            _larger_face(kind),
        )


def _check_whole(found: Landmarks, picture: Rgb, kind: Kind) -> None:
    slack = _MOST_CUT * head_of(found.points).eye_distance
    points, size = found.points[:468, :2], (picture.shape[1], picture.shape[0])
    if (points < -slack).any() or (points > np.array(size) + slack).any():
        raise _unsuitable(
            "the face in the reference is cut off by the picture's edge",
            f"use a {kind} that shows the whole face",
        )


def _larger_face(kind: Kind) -> str:
    """Return what to do about a small face."""
    remedy = (
        f"use a larger {kind}, one in which the face fills more of the picture, or a larger film"
    )
    if kind == "video" or can_enlarge():
        return remedy
    return f"{remedy}; or install s2v[sr], which enlarges small faces by super-resolution"


def _unsuitable(fault: str, remedy: str) -> InvalidInput:
    return InvalidInput(Reason.FACE_UNSUITABLE, f"{fault}; {remedy}", field=FIELD)
