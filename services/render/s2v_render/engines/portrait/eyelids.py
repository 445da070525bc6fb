"""Shut the eyes: the upper lid is drawn down over the eye, its lashes with it."""

from dataclasses import dataclass

import cv2
import numpy as np

from s2v_render.engines.portrait import topology as topo
from s2v_render.engines.portrait.arrays import Floats, Pixels
from s2v_render.engines.portrait.curves import spline_matrix

_MEETING = 0.76
"""Where the lids of a shut eye meet, from the open eye's upper lid to its lower one."""
_LOWER_REACH = 0.14
"""How far below the lower lid the skin follows it."""
_STREAKS = 0.12
"""How wide the skin is smoothed where stretching would leave streaks, in widths of the eye."""
_LASHES = 0.016
_LASH_REACH = 0.05
"""How far over the lid's edge lashes and their shadow may lie, which must not be stretched."""
_SHADE = 0.5
_BOX = 0.85


@dataclass(frozen=True, slots=True)
class Eye:
    """An eye of the photo, in the texture's pixels; `u` runs along it, `v` down across it.

    Attributes:
        corner: where u and v are 0, shape [2].
        along: unit vector of u.
        down: unit vector of v.
        width: u of the other corner.
        u: sample places, shape [n], rising.
        upper: v of the upper lid there.
        lower: v of the lower lid there.
        lid_height: how high the skin of the lid reaches over the upper lid's edge.
        lashes: thickness of the lash line.
        lash_reach: how far above the edge the skin moves without being stretched.
        lower_reach: how far below the edge the skin of the lower lid moves.
    """

    corner: Floats
    along: Floats
    down: Floats
    width: float
    u: Floats
    upper: Floats
    lower: Floats
    lid_height: float
    lashes: float
    lash_reach: float
    lower_reach: float


def eyes_of(points: Floats, eye_distance: float) -> tuple[Eye, Eye]:
    """Return both eyes from landmarks [n, 2 or more] in the texture's pixels."""
    face_down = points[topo.CHIN_TIP, :2] - points[topo.FOREHEAD, :2]

    def eye(upper: tuple[int, ...], lower: tuple[int, ...], brow: tuple[int, ...]) -> Eye:
        lines = (points[list(indices), :2] for indices in (upper, lower, brow))
        return _eye(*lines, face_down=face_down, eye_distance=eye_distance)

    return (
        eye(topo.RIGHT_EYE_UPPER, topo.RIGHT_EYE_LOWER, topo.RIGHT_BROW),
        eye(topo.LEFT_EYE_UPPER, topo.LEFT_EYE_LOWER, topo.LEFT_BROW),
    )


def shut_eye(picture: Pixels, sources: Floats, texture: Pixels, eye: Eye, amount: float) -> None:
    """Draw one eye shut by an amount 0..1 into a picture [height, width, 4].

    `sources` [height, width, 2] tells for each pixel where in the texture it came from.
    """
    box = _box(sources, eye)
    if box is None:
        return
    rows, columns = box
    at = sources[rows, columns]
    offset = at - eye.corner.astype(np.float32)
    u, v = offset @ eye.along.astype(np.float32), offset @ eye.down.astype(np.float32)
    upper = np.interp(u, eye.u, eye.upper)
    height = (np.interp(u, eye.u, eye.lower) - upper) * amount
    drop = _MEETING * height
    edge = upper + drop
    crease = upper - eye.lid_height
    skin = edge - eye.lash_reach
    stretch = eye.lid_height - eye.lash_reach
    drawn = crease + (v - crease) * stretch / np.maximum(skin - crease, 1e-3)
    origin = np.where(v > skin, v - drop, np.where(v < crease, v, drawn))
    lid = _moved(texture, at, eye, origin - v)
    width = max(1, round(_STREAKS * eye.width * len(at) / float(np.ptp(at[..., 1]) + 1)))
    streakless = cv2.blur(lid, (width, 1), borderType=cv2.BORDER_REPLICATE)
    stretched = np.clip((skin - v) / eye.lashes, 0, 1) * np.clip((v - crease) / eye.lashes, 0, 1)
    stretched = stretched * np.clip(3 * drop / eye.lid_height, 0, 1)
    lid += (streakless - lid) * stretched[..., None]
    follow = np.clip(1 - (v - edge) / eye.lower_reach, 0, 1)
    under = _moved(texture, at, eye, (1 - _MEETING) * height * follow * follow * (3 - 2 * follow))
    pixel = 2.0
    cover = np.clip((edge + 0.4 * eye.lashes - v) / pixel + 0.5, 0, 1)
    lashes = np.exp(-(((v - edge) / eye.lashes) ** 2)) * np.clip(4 * drop / eye.width * 2.5, 0, 1)
    blended = under + (lid - under) * cover[..., None]
    blended[..., :3] *= (1 - _SHADE * lashes)[..., None]
    picture[rows, columns] = (blended + 0.5).astype(np.uint8)


def _moved(texture: Pixels, at: Floats, eye: Eye, by: Floats) -> Floats:
    """Sample the texture so far below the places `at`, float32."""
    places = (at + by[..., None] * eye.down).astype(np.float32)
    pixels = cv2.remap(texture, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    sampled: Floats = pixels.astype(np.float32)
    return sampled


def _eye(
    upper: Floats, lower: Floats, brow: Floats, *, face_down: Floats, eye_distance: float
) -> Eye:
    corner = upper[0]
    width = float(np.linalg.norm(upper[-1] - corner))
    along = (upper[-1] - corner) / width
    down = np.array([-along[1], along[0]])
    down = down if down @ face_down > 0 else -down
    frame = np.stack([along, down], axis=1)
    dense = spline_matrix(len(upper))
    upper_uv = dense @ ((upper - corner) @ frame)
    lower_uv = dense @ ((lower - corner) @ frame)
    brow_v = float(((brow - corner) @ frame)[:, 1].mean())
    u = np.linspace(0, width, 48)
    upper_v = np.interp(u, *_rising(upper_uv))
    lower_v = np.interp(u, *_rising(lower_uv))
    lid_height = max((float(upper_v.min()) - brow_v) * 0.62, 0.12 * width)
    return Eye(
        corner=corner,
        along=along,
        down=down,
        width=width,
        u=u,
        upper=upper_v,
        lower=np.maximum(lower_v, upper_v),
        lid_height=lid_height,
        lashes=_LASHES * eye_distance,
        lower_reach=_LOWER_REACH * eye_distance,
        lash_reach=min(_LASH_REACH * eye_distance, 0.5 * lid_height),
    )


def _rising(curve: Floats) -> tuple[Floats, Floats]:
    ordered = curve[np.argsort(curve[:, 0], kind="stable")]
    return ordered[:, 0], ordered[:, 1]


def _box(sources: Floats, eye: Eye) -> tuple[slice, slice] | None:
    """Return rows and columns around the eye, which has moved little from the photo's place."""
    per_pixel = float(sources[0, 1, 0] - sources[0, 0, 0]) or 1.0
    centre = eye.corner + eye.along * eye.width / 2 - sources[0, 0]
    reach = _BOX * eye.width
    low = np.maximum((centre - reach) / per_pixel, 0).astype(int)
    high = np.minimum((centre + reach) / per_pixel, sources.shape[1::-1]).astype(int)
    if (high <= low).any():
        return None
    return slice(low[1], high[1]), slice(low[0], high[0])
