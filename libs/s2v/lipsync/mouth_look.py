"""Look at a moving mouth as a picture: its colour, its sharpness, its calm, and its edge.

Lips can be in time and yet drip down the chin or be red in a grey picture. What is looked at is
compared with the rest of the same face, so that dim, grainy and soft films are not blamed.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from s2v.face import topology as topo
from s2v.face.arrays import Floats, Rgb
from s2v.face.mesh import Landmarks
from s2v.face.tracking import eye_distance

_UNIT_PIXELS = 80.0
"""Larger faces are looked at in this size, so that the limits hold for all of them."""
_LEAST_UNIT_PIXELS = 40.0
"""On smaller faces nobody sees it."""
_OPEN = 0.045
"""How far a mouth is open that shows its inside, in eye distances."""
_LEAST_LOOKS = 5
_MARGIN = 4
_SKIN = (50, 280, 205, 425, 101, 330, 151)
_EYES = (
    (*topo.RIGHT_EYE_UPPER, *topo.RIGHT_EYE_LOWER[::-1]),
    (*topo.LEFT_EYE_UPPER, *topo.LEFT_EYE_LOWER[::-1]),
)
_LIPS = ((*topo.UPPER_RINGS[-1], *topo.LOWER_RINGS[-1][::-1]),)
_DEPTHS = np.linspace(0.15, 0.85, 6)
"""Where the inside is looked at, from the upper edge to the lower."""
_BELOW = np.linspace(0.08, 0.26, 6)
"""How far below the lower lip, in eye distances, a streak is looked for."""
_STEADY = 0.25
"""By what share an opening may change that hardly changes."""
_LEAST_LIGHTNESS = 10.0
_SELDOM = 97.0
"""Per cent of the pictures that may be without it."""
_WEIGHTS = np.array([0.4, 1.0, 1.0])
"""Of lightness and colour: shadows move over a chin that speaks, its colour stays."""
_LEAST_CONTRAST = 6.0
"""Lips less unlike the skin than this are taken for as much, in Lab."""


@dataclass(frozen=True, slots=True)
class MouthLook:
    """How a mouth looks against the face around it; None where too little was seen to tell.

    Attributes:
        colour_distance: how far the colour inside is from all between grey, skin and lips, in Lab.
        sharpness_ratio: steepness of lightness on the mouth over that on the eyes.
        flicker: how much the inside changes from one picture to the next while the opening hardly
            does, over the lightness of the skin.
        spill: how far a streak below the lips takes on their colour now and then: 0 for skin, 1
            for lips.
    """

    colour_distance: float | None = None
    sharpness_ratio: float | None = None
    flicker: float | None = None
    spill: float | None = None


UNSEEN = MouthLook()


class MouthWatcher:
    """Watches one mouth from picture to picture."""

    def __init__(self) -> None:
        self._colours: list[float] = []
        self._sharpnesses: list[float] = []
        self._changes: list[float] = []
        self._below: list[Floats] = []
        self._before: tuple[float, Floats] | None = None

    def add(self, picture: Rgb, found: Landmarks | None) -> None:
        """Look at the next picture; `found` is None where the face is not seen."""
        before, self._before = self._before, None
        unit = eye_distance(found) if found else 0.0
        if found is None or unit < _LEAST_UNIT_PIXELS:
            return
        lab, points = _portion(picture, found.points[:, :2], unit)
        if not lab.size:
            return
        unit = min(unit, _UNIT_PIXELS)
        skin = np.median(_at(lab, points[list(_SKIN)]), axis=0)
        lips = np.median(_at(lab, points[list(topo.LOWER_RINGS[2][2:-2])]), axis=0)
        self._below.append(_lip_likeness(_at(lab, _below_lips(points, unit)), skin, lips))
        upper, lower = (points[list(ring)][1:-1] for ring in (topo.UPPER_INNER, topo.LOWER_INNER))
        opening = float(np.linalg.norm(upper - lower, axis=1)[3:6].mean()) / unit
        if opening < _OPEN:
            return
        inside = upper + _DEPTHS[:, None, None] * (lower - upper)
        shown = _at(lab, inside.reshape(-1, 2))
        self._colours.append(_foreign(shown[:, 1:], skin[1:], lips[1:]))
        self._sharpnesses.append(_sharpness(lab[..., 0], points))
        if before and abs(before[0] - opening) < _STEADY * opening:
            change = float(np.abs(before[1] - shown[:, 0]).mean())
            self._changes.append(change / max(float(skin[0]), _LEAST_LIGHTNESS))
        self._before = opening, shown[:, 0]

    def look(self) -> MouthLook:
        """Return what was seen so far."""
        return MouthLook(
            _middle(self._colours),
            _middle(self._sharpnesses),
            _middle(self._changes),
            self._spill(),
        )

    def _spill(self) -> float | None:
        if len(self._below) < _LEAST_LOOKS:
            return None
        below = np.array(self._below).reshape(len(self._below), len(_BELOW), -1)
        risen = below - np.median(below, axis=0)
        aside = np.maximum(risen[:, :, :2].mean(axis=2), risen[:, :, -2:].mean(axis=2))
        streak = risen[:, :, 2:-2].max(axis=2) - np.maximum(aside, 0)
        return float(np.percentile(np.sort(streak, axis=1)[:, -2], _SELDOM))


def _lip_likeness(places: Floats, skin: Floats, lips: Floats) -> Floats:
    """Return how far colours are on the way from skin (0) to lips (1), [places]."""
    way = (lips - skin) * _WEIGHTS
    likeness: Floats = (
        ((places - skin) * _WEIGHTS) @ way / max(float(way @ way), _LEAST_CONTRAST**2)
    )
    return likeness


def _middle(values: list[float]) -> float | None:
    return float(np.median(values)) if len(values) >= _LEAST_LOOKS else None


def _below_lips(points: Floats, unit: float) -> Floats:
    """Return places below the lower lip, row by row, [places, 2]."""
    down = points[topo.CHIN_TIP] - points[topo.NOSE_BRIDGE]
    down = down / max(float(np.linalg.norm(down)), 1e-6) * unit
    lower = points[list(topo.LOWER_RINGS[-1])][1:-1]
    places: Floats = lower + _BELOW[:, None, None] * down
    return places.reshape(-1, 2)


def _portion(picture: Rgb, points: Floats, unit: float) -> tuple[Floats, Floats]:
    """Return the face in Lab, [height, width, 3], and its points in it."""
    low = np.maximum(np.floor(points[:468].min(axis=0)).astype(int) - _MARGIN, 0)
    high = np.maximum(np.ceil(points[:468].max(axis=0)).astype(int) + _MARGIN, 1)
    part = picture[low[1] : high[1], low[0] : high[0]]
    if not part.size:
        return np.zeros((0, 0, 3), np.float32), points
    scale = min(1.0, _UNIT_PIXELS / unit)
    size = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return cv2.cvtColor(small, cv2.COLOR_RGB2LAB), (points - low + 0.5) * scale - 0.5


def _foreign(colours: Floats, skin: Floats, lips: Floats) -> float:
    """Return how far colours (a, b) are from the triangle of grey, skin and lips, on average."""
    corners = np.array([(0.0, 0.0), 1.15 * skin, 1.15 * lips], np.float32)
    hull = cv2.convexHull(corners)
    away = (-cv2.pointPolygonTest(hull, (float(a), float(b)), True) for a, b in colours)
    return float(np.mean([max(float(one), 0.0) for one in away]))


def _sharpness(light: Floats, points: Floats) -> float:
    """Return the steepness of lightness on the mouth over that on the eyes."""
    slopes = np.hypot(cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1))
    mouth, eyes = (_within(slopes, [points[list(ids)] for ids in each]) for each in (_LIPS, _EYES))
    return mouth / max(eyes, 1e-3)


def _within(values: Floats, outlines: list[Floats]) -> float:
    """Return the mean of values, [height, width], inside of outlines."""
    mask = np.zeros(values.shape, np.uint8)
    for outline in outlines:
        cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], 1)
    return float(values[mask > 0].mean()) if mask.any() else 0.0


def _at(values: Floats, points: Floats) -> Floats:
    """Return the values of a picture at points [n, 2]: [n, channels]."""
    x, y = (points[:, i].astype(np.float32).reshape(-1, 1) for i in (0, 1))
    found: Floats = cv2.remap(values, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return found.reshape(len(points), -1)
