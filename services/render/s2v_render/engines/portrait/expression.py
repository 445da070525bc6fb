"""Bend the face mesh: shut the photo's mouth once, then give it any shape.

The photo may show any mouth. Shutting it first makes every later opening absolute, so that the
same sound looks the same whether the person smiled, spoke or kept silent in the photo.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from s2v_render.engines.portrait import topology as topo
from s2v_render.engines.portrait.arrays import Floats, Integers
from s2v_render.engines.portrait.phones import Mouth

_LOWER_SHARE = 0.72
"""Of a gap in the photo, how much the lower lip closes."""
_UPPER_CLOSING = (1.0, 0.95, 0.85, 0.75)
_LOWER_CLOSING = (1.0, 1.0, 0.97, 0.93)
_UPPER_FOLLOWING = (1.0, 0.96, 0.88, 0.78)
_LOWER_FOLLOWING = (1.0, 1.0, 0.99, 0.97)
_UPPER_PRESSING = (0.0, 0.004, 0.014, 0.022)
_LOWER_PRESSING = (0.0, -0.004, -0.013, -0.020)
_UPPER_ROUNDING = (0.0, 0.0, -0.008, -0.016)
_LOWER_ROUNDING = (0.0, 0.0, 0.010, 0.020)
_LOWER_TUCKING = (0.0, 0.0, -0.008, -0.018)
_ROUNDING_DEPTHS = (-0.08, -0.08, 0.0, -0.07)
_LOWER_GAP_SHARE = 0.84
_ALL_RINGS = (*topo.UPPER_RINGS, *topo.LOWER_RINGS)
_SMILING_GAP = 0.03
_USUAL_WIDTH = 0.56
_SMILE_RELAXED = 0.30
"""Of a smiling mouth's surplus width, how much goes as it shuts."""


@dataclass(frozen=True, slots=True)
class FaceShape:
    """A face with its mouth shut, and how each vertex follows the mouth; arrays over 468 vertices.

    Attributes:
        shut: local coordinates, shape [468, 3].
        hinge: where the jaw turns, shape [3].
        photo_gap: the mouth's opening in the photo.
        along: place along the lips, -1 at the right corner, 1 at the left one.
        upper, lower: how much a lip vertex goes with the upper or the lower lip.
        lips, jaw, cheeks, brows: masks, 0 or 1.
        pressing, rounding, tucking: vertical motion under each, rounding_depth towards the camera.
    """

    shut: Floats
    hinge: Floats
    photo_gap: float
    along: Floats
    upper: Floats
    lower: Floats
    lips: Floats
    jaw: Integers
    cheeks: Integers
    brows: Integers
    pressing: Floats
    rounding: Floats
    rounding_depth: Floats
    tucking: Floats

    @property
    def mouth_width(self) -> float:
        """The distance of the inner corners of the shut mouth."""
        return float(self.shut[topo.LOWER_INNER[-1], 0] - self.shut[topo.LOWER_INNER[0], 0])

    @property
    def smile(self) -> float:
        """How far the corners of the shut mouth stand over its middle, from 0."""
        corners = self.shut[[topo.UPPER_INNER[0], topo.UPPER_INNER[-1]], 1].mean()
        return max(float(self.shut[topo.UPPER_INNER[5], 1] - corners), 0.0)

    def with_mouth(self, mouth: Mouth, brow: float = 0.0) -> Floats:
        """Return local coordinates [468, 3] of the face with a mouth and raised brows (0..1)."""
        points = self.shut.copy()
        raised, lowered = _lip_travel(mouth)
        drop = jaw_drop(mouth)
        profile = np.maximum(1 - np.minimum(np.abs(self.along), 1) ** 2, 0)
        profile = profile ** (0.78 - 0.30 * mouth.rounding)
        narrowing = 0.090 + 0.35 * max(self.mouth_width - _USUAL_WIDTH, 0.0)
        corner_out = 0.055 * mouth.widening - narrowing * mouth.rounding
        corner_out -= 0.12 * mouth.gap * (1 - 0.5 * mouth.widening)
        corner_down = 0.30 * drop - 0.008 * mouth.widening + 0.6 * self.smile * mouth.rounding
        points[:, 0] += self.lips * corner_out * np.clip(self.along, -1.1, 1.1)
        points[:, 1] += self.lips * corner_down * (1 - profile)
        points[:, 1] += profile * (
            lowered * self.lower
            - raised * self.upper
            + mouth.rounding * self.rounding
            + mouth.press * self.pressing
            + mouth.tuck * self.tucking
        )
        points[:, 2] += mouth.rounding * self.rounding_depth * profile
        self._drop_jaw(points, drop)
        points[self.brows, 1] -= 0.05 * brow
        return points

    def _drop_jaw(self, points: Floats, drop: float) -> None:
        lever = max(self.hinge[2] - self.shut[topo.CHIN_TIP, 2], 0.35)
        points[self.jaw] = _turned(points[self.jaw], self.hinge, drop / lever)
        cheeks = points[self.cheeks]
        points[self.cheeks, 1] += 0.10 * drop * np.clip(cheeks[:, 1] / 0.4 + 1, 0, 1)
        points[self.cheeks, 0] -= 0.02 * drop * np.sign(cheeks[:, 0])


def jaw_drop(mouth: Mouth) -> float:
    """Return how far the lower front teeth go down, in units of the eye distance."""
    _, lowered = _lip_travel(mouth)
    return max(lowered - 0.9 * mouth.lower_drop, 0.0) * 0.92


def face_shape(local: Floats) -> FaceShape:
    """Return the shape of a face from its local landmarks [478 or 468, 3]."""
    photo = np.asarray(local[:468], np.float64)
    ears = (photo[topo.RIGHT_EAR] + photo[topo.LEFT_EAR]) / 2
    hinge = np.array([0.0, ears[1] - 0.02, ears[2] - 0.05])
    gaps = photo[list(topo.LOWER_INNER), 1] - photo[list(topo.UPPER_INNER), 1]
    gaps = np.maximum(gaps, 0)
    gaps[[0, -1]] = 0
    jaw = np.array(sorted({*topo.JAWLINE, *topo.CHIN}))
    shut = _shut(photo, gaps, hinge, jaw)
    left, right = shut[topo.UPPER_INNER[0], 0], shut[topo.UPPER_INNER[-1], 0]
    upper = _per_vertex(topo.UPPER_RINGS, _UPPER_FOLLOWING, corners=True)
    lower = _per_vertex(topo.LOWER_RINGS, _LOWER_FOLLOWING)
    depths = _per_vertex(topo.UPPER_RINGS, _ROUNDING_DEPTHS)
    depths += _per_vertex(topo.LOWER_RINGS, _ROUNDING_DEPTHS)
    return FaceShape(
        shut=shut,
        hinge=hinge,
        photo_gap=float(gaps[len(gaps) // 2]),
        along=np.clip((shut[:, 0] - (left + right) / 2) / ((right - left) / 2), -1.15, 1.15),
        upper=upper,
        lower=lower,
        lips=((upper + lower) > 0).astype(np.float64),
        jaw=jaw,
        cheeks=np.array(topo.CHEEKS),
        brows=np.array((*topo.RIGHT_BROW, *topo.LEFT_BROW)),
        pressing=_per_vertex(topo.UPPER_RINGS, _UPPER_PRESSING)
        + _per_vertex(topo.LOWER_RINGS, _LOWER_PRESSING),
        rounding=_per_vertex(topo.UPPER_RINGS, _UPPER_ROUNDING)
        + _per_vertex(topo.LOWER_RINGS, _LOWER_ROUNDING),
        rounding_depth=depths,
        tucking=_per_vertex(topo.LOWER_RINGS, _LOWER_TUCKING),
    )


def _shut(photo: Floats, gaps: Floats, hinge: Floats, jaw: Integers) -> Floats:
    shut = photo.copy()
    middle_gap = gaps[len(gaps) // 2]
    open_jaw = max(middle_gap - 0.05, 0) * 0.8
    for rings, shares, way in (
        (topo.UPPER_RINGS, _UPPER_CLOSING, 1 - _LOWER_SHARE),
        (topo.LOWER_RINGS, _LOWER_CLOSING, -_LOWER_SHARE),
    ):
        for ring, share in zip(rings, shares, strict=True):
            inner = list(ring[1:-1])
            shut[inner, 1] += way * share * gaps[1:-1]
    lever = max(hinge[2] - photo[topo.CHIN_TIP, 2], 0.3)
    shut[jaw] += _turned(photo[jaw], hinge, -open_jaw * _LOWER_SHARE / lever) - photo[jaw]
    shut[list(topo.CORNERS), 1] -= 0.25 * open_jaw
    if middle_gap > _SMILING_GAP:
        _relax_smile(shut)
    return shut


def _relax_smile(shut: Floats) -> None:
    """Draw the lips of a smile a little together, in place."""
    lips = np.array(sorted({vertex for ring in _ALL_RINGS for vertex in ring}))
    left, right = shut[topo.UPPER_INNER[0], 0], shut[topo.UPPER_INNER[-1], 0]
    surplus = max(right - left - _USUAL_WIDTH, 0.0) * _SMILE_RELAXED
    along = (2 * shut[lips, 0] - left - right) / (right - left)
    shut[lips, 0] -= np.clip(along, -1.1, 1.1) * surplus / 2
    shut[lips, 1] += np.clip(along**2, 0, 1) * surplus / 4


def _per_vertex(
    rings: Sequence[Sequence[int]], values: Sequence[float], *, corners: bool = False
) -> Floats:
    """Spread one value a ring over the 468 vertices, with or without the mouth's corners."""
    spread = np.zeros(468)
    for ring, value in zip(rings, values, strict=True):
        spread[list(ring if corners else ring[1:-1])] = value
    return spread


def _lip_travel(mouth: Mouth) -> tuple[float, float]:
    """Return how far the upper lip goes up and the lower lip down at the middle."""
    raised = (1 - _LOWER_GAP_SHARE) * mouth.gap + mouth.upper_raise + 0.012 * mouth.tuck
    lowered = _LOWER_GAP_SHARE * mouth.gap + mouth.lower_drop - 0.030 * mouth.tuck
    return raised, lowered


def _turned(points: Floats, hinge: Floats, angle: float) -> Floats:
    """Turn points [n, 3] about the x axis through the hinge; positive opens the jaw."""
    c, s = np.cos(angle), np.sin(angle)
    offset = points - hinge
    y = offset[:, 1] * c - offset[:, 2] * s
    z = offset[:, 1] * s + offset[:, 2] * c
    turned: Floats = hinge + np.stack([offset[:, 0], y, z], axis=1)
    return turned
