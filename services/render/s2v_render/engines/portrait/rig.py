"""Spread the motion of a few hundred control points over the picture.

Two fields bend two layers, one with the upper lip and one with the lower, which part at the mouth.
Each is a thin-plate spline on a coarse grid. Its matrix is made once
a portrait; a frame costs a product with it, a few steps of inversion and the enlarging of the grid.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from s2v.face import topology as topo
from s2v.face.arrays import Floats, Integers
from s2v_render.engines.portrait.expression import FaceShape
from s2v_render.engines.portrait.head import Head, Pose, neck_pivot, pose_of
from s2v_render.engines.portrait.motion import Motion
from s2v_render.engines.portrait.thin_plate import bending, plate_system

_CELLS_PER_EYE_DISTANCE = 22
_SMOOTHING = 2e-3
_INVERSIONS = 4
_HAIR_SHARE, _NECK_SHARE, _CHEST_SHARE = 0.92, 0.34, 0.06
_SIDE_REACH, _TOP_REACH, _BOTTOM_REACH = 2.1, 0.75, 1.5
_BORDER_FADE = 0.25
_STEEPEST = 2.0
"""How much deeper a point of the head may lie than one that is seen beside it, per distance."""
_ROOM = 0.5
"""How far from the region's border the head must end to move freely."""
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

    @property
    def area(self) -> int:
        """How many pixels it has."""
        return self.width * self.height

    def between(self, top: int, bottom: int) -> "Region":
        """Return what of it lies in the rows from top up to bottom; it may be empty."""
        first = max(self.top, top)
        last = min(self.top + self.height, bottom)
        return Region(self.left, first, self.width, max(0, last - first))


@dataclass(frozen=True, slots=True)
class Layer:
    """One field: which grid rows it covers and how they follow the control points.

    Attributes:
        vertices: mesh vertices among its control points.
        matrix: control point displacement to grid displacement, float32 [rows, columns, points].
        first_row: of the grid.
    """

    vertices: Integers
    matrix: Floats
    first_row: int


@dataclass(frozen=True, slots=True)
class Field:
    """Where one layer of one frame comes from.

    Attributes:
        sources: where in the texture each grid cell comes from, with one cell more on all sides,
            float32 [rows + 2, columns + 2, 2].
        first_row: of the grid.
        cell: its pixels.
    """

    sources: Floats
    first_row: int
    cell: int

    @property
    def top(self) -> int:
        """The first of its rows of pixels in the region."""
        return self.first_row * self.cell

    @property
    def bottom(self) -> int:
        """The row of pixels after its last one; it may lie below the region."""
        return self.top + (len(self.sources) - 2) * self.cell

    def over(self, window: Region) -> Floats:
        """Return where in the texture each pixel of a window of the region comes from, [h, w, 2].

        The cells beside the window take part, as a pixel lies between the middles of cells.
        """
        cell, top, left = self.cell, window.top - self.top, window.left
        rows = slice(top // cell, (top + window.height - 1) // cell + 3)
        columns = slice(left // cell, (left + window.width - 1) // cell + 3)
        part = self.sources[rows, columns]
        size = (part.shape[1] * cell, part.shape[0] * cell)
        full: Floats = cv2.resize(part, size, interpolation=cv2.INTER_LINEAR)
        top, left = top % cell + cell, left % cell + cell
        return full[top : top + window.height, left : left + window.width]


class Rig:
    """The control points of one portrait and the fields they span inside of `region`."""

    def __init__(self, points: Floats, head: Head, shape: FaceShape, size: tuple[int, int]) -> None:
        """Take landmarks [478, 3], the head, its shape, and the picture's (width, height)."""
        local = head.to_local(points)[:468]
        self.head = head
        self._pivot = neck_pivot(local)
        self._photo = points[:468, :2]
        self._body = _body_points(local)
        self._hair, self._face_pull = _hair_and_pull(local, head)
        self.region = _region(
            head.to_picture(self._hair), points, unit=head.eye_distance, size=size
        )
        self._freedom = _freedom(head.to_picture(self._hair), self.region, unit=head.eye_distance)
        self.cell = max(1, round(head.eye_distance / _CELLS_PER_EYE_DISTANCE))
        self._columns = -(-self.region.width // self.cell)
        self._rows = -(-self.region.height // self.cell)
        self._middles = _middles(self._rows, self._columns, self.cell)
        self._anchors = np.r_[
            head.to_picture(self._hair), head.to_picture(self._body), _border_points(self.region)
        ]
        lips = self._photo[list(topo.UPPER_RINGS[0])]
        self.upper = self._layer(
            topo.UPPER_RINGS, top=0, bottom=lips[:, 1].max() + self._px(_BELOW_MOUTH)
        )
        self.lower = self._layer(
            topo.LOWER_RINGS, top=lips[:, 1].min() - self._px(_ABOVE_MOUTH), bottom=size[1]
        )

    def pose(self, motion: Motion) -> Pose:
        """Return the head's motion, less where the picture's edge, which stays, cuts the head."""
        return pose_of(motion, self.head, pivot=self._pivot, freedom=self._freedom)

    def targets(self, local: Floats, pose: Pose) -> Floats:
        """Return where the mesh [468, 3] (local) lies in the picture under a pose, [468, 2]."""
        return self.head.to_picture(pose.moved(local + self._face_pull))

    def anchor_shifts(self, pose: Pose, breath: float) -> Floats:
        """Return how far hair, neck, chest and border points move, in pixels."""
        to_picture = self.head.to_picture
        hair = to_picture(pose.moved(self._hair, _HAIR_SHARE))
        neck, chest = np.split(self._body, 2)
        body = [pose.moved(neck, _NECK_SHARE), pose.moved(chest, _CHEST_SHARE)]
        moved = np.concatenate([hair, to_picture(np.concatenate(body))])
        moved[len(hair) :, 1] -= self._px(0.5 * breath)
        shifts: Floats = np.zeros_like(self._anchors)
        shifts[: len(moved)] = moved - self._anchors[: len(moved)]
        return shifts

    def field(
        self, layer: Layer, targets: Floats, anchor_shifts: Floats, *, scale: int = 1
    ) -> Field:
        """Return where a layer comes from if the mesh lies at `targets` [468, 2].

        The texture is the region `scale` times as large. A row of the grid is one product: small
        enough for BLAS to stay on this thread, as its own threads would wait actively and take the
        cores that draw the other frames.
        """
        moved = targets[layer.vertices] - self._photo[layer.vertices]
        shifts = np.concatenate([moved, anchor_shifts]).astype(np.float32)
        backward = self._inverted(layer.matrix @ shifts)
        sources = cv2.copyMakeBorder(backward, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
        sources += self._middles[layer.first_row : layer.first_row + len(sources)]
        sources *= scale
        sources += (scale - 1) / 2
        return Field(sources, layer.first_row, self.cell)

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

    def _layer(self, lip_rings: tuple[tuple[int, ...], ...], *, top: float, bottom: float) -> Layer:
        lips = sorted({vertex for ring in lip_rings for vertex in ring})
        face = (*topo.SKULL, *topo.CHEEKS, *topo.JAWLINE, *topo.CHIN, *lips)
        vertices = np.array(list(dict.fromkeys(face)))
        first = int(np.clip((top - self.region.top) // self.cell, 0, self._rows - 2))
        last = int(np.clip((bottom - self.region.top) // self.cell, first + 1, self._rows - 1))
        grid = self._grid(first, last)
        centre, unit = self._photo[topo.NOSE_BRIDGE], self.head.eye_distance
        controls = np.r_[self._photo[vertices], self._anchors]
        matrix = _spline_matrix((controls - centre) / unit, (grid - centre) / unit)
        matrix *= _border_window(grid, self.region, fade=self._px(_BORDER_FADE))[:, None]
        rows = matrix.astype(np.float32).reshape(last - first + 1, self._columns, -1)
        return Layer(vertices, rows, first)

    def _grid(self, first: int, last: int) -> Floats:
        """Return the centres of grid cells in rows first..last, in pixels, [cells, 2]."""
        middle = (self.cell - 1) / 2
        x = self.region.left + np.arange(self._columns) * self.cell + middle
        y = self.region.top + np.arange(first, last + 1) * self.cell + middle
        return np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)

    def _px(self, length: float) -> float:
        return length * self.head.eye_distance


def region_of(points: Floats, head: Head, size: tuple[int, int]) -> Region:
    """Return the region that a `Rig` of the same arguments has; takes no time."""
    hair, _ = _hair_and_pull(head.to_local(points)[:468], head)
    return _region(head.to_picture(hair), points, unit=head.eye_distance, size=size)


def _middles(rows: int, columns: int, cell: int) -> Floats:
    """Return where in the region the grid's cells lie, and those around it, float32."""
    y, x = np.indices((rows + 2, columns + 2), np.float32)
    middles: Floats = (np.stack([x, y], axis=-1) - 1) * cell + np.float32((cell - 1) / 2)
    return middles


def _hair_points(local: Floats) -> Floats:
    bridge = local[topo.NOSE_BRIDGE]
    reach = np.where(np.isin(topo.HAIRLINE, (topo.RIGHT_EAR, topo.LEFT_EAR)), 1.30, 1.42)
    outward = (local[list(topo.HAIRLINE)] - bridge) * reach[:, None]
    hair: Floats = bridge + outward + np.array([0.0, -0.05, 0.25])
    return hair


def _hair_and_pull(local: Floats, head: Head) -> tuple[Floats, Floats]:
    """Return the hair's points, and what brings the face forward, local [n, 3] and [468, 3]."""
    hair = _hair_points(local)
    face_pull, hair_pull = _pulls(local, hair, head)
    return hair + hair_pull, face_pull


def _pulls(local: Floats, hair: Floats, head: Head) -> tuple[Floats, Floats]:
    """Return what brings face and hair forward to a surface that is nowhere steep, local [n, 3].

    A head that is turned away hides its far side. What is hidden or seen at a sharp angle would,
    as the head turns, slide over its neighbours in the picture, where no second layer is.
    """
    lips = sorted({vertex for ring in (*topo.UPPER_RINGS, *topo.LOWER_RINGS) for vertex in ring})
    used = np.array(sorted({*topo.SKULL, *topo.CHEEKS, *topo.JAWLINE, *topo.CHIN, *lips}))
    seen = np.r_[local[used], hair] @ head.axes.T
    apart = np.linalg.norm(seen[:, None, :2] - seen[None, :, :2], axis=-1)
    nearest = (seen[:, 2] + _STEEPEST * apart).min(axis=1)
    pull = (nearest - seen[:, 2])[:, None] * head.axes[2]
    face: Floats = np.zeros_like(local)
    face[used] = pull[: len(used)]
    face[lips] = 0
    return face, pull[len(used) :]


def _body_points(local: Floats) -> Floats:
    """Return seven points across the neck and as many across the chest, local [14, 3]."""
    chin = local[topo.CHIN_TIP]
    depth = np.full(7, chin[2] + 0.5)
    x = np.linspace(-0.9, 0.9, 7)
    neck = np.stack([x, chin[1] + 0.42 + 0.1 * np.abs(x), depth], axis=1)
    chest = np.stack([2 * x, np.full(7, chin[1] + 1.0), depth], axis=1)
    return np.concatenate([neck, chest])


def _region(hair: Floats, points: Floats, *, unit: float, size: tuple[int, int]) -> Region:
    ends = points[[topo.FOREHEAD, topo.CHIN_TIP, topo.RIGHT_EAR, topo.LEFT_EAR], 0]
    middle = float(ends.mean())
    left = max(0, int(middle - _SIDE_REACH * unit))
    right = min(size[0], int(middle + _SIDE_REACH * unit))
    top = max(0, int(hair[:, 1].min() - _TOP_REACH * unit))
    bottom = min(size[1], int(points[topo.CHIN_TIP, 1] + _BOTTOM_REACH * unit))
    return Region(left, top, right - left, bottom - top)


def _freedom(hair: Floats, region: Region, *, unit: float) -> float:
    """Return how free the head is to move, 0..1, by what lies between it and what stays."""
    low = np.array([region.left, region.top])
    high = low + np.array([region.width, region.height])
    room = np.minimum(hair - low, high - hair).min() / unit
    return float(np.clip(room / _ROOM, 0, 1))


def _border_points(region: Region) -> Floats:
    right, bottom = region.left + region.width, region.top + region.height
    across = np.linspace(region.left, right, 9)
    down = np.linspace(region.top, bottom, 11)[1:-1]
    sides = [np.stack([across, np.full(9, y)], axis=1) for y in (region.top, bottom)]
    sides += [np.stack([np.full(9, x), down], axis=1) for x in (region.left, right)]
    return np.concatenate(sides)


def _border_window(grid: Floats, region: Region, *, fade: float) -> Floats:
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
    solved = np.linalg.inv(plate_system(controls, _SMOOTHING))[:, :count]
    matrix: Floats = bending(grid, controls) @ solved[:count]
    matrix += np.c_[np.ones(len(grid)), grid] @ solved[count:]
    return matrix
