"""Try a portrait out before the work begins: does its face do what it is told?

Two frames are drawn, one with the mouth shut and one with it open, and tracked as a stranger would
track them. On a human face, and on most paintings and statues, the tracker finds the lips where
they were put. On animals and cartoons, whose features only resemble a face, it finds them elsewhere
or takes them to be at rest.
"""

import numpy as np

from s2v.core.errors import InvalidInput, Reason
from s2v.face import topology as topo
from s2v.face.arrays import Floats
from s2v.face.mesh import FaceMesh, Landmarks
from s2v.face.tracking import mouth_opening
from s2v.lipsync.phones import PHONES, REST, Mouth
from s2v_render.engines.portrait.drawing import Portrait
from s2v_render.engines.portrait.motion import STILL
from s2v_render.engines.reference.fitting import FIELD

_OPENINGS = (PHONES["ɑ"].mouth, PHONES["ɛ"].mouth)  # noqa: RUF001 (IPA)
"""One is enough to follow: on a poor photo the tracker may miss the other."""
_LEAST_EYE_DISTANCE_PIXELS = 50.0
"""Of smaller faces the tracker is no judge; they pass."""
_WIDE_OPEN = 0.25
"""From here on, in eye distances, an opening is no speech sound's."""
_LEAST_OPENING = 0.022
"""Of the tracked lips, in eye distances; 0.067 is the least that a face of 124 showed."""
_MOST_SHUT = 0.075
"""How far apart the shut lips may be found; at most 0.056 on those faces."""
_MOST_ASTRAY = 0.048
"""How far the tracked shut mouth may be from where it was put; at most 0.036 on those faces."""
_MOST_TUGGED = 0.06
"""How far eyes and nose may seem to move with the mouth; at most 0.049."""
_LIPS = sorted({vertex for ring in (*topo.UPPER_RINGS, *topo.LOWER_RINGS) for vertex in ring})
_MOUTH = [*_LIPS, topo.CHIN_TIP, *(148, 377, 176, 400, 18, 200, 199)]
_FIXED = [topo.RIGHT_EYE_OUTER, topo.LEFT_EYE_OUTER, 133, 362, topo.NOSE_BRIDGE, 1]


def check_follows(portrait: Portrait, landmarks: Landmarks, mesh: FaceMesh) -> None:
    """Refuse a portrait whose mouth does not follow.

    Raises:
        InvalidInput: FACE_UNSUITABLE on "spec.reference".
    """
    unit = portrait.rig.head.eye_distance
    if unit < _LEAST_EYE_DISTANCE_PIXELS:
        return
    shut, meant = _tried(portrait, REST, landmarks, mesh)
    astray = np.sqrt(((shut - meant)[_MOUTH] ** 2).sum(axis=1).mean()) / unit
    if astray <= _MOST_ASTRAY and _gap(shut) / unit <= _MOST_SHUT:
        opened = (_tried(portrait, mouth, landmarks, mesh)[0] for mouth in _OPENINGS)
        if any(_opens(points, shut, unit=unit) for points in opened):
            return
    if mouth_opening(landmarks) > _WIDE_OPEN:
        raise InvalidInput(
            Reason.FACE_UNSUITABLE,
            "the mouth in the reference is wide open and cannot be shut without leaving traces; "
            "use a photo or video in which the person does not shout, yawn or laugh aloud",
            field=FIELD,
        )
    raise InvalidInput(
        Reason.FACE_UNSUITABLE,
        "the reference does not look like a human face that can be animated: its mouth was not "
        "found where it was moved to; use a photo or video, or a lifelike picture, of a person's "
        "face",
        field=FIELD,
    )


def _opens(opened: Floats, shut: Floats, *, unit: float) -> bool:
    opening = (_gap(opened) - _gap(shut)) / unit
    tugged = np.abs(opened - shut)[_FIXED].max() / unit
    return bool(opening >= _LEAST_OPENING and tugged <= _MOST_TUGGED)


def _tried(
    portrait: Portrait, mouth: Mouth, landmarks: Landmarks, mesh: FaceMesh
) -> tuple[Floats, Floats]:
    """Return where the tracker finds the mesh with a mouth, [468, 2], and where it was put."""
    frame = np.empty_like(portrait.picture)
    portrait.draw(mouth, STILL, frame)
    found = mesh.follow(frame, landmarks).points[:468, :2]
    rig = portrait.rig
    meant = rig.targets(portrait.shape.with_mouth(mouth), rig.pose(STILL))
    return found, meant[:468, :2]


def _gap(points: Floats) -> float:
    """Return the distance between the inner edges of the lips at their middle."""
    upper, lower = points[list(topo.UPPER_INNER[4:7])], points[list(topo.LOWER_INNER[4:7])]
    return float(np.linalg.norm(upper - lower, axis=1).mean())
