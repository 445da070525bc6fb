"""Get to know the person in a video: who speaks, their skull, and what is behind their lips."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Size
from s2v.face.arrays import Floats, Rgb
from s2v.face.detector import FaceDetector
from s2v.face.mesh import FaceMesh, Landmarks
from s2v.media.confined.footage import ConfinedFootage
from s2v_render.engines.portrait.drawing import make_portrait
from s2v_render.engines.portrait.expression import face_shape
from s2v_render.engines.portrait.head import head_of
from s2v_render.engines.portrait.mouth.paint import SHOWN_TEETH_GAP, mouth_inside
from s2v_render.engines.portrait.mouth.tones import MouthSeen, shown_inside, typical
from s2v_render.engines.portrait.suitability.speaker import (
    Speaker,
    Suitability,
    find_face_box,
    find_speaker,
)
from s2v_render.engines.portrait.suitability.trial import check_follows
from s2v_render.engines.portrait.video.following import Place, followed, place_of
from s2v_render.engines.portrait.video.resync import Mouthpiece
from s2v_render.engines.portrait.video.skull import Skull, skull_of
from s2v_render.engines.portrait.video.steadying import light_on
from s2v_render.engines.reference.fitting import Framing, covering, crop_corner, own_size

OutT = TypeVar("OutT")

_LOOKS = 12
"""How many pictures of the whole video are searched for a face that can speak."""
_STUDIED_SECONDS, _STUDIED_PICTURES = 2.0, 9


@dataclass(frozen=True, slots=True)
class Sitter:
    """What is known of a video before its first frame; never changes.

    Attributes:
        framing: of the film.
        place: where the speaker is when first seen.
        skull: the speaker's.
        mouthpiece: what is behind the speaker's lips.
        faces: how many there are in the picture where the speaker is first seen.
    """

    framing: Framing
    place: Place
    skull: Skull
    mouthpiece: Mouthpiece
    faces: int


def find_sitter(
    footage: ConfinedFootage,
    size: Size | None,
    detector: FaceDetector,
    mesh: FaceMesh,
    *,
    suitability: Suitability,
) -> Sitter:
    """Return who speaks: the largest face of the first picture that has a suitable one.

    Raises:
        InvalidInput: as `find_speaker` for the first picture, if no picture has a suitable face;
            as `check_follows`; SIZE_UNSUPPORTED where the face does not fit into the film.
    """
    shown = Size(footage.width, footage.height)
    target = size or own_size(shown)
    cover = covering(shown, target)
    centred = Framing(cover, 0, 0, cover)

    def speaker_at(number: int) -> Speaker:
        return find_speaker(
            centred.picture(footage, number),
            detector,
            mesh,
            suitability=suitability,
            kind="video",
        )

    def framed(number: int) -> tuple[Framing, Rgb, Speaker]:
        speaker = speaker_at(number)
        box = None
        if cover != target:
            whole = centred.picture(footage, number)
            box = find_face_box(whole, detector, mesh, suitability=suitability)
        left, top = crop_corner(cover, target, box)
        framing = Framing(cover, left, top, target)
        points = speaker.landmarks.points - (left, top, 0)
        speaker = Speaker(Landmarks(points, speaker.landmarks.score), speaker.faces)
        picture = framing.picture(footage, number)
        opaque = np.ones(picture.shape[:2], np.float32)
        check_follows(make_portrait(picture, points, opaque), speaker.landmarks, mesh)
        return framing, picture, speaker

    number, (framing, picture, speaker) = _first(footage, framed)
    place = place_of(speaker.landmarks)
    pictures = (framing.picture(footage, n) for n in _studied(footage, number))
    faces = followed(((picture, False) for picture in pictures), place, detector, mesh)
    seen = [(look.picture, look.found) for look in faces if look.found]
    known = _best(seen or [(picture, speaker.landmarks)])
    return Sitter(framing, place, known.skull, known.mouthpiece, speaker.faces)


@dataclass(frozen=True, slots=True)
class _Look:
    """What one picture tells of the speaker; the mouthpiece is in the skull's coordinates."""

    skull: Skull
    mouthpiece: Mouthpiece
    gap: float
    whiteness: float


def _first(footage: ConfinedFootage, suitable: Callable[[int], OutT]) -> tuple[int, OutT]:
    """Return what the first of a few pictures of the whole video that suits gives."""
    last = len(footage.times) - 1
    refusals: list[InvalidInput] = []
    for number in sorted({round(last * look / (_LOOKS - 1)) for look in range(_LOOKS)}):
        try:
            return number, suitable(number)
        except InvalidInput as error:
            refusals.append(error)
    unsuitable = (error for error in refusals if error.reason != Reason.FACE_NOT_FOUND)
    raise next(unsuitable, refusals[0])


def _studied(footage: ConfinedFootage, first: int) -> list[int]:
    """Return the numbers of a few pictures from the first one on."""
    end = footage.times[first] + _STUDIED_SECONDS
    last = int(np.searchsorted(footage.times, end)) - 1
    return sorted(set(np.linspace(first, last, _STUDIED_PICTURES).round().astype(int).tolist()))


def _best(seen: list[tuple[Rgb, Landmarks]]) -> _Look:
    """Return the look with the whitest teeth; where the lips are shut none are seen."""
    each = (
        shown_inside(picture, found.points, head_of(found.points).eye_distance)
        for picture, found in seen
    )
    together = typical([shown for shown in each if shown])
    looks = [_look(picture, found.points, together) for picture, found in seen]
    shown = [look for look in looks if look.gap > SHOWN_TEETH_GAP]
    return max(shown or looks, key=lambda look: look.whiteness)


def _look(picture: Rgb, points: Floats, shown: MouthSeen | None) -> _Look:
    head = head_of(points)
    shape = face_shape(head.to_local(points))
    inside = mouth_inside(picture, points, shape, head.eye_distance, shown)
    colour, cover = inside.upper.rgba[..., :3], inside.upper.rgba[..., 3]
    light = light_on(picture, points, head.eye_distance)
    whiteness = float(colour.mean() / max(float(cover.mean()), 1e-6))
    return _Look(skull_of(points), Mouthpiece(inside, light), shape.photo_gap, whiteness)
