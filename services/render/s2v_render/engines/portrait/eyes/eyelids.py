"""Shut the eyes: the upper lid rolls down over the eye, the lower one comes up to meet it."""

from dataclasses import dataclass

import cv2
import numpy as np

from s2v.face import topology as topo
from s2v.face.arrays import Floats, Pixels, Rgb
from s2v_render.engines.portrait.curves import spline_matrix
from s2v_render.engines.portrait.eyes.irises import Iris, iris_of
from s2v_render.engines.portrait.eyes.lid_skin import LidLines, LidSkin, lid_skin

_MEETING = 0.78
"""Where the lids of a shut eye meet, from the open eye's upper lid to its lower one."""
_HIDDEN_RIM = 0.024
"""How much of the lower lid, with its wet rim, goes under the upper one, in eye distances."""
_LOWER_REACH = 0.13
"""How far below the lower lid the skin follows it."""
_FOLD = 0.02
"""How softly the lid comes out from under its fold."""
_HIDING = 0.03
"""How far the upper lid must come down to hide all of that, in eye distances."""
_SWITCHED = 0.1
"""How far the eyes shut while the photo's lid becomes the rolled one."""
_CORNER_FADE = 0.08
_OUTPUT_PIXEL = 2.0
"""The size of a pixel of the film in the texture."""
_MARGIN = 0.03
"""What is added on all sides of a moved eye, which may also be turned, in eye distances."""
_BEYOND_CORNERS = 0.22
"""How far past the corners of the eye the lid reaches, in its widths, and is faded in."""
_PAST_CORNER, _TAPER = 0.06, 0.10
"""The eye is open from so far outside of its corners on, and fully open after the second more."""
_LARGEST_OPENING, _UNLIKE_CHEEK = 0.128, 0.35
"""People's eyes are at most so far open, in eye distances, and what lies below them is at most so
unlike the cheek, as a share of its colour."""
_BELOW_EYE, _LOOKED_AT = (0.045, 0.16), 0.02
_RIGHT = (topo.RIGHT_EYE_UPPER, topo.RIGHT_EYE_LOWER, topo.RIGHT_FOLD, topo.RIGHT_UNDER_BROW)
_LEFT = (topo.LEFT_EYE_UPPER, topo.LEFT_EYE_LOWER, topo.LEFT_FOLD, topo.LEFT_UNDER_BROW)


@dataclass(frozen=True, slots=True)
class Eye:
    """An eye of the photo, in the texture's pixels.

    Attributes:
        lines: where its lids, fold and brow run.
        skin: of the upper lid.
        iris: of it.
        low, high: what a blink changes, from the middle between the corners, [x, y].
    """

    lines: LidLines
    skin: LidSkin
    iris: Iris
    low: Floats
    high: Floats


def eyes_of(texture: Pixels, points: Floats, eye_distance: float) -> tuple[Eye, Eye]:
    """Return both eyes of a texture from landmarks [478, 2 or more] in its pixels."""
    face_down = points[topo.CHIN_TIP, :2] - points[topo.FOREHEAD, :2]

    def eye(rings: tuple[tuple[int, ...], ...], iris: slice) -> Eye:
        curves = [points[list(ring), :2] for ring in rings]
        lines = _lines(curves, face_down=face_down, eye_distance=eye_distance)
        return Eye(lines, lid_skin(texture, lines), iris_of(points[iris], lines), *_reach(lines))

    return eye(_RIGHT, topo.RIGHT_IRIS), eye(_LEFT, topo.LEFT_IRIS)


def are_drawn(picture: Rgb, points: Floats, eye_distance: float) -> bool:
    """Tell whether eyes under landmarks [478, 3] are larger than people's, as drawn ones are.

    The mesh lays lids of a usual size over them, below which such an eye goes on.
    """
    face_down = points[topo.CHIN_TIP, :2] - points[topo.FOREHEAD, :2]
    down = face_down * (eye_distance / np.linalg.norm(face_down))
    openings, unlike = [], []
    for upper, lower in (
        (topo.RIGHT_EYE_UPPER[4], topo.RIGHT_EYE_LOWER[4]),
        (topo.LEFT_EYE_UPPER[4], topo.LEFT_EYE_LOWER[4]),
    ):
        lid = points[lower, :2]
        openings.append(np.linalg.norm(lid - points[upper, :2]) / eye_distance)
        below, cheek = (
            _colour_at(picture, lid + share * down, reach=_LOOKED_AT * eye_distance)
            for share in _BELOW_EYE
        )
        unlike.append(np.abs(below - cheek).sum() / max(cheek.sum(), 1.0))
    return bool(np.mean(openings) > _LARGEST_OPENING and min(unlike) > _UNLIKE_CHEEK)


def _colour_at(picture: Rgb, place: Floats, *, reach: float) -> Floats:
    """Return the usual colour around a place, 0..255 RGB."""
    half = max(2, int(reach))
    most = np.array(picture.shape[1::-1]) - half
    x, y = np.clip(place, half, np.maximum(most, half)).astype(int)
    colour: Floats = np.median(
        picture[y - half : y + half, x - half : x + half].reshape(-1, 3), axis=0
    )
    return colour


def shut_eye(picture: Pixels, sources: Floats, texture: Pixels, eye: Eye, *, amount: float) -> None:
    """Draw one eye shut by an amount 0..1 into a picture [height, width, 4].

    `sources` [height, width, 2] tells for each pixel where in the texture it came from.
    """
    lines = eye.lines
    offset = sources - lines.corner.astype(np.float32)
    u, v = offset @ lines.along.astype(np.float32), offset @ lines.down.astype(np.float32)
    column = u - np.float32(lines.u[0])
    upper, lower, crease, roof = _heights(lines, column)
    height = amount * (lower - upper)
    edge = upper + _MEETING * height
    to_corner = np.minimum(u, lines.width - u) / lines.width
    lid_only = np.clip((to_corner + _BEYOND_CORNERS) / _CORNER_FADE, 0, 1)
    lid_only *= min(amount / _SWITCHED, 1)
    whole = picture.astype(np.float32)
    rise = (1 - _MEETING) * height
    hidden = amount * np.minimum((edge - upper) * (_HIDDEN_RIM / _HIDING), _HIDDEN_RIM * lines.unit)
    _raise_lower_lid(whole, texture, sources, lines, below=v - lower + rise, rise=rise + hidden)
    rolled = eye.skin.raised + (eye.skin.lowered - eye.skin.raised) * np.float32(amount)
    row = eye.skin.edge - 0.5 + edge - v
    lid = cv2.remap(rolled, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    under = np.clip((v - roof) / (1.3 * (crease - roof) + _FOLD * lines.unit), 0, 1)
    cover = lid[..., 3] * lid_only * (under * under * (3 - 2 * under))
    cover *= np.clip(row + 1, 0, 1)
    whole[..., :3] += (lid[..., :3] - whole[..., :3]) * cover[..., None]
    np.copyto(picture, np.clip(whole + 0.5, 0, 255), casting="unsafe")


def _raise_lower_lid(
    whole: Floats, texture: Pixels, at: Floats, lines: LidLines, *, below: Floats, rise: Floats
) -> None:
    """Draw what lies `below` the raised lower lid's edge, moved up by a rise, in place."""
    follow = np.clip(1 - below / (_LOWER_REACH * lines.unit), 0, 1)
    by = rise * (follow * follow * (3 - 2 * follow))
    places = at + by[..., None] * lines.down.astype(np.float32)
    skin = cv2.remap(texture, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    cover = np.clip(below / _OUTPUT_PIXEL + 1, 0, 1) * (by > 0)
    whole += (skin - whole) * cover[..., None]


def _heights(lines: LidLines, column: Floats) -> tuple[Floats, ...]:
    """Return upper, lower, crease, and where the lid fades in over it, at columns [h, w]."""
    roof = lines.crease - 0.3 * (lines.crease - lines.brow)
    table = np.dstack([lines.upper, lines.lower, lines.crease, roof]).astype(np.float32)
    zero = np.zeros_like(column)
    found = cv2.remap(table, column, zero, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return tuple(found[..., index] for index in range(4))


def _reach(lines: LidLines) -> tuple[Floats, Floats]:
    """Return the low and the high corner of a box about what a blink changes."""
    across = (lines.u[0] - lines.width / 2, lines.u[-1] - lines.width / 2)
    down = (lines.brow.min(), lines.lower.max() + _LOWER_REACH * lines.unit)
    ends = np.array([x * lines.along + y * lines.down for x in across for y in down])
    margin = _MARGIN * lines.unit
    return ends.min(axis=0) - margin, ends.max(axis=0) + margin


def _lines(curves: list[Floats], *, face_down: Floats, eye_distance: float) -> LidLines:
    """Straighten the curves of upper lid, lower lid, fold and brow, each [n, 2]."""
    corner = curves[0][0]
    width = float(np.linalg.norm(curves[0][-1] - corner))
    along = (curves[0][-1] - corner) / width
    down = np.array([-along[1], along[0]])
    down = down if down @ face_down > 0 else -down
    frame = np.stack([along, down], axis=1)
    u = np.arange(-_BEYOND_CORNERS * width, (1 + _BEYOND_CORNERS) * width)
    upper, lower, crease, brow = (
        np.interp(u, *_rising(spline_matrix(len(curve)) @ ((curve - corner) @ frame)))
        for curve in curves
    )
    inside = np.clip((np.minimum(u, width - u) / width + _PAST_CORNER) / _TAPER, 0, 1)
    return LidLines(
        corner=corner,
        along=along,
        down=down,
        u=u,
        upper=upper,
        lower=upper + np.maximum(lower - upper, 0) * (inside * inside * (3 - 2 * inside)),
        crease=np.minimum(crease, upper - 1),
        brow=np.minimum(brow, crease - 1),
        width=width,
        unit=eye_distance,
    )


def _rising(curve: Floats) -> tuple[Floats, Floats]:
    ordered = curve[np.argsort(curve[:, 0], kind="stable")]
    return ordered[:, 0], ordered[:, 1]
