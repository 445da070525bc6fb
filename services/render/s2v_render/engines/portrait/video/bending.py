"""Bend a part of one picture along a few moved points, with nothing made ready beforehand.

A thin-plate spline goes straight from where the points shall lie to
where they come from, so that nothing has to be inverted. It is solved anew for every picture: a
mouth that already speaks never stands where it stood before.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from s2v.face.arrays import Floats, Rgb
from s2v_render.engines.portrait.rig import Region
from s2v_render.engines.portrait.thin_plate import bending, plate_system

_CELLS_PER_EYE_DISTANCE = 14
_SMOOTHING = 5e-4
_BORDER_FADE = 0.22


@dataclass(frozen=True, slots=True)
class Moves:
    """Points that move and points that stay, in pixels; better no more than 96.

    A system of 100 and more wakes BLAS's own threads, which wait actively and take the cores that
    draw the other frames.

    Attributes:
        targets: where points shall lie, shape [points, 2].
        sources: where they lie now.
        unit: the eye distance.
    """

    targets: Floats
    sources: Floats
    unit: float


def bent(
    picture: Rgb, region: Region, moves: Moves, rows: slice, *, elsewhere: bool = False
) -> Rgb:
    """Return rows of a region of the picture after the moves.

    Nothing moves at its border, unless `elsewhere`: then another picture is brought to its place.
    """
    places = _places(region, moves, rows, elsewhere=elsewhere)
    part: Rgb = cv2.remap(picture, places, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return part


def _places(region: Region, moves: Moves, rows: slice, *, elsewhere: bool) -> Floats:
    """Return where each pixel comes from, float32 [rows, width, 2]."""
    cell = max(2, round(moves.unit / _CELLS_PER_EYE_DISTANCE))
    first, last = rows.start // cell, -(-rows.stop // cell)
    columns = -(-region.width // cell)
    x = (np.arange(columns) + 0.5) * cell - 0.5
    y = (np.arange(first, last) + 0.5) * cell - 0.5
    grid = np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)
    corner = np.array([region.left, region.top])
    centre = corner + np.array([region.width, region.height]) / 2
    shifts = _spline(
        (moves.targets - centre) / moves.unit,
        moves.sources - moves.targets,
        (grid + corner - centre) / moves.unit,
    )
    if not elsewhere:
        shifts *= _window(grid, region, fade=_BORDER_FADE * moves.unit)[:, None]
    coarse = shifts.astype(np.float32).reshape(last - first, columns, 2)
    size = (columns * cell, (last - first) * cell)
    fine = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
    top = rows.start - first * cell
    places = fine[top : top + rows.stop - rows.start, : region.width]
    places[..., 0] += np.arange(region.left, region.left + region.width, dtype=np.float32)
    down = np.arange(rows.start, rows.stop, dtype=np.float32) + region.top
    places[..., 1] += down[:, None]
    return np.ascontiguousarray(places)


def _spline(controls: Floats, shifts: Floats, grid: Floats) -> Floats:
    """Return the shifts [cells, 2] at a grid that those at the controls span."""
    count = len(controls)
    system = plate_system(controls, _SMOOTHING)
    weights = np.linalg.solve(system, np.r_[shifts, np.zeros((3, 2))]).astype(np.float32)
    basis = bending(grid.astype(np.float32), controls.astype(np.float32))
    spread: Floats = basis @ weights[:count] + weights[count]
    spread += grid.astype(np.float32) @ weights[count + 1 :]
    return spread


def _window(grid: Floats, region: Region, *, fade: float) -> Floats:
    """Return weights that bring the shifts to 0 at the region's border."""
    high = np.array([region.width - 1, region.height - 1])
    inside = np.minimum(grid, high - grid).min(axis=1)
    rise = np.clip(inside / fade - 0.1, 0, 1)
    weights: Floats = rise * rise * (3 - 2 * rise)
    return weights
