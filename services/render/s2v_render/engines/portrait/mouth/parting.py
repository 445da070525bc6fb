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
"""How much the rings of the lower lip move, from its inner edge outwards."""


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
