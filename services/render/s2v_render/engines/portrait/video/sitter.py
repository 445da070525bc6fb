"""Get to know the person in a video: who speaks, their skull, and what is behind their lips."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from s2v.core.directing import LARGEST_FACE, FaceChoice
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
    box_of,
    find_speaker,
)
from s2v_render.engines.portrait.suitability.trial import check_follows
from s2v_render.engines.portrait.video.following import Place, followed, place_of
from s2v_render.engines.portrait.video.resync import Mouthpiece
from s2v_render.engines.portrait.video.shut_mouth import ShutMouth
from s2v_render.engines.portrait.video.skull import Skull, skull_of
from s2v_render.engines.portrait.video.steadying import light_on
from s2v_render.engines.reference.fitting import Framing, covering, crop_corner, own_size

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
        shut: the speaker's mouth as shut as it was seen.
        faces: how many there are in the picture where the speaker is first seen.
        number: the speaker's there, in reading order.
    """

    framing: Framing
    place: Place
    skull: Skull
    mouthpiece: Mouthpiece
    shut: ShutMouth
    faces: int
    number: int


def find_sitter(
    footage: ConfinedFootage,
    size: Size | None,
    detector: FaceDetector,
    mesh: FaceMesh,
    *,
    suitability: Suitability,
    choice: FaceChoice = LARGEST_FACE,
) -> Sitter:
    """Return who speaks: the chosen face of the first picture in which it is suitable.

    Raises:
        InvalidInput: as `find_speaker` or `check_follows`, what most pictures are refused for, if
            no picture has a suitable face; SIZE_UNSUPPORTED where it does not fit into the film.
    """
    shown = Size(footage.width, footage.height)
    target = size or own_size(shown)
    cover = covering(shown, target)
    centred = Framing(cover, 0, 0, cover)

    def speaker_at(number: int) -> tuple[Framing, Speaker]:
        whole = centred.picture(footage, number)
        speaker = find_speaker(
            whole, detector, mesh, suitability=suitability, kind="video", choice=choice
        )
        left, top = crop_corner(cover, target, box_of(speaker.landmarks))
        framing = Framing(cover, left, top, target)
        speaker = replace(speaker, landmarks=speaker.landmarks.moved(left, top))
        picture = framing.picture(footage, number)
        opaque = np.ones(picture.shape[:2], np.float32)
        portrait = make_portrait(picture, speaker.landmarks.points, opaque)
        check_follows(portrait, speaker.landmarks, mesh)
        return framing, speaker

    number, (framing, speaker) = _first(footage, speaker_at)
    picture = framing.picture(footage, number)
    place = place_of(speaker.landmarks)
    pictures = (framing.picture(footage, n) for n in _studied(footage, number))
    faces = followed(((picture, False) for picture in pictures), place, detector, mesh)
    seen = [(look.picture, look.found) for look in faces if look.found]
    looks = _looks(seen or [(picture, speaker.landmarks)])
    best, shut = _best(looks), min((look.shut for look in looks), key=lambda shut: shut.gap)
    return Sitter(framing, place, best.skull, best.mouthpiece, shut, speaker.faces, speaker.number)


@dataclass(frozen=True, slots=True)
class _Look:
    """What one picture tells of the speaker; the mouthpiece is in the skull's coordinates."""

    skull: Skull
    mouthpiece: Mouthpiece
    shut: ShutMouth
    whiteness: float


def _first(
    footage: ConfinedFootage, speaker_at: Callable[[int], tuple[Framing, Speaker]]
) -> tuple[int, tuple[Framing, Speaker]]:
    """Return the first of a few pictures of the whole video that shows somebody suitable."""
    last = len(footage.times) - 1
    refusals: list[InvalidInput] = []
    for number in sorted({round(last * look / (_LOOKS - 1)) for look in range(_LOOKS)}):
        try:
            return number, speaker_at(number)
        except InvalidInput as error:
            refusals.append(error)
    raise commonest(refusals)


def commonest(refusals: list[InvalidInput]) -> InvalidInput:
    """Return what most pictures are refused for, if any shows a face; numbers do not count."""
    shown = [error for error in refusals if error.reason != Reason.FACE_NOT_FOUND] or refusals
    kinds = Counter(re.sub(r"\d+", "", error.message) for error in shown)
    commonest, _ = kinds.most_common(1)[0]
    return next(error for error in shown if re.sub(r"\d+", "", error.message) == commonest)


def _studied(footage: ConfinedFootage, first: int) -> list[int]:
    """Return the numbers of a few pictures from the first one on."""
    end = footage.times[first] + _STUDIED_SECONDS
    last = int(np.searchsorted(footage.times, end)) - 1
    return sorted(set(np.linspace(first, last, _STUDIED_PICTURES).round().astype(int).tolist()))


def _looks(seen: list[tuple[Rgb, Landmarks]]) -> list[_Look]:
    each = (
        shown_inside(picture, found.points, head_of(found.points).eye_distance)
        for picture, found in seen
    )
    together = typical([shown for shown in each if shown])
    return [_look(picture, found.points, together) for picture, found in seen]


def _best(looks: list[_Look]) -> _Look:
    """Return the look with the whitest teeth; where the lips are shut none are seen."""
    shown = [look for look in looks if look.shut.gap > SHOWN_TEETH_GAP]
    return max(shown or looks, key=lambda look: look.whiteness)


def _look(picture: Rgb, points: Floats, shown: MouthSeen | None) -> _Look:
    head = head_of(points)
    shape = face_shape(head.to_local(points))
    inside = mouth_inside(picture, points, shape, head.eye_distance, shown)
    colour, cover = inside.upper.rgba[..., :3], inside.upper.rgba[..., 3]
    light = light_on(picture, points, head.eye_distance)
    whiteness = float(colour.mean() / max(float(cover.mean()), 1e-6))
    shut = ShutMouth(picture, points, head, shape.photo_gap)
    return _Look(skull_of(points), Mouthpiece(inside, light), shut, whiteness)
