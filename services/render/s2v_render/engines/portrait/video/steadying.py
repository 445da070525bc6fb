"""Take the tremble out of a followed face, and the old speech out of its mouth."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np

from s2v.face.arrays import Floats, Rgb
from s2v.face.mesh import LANDMARKS
from s2v_render.engines.portrait.expression import FaceShape, face_shape
from s2v_render.engines.portrait.head import Head, head_of
from s2v_render.engines.portrait.mouth.parting import uncrossed
from s2v_render.engines.portrait.mouth.surface import blur_at
from s2v_render.engines.portrait.video.following import Seen, is_cut
from s2v_render.engines.portrait.video.skull import Skull

SMOOTHED_FRAMES = 3
"""How many frames to either side a landmark's place is fitted to (Savitzky and Golay, 1964)."""
REST_FRAMES = 8
"""How many frames to either side tell how the mouth would be at rest."""
LOOK_AHEAD_FRAMES = SMOOTHED_FRAMES + REST_FRAMES
NOISE = 0.008
"""How far landmarks of a still face may tremble, in eye distances."""
_DEGREE = 2
_FADE_FRAMES = 3
_SHUT_GAP, _LEAST_TRUST = 0.03, 0.05
_LIT = (205, 425, 50, 280)
_LUMA = np.array([0.299, 0.587, 0.114])

InT = TypeVar("InT")
OutT = TypeVar("OutT")


@dataclass(frozen=True, slots=True)
class Held:
    """A face with steady landmarks.

    Attributes:
        points: [478, 3], pixels.
        head: fitted to the bones of the face, so that no expression moves it.
        shut: the mesh with its mouth shut, local, [468, 3].
        gap: how far the mouth is open.
        light: how bright the cheeks are, 0..255.
        blur: how soft the face is, pixels.
    """

    points: Floats
    head: Head
    shut: Floats
    gap: float
    light: float
    blur: float


@dataclass(frozen=True, slots=True)
class Sitting:
    """A picture ready to be given another mouth.

    Attributes:
        picture: of the film.
        held: the face in it; None where there is none to change.
        shape: the face with its mouth at rest, whatever it says in the picture.
        gap: how far its own mouth is open around this time, in eye distances.
        light, blur: how bright, 0..255, and soft, in pixels, the face is around this time.
        presence: how much of the new mouth to show; under 1 near pictures without a face.
    """

    picture: Rgb
    held: Held | None = None
    shape: FaceShape | None = None
    gap: float = 0.0
    light: float = 0.0
    blur: float = 0.0
    presence: float = 0.0


def sittings(seen: Iterable[Seen], skull: Skull) -> Iterator[Sitting]:
    """Make followed faces ready, one for each picture; looks LOOK_AHEAD_FRAMES ahead."""

    def held(window: Sequence[Seen], middle: int) -> tuple[Rgb, Held | None]:
        return window[middle].picture, _held(window, middle, skull)

    return _windows(_windows(seen, SMOOTHED_FRAMES, held), REST_FRAMES, _sitting)


def beyond_noise(shifts: Floats, noise: float) -> Floats:
    """Return shifts [n, 3] of points, those well beyond the noise whole, those below it hardly."""
    squared = (shifts**2).sum(axis=1, keepdims=True)
    kept: Floats = shifts * squared / (squared + noise**2)
    return kept


def _windows(
    items: Iterable[InT], reach: int, make: Callable[[Sequence[InT], int], OutT]
) -> Iterator[OutT]:
    """Yield `make(window, middle)` for each item; a window goes up to `reach` to both sides."""
    window: list[InT] = []
    middle = 0
    for item in items:
        window.append(item)
        if len(window) - middle > reach:
            yield make(window, middle)
            middle += 1
        if middle > reach:
            window.pop(0)
            middle -= 1
    for last in range(middle, len(window)):
        yield make(window[max(0, last - reach) :], min(last, reach))


def _held(window: Sequence[Seen], middle: int, skull: Skull) -> Held | None:
    seen = window[middle]
    if seen.found is None or _is_hidden(window):
        return None
    before, after = _same_motion(window, middle)
    stack = np.stack([_points(window[i]) for i in range(middle - before, middle + after + 1)])
    fitted = np.tensordot(_fit(before, after), stack, axes=1)
    noise = NOISE * head_of(seen.found.points).eye_distance
    points = fitted + beyond_noise(seen.found.points - fitted, noise)
    head = skull.head(points)
    steady = uncrossed(points, head)
    shape = face_shape(head.to_local(steady))
    light = light_on(seen.picture, steady, head.eye_distance)
    blur = blur_at(seen.picture, steady, head.eye_distance)
    return Held(steady, head, shape.shut, shape.photo_gap, light, blur)


def _is_hidden(window: Sequence[Seen]) -> bool:
    """Tell whether the mouth is hidden around a picture; a single one may be misjudged."""
    return 2 * sum(seen.hidden for seen in window) > len(window)


def _same_motion(window: Sequence[Seen], middle: int) -> tuple[int, int]:
    """Return how many pictures before and after belong to one smooth motion."""
    before = after = 0
    while middle - before > 0 and _continues(window, middle - before - 1):
        if before and window[middle - before].turns:
            break
        before += 1
    while middle + after + 1 < len(window) and _continues(window, middle + after):
        if window[middle + after].turns:
            break
        after += 1
    return before, after


def _continues(window: Sequence[Seen], index: int) -> bool:
    first, second = window[index].found, window[index + 1].found
    return bool(first and second and not is_cut(first.points, second.points))


def _points(seen: Seen) -> Floats:
    return seen.found.points if seen.found else np.zeros((LANDMARKS, 3))


@cache
def _fit(before: int, after: int) -> Floats:
    """Return weights that give the value in the middle of a parabola fitted to neighbours."""
    x = np.arange(-before, after + 1)
    degree = min(_DEGREE, (len(x) - 1) // 2)
    weights: Floats = np.linalg.pinv(np.vander(x, degree + 1, increasing=True))[0]
    return weights


def light_on(picture: Rgb, points: Floats, eye_distance: float) -> float:
    """Return how bright the cheeks of a face with these landmarks [478, 3] are, 0..255."""
    reach = max(2, int(0.06 * eye_distance))
    lights = []
    for x, y in points[list(_LIT), :2].astype(int):
        patch = picture[
            max(0, y - reach) : max(0, y + reach), max(0, x - reach) : max(0, x + reach)
        ]
        if patch.size:
            lights.append(float((patch.reshape(-1, 3) @ _LUMA).mean()))
    return float(np.mean(lights)) if lights else 0.0


def _sitting(window: Sequence[tuple[Rgb, Held | None]], middle: int) -> Sitting:
    picture, held = window[middle]
    if held is None:
        return Sitting(picture)
    near = _neighbours([face for _, face in window], middle)
    bell = np.array([1 + np.cos(np.pi * offset / (REST_FRAMES + 1)) for offset, _ in near])
    trust = np.array([_LEAST_TRUST + np.exp(-((face.gap / _SHUT_GAP) ** 2)) for _, face in near])
    shut = np.average([face.shut for _, face in near], axis=0, weights=bell * trust)
    gap = float(np.sqrt(np.average([face.gap**2 for _, face in near], weights=bell)))
    light = float(np.average([face.light for _, face in near], weights=bell))
    blur = float(np.average([face.blur for _, face in near], weights=bell))
    presence = _presence(window, middle)
    return Sitting(picture, held, face_shape(shut), gap, light, blur, presence)


def _neighbours(faces: Sequence[Held | None], middle: int) -> list[tuple[int, Held]]:
    """Return the faces around the middle one, with their offsets, up to a cut to either side."""
    near: list[tuple[int, Held]] = []
    for way in (-1, 1):
        last = faces[middle]
        for index in range(middle, -1 if way < 0 else len(faces), way):
            face = faces[index]
            if face is None or last is None or is_cut(last.points, face.points):
                break
            if way < 0 or index > middle:
                near.append((index - middle, face))
            last = face
    return near


def _presence(window: Sequence[tuple[Rgb, Held | None]], middle: int) -> float:
    lost = [abs(index - middle) for index, (_, face) in enumerate(window) if face is None]
    return min(1.0, min(lost, default=_FADE_FRAMES + 1) / (_FADE_FRAMES + 1))
