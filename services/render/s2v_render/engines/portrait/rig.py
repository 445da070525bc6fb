"""Spread the motion of a few hundred control points over the picture.

Two fields bend two layers, one with the upper lip and one with the lower, which part at the mouth.
Each is a regularised thin-plate spline (Bookstein, 1989) on a coarse grid. Its matrix is made once
a portrait; a frame costs two matrix products, a few steps of inversion and one resize.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from s2v_render.engines.portrait import topology as topo
from s2v_render.engines.portrait.arrays import Floats, Integers
from s2v_render.engines.portrait.expression import FaceShape
from s2v_render.engines.portrait.head import Head, Pose, neck_pivot

_CELLS_PER_EYE_DISTANCE = 26
_SMOOTHING = 2e-3
_INVERSIONS = 4
_HAIR_SHARE, _NECK_SHARE = 0.92, 0.38
_SIDE_REACH, _TOP_REACH, _BOTTOM_REACH = 2.1, 0.75, 1.5
_BORDER_FADE = 0.25
_ABOVE_MOUTH, _BELOW_MOUTH = 0.45, 0.70


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of the picture in pixels."""

    left: int
    top: int
    width: int
    height: int

    @property
    def rows(self) -> slice:
        """Its rows in the picture."""
        return slice(self.top, self.top + self.height)

    @property
    def columns(self) -> slice:
        """Its columns in the picture."""
        return slice(self.left, self.left + self.width)


@dataclass(frozen=True, slots=True)
class Layer:
    """One field: which grid rows it covers and how they follow the control points.

    Attributes:
        vertices: mesh vertices among its control points.
        matrix: control point displacement to grid displacement, float32 [rows * columns, points].
        first_row: of the grid.
        rows: how many grid rows.
    """

    vertices: Integers
    matrix: Floats
    first_row: int
    rows: int


class Rig:
    """The control points of one portrait and the fields they span inside of `region`."""

    def __init__(self, points: Floats, head: Head, shape: FaceShape, size: tuple[int, int]) -> None:
        """Take landmarks [478, 3], the head, its shape, and the picture's (width, height)."""
        local = head.to_local(points)[:468]
        self.head = head
        self.pivot = neck_pivot(local)
        self._photo = points[:468, :2]
        self._hair, self._neck = _hair_points(local), _neck_points(local)
        self.region = _region(head.to_picture(self._hair), points, head.eye_distance, size)
        self.cell = max(1, round(head.eye_distance / _CELLS_PER_EYE_DISTANCE))
        self._columns = -(-self.region.width // self.cell)
        self._rows = -(-self.region.height // self.cell)
        self._anchors = np.r_[
            head.to_picture(self._hair), head.to_picture(self._neck), _border_points(self.region)
        ]
        lips = self._photo[list(topo.UPPER_RINGS[0])]
        self.upper = self._layer(topo.UPPER_RINGS, 0, lips[:, 1].max() + self._px(_BELOW_MOUTH))
        self.lower = self._layer(
            topo.LOWER_RINGS, lips[:, 1].min() - self._px(_ABOVE_MOUTH), size[1]
        )

    def targets(self, local: Floats, pose: Pose) -> Floats:
        """Return where the mesh [468, 3] (local) lies in the picture under a pose, [468, 2]."""
        return self.head.to_picture(pose.moved(local))

    def anchor_shifts(self, pose: Pose, breath: float) -> Floats:
        """Return how far hair, neck and border points move, in pixels."""
        to_picture = self.head.to_picture
        hair = to_picture(pose.moved(self._hair, _HAIR_SHARE))
        neck = to_picture(pose.moved(self._neck, _NECK_SHARE))
        neck[:, 1] -= self._px(0.5 * breath)
        shifts: Floats = np.zeros_like(self._anchors)
        shifts[: len(hair)] = hair - self._anchors[: len(hair)]
        middle = slice(len(hair), len(hair) + len(neck))
        shifts[middle] = neck - self._anchors[middle]
        return shifts

    @property
    def grid_pixels(self) -> tuple[int, int]:
        """Height and width of the grid in pixels: the region rounded up to whole cells."""
        return self._rows * self.cell, self._columns * self.cell

    def sources(
        self, layer: Layer, targets: Floats, anchor_shifts: Floats, *, scale: float
    ) -> Floats:
        """Return, for every pixel of a layer's grid rows, how far away its source lies.

        The result is float32 [layer.rows * cell, columns * cell, 2], in 1/scale pixels.
        """
        moved = targets[layer.vertices] - self._photo[layer.vertices]
        shifts = np.concatenate([moved, anchor_shifts]).astype(np.float32)
        forward = (layer.matrix @ shifts).reshape(layer.rows, self._columns, 2)
        backward = self._inverted(forward) * np.float32(scale)
        size = (self._columns * self.cell, layer.rows * self.cell)
        full: Floats = cv2.resize(backward, size, interpolation=cv2.INTER_LINEAR)
        return full

    def _inverted(self, forward: Floats) -> Floats:
        """Turn a forward field into a backward one: b(x) = -f(x + b(x)), by fixed point."""
        rows, columns = np.indices(forward.shape[:2], np.float32)
        per_cell = 1 / self.cell
        backward = -forward
        for _ in range(_INVERSIONS):
            x = columns + backward[..., 0] * per_cell
            y = rows + backward[..., 1] * per_cell
            backward = -cv2.remap(forward, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return backward

    def _layer(self, lip_rings: tuple[tuple[int, ...], ...], top: float, bottom: float) -> Layer:
        lips = sorted({vertex for ring in lip_rings for vertex in ring})
        face = (*topo.SKULL, *topo.CHEEKS, *topo.JAWLINE, *topo.CHIN, *lips)
        vertices = np.array(list(dict.fromkeys(face)))
        first = int(np.clip((top - self.region.top) // self.cell, 0, self._rows - 2))
        last = int(np.clip((bottom - self.region.top) // self.cell, first + 1, self._rows - 1))
        grid = self._grid(first, last)
        centre, unit = self._photo[topo.NOSE_BRIDGE], self.head.eye_distance
        controls = np.r_[self._photo[vertices], self._anchors]
        matrix = _spline_matrix((controls - centre) / unit, (grid - centre) / unit)
        matrix *= _border_window(grid, self.region, self._px(_BORDER_FADE))[:, None]
        return Layer(vertices, matrix.astype(np.float32), first, last - first + 1)

    def _grid(self, first: int, last: int) -> Floats:
        """Return the centres of grid cells in rows first..last, in pixels, [cells, 2]."""
        middle = (self.cell - 1) / 2
        x = self.region.left + np.arange(self._columns) * self.cell + middle
        y = self.region.top + np.arange(first, last + 1) * self.cell + middle
        return np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)

    def _px(self, length: float) -> float:
        return length * self.head.eye_distance


def _hair_points(local: Floats) -> Floats:
    bridge = local[topo.NOSE_BRIDGE]
    reach = np.where(np.isin(topo.HAIRLINE, (topo.RIGHT_EAR, topo.LEFT_EAR)), 1.30, 1.42)
    outward = (local[list(topo.HAIRLINE)] - bridge) * reach[:, None]
    hair: Floats = bridge + outward + np.array([0.0, -0.05, 0.25])
    return hair


def _neck_points(local: Floats) -> Floats:
    chin = local[topo.CHIN_TIP]
    x = np.linspace(-0.9, 0.9, 7)
    return np.stack([x, chin[1] + 0.42 + 0.1 * np.abs(x), np.full(7, chin[2] + 0.5)], axis=1)


def _region(hair: Floats, points: Floats, unit: float, size: tuple[int, int]) -> Region:
    ends = points[[topo.FOREHEAD, topo.CHIN_TIP, topo.RIGHT_EAR, topo.LEFT_EAR], 0]
    middle = float(ends.mean())
    left = max(0, int(middle - _SIDE_REACH * unit))
    right = min(size[0], int(middle + _SIDE_REACH * unit))
    top = max(0, int(hair[:, 1].min() - _TOP_REACH * unit))
    bottom = min(size[1], int(points[topo.CHIN_TIP, 1] + _BOTTOM_REACH * unit))
    return Region(left, top, right - left, bottom - top)


def _border_points(region: Region) -> Floats:
    right, bottom = region.left + region.width, region.top + region.height
    across = np.linspace(region.left, right, 9)
    down = np.linspace(region.top, bottom, 11)[1:-1]
    sides = [np.stack([across, np.full(9, y)], axis=1) for y in (region.top, bottom)]
    sides += [np.stack([np.full(9, x), down], axis=1) for x in (region.left, right)]
    return np.concatenate(sides)


def _border_window(grid: Floats, region: Region, fade: float) -> Floats:
    """Return weights that bring the field to exactly 0 at the region's border."""
    low = np.array([region.left, region.top])
    high = low + np.array([region.width - 1, region.height - 1])
    inside = np.minimum(grid - low, high - grid).min(axis=1)
    rise = np.clip(inside / fade, 0, 1)
    weights: Floats = rise * rise * (3 - 2 * rise)
    return weights


def _spline_matrix(controls: Floats, grid: Floats) -> Floats:
    """Return the linear map from displacements at the controls to those at the grid."""
    count = len(controls)
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = _bending(controls, controls) + _SMOOTHING * np.eye(count)
    system[:count, count:] = np.c_[np.ones(count), controls]
    system[count:, :count] = system[:count, count:].T
    solved = np.linalg.inv(system)[:, :count]
    basis = np.c_[_bending(grid, controls), np.ones(len(grid)), grid]
    matrix: Floats = basis @ solved
    return matrix


def _bending(a: Floats, b: Floats) -> Floats:
    squared = ((a[:, None] - b[None]) ** 2).sum(-1)
    bending: Floats = 0.5 * squared * np.log(np.maximum(squared, 1e-12))
    return bending
