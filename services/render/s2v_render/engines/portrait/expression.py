"""Bend the face mesh: shut the photo's mouth once, then give it any shape.

The photo may show any mouth. Shutting it first makes every later opening absolute, so that the
same sound looks the same whether the person smiled, spoke or kept silent in the photo.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from s2v.face import topology as topo
from s2v.face.arrays import Floats, Integers
from s2v.lipsync.phones import Mouth

_LOWER_SHARE = 0.72
"""Of a gap in the photo, how much the lower lip closes."""
_UPPER_CLOSING = (1.0, 0.95, 0.85, 0.75)
_LOWER_CLOSING = (1.0, 1.0, 0.97, 0.93)
_UNDER_LIP = ((0.67, (18, 83, 313)), (0.33, (200, 201, 421)))
"""Points between the lower lip and the tip of the chin, and how much of what the lip does beyond
the jaw they do: the skin between gives way all over, not in one streak below the lip."""
_UPPER_FOLLOWING = (1.0, 0.96, 0.88, 0.78)
_LOWER_FOLLOWING = (1.0, 1.0, 0.99, 0.97)
_UPPER_PRESSING = (0.0, 0.004, 0.014, 0.022)
_LOWER_PRESSING = (0.0, -0.004, -0.013, -0.020)
_UPPER_ROUNDING = (0.0, 0.0, -0.008, -0.016)
_LOWER_ROUNDING = (0.0, 0.0, 0.010, 0.020)
_LOWER_TUCKING = (0.0, 0.0, -0.008, -0.018)
_ROUNDING_DEPTHS = (-0.02, -0.02, -0.02, -0.02)
_LOWER_GAP_SHARE = 0.84
_PARTING, _DARK_PARTING = 0.008, 0.009
"""By how much lips must part before anything is seen between them, soft and round as they are, and
how much more where it is dark there: an opening that bares teeth looks wider."""
_PARTED = 0.012
_TUCKED = 0.008
_JAW_SHARE, _JAW_OF_LIP = 0.92, 0.1
"""How much of the lower lip's way the lower teeth go, and of what it does by itself."""
_DRAWN_DOWN = 0.014
"""How far down round lips move on the teeth."""
_MEETING = 0.006
"""The smallest gap of lips that part at all."""
_BROW_RAISE = 0.036
"""How high brows go, in eye distances."""
_BROW_SHARES = (0.80, 1.0, 1.0, 0.80, 0.60)
"""From the brow's outer end, its arch being raised most, to its inner one."""
_UNDER_BROW_SHARES = (0.60, 0.80, 0.80, 0.65, 0.50)
_OVER_BROWS_SHARES = (0.30, 0.30, 0.15, 0.10, 0.10, 0.20, 0.20, 0.20, 0.20)
_LOWER_RING_MIDDLE = topo.LOWER_RINGS[-1][5]
_ALL_RINGS = (*topo.UPPER_RINGS, *topo.LOWER_RINGS)
_SMILING_GAPS = (0.02, 0.06)
"""The opening in the photo from which on a smile relaxes at rest, and that where it does fully."""
_USUAL_WIDTH = 0.52
"""Of a mouth that does not smile, between its inner corners."""
_RESTING, _ROUNDED, _SPREAD = 0.55, 0.80, 0.30
"""How far a smile that shows teeth relaxes at rest, any smile relaxes when rounded, and how much
of that comes back when the mouth is spread."""
_SPREAD_OUT, _DRAWN_IN = 0.055, 0.066
"""How far widening draws the corners of the mouth apart, and rounding together."""
_UNLIKE = 0.22
"""How much more one side of the mouth may do than its middle."""
_ENOUGH_ROOM = 0.35
_CHEEK_REACH, _CHEEK_SHARE = 0.26, 0.60
"""How far from the corners of the mouth the cheeks go with them, and how much at most."""


@dataclass(frozen=True, slots=True)
class FaceShape:
    """A face with its mouth shut, and how each vertex follows the mouth; arrays over 468 vertices.

    Attributes:
        shut: local coordinates, shape [468, 3].
        hinge: where the jaw turns, shape [3].
        photo_gap: the mouth's opening in the photo.
        along: place along the lips, -1 at the right corner, 1 at the left one.
        sideways: how much a vertex goes outwards with its corner of the mouth, -1.1..1.1.
        downwards: how much a vertex off the lips goes down with its corner, 0..1.
        upper, lower: how much a lip vertex goes with the upper or the lower lip.
        lips: 1 for the lips' vertices, 0 for others.
        jaw, cheeks: indices of vertices.
        brows: how much a vertex goes with raised brows.
        smile: what there is to relax of a smile at rest, shape [468, 3].
        pressing, rounding, tucking: vertical motion under each, rounding_depth towards the camera.
    """

    shut: Floats
    hinge: Floats
    photo_gap: float
    along: Floats
    sideways: Floats
    downwards: Floats
    upper: Floats
    lower: Floats
    lips: Floats
    jaw: Integers
    cheeks: Integers
    brows: Floats
    smile: Floats
    pressing: Floats
    rounding: Floats
    rounding_depth: Floats
    tucking: Floats

    @property
    def mouth_width(self) -> float:
        """The distance of the inner corners of the shut mouth."""
        return float(self.shut[topo.LOWER_INNER[-1], 0] - self.shut[topo.LOWER_INNER[0], 0])

    def with_mouth(self, mouth: Mouth, brow: float = 0.0) -> Floats:
        """Return the face, local [468, 3], with a mouth and its brows raised, -0.25..1."""
        points = self.shut.copy()
        travel = _travel(mouth)
        side = 1 + _UNLIKE * mouth.skew * self.along
        profile = np.maximum(1 - np.minimum(np.abs(self.along), 1) ** 2, 0)
        profile = profile ** (0.78 - 0.30 * mouth.rounding) * side
        corner_out = _SPREAD_OUT * mouth.widening - _DRAWN_IN * mouth.rounding
        corner_out -= 0.12 * mouth.gap * (1 - 0.5 * mouth.widening)
        corner_down = 0.30 * travel.drop + travel.drawn - 0.008 * mouth.widening * side
        points[:, 0] += corner_out * self.sideways * side
        points[:, 1] += corner_down * (self.lips * (1 - profile) + self.downwards)
        points[:, 1] += profile * (
            travel.lowered * self.lower
            - travel.raised * self.upper
            + mouth.rounding * self.rounding
            + mouth.press * self.pressing
            + mouth.tuck * self.tucking
        )
        points[:, 2] += mouth.rounding * self.rounding_depth * profile
        points += self.smile * (mouth.rounding - _SPREAD * mouth.widening)
        self._drop_jaw(points, travel.drop)
        points[:, 1] -= _BROW_RAISE * brow * self.brows
        return points

    def _drop_jaw(self, points: Floats, drop: float) -> None:
        lever = max(self.hinge[2] - self.shut[topo.CHIN_TIP, 2], 0.35)
        points[self.jaw] = _turned(points[self.jaw], self.hinge, drop / lever)
        cheeks = points[self.cheeks]
        points[self.cheeks, 1] += 0.10 * drop * np.clip(cheeks[:, 1] / 0.4 + 1, 0, 1)
        points[self.cheeks, 0] -= 0.02 * drop * np.sign(cheeks[:, 0])


def jaw_drop(mouth: Mouth) -> float:
    """Return how far the lower front teeth go down, in units of the eye distance."""
    return _travel(mouth).drop


def face_shape(local: Floats) -> FaceShape:
    """Return the shape of a face from its local landmarks [478 or 468, 3]."""
    photo = np.asarray(local[:468], np.float64)
    ears = (photo[topo.RIGHT_EAR] + photo[topo.LEFT_EAR]) / 2
    hinge = np.array([0.0, ears[1] - 0.02, ears[2] - 0.05])
    gaps = photo[list(topo.LOWER_INNER)] - photo[list(topo.UPPER_INNER)]
    gaps[:, 1] = np.maximum(gaps[:, 1], 0)
    gaps[[0, -1]] = 0
    jaw = np.array(sorted({*topo.JAWLINE, *topo.CHIN}))
    shut = _shut(photo, gaps, hinge, jaw)
    following, room = _following(shut), _room(shut)
    relaxing = _relaxing(shut, following, room)
    photo_gap = float(gaps[len(gaps) // 2, 1])
    resting = _RESTING * float(np.interp(photo_gap, _SMILING_GAPS, (0, 1)))
    shut += resting * relaxing
    left, right = shut[topo.UPPER_INNER[0], 0], shut[topo.UPPER_INNER[-1], 0]
    along = np.clip((shut[:, 0] - (left + right) / 2) / ((right - left) / 2), -1.15, 1.15)
    upper = _per_vertex(topo.UPPER_RINGS, _UPPER_FOLLOWING, corners=True)
    lower = _per_vertex(topo.LOWER_RINGS, _LOWER_FOLLOWING)
    lips = ((upper + lower) > 0).astype(np.float64)
    depths = _per_vertex(topo.UPPER_RINGS, _ROUNDING_DEPTHS)
    depths += _per_vertex(topo.LOWER_RINGS, _ROUNDING_DEPTHS)
    return FaceShape(
        shut=shut,
        hinge=hinge,
        photo_gap=photo_gap,
        along=along,
        sideways=(lips * np.clip(along, -1.1, 1.1) + following * np.sign(along)) * room,
        downwards=following,
        upper=upper,
        lower=lower,
        lips=lips,
        jaw=jaw,
        cheeks=np.array(topo.CHEEKS),
        brows=_with_brows(),
        smile=(_ROUNDED - resting) * relaxing,
        pressing=_per_vertex(topo.UPPER_RINGS, _UPPER_PRESSING)
        + _per_vertex(topo.LOWER_RINGS, _LOWER_PRESSING),
        rounding=_per_vertex(topo.UPPER_RINGS, _UPPER_ROUNDING)
        + _per_vertex(topo.LOWER_RINGS, _LOWER_ROUNDING),
        rounding_depth=depths,
        tucking=_per_vertex(topo.LOWER_RINGS, _LOWER_TUCKING),
    )


def _shut(photo: Floats, gaps: Floats, hinge: Floats, jaw: Integers) -> Floats:
    """Return the photo's face with the lips' inner edges, which are `gaps` [11, 3] apart, met."""
    shut = photo.copy()
    open_jaw = max(gaps[len(gaps) // 2, 1] - 0.05, 0) * 0.8
    for rings, shares, way in (
        (topo.UPPER_RINGS, _UPPER_CLOSING, 1 - _LOWER_SHARE),
        (topo.LOWER_RINGS, _LOWER_CLOSING, -_LOWER_SHARE),
    ):
        for ring, share in zip(rings, shares, strict=True):
            shut[list(ring[1:-1])] += way * share * gaps[1:-1]
    lever = max(hinge[2] - photo[topo.CHIN_TIP, 2], 0.3)
    shut[jaw] += _turned(photo[jaw], hinge, -open_jaw * _LOWER_SHARE / lever) - photo[jaw]
    lip = _LOWER_RING_MIDDLE
    for share, vertices in _UNDER_LIP:
        under = list(vertices)
        behind = (shut[lip] - photo[lip]) - (shut[under] - photo[under])
        shut[under, 1] += share * np.minimum(behind[:, 1], 0)
    for ring in _ALL_RINGS:
        shut[list(ring[1:-1]), 1] -= 0.25 * open_jaw * np.linspace(-1, 1, len(ring))[1:-1] ** 4
    shut[list(topo.CORNERS), 1] -= 0.25 * open_jaw
    return shut


def _following(shut: Floats) -> Floats:
    """Return how much cheeks and jaw, of all vertices, go with the nearer corner of the mouth."""
    around = [*topo.CHEEKS, *topo.JAWLINE]
    corners = shut[[topo.RIGHT_CORNER, topo.LEFT_CORNER], :2]
    away = np.linalg.norm(shut[around, None, :2] - corners, axis=-1).min(axis=1)
    following = np.zeros(len(shut))
    following[around] = _CHEEK_SHARE * np.exp(-((away / _CHEEK_REACH) ** 2))
    return following


def _room(shut: Floats) -> Floats:
    """Return by how much of its way a corner may move on each vertex's side of the face, 0..1.

    On the far side of a turned face there is little skin between the corner and the face's edge.
    """
    jaw = shut[list(topo.JAWLINE), :2]
    right, left = (
        float(np.linalg.norm(jaw - shut[corner, :2], axis=1).min())
        for corner in (topo.RIGHT_CORNER, topo.LEFT_CORNER)
    )
    shares = [
        min(own / _ENOUGH_ROOM, 1.0) * min(own / max(other, 1e-6), 1.0)
        for own, other in ((right, left), (left, right))
    ]
    return np.where(shut[:, 0] < shut[topo.UPPER_INNER[5], 0], *shares)


def _relaxing(shut: Floats, following: Floats, room: Floats) -> Floats:
    """Return the way [468, 3] from a smile to none: its corners come in and down."""
    lips = np.array(sorted({vertex for ring in _ALL_RINGS for vertex in ring}))
    left, right = shut[topo.UPPER_INNER[0], 0], shut[topo.UPPER_INNER[-1], 0]
    corners = shut[[topo.UPPER_INNER[0], topo.UPPER_INNER[-1]], 1].mean()
    inwards = max(right - left - _USUAL_WIDTH, 0.0) / 2
    downwards = max(float(shut[topo.UPPER_INNER[5], 1] - corners), 0.0)
    along = np.clip((2 * shut[:, 0] - left - right) / (right - left), -1.1, 1.1)
    way = np.zeros((len(shut), 3))
    way[:, 0] = -inwards * following * np.sign(along) * room
    way[:, 1] = downwards * following
    way[lips, 0] = -inwards * along[lips] * room[lips]
    way[lips, 1] = downwards * np.minimum(along[lips] ** 2, 1)
    return way


def _per_vertex(
    rings: Sequence[Sequence[int]], values: Sequence[float], *, corners: bool = False
) -> Floats:
    """Spread one value a ring over the 468 vertices, with or without the mouth's corners."""
    spread = np.zeros(468)
    for ring, value in zip(rings, values, strict=True):
        spread[list(ring if corners else ring[1:-1])] = value
    return spread


def _with_brows() -> Floats:
    """Return how much each of the 468 vertices goes with the brows: not all of a brow alike."""
    share = np.zeros(468)
    for brow, shares in (
        (topo.RIGHT_BROW, _BROW_SHARES),
        (topo.LEFT_BROW, _BROW_SHARES[::-1]),
        (topo.RIGHT_UNDER_BROW, _UNDER_BROW_SHARES),
        (topo.LEFT_UNDER_BROW, _UNDER_BROW_SHARES[::-1]),
        (topo.OVER_BROWS, _OVER_BROWS_SHARES),
    ):
        share[list(brow)] = shares
    return share


@dataclass(frozen=True, slots=True)
class _Travel:
    """How far the upper lip goes up, the lower one, its teeth, and the whole mouth down."""

    raised: float
    lowered: float
    drop: float
    drawn: float


def _travel(mouth: Mouth) -> _Travel:
    parting = _PARTING + _DARK_PARTING * (1 - mouth.bared)
    parting *= min(max(mouth.gap - _MEETING, 0.0) / _PARTED, 1.0)
    own = min(mouth.gap / max(mouth.upper_raise + mouth.lower_drop, 1e-6), 1.0)
    upper_raise, lower_drop = own * mouth.upper_raise, own * mouth.lower_drop
    by_jaw = mouth.gap - upper_raise - lower_drop + parting
    jaw = _LOWER_GAP_SHARE * by_jaw - _TUCKED * mouth.tuck
    drawn = _DRAWN_DOWN * mouth.rounding * min(mouth.gap / _PARTED, 1.0)
    raised = (1 - _LOWER_GAP_SHARE) * by_jaw + upper_raise + _TUCKED * mouth.tuck - drawn
    drop = max(jaw + _JAW_OF_LIP * lower_drop, 0.0) * _JAW_SHARE
    return _Travel(raised, jaw + lower_drop + drawn, drop, drawn)


def _turned(points: Floats, hinge: Floats, angle: float) -> Floats:
    """Turn points [n, 3] about the x axis through the hinge; positive opens the jaw."""
    c, s = np.cos(angle), np.sin(angle)
    offset = points - hinge
    y = offset[:, 1] * c - offset[:, 2] * s
    z = offset[:, 1] * s + offset[:, 2] * c
    turned: Floats = hinge + np.stack([offset[:, 0], y, z], axis=1)
    return turned
