"""Tell whether something hides the mouth: a mask, a hand, a microphone, a scarf.

The mesh draws lips on whatever it sees. Real ones differ from the skin around them in colour, and
their line is about as sharp as the eyes are. What lacks both, and is of no colour that lips have,
or is quite smooth, is in front of them. The limits let every one of 129 faces pass, each also with
beards, lipstick, in grey, dim, in warm light and heavily compressed; a mouth that is hidden only
in part, or by something that looks like lips, passes, too.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from s2v.face import topology as topo
from s2v.face.arrays import Floats, Rgb

_EYE_DISTANCE_PIXELS = 60.0
"""Faces are looked at in this size, so that the limits hold for all of them."""
_BLUR = 0.8
_USUAL_LIGHTNESS = 60.0
_LEAST_EYE_EDGE = 2.0
"""Below it the photo is too soft to tell anything."""
_BROWS_AND_CHEEKS = (50, 280, 101, 330, 151, 9, 195, 5, 117, 346)
_MIDDLE_RINGS = (1, 2)
_ABOVE_LIP, _BELOW_LIP = 0.07, 0.09
_PROFILE = np.linspace(-0.3, 1.3, 33)
_AMID_LIPS = slice(10, 23)
_OUTSIDE = 6


@dataclass(frozen=True, slots=True)
class _Signs:
    """What is seen where the mesh puts the lips; Lab colours [3], other lengths in Lab units.

    Attributes:
        lips, around, skin: colours of the lips, of the skin around them, and of the upper face.
        edge: how sharp the line between the lips is over how sharp the eyes are.
        bend: how abruptly lightness changes across the lips, over the same.
        dip: how much darker the line between the lips is.
        eye_edge: how sharp the eyes are.
    """

    lips: Floats
    around: Floats
    skin: Floats
    edge: float
    bend: float
    dip: float
    eye_edge: float


def mouth_is_hidden(picture: Rgb, points: Floats) -> bool:
    """Tell whether something is in front of the mouth, under landmarks [478, 3]; if unsure, no."""
    signs = _signs(*_portion(picture, points[:, :2]))
    if signs.eye_edge < _LEAST_EYE_EDGE:
        return False
    contrast = float(np.hypot(*(signs.lips - signs.around)[1:]))
    return (
        _is_dark(signs)
        or (contrast < 4 and _is_foreign(signs))
        or (contrast < 3.5 and _is_cloth(signs))
        or (contrast < 2.5 and _is_smooth(signs))
    )


def _is_dark(signs: _Signs) -> bool:
    """Something like a microphone or a black mask."""
    grey = np.hypot(*signs.lips[1:]) < 0.5 * np.hypot(*signs.skin[1:]) + 3
    dark = signs.lips[0] < 0.5 * signs.skin[0]
    return bool(grey and dark and signs.edge < 0.45 and signs.bend < 0.12)


def _is_foreign(signs: _Signs) -> bool:
    """Something greener or bluer than any lips, such as a medical mask."""
    _, red, yellow = signs.lips - signs.skin
    return bool((red < -4 or yellow < -22) and signs.edge < 0.8 and signs.bend < 0.12)


def _is_cloth(signs: _Signs) -> bool:
    """Something that covers the skin around the lips, too."""
    away = signs.around - signs.skin
    apart = np.linalg.norm(away) > 25 and np.hypot(*away[1:]) > 8
    return bool(apart and signs.edge < 0.6 and signs.bend < 0.06)


def _is_smooth(signs: _Signs) -> bool:
    """Something without lines, such as the back of a hand."""
    return signs.edge < 0.25 and signs.bend < 0.02 and abs(signs.dip) < 2


def _portion(picture: Rgb, points: Floats) -> tuple[Floats, Floats]:
    """Return the face in Lab, [height, width, 3], at the usual size, and its points in it."""
    low = np.maximum(np.floor(points[:468].min(axis=0)).astype(int) - 2, 0)
    high = np.ceil(points[:468].max(axis=0)).astype(int) + 3
    part = picture[low[1] : high[1], low[0] : high[0]]
    eyes = np.linalg.norm(points[topo.LEFT_EYE_OUTER] - points[topo.RIGHT_EYE_OUTER])
    scale = min(1.0, _EYE_DISTANCE_PIXELS / float(eyes))
    size = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    lab = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), (0, 0), _BLUR)
    return lab, (points - low + 0.5) * scale - 0.5


def _signs(lab: Floats, points: Floats) -> _Signs:
    eyes = np.linalg.norm(points[topo.LEFT_EYE_OUTER] - points[topo.RIGHT_EYE_OUTER])
    halves = (topo.UPPER_RINGS, topo.LOWER_RINGS)
    rings = [list(half[index][2:-2]) for half in halves for index in _MIDDLE_RINGS]
    lips = np.median(_at(lab, np.concatenate([points[ring] for ring in rings])), axis=0)
    above, below = points[list(topo.UPPER_RINGS[-1])], points[list(topo.LOWER_RINGS[-1])]
    down = points[topo.CHIN_TIP] - points[2]
    down = down / max(float(np.linalg.norm(down)), 1e-6) * eyes
    around = np.concatenate([above[1:-1] - _ABOVE_LIP * down, below[1:-1] + _BELOW_LIP * down])
    skin = np.median(_at(lab, points[list(_BROWS_AND_CHEEKS)]), axis=0)
    steepness = np.hypot(*(cv2.Scharr(lab[..., 0], cv2.CV_32F, dx, 1 - dx) for dx in (1, 0))) / 32
    eye_edge = max(float(np.median(_at(steepness, _eye_points(points)))), 1e-3)
    inner = [*topo.UPPER_INNER[2:-2], *topo.LOWER_INNER[2:-2]]
    across = above[2:-2, None] + (below - above)[2:-2, None] * _PROFILE[:, None]
    profile = _at(lab[..., 0], across.reshape(-1, 2)).reshape(-1, len(_PROFILE)).mean(axis=0)
    sides = min(np.median(profile[:_OUTSIDE]), np.median(profile[-_OUTSIDE:]))
    per_light = _USUAL_LIGHTNESS / max(float(skin[0]), 15.0)
    return _Signs(
        lips=lips,
        around=np.median(_at(lab, around), axis=0),
        skin=skin,
        edge=float(np.median(_at(steepness, points[inner]))) / eye_edge,
        bend=float(np.abs(np.diff(profile[_AMID_LIPS], 2)).max()) / eye_edge,
        dip=float(sides - profile[_AMID_LIPS].min()) * per_light,
        eye_edge=eye_edge * per_light,
    )


def _eye_points(points: Floats) -> Floats:
    lids = (
        *(topo.RIGHT_EYE_UPPER, topo.RIGHT_EYE_LOWER),
        *(topo.LEFT_EYE_UPPER, topo.LEFT_EYE_LOWER),
    )
    return np.concatenate([points[list(lid[1:-1])] for lid in lids])


def _at(values: Floats, points: Floats) -> Floats:
    """Return the values of a picture at points [n, 2]; [n, channels] or [n]."""
    x, y = (points[:, i].astype(np.float32).reshape(-1, 1) for i in (0, 1))
    found: Floats = cv2.remap(values, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return found.reshape(len(points), *values.shape[2:])
