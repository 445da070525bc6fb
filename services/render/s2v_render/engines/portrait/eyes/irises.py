"""Move the iris in an eye of the photo: it slides between the lids, the upper of which follows."""

from dataclasses import dataclass

import cv2
import numpy as np

from s2v.face.arrays import Floats
from s2v_render.engines.portrait.eyes.lid_skin import LidLines

_RIM = 0.016
"""How far inside of the lids' edges all of the eyeball moves, in eye distances."""
_WHOLE = 1.25
"""How far from its middle an iris keeps its shape, in its radii."""
_MOST_SQUEEZED, _MOST_UP_OR_DOWN = 0.5, 0.2
"""How much of the white beside the iris may be squeezed away, and how much of the eye's opening
the iris may move up or down."""
_LID_FOLLOWS = 0.7
"""How much of the iris's way up or down the edge of the upper lid goes, with its lashes."""
_LID_REACH = 0.07
"""How far above its edge the lid goes with it, in eye distances, but not into the brow."""
_LEAST_OPENING = 0.03
_MARGIN = 0.02


@dataclass(frozen=True, slots=True)
class Iris:
    """The iris of an eye of the photo, in the texture's pixels.

    Attributes:
        follows: how much each pixel goes along and across the eye with the iris, 0..1, float32
            [height, width, 2]; nothing outside of it does.
        corner: where in the texture that lies, x and y.
        axes: the eye's directions along and across as rows, [2, 2].
        least, most: how far it may move along and across, pixels, [2] each.
        low, high: what it moves in, from the middle between the eye's corners, [x, y].
    """

    follows: Floats
    corner: Floats
    axes: Floats
    least: Floats
    most: Floats
    low: Floats
    high: Floats


def iris_of(points: Floats, lines: LidLines) -> Iris:
    """Return the iris of an eye, from its five landmarks [5, 2 or more] in the texture."""
    axes = np.stack([lines.along, lines.down])
    local = (points[:, :2] - lines.corner) @ axes.T
    middle = local.mean(axis=0)
    radius = float(np.linalg.norm(local[1:] - middle, axis=1).mean())
    least, most = _ways(middle, radius, lines)
    across = (-lines.width / 2, lines.width / 2)
    down = (lines.upper.min() - _LID_REACH * lines.unit, lines.lower.max())
    outline = np.array([u * lines.along + v * lines.down for u in across for v in down])
    low, high = outline.min(axis=0), outline.max(axis=0)
    margin = _MARGIN * lines.unit
    centre = lines.corner + lines.width / 2 * lines.along
    corner = np.floor(centre + low - margin)
    width, height = np.ceil(high - low + 2 * margin).astype(int) + 1
    follows = _follows(np.indices((height, width))[::-1], corner, middle, radius, lines)
    return Iris(follows, corner, axes, least, most, low - margin, high + margin)


def looked(sources: Floats, iris: Iris, gaze: Floats) -> Floats:
    """Return where in the texture pixels come from once the iris is moved by a gaze.

    `sources` float32 [height, width, 2] says so before; `gaze` is to the right and down, pixels of
    the texture. An eye that is nearly shut, or looks aside already, moves its iris by less.
    """
    by = np.clip(iris.axes @ gaze, iris.least, iris.most)
    way = (by[:, None] * iris.axes).astype(np.float32)
    places = sources - iris.corner.astype(np.float32)
    follows = cv2.remap(iris.follows, places, None, cv2.INTER_LINEAR)
    moved: Floats = sources - follows @ way
    return moved


def _ways(middle: Floats, radius: float, lines: LidLines) -> tuple[Floats, Floats]:
    """Return how far an iris may move backwards and forwards, along and across the eye."""
    opening = float((lines.lower - lines.upper).max())
    if opening < _LEAST_OPENING * lines.unit:
        return np.zeros(2), np.zeros(2)
    before = max(float(middle[0]) - radius, 0.0)
    after = max(lines.width - float(middle[0]) - radius, 0.0)
    across = _MOST_UP_OR_DOWN * opening
    return (
        np.array([-_MOST_SQUEEZED * before, -across]),
        np.array([_MOST_SQUEEZED * after, across]),
    )


def _follows(
    pixels: Floats, corner: Floats, middle: Floats, radius: float, lines: LidLines
) -> Floats:
    """Return `Iris.follows` at pixels (x, y), [2, height, width], counted from a corner."""
    offset = np.moveaxis(pixels, 0, -1) + corner - lines.corner
    u, v = offset @ lines.along, offset @ lines.down
    upper, lower = np.interp(u, lines.u, lines.upper), np.interp(u, lines.u, lines.lower)
    whole = _WHOLE * radius
    room = np.where(u < middle[0], middle[0], lines.width - middle[0]) - whole
    beside = np.clip(1 - (np.abs(u - middle[0]) - whole) / np.maximum(room, 1), 0, 1)
    depth = np.minimum(v - upper, lower - v)
    along = beside * np.clip(depth / (_RIM * lines.unit), 0, 1)
    half = np.maximum(0.5 * (lower - upper), 1)
    lid = np.minimum(upper - np.interp(u, lines.u, lines.brow), _LID_REACH * lines.unit)
    above = _LID_FOLLOWS + (1 - _LID_FOLLOWS) * np.clip((v - upper) / half, 0, 1)
    above = above * np.clip(1 - (upper - v) / np.maximum(lid, 1), 0, 1)
    across = beside * np.minimum(above, np.clip((lower - v) / half, 0, 1))
    return np.stack([along, across], axis=-1).astype(np.float32)
