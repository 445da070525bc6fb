"""Follow one face through the pictures of a video."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from s2v.face import topology as topo
from s2v.face.arrays import Floats, Rgb
from s2v.face.detector import Face, FaceDetector
from s2v.face.mesh import FaceMesh, Landmarks
from s2v_render.engines.portrait.head import head_of
from s2v_render.engines.portrait.mouth.parting import edged
from s2v_render.engines.portrait.suitability.hidden_mouth import mouth_is_hidden

_LOST_SCORE = 0.5
_MOST_YAW_DEGREES = 50.0
_LEAST_EYE_DISTANCE = 24.0
_MOST_MOTION = 0.3
"""How far a head moves from one picture to the next, in eye distances; further is a cut."""
_NEAR = 0.8
"""How unlike the place of a face may be that it was seen at before, as `Place.distance`."""
_SEARCHED = 2.0
"""How far around the place where a face was lost it is looked for, in sizes of the face."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a face is and how large, in pixels."""

    centre: Floats
    size: float

    def distance(self, face: Face) -> float:
        """Return how unlike a found face's place is, 0 for the same."""
        apart = float(np.hypot(*(np.array(face.centre) - self.centre)))
        return apart / self.size + abs(float(np.log(face.size / self.size)))


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture and the face followed in it.

    Attributes:
        picture: of the film.
        found: its landmarks; None where the face cannot be seen well enough to be changed.
        turns: whether the video plays the other way after it.
        hidden: whether something seems to be in front of the mouth.
    """

    picture: Rgb
    found: Landmarks | None
    turns: bool
    hidden: bool = False


def place_of(found: Landmarks) -> Place:
    """Return where the face with these landmarks is."""
    points = found.points[:468, :2]
    low, high = points.min(axis=0), points.max(axis=0)
    return Place((low + high) / 2, float((high - low).max()))


def followed(
    pictures: Iterable[tuple[Rgb, bool]], speaker: Place, detector: FaceDetector, mesh: FaceMesh
) -> Iterator[Seen]:
    """Follow the face that is nearest to a place; `pictures` come with whether the video turns."""
    before: Landmarks | None = None
    place = speaker
    for picture, turns in pictures:
        now = mesh.follow(picture, before) if before else None
        if now is None or now.score < _LOST_SCORE:
            thorough = before is None and place is speaker
            now = _searched(picture, place, detector, mesh, thorough=thorough)
        before = now if now and now.score >= _LOST_SCORE else None
        if before:
            place = place_of(before)
        found = before if before and _is_usable(before) else None
        hidden = found is not None and mouth_is_hidden(picture, found.points)
        yield Seen(picture, found and _with_edges(picture, found), turns, hidden)


def _with_edges(picture: Rgb, found: Landmarks) -> Landmarks:
    return replace(found, points=edged(picture, found.points, head_of(found.points)))


def is_cut(before: Floats, after: Floats) -> bool:
    """Tell whether landmarks jumped further from one picture to the next than heads move."""
    rigid = list(topo.SKULL)
    apart = np.linalg.norm(after[rigid, :2] - before[rigid, :2], axis=1).mean()
    return bool(apart > _MOST_MOTION * head_of(before).eye_distance)


def _searched(
    picture: Rgb, place: Place, detector: FaceDetector, mesh: FaceMesh, *, thorough: bool
) -> Landmarks | None:
    """Look in the whole picture, then around the place; thoroughly, for the smallest faces.

    Somebody else, who is far from the place, is taken only where nobody is near: after a cut.
    """
    faces = detector.find(picture, also_small=thorough)
    near = [face for face in faces if place.distance(face) < _NEAR]
    faces = near or _found_around(picture, place, detector) or faces
    if not faces:
        return None
    return mesh.locate(picture, min(faces, key=place.distance))


def _found_around(picture: Rgb, place: Place, detector: FaceDetector) -> list[Face]:
    reach = _SEARCHED * place.size
    low = np.maximum(place.centre - reach, 0).astype(int)
    high = np.maximum(place.centre + reach, 1).astype(int)
    part = picture[low[1] : high[1], low[0] : high[0]]
    if part.size == 0:
        return []
    return [
        Face(face.score, (face.centre[0] + low[0], face.centre[1] + low[1]), face.size, face.tilt)
        for face in detector.find(part, also_small=False)
    ]


def _is_usable(found: Landmarks) -> bool:
    head = head_of(found.points)
    turned = abs(head.yaw_degrees) > _MOST_YAW_DEGREES
    return not turned and head.eye_distance >= _LEAST_EYE_DISTANCE
