"""Move the iris in an eye of the photo: what shows of the eyeball slides between still lids."""

from dataclasses import dataclass

import cv2
import numpy as np

from s2v.face.arrays import Floats
from s2v_render.engines.portrait.eyes.lid_skin import LidLines

_RIM = 0.016
"""How far inside of the lids' edges all of the eyeball moves, in eye distances."""
_SQUEEZED = 0.5
"""How much of the white beside the iris may be squeezed away at most."""
_LEAST_OPENING = 0.03
_MARGIN = 0.02


@dataclass(frozen=True, slots=True)
class Iris:
    """The iris of an eye of the photo, in the texture's pixels.

    Attributes:
        middle: along and across the eye, as u and v of its lines.
        radius: of it.
        low, high: what it moves in, from the middle between the eye's corners, [x, y].
    """

    middle: Floats
    radius: float
    low: Floats
    high: Floats


def iris_of(points: Floats, lines: LidLines) -> Iris:
    """Return the iris of an eye, from its five landmarks [5, 2 or more] in the texture."""
    offset = points[:, :2] - lines.corner
    local = np.stack([offset @ lines.along, offset @ lines.down], axis=1)
    middle = local.mean(axis=0)
    radius = float(np.linalg.norm(local[1:] - middle, axis=1).mean())
    across = (-lines.width / 2, lines.width / 2)
    down = (lines.upper.min(), lines.lower.max())
    outline = np.array([u * lines.along + v * lines.down for u in across for v in down])
    margin = _MARGIN * lines.unit
    return Iris(middle, radius, outline.min(axis=0) - margin, outline.max(axis=0) + margin)


def looked(sources: Floats, iris: Iris, lines: LidLines, gaze: Floats) -> Floats:
    """Return where in the texture pixels come from once the iris is moved by a gaze.

    `sources` [height, width, 2] says so before; `gaze` is to the right and down, pixels of the
    texture. An eye that is nearly shut, or looks aside already, moves its iris by less.
    """
    u, v = _along(sources, lines)
    column = u - np.float32(lines.u[0])
    table = np.dstack([lines.upper, lines.lower]).astype(np.float32)
    zero = np.zeros_like(column)
    lids = cv2.remap(table, column, zero, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    upper, lower = lids[..., 0], lids[..., 1]
    by = _limited(np.array([gaze @ lines.along, gaze @ lines.down]), iris, lines)
    at = iris.middle + by
    room = np.where(u < at[0], at[0], lines.width - at[0]) - iris.radius
    beside = np.clip(1 - (np.abs(u - at[0]) - iris.radius) / np.maximum(room, 1), 0, 1)
    depth = np.minimum(v - upper, lower - v)
    sideways = beside * np.clip(depth / (_RIM * lines.unit), 0, 1)
    vertically = beside * np.clip(depth / np.maximum(0.5 * (lower - upper), 1), 0, 1)
    along = lines.along.astype(np.float32) * np.float32(by[0])
    down = lines.down.astype(np.float32) * np.float32(by[1])
    moved: Floats = sources - sideways[..., None] * along - vertically[..., None] * down
    return moved.astype(np.float32)


def _along(sources: Floats, lines: LidLines) -> tuple[Floats, Floats]:
    offset = sources - lines.corner.astype(np.float32)
    return offset @ lines.along.astype(np.float32), offset @ lines.down.astype(np.float32)


def _limited(by: Floats, iris: Iris, lines: LidLines) -> Floats:
    """Return as much of a motion along and across the eye as there is room for."""
    opening = float((lines.lower - lines.upper).max())
    if opening < _LEAST_OPENING * lines.unit:
        return np.zeros(2)
    left = max(iris.middle[0] - iris.radius, 0.0)
    right = max(lines.width - iris.middle[0] - iris.radius, 0.0)
    along = np.clip(by[0], -_SQUEEZED * left, _SQUEEZED * right)
    return np.array([along, np.clip(by[1], -0.2 * opening, 0.2 * opening)])
