"""Give the face of one picture of a video another mouth, and leave the rest of it alone."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from s2v.face import topology as topo
from s2v.face.arrays import Floats, Rgb
from s2v.lipsync.phones import Mouth
from s2v_render.engines.portrait.expression import FaceShape
from s2v_render.engines.portrait.head import Head, Pose
from s2v_render.engines.portrait.mouth.lips import Setting, join_layers, lips_of
from s2v_render.engines.portrait.mouth.paint import MouthInside
from s2v_render.engines.portrait.mouth.surface import surface_of
from s2v_render.engines.portrait.mouth.teeth import Teeth
from s2v_render.engines.portrait.rig import Region
from s2v_render.engines.portrait.video.bending import Moves, bent
from s2v_render.engines.portrait.video.shut_mouth import (
    LENT_ABOVE,
    LENT_BELOW,
    Lent,
    ShutMouth,
    lent,
)
from s2v_render.engines.portrait.video.steadying import NOISE, Held, Sitting, beyond_noise

_MARGIN = 0.42
_LEAST_SIDE, _LEAST_ROWS = 16, 4
_ALWAYS_OPEN = 1.0
"""The picture's own mouth may be open at any time: the lips' inner edge is never trusted."""
_FIXED = (2, 98, 327, 5, 129, 358, 50, 280, 123, 352, 234, 454, 93, 323)
"""Nose, cheekbones and ears, which hold still under a speaking mouth."""
_CHIN = (199, 175, 200, 18, 171, 396)
_JAW = topo.JAWLINE[2:-2]
_STILL = Pose(np.eye(3), np.zeros(3), np.zeros(3))
_MOST_GAIN, _LEAST_GAIN = 1.6, 0.35


@dataclass(frozen=True, slots=True)
class Mouthpiece:
    """What is behind the lips of a video's speaker, and the light it was seen in (0..255)."""

    inside: MouthInside
    light: float

    def under(self, light: float) -> MouthInside:
        """Return what is behind the lips under another light."""
        gain = float(np.clip(light / max(self.light, 1.0), _LEAST_GAIN, _MOST_GAIN))
        inside = self.inside
        return replace(
            inside,
            cavity=inside.cavity * gain,
            crease=inside.crease * gain,
            tongue=inside.tongue * gain,
            black=inside.black * gain,
            upper=_lit(inside.upper, gain),
            lower=_lit(inside.lower, gain),
        )


def _lit(teeth: Teeth, gain: float) -> Teeth:
    rgba = teeth.rgba.copy()
    rgba[..., :3] *= np.float32(gain)
    return replace(teeth, rgba=rgba)


def draw(sitting: Sitting, mouth: Mouth, mouthpiece: Mouthpiece, shut: ShutMouth, out: Rgb) -> None:
    """Draw a picture with another mouth into `out`, which has the picture's shape."""
    np.copyto(out, sitting.picture)
    held, shape = sitting.held, sitting.shape
    if held is None or shape is None:
        return
    targets = held.head.to_picture(_spoken(held, shape, mouth))
    region = _region(held, targets, out)
    if region is None:
        return
    lips = lips_of(targets, region, unit=held.head.eye_distance, first=0, last=region.height)
    if lips.bottom < _LEAST_ROWS or region.height - lips.top < _LEAST_ROWS:
        return  # the mouth lies beyond the picture's edge
    part = np.empty((region.height, region.width, 3), np.uint8)
    above, below = slice(0, lips.bottom), slice(lips.top, region.height)
    face = _Bent(sitting, held, targets, region, shut)
    part[above] = face.half(above, topo.UPPER_RINGS, LENT_ABOVE)
    low = face.half(below, topo.LOWER_RINGS, LENT_BELOW)
    part[lips.bottom :] = low[lips.bottom - lips.top :]
    if lips.bottom > lips.top:
        inside = mouthpiece.under(sitting.light).behind(shape)
        unit = held.head.eye_distance
        surface = surface_of(sitting.picture, held.points, unit, blur=sitting.blur)
        setting = Setting(mouth, inside, surface, _ALWAYS_OPEN, held.head, _STILL)
        beneath = np.ascontiguousarray(low[: lips.bottom - lips.top])
        join_layers(part[lips.top : lips.bottom], beneath, lips, setting)
    if sitting.presence < 1:
        own = sitting.picture[region.rows, region.columns]
        part = cv2.addWeighted(part, sitting.presence, own, 1 - sitting.presence, 0)
    out[region.rows, region.columns] = part


def _spoken(held: Held, shape: FaceShape, mouth: Mouth) -> Floats:
    """Return the local mesh [468, 3] with its own speech taken back and the mouth given to it.

    Small ways back to rest are hardly gone: they are the landmarks' noise, and would make a
    still face tremble.
    """
    own = held.head.to_local(held.points[:468])
    spoken = own + beyond_noise(shape.shut - own, NOISE)
    return spoken + shape.with_mouth(mouth) - shape.shut


@dataclass(frozen=True, slots=True)
class _Bent:
    """A face whose mouth is moved, and what it borrows where that mouth is torn open."""

    sitting: Sitting
    held: Held
    targets: Floats
    region: Region
    shut: ShutMouth

    def half(self, rows: slice, rings: tuple[tuple[int, ...], ...], part: Lent) -> Rgb:
        """Return rows of the region with one of its lips moved."""
        held, targets, region, shut = self.held, self.targets, self.region, self.shut
        own = bent(self.sitting.picture, region, _moves(held, targets, rings), rows)
        share = shut.share(self.sitting.gap)
        highest = targets[list(part.whole), 1].min() - part.margin * held.head.eye_distance
        first = max(rows.start, int(highest) - region.top)
        if share == 0 or rows.stop - first < _LEAST_ROWS:
            return own
        moving, fixed, there = _moving(rings), list(_FIXED), shut.points[:468, :2]
        moves = Moves(
            targets=np.r_[targets[moving], held.points[fixed, :2], _neck(held.head, targets)],
            sources=np.r_[there[moving], there[fixed], _neck(shut.head, there)],
            unit=held.head.eye_distance,
        )
        other = bent(shut.picture, region, moves, slice(first, rows.stop), elsewhere=True)
        mesh = targets - (region.left, region.top + first)
        mine = own[first - rows.start :]
        mine[:] = lent(mine, other, mesh, share, part, unit=held.head.eye_distance)
        return own


def _moves(held: Held, targets: Floats, rings: tuple[tuple[int, ...], ...]) -> Moves:
    moving = _moving(rings)
    fixed = held.points[list(_FIXED), :2]
    anchors = np.r_[fixed, _neck(held.head, targets)]
    return Moves(
        targets=np.r_[targets[moving], anchors],
        sources=np.r_[held.points[moving, :2], anchors],
        unit=held.head.eye_distance,
    )


def _moving(rings: tuple[tuple[int, ...], ...]) -> list[int]:
    lips = {vertex for ring in rings for vertex in ring}
    return sorted({*lips, *_JAW, *_CHIN, *topo.CHEEKS})


def _neck(head: Head, targets: Floats) -> Floats:
    """Return points under the jaw that stay."""
    down = head.axes[:2, 1] / np.linalg.norm(head.axes[:2, 1])
    jaw = targets[list(_JAW[3:-3:2])]
    return jaw + 0.42 * head.eye_distance * down


def _region(held: Held, targets: Floats, picture: Rgb) -> Region | None:
    """Return the lower face with a margin, as much of it as is in the picture."""
    moving = [*_JAW, *topo.CHEEKS, *topo.UPPER_RINGS[-1]]
    points = np.r_[held.points[moving, :2], targets[moving]]
    margin = _MARGIN * held.head.eye_distance
    low = np.maximum(points.min(axis=0) - margin, 0).astype(int)
    high = np.minimum(points.max(axis=0) + margin, picture.shape[1::-1]).astype(int)
    width, height = (int(side) for side in high - low)
    if min(width, height) < _LEAST_SIDE:
        return None
    return Region(int(low[0]), int(low[1]), width, height)
