"""Put right what the mesh gets wrong about a mouth.

On a broad smile it may lay both lips' inner edges on the upper one; the teeth would then stick to
the lower lip. On a mouth that is wide open the chin may come to lie on the lower lip, which would
then drip down the chin when it is shut.
"""

import numpy as np

from s2v.face import topology as topo
from s2v.face.arrays import Floats, Rgb
from s2v_render.engines.portrait.head import Head
from s2v_render.engines.portrait.mouth.tones import LUMA, patch, skin_of

_SHUT, _BROAD = 0.03, 0.60
"""Up to which gap lips are shut for the mesh, and how broad a mouth is that smiles; shut lips that
do not smile shine where teeth would be."""
_SEARCHED, _TALLEST = 0.10, 0.048
"""How far below the upper lip teeth are looked for, and how tall what is seen of them may be."""
_STEP = 0.004
_STARTS = 0.026
"""How near to the upper lip teeth begin."""
_BRIGHTER, _PALER_TOO, _OF_SKIN = 1.5, 1.15, 0.72
"""How bright the brightest of teeth are, of the lip's luma, of it where they are less red as well,
and of the skin's."""
_DIMMEST = 0.75
"""How bright the others are, of the brightest."""
_COLOURFUL = 0.12
"""How much redder than teeth lips are, red minus green over luma, for that to tell them apart."""
_FEWEST = 3
_BELOW_LIP = ((18, 17, 0.045), (83, 84, 0.045), (313, 314, 0.045), (200, 18, 0.06))
"""Points of the chin, what they lie below, and how far below it they lie at least."""
_FOLLOWING = (1.0, 0.85, 0.45, 0.0)
"""How much the rings of a lip move, from its inner edge outwards."""
_CLEARLY_OPEN, _INSIDE, _ON_LIP = 0.06, 0.10, 0.05
_FARTHEST_OUT, _FARTHEST_IN = 0.04, 0.08
"""From which gap on the dark between lips is looked for; how far into it and into the lip a
profile goes from the mesh's edge; how far outwards of it and inwards the lip's own edge may lie."""
_CONTRAST = 1.6
"""How much lighter the lip must be than the dark for its edge to be told."""
_AS_RED = 0.75
"""How red what is taken for lip must be, of the lip itself."""
_EVEN = np.array([1.0, 2.0, 3.0, 2.0, 1.0])
"""Weights of neighbours along a lip, whose edge has no steps."""


def parted(picture: Rgb, points: Floats, head: Head) -> Floats:
    """Return landmarks [478, 3] with the lower lip's inner edge below the teeth of the picture."""
    local = head.to_local(points)
    gap = local[topo.LOWER_INNER[5], 1] - local[topo.UPPER_INNER[5], 1]
    width = local[topo.UPPER_INNER[-1], 0] - local[topo.UPPER_INNER[0], 0]
    if gap > _SHUT or width < _BROAD:
        return points
    heights = _tooth_heights(picture, points, head)
    if np.count_nonzero(heights) < _FEWEST:
        return points
    along = np.linspace(-1, 1, len(topo.LOWER_INNER))[1:-1]
    even = np.median(heights[heights > 0]) * np.sqrt(1 - along**2)
    lower = points.copy()
    for ring, share in zip(topo.LOWER_RINGS, _FOLLOWING, strict=True):
        inner = list(ring[1:-1])
        lower[inner] += share * head.eye_distance * even[:, None] * head.axes[:, 1]
    return lower


def uncrossed(points: Floats, head: Head) -> Floats:
    """Return landmarks [478, 3] with the chin below the lower lip."""
    down = head.axes[:, 1] * head.eye_distance
    lower = points.copy()
    for vertex, above, least in _BELOW_LIP:
        distance = float((lower[vertex] - lower[above]) @ head.axes[:, 1]) / head.eye_distance
        lower[vertex] += max(least - distance, 0.0) * down
    return lower


def edged(picture: Rgb, points: Floats, head: Head) -> Floats:
    """Return landmarks [478, 3] with the inner edges of open lips where the dark begins.

    The mesh may lay them a tenth of the mouth's height off: what is then taken for lip is dark, and
    would be a rough edge on lips that meet, and what is taken for the inside is lip.
    """
    gap = head.to_local(points[[topo.UPPER_INNER[5], topo.LOWER_INNER[5]]])[:, 1]
    if gap[1] - gap[0] < _CLEARLY_OPEN:
        return points
    moved = points.copy()
    for rings, outwards in ((topo.UPPER_RINGS, -1), (topo.LOWER_RINGS, 1)):
        down = outwards * head.axes[:, 1] * head.eye_distance
        offsets = _edge_offsets(picture, points[list(rings[0][1:-1]), :2], down[:2])
        for ring, share in zip(rings, _FOLLOWING, strict=True):
            moved[list(ring[1:-1])] += share * offsets[:, None] * down
    return moved


def _edge_offsets(picture: Rgb, edge: Floats, outwards: Floats) -> Floats:
    """Return how far outwards of an inner edge [n, 2] the lip begins, in eye distances, [n]."""
    steps = np.arange(-_INSIDE, _ON_LIP, _STEP)
    places = edge[:, None] + steps[:, None] * outwards
    found = [_edge_offset(_profile(picture, place), steps) for place in places]
    return _evened(np.array(found))


def _edge_offset(profile: tuple[Floats, Floats], steps: Floats) -> float:
    """Return where on its way from the inside (negative steps) a lip begins, 0 if not told.

    Teeth are as light as a lip but less red.
    """
    luma, redness = profile
    out = int(np.argmax(steps >= 0))
    dark, lip = float(luma[: out + 2].min()), float(np.percentile(luma[out:], 75))
    if lip < _CONTRAST * max(dark, 1.0):
        return 0.0
    light = luma >= (dark + lip) / 2
    if not light[out]:
        return float(min(steps[out + int(np.argmax(light[out:]))], _FARTHEST_OUT))
    inwards = int(np.argmin(light[out::-1]))
    red = float(np.median(redness[out:]))
    passed = redness[out - inwards + 1 : out + 1]
    if inwards * _STEP > _FARTHEST_IN or red < _COLOURFUL or passed.min(initial=1) < _AS_RED * red:
        return 0.0
    return -inwards * _STEP


def _evened(values: Floats) -> Floats:
    reach = len(_EVEN) // 2
    even: Floats = np.convolve(np.pad(values, reach, mode="edge"), _EVEN / _EVEN.sum(), "valid")
    return even


def _tooth_heights(picture: Rgb, points: Floats, head: Head) -> Floats:
    """Return how much of the teeth is seen below each inner point of the upper lip, [9]."""
    unit = head.eye_distance
    luma, redness = _luma_and_redness(
        patch(picture, points[topo.UPPER_RINGS[2][5]], radius=0.02 * unit)
    )
    lip = float(luma), float(redness)
    skin = float(skin_of(picture, points, unit) @ LUMA)
    steps = np.arange(0, _SEARCHED, _STEP)
    down = head.axes[:2, 1] * unit
    return np.array(
        [
            _height(_profile(picture, points[vertex, :2] + steps[:, None] * down), lip, skin)
            for vertex in topo.UPPER_INNER[1:-1]
        ]
    )


def _height(profile: tuple[Floats, Floats], lip: tuple[float, float], skin: float) -> float:
    """Return how far down a profile of luma and redness teeth go, 0 if there are none."""
    luma, redness = profile
    within = round(_TALLEST / _STEP)
    whitest = int(luma[:within].argmax())
    white, tinge = float(luma[whitest]), float(redness[whitest])
    paler = lip[1] - tinge > _COLOURFUL
    if white < max((_PALER_TOO if paler else _BRIGHTER) * lip[0], _OF_SKIN * skin):
        return 0.0
    bright = luma > (white + lip[0]) / 2
    if paler:
        bright = (redness < (lip[1] + tinge) / 2) & (luma > _DIMMEST * white)
    first = int(np.argmax(bright))
    if first * _STEP > _STARTS:
        return 0.0
    ends = np.flatnonzero(~bright[first:])
    height = first + (ends[0] if len(ends) else len(bright))
    return float(min(height * _STEP, _TALLEST))


def _profile(picture: Rgb, places: Floats) -> tuple[Floats, Floats]:
    last = np.array(picture.shape[1::-1]) - 1
    x, y = np.clip(np.round(places), 0, last).astype(int).T
    return _luma_and_redness(picture[y, x].astype(np.float64))


def _luma_and_redness(colour: Floats) -> tuple[Floats, Floats]:
    luma = colour @ LUMA
    return luma, (colour[..., 0] - colour[..., 1]) / np.maximum(luma, 1)
