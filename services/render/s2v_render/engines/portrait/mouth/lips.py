"""Join the two layers at the mouth and paint between the lips."""

from dataclasses import dataclass

import cv2
import numpy as np

from s2v.face import topology as topo
from s2v.face.arrays import Floats, Pixels
from s2v.lipsync.phones import Mouth
from s2v_render.engines.portrait.curves import height_at, spline_matrix
from s2v_render.engines.portrait.head import Head, Pose
from s2v_render.engines.portrait.mouth.paint import MouthInside, Opening, painted
from s2v_render.engines.portrait.mouth.surface import Surface
from s2v_render.engines.portrait.rig import Region

_BAND = 0.12
_SOFTNESS = 0.014
_EDGE_BLURS = 2.5
"""How soft the edge of the lips is in blurs of the picture."""
_CHEEK_SOFTNESS = 0.08
_SIDE = 0.10
_OPEN_PHOTO = 0.02
_BITTEN = 0.012
"""How much of the lower lip lies behind the upper teeth that bite it."""
_INSET = 0.006
"""How much of the lips' inner edge is given up in a photo that shows teeth: it has their glow."""
_SPLINE = spline_matrix(len(topo.UPPER_INNER))


@dataclass(frozen=True, slots=True)
class Lips:
    """Where the lips part in one frame.

    Attributes:
        region: of the picture that everything else is relative to.
        top, bottom: rows of the region between which the layers are joined; may be empty.
        upper, lower: the lips' inner edges from corner to corner, pixels of the region, [n, 2].
        unit: the eye distance in pixels.
    """

    region: Region
    top: int
    bottom: int
    upper: Floats
    lower: Floats
    unit: float

    @property
    def columns(self) -> slice:
        """The columns of the region that the mouth may touch; may be empty."""
        both = np.r_[self.upper[:, 0], self.lower[:, 0]]
        left = int(np.clip(both.min() - _SIDE * self.unit, 0, self.region.width))
        right = int(np.clip(both.max() + _SIDE * self.unit, left, self.region.width))
        return slice(left, right)


def lips_of(targets: Floats, region: Region, *, unit: float, first: int, last: int) -> Lips:
    """Return the lips of a bent mesh [468, 2]; both layers exist in the rows first..last."""
    corner = (region.left, region.top)
    upper = _SPLINE @ (targets[list(topo.UPPER_INNER)] - corner)
    lower = _SPLINE @ (targets[list(topo.LOWER_INNER)] - corner)
    ends = np.array([0.0, region.width - 1.0])
    cheeks = (height_at(upper, ends) + height_at(lower, ends)) / 2
    heights = np.r_[upper[:, 1], lower[:, 1]]
    beside, beyond = _CHEEK_SOFTNESS / 2 * unit + 1, _margin(unit)
    highest = min(cheeks.min() - beside, heights.min() - beyond)
    lowest = max(cheeks.max() + beside, heights.max() + beyond)
    top = int(np.clip(max(highest, heights.min() - _BAND * unit), first, last))
    bottom = int(np.clip(np.ceil(min(lowest, heights.max() + _BAND * unit)) + 1, top, last))
    return Lips(region, top, bottom, upper, lower, unit)


@dataclass(frozen=True, slots=True)
class Setting:
    """What one frame needs to know to paint between the lips.

    Attributes:
        mouth: its shape.
        inside: what is behind the lips.
        surface: of the picture.
        photo_gap: the mouth's opening in the photo, in units of the eye distance.
        head: of the photo.
        pose: its motion.
    """

    mouth: Mouth
    inside: MouthInside
    surface: Surface
    photo_gap: float
    head: Head
    pose: Pose


def join_layers(above: Pixels, beneath: Pixels, lips: Lips, setting: Setting) -> None:
    """Join the lower layer into the upper one, in place; both [bottom - top, width, 4]."""
    height, width = above.shape[:2]
    columns = lips.columns
    x = np.arange(width, dtype=np.float64)
    offset = np.array([0, lips.top])
    upper = height_at(lips.upper - offset, x)
    lower = np.maximum(height_at(lips.lower - offset, x), upper)
    y = np.arange(height, dtype=np.float32)[:, None]
    middle = ((upper + lower) / 2).astype(np.float32)
    share = np.clip((y - middle) / (_CHEEK_SOFTNESS * lips.unit) + 0.5, 0, 1)
    count = columns.stop - columns.start
    if count == 0:
        cv2.blendLinear(above, beneath, 1 - share, share, above)
        return
    rows = _rows(upper[columns], lower[columns], height=height, margin=_margin(lips.unit))
    over, under = (layer[rows, columns, :3].astype(np.float32) for layer in (above, beneath))
    from_side = np.minimum(np.arange(1, count + 1), np.arange(count, 0, -1))
    weight = np.clip(from_side / (0.08 * lips.unit), 0, 1).astype(np.float32)
    share[: rows.start, columns] *= 1 - weight
    share[rows.stop :, columns] += (1 - share[rows.stop :, columns]) * weight
    cv2.blendLinear(above, beneath, 1 - share, share, above)
    opening = Opening(
        left=lips.region.left + columns.start,
        top=lips.region.top + lips.top + rows.start,
        upper=upper[columns] - rows.start,
        lower=lower[columns] - rows.start,
        height=rows.stop - rows.start,
        place=lambda points: setting.head.to_picture(setting.pose.moved(points)),
        axes=(setting.head.axes @ setting.pose.turn)[:2, :2] * setting.head.eye_distance,
    )
    if opening.height == 0:
        return
    sharp = _parted(over, under, opening, lips, setting)
    soft = above[rows, columns, :3].astype(np.float32)
    soft += (sharp - soft) * weight[:, None]
    soft += 0.5
    above[rows, columns, :3] = np.clip(soft, 0, 255, out=soft)


def _margin(unit: float) -> float:
    """Return how far around the opening its edges are drawn, in pixels."""
    return 3 + 0.03 * unit


def _rows(upper: Floats, lower: Floats, *, height: int, margin: float) -> slice:
    first = int(np.clip(upper.min() - margin, 0, height))
    return slice(first, int(np.clip(lower.max() + margin, first, height)))


def _parted(over: Floats, under: Floats, opening: Opening, lips: Lips, setting: Setting) -> Floats:
    """Return the two lips and what is seen between them, float32 RGB."""
    inset = _INSET * lips.unit if setting.photo_gap > _OPEN_PHOTO else 0.0
    upper, lower = _covers(opening, lips, inset, blur=setting.surface.blur, tuck=setting.mouth.tuck)
    behind = painted(setting.inside, opening, setting.mouth)
    behind = setting.surface.applied(behind, (opening.left, opening.top), lips.unit)
    total = np.maximum(upper + lower, 1)[..., None]
    parted: Floats = behind * np.maximum(1 - upper - lower, 0)[..., None]
    parted += (over * upper[..., None] + under * lower[..., None]) / total
    return parted


def _covers(
    opening: Opening, lips: Lips, inset: float, *, blur: float, tuck: float
) -> tuple[Floats, Floats]:
    """Return how much of each pixel the upper and the lower lip cover, [height, width] each."""
    x = opening.left - lips.region.left + np.arange(len(opening.upper))
    first, last = lips.upper[0, 0], lips.upper[-1, 0]
    along = np.clip((2 * x - first - last) / max(last - first, 1.0), -1, 1)
    give = inset * (1 - along**4)
    y = np.arange(opening.height, dtype=np.float32)[:, None]
    softness = max(1.0, _SOFTNESS * lips.unit, _EDGE_BLURS * blur)
    upper_edge, lower_edge = opening.upper - give, opening.lower + give
    upper = np.clip((upper_edge - y) * _steepness(upper_edge) / softness + 0.5, 0, 1)
    lower_edge = lower_edge + _BITTEN * lips.unit * tuck * (1 - along**4)
    lower = np.clip((y - lower_edge) * _steepness(lower_edge) / softness + 0.5, 0, 1)
    return upper.astype(np.float32), lower.astype(np.float32)


def _steepness(edge: Floats) -> Floats:
    """Return the cosine of an edge's slope, which turns heights into distances."""
    if len(edge) < 2:
        return np.ones(len(edge))
    cosine: Floats = 1 / np.hypot(1, np.gradient(edge))
    return cosine
