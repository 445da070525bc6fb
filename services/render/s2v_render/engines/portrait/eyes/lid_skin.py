"""Make the skin and the lashes of a shut eye from what the photo of the open one shows.

An open eye hides most of its lid. What the photo shows of it, down to the lashes, is kept; above
that comes skin in the colours of the strip under the brow, shaded like the ball that it lies on,
with the grain of the cheek. The lashes above the open eye's edge are turned down below the edge.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from s2v.face.arrays import Floats, Pixels

_LASHES = 0.045
"""How far lashes and their shadow reach from the lid's edge, in eye distances."""
_LINE = 0.007
"""The line where shut lids meet, in eye distances."""
_LINE_OPACITY = 0.75
_LASH_DARKNESS = 0.55
"""The line is at least this dark a shade of the skin, for it lies in a fold."""
_DARKEST = 0.76
"""Of the cheek's brightness; a darker strip under the brow is brow or shadow and not skin."""
_CHEEK_STARTS, _CHEEK_HEIGHT = 0.07, 0.09
_GRAIN = 0.012
_STREAK = 0.06
"""How wide colours are smoothed along the lid, in widths of the eye."""
_HAIRS, _BLUR = 0.12, 0.03
"""How wide dark hairs may be that are no skin, and how soft skin is, in widths of the eye."""
_DARKEST_LID, _HUE_OF_STRIP = 0.95, 0.7
"""How bright a lid is at least, of the strip under the brow, and how much of that one's hue it has:
an open eye shows little of its lid but shadow and the glow of its lashes."""
_PAST_CORNER, _TAPER = 0.08, 0.18
"""The lid is the photo's own from so far outside of the corners, and only after the second not."""
_LASHES_PAST_CORNER, _LASHES_TAPER = 0.04, 0.10
_BULGE = 0.22
_LONGEST_HAIRS = 0.06
"""How thick lashes beside the eye may be together, in eye distances."""
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, slots=True)
class LidLines:
    """The lines about an eye of the photo, in the texture's pixels: v over u, arrays [n].

    Attributes:
        corner: where u and v are 0, shape [2].
        along: unit vector of u.
        down: unit vector of v.
        u: places along the eye, one pixel apart.
        upper, lower: the edges of the lids.
        crease: the fold over the upper lid.
        brow: the lower edge of the brow.
        width: of the eye.
        unit: the eye distance.
    """

    corner: Floats
    along: Floats
    down: Floats
    u: Floats
    upper: Floats
    lower: Floats
    crease: Floats
    brow: Floats
    width: float
    unit: float


@dataclass(frozen=True, slots=True)
class LidSkin:
    """The upper lid unrolled: float32 [rows, columns, 4], its last row the furthest up.

    Attributes:
        raised: RGB and opacity with the lashes up as in the photo.
        lowered: the same with the lashes down over the cheek.
        edge: the row of the lid's edge; rows before it hold what hangs below the edge.
    """

    raised: Floats
    lowered: Floats
    edge: int


def lid_skin(texture: Pixels, lines: LidLines) -> LidSkin:
    """Unroll the upper lid of an eye of the texture [height, width, 4]."""
    reach = max(2, round(_LASHES * lines.unit))
    visible = np.maximum(lines.upper - lines.crease, 1.0)
    whole = visible + lines.lower - lines.upper + 1
    above = np.arange(int(np.ceil(whole.max())) + 2, dtype=np.float32)[:, None]
    photo = _sampled(texture, lines, lines.upper - above)
    cheek = _cheek(texture, lines)
    skin = _hidden_skin(texture, lines, cheek, up=above / whole)
    grain = _grain(cheek, lines, rows=len(photo))
    to_corner = np.minimum(lines.u, lines.width - lines.u) / lines.width
    middle = _smooth((to_corner + _PAST_CORNER) / _TAPER).astype(np.float32)
    shown = (1 - _smooth((above / visible - 0.45) / 0.5) * middle)[..., None]
    clean = np.maximum(_along(photo, lines), 0.94 * skin)
    clean += (_without_hairs(photo, lines) - clean) * (1 - middle)[:, None]
    lashes, opacity = _lashes(photo[:reach], skin[:reach], reach=reach, line=_LINE * lines.unit)
    opacity = opacity * _smooth((to_corner + _LASHES_PAST_CORNER) / _LASHES_TAPER)
    raised = skin + grain + (photo - skin - grain) * shown
    lowered = skin + (clean - skin) * shown + grain * middle[:, None]
    line = (opacity * _near(reach, lines))[..., None]
    lowered[:reach] += (lashes - lowered[:reach]) * line
    hanging = np.dstack([np.broadcast_to(lashes, (reach, *lashes.shape[1:])), opacity])[::-1]
    opaque = np.ones((*photo.shape[:2], 1), np.float32)
    lifted = hanging * np.array([1, 1, 1, 0], np.float32)
    return LidSkin(
        raised=np.concatenate([lifted, np.dstack([raised, opaque])]).astype(np.float32),
        lowered=np.concatenate([hanging, np.dstack([lowered, opaque])]).astype(np.float32),
        edge=reach,
    )


def _without_hairs(photo: Floats, lines: LidLines) -> Floats:
    """Return the photo beside the eye without the lashes, which point up beyond the corners."""
    side = max(3, round(_LONGEST_HAIRS * lines.unit)) | 1
    bare = cv2.morphologyEx(
        photo, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8), borderType=cv2.BORDER_REPLICATE
    )
    soft: Floats = cv2.GaussianBlur(bare, (0, 0), side / 6, borderType=cv2.BORDER_REPLICATE)
    return soft


def _near(reach: int, lines: LidLines) -> Floats:
    """Return how much of the lash line also lies above the edge, [reach, 1]."""
    near: Floats = np.exp(-((np.arange(reach) / (_LINE * lines.unit)) ** 2))[:, None]
    return near


def _hidden_skin(texture: Pixels, lines: LidLines, cheek: Floats, *, up: Floats) -> Floats:
    """Paint skin for the whole lid; `up` is 0 at the edge and 1 at the fold, [rows, columns]."""
    bright = _along(np.median(cheek, axis=0)[None], lines)
    strip = _raised(_brow_strip(texture, lines), bright, least=_DARKEST)
    visible = lines.upper - lines.crease
    low = lines.upper - np.minimum(_LASHES * lines.unit, 0.6 * visible)
    photo = _sampled(texture, lines, low + (lines.crease - low) * np.clip(up, 0, 1))
    hairs = np.ones((1, 1 | round(_HAIRS * lines.width)), np.uint8)
    photo = cv2.morphologyEx(photo, cv2.MORPH_CLOSE, hairs, borderType=cv2.BORDER_REPLICATE)
    across = max(1.0, _BLUR * lines.width)
    photo = cv2.GaussianBlur(
        photo, (0, 0), sigmaX=3 * across, sigmaY=across, borderType=cv2.BORDER_REPLICATE
    )
    middle = 1 - np.clip(2 * lines.u / lines.width - 1, -1, 1) ** 2
    ball = np.sin(np.pi * np.clip(0.1 + 0.8 * up, 0, 1)) * (0.35 + 0.65 * middle) - 0.55
    raised = _raised(photo, strip, least=_DARKEST_LID)
    light = (raised @ _LUMINANCE) / np.maximum(strip @ _LUMINANCE, 1)
    raised += _HUE_OF_STRIP * (strip * light[..., None] - raised)
    skin: Floats = raised * (1 + _BULGE * ball[..., None])
    return skin


def _brow_strip(texture: Pixels, lines: LidLines) -> Floats:
    """Return the skin's colour between the brow and the lashes, [columns, 3]."""
    gap = np.maximum(lines.upper - lines.brow, 2.0)
    low = np.minimum(_LASHES * lines.unit, 0.5 * gap)
    share = np.linspace(0, 1, 14)[:, None]
    rows = _sampled(texture, lines, lines.upper - low - (0.8 * gap - low) * share)
    return _along(np.percentile(rows, 60, axis=0)[None], lines)


def _cheek(texture: Pixels, lines: LidLines) -> Floats:
    """Return the skin below the eye, float32 [rows, columns, 3]."""
    start, height = _CHEEK_STARTS * lines.unit, max(2.0, _CHEEK_HEIGHT * lines.unit)
    return _sampled(texture, lines, lines.lower + start + np.arange(height)[:, None])


def _grain(cheek: Floats, lines: LidLines, *, rows: int) -> Floats:
    """Return the cheek's fine detail, turned over and over to so many rows."""
    fine = cheek - cv2.GaussianBlur(cheek, (0, 0), max(1.0, _GRAIN * lines.unit))
    both_ways = np.concatenate([fine, fine[::-1]])
    detail: Floats = np.clip(both_ways, -6, 6)[np.arange(rows) % len(both_ways)]
    return detail


def _raised(colours: Floats, bright: Floats, *, least: float) -> Floats:
    """Raise colours [..., 3] towards brighter ones to a share `least` of their luminance."""
    light, dark = bright @ _LUMINANCE, colours @ _LUMINANCE
    lack = (least * light - dark) / np.maximum(light - dark, 1)
    raised: Floats = colours + (bright - colours) * np.clip(lack, 0, 1)[..., None]
    return raised


def _lashes(photo: Floats, skin: Floats, *, reach: int, line: float) -> tuple[Floats, Floats]:
    """Return the lashes' colour [1, columns, 3] and how much of them is seen [reach, columns].

    What is darker than skin above the open lid's edge is taken for lashes.
    """
    light = photo @ _LUMINANCE
    wide = max(1.0, 3 * line)
    bare, dark = (_blurred_row(row, wide) for row in (light[-1], light.min(axis=0)))
    darkest = np.take_along_axis(photo, light.argmin(axis=0)[None, :, None], axis=0)
    shade = np.minimum(_LASH_DARKNESS * (skin[0] @ _LUMINANCE) / np.maximum(dark, 1), 1)
    colour = cv2.blur(darkest * shade[:, None], (1 | (len(dark) // 12), 1))
    seen = np.clip((bare - light) / np.maximum(bare - dark, 24), 0, 1)
    seen = np.maximum.accumulate(seen[::-1])[::-1] * np.clip((bare - dark) / 40, 0, 1)
    seen = cv2.GaussianBlur(seen, (0, 0), sigmaX=max(0.6, line / 2), sigmaY=0.6)
    distance = np.arange(reach)[:, None]
    seen = seen * (1 - _smooth((distance / reach - 0.3) / 0.7)) * 0.8
    opacity: Floats = np.maximum(seen, _LINE_OPACITY * np.exp(-((distance / line) ** 2)))
    return colour, opacity


def _blurred_row(row: Floats, sigma: float) -> Floats:
    blurred = cv2.GaussianBlur(row[None], (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    first: Floats = blurred[0]
    return first


def _sampled(texture: Pixels, lines: LidLines, v: Floats) -> Floats:
    """Return the RGB of the texture at heights v [rows, columns] over u, float32."""
    u = np.broadcast_to(lines.u, v.shape)[..., None]
    places = (lines.corner + u * lines.along + v[..., None] * lines.down).astype(np.float32)
    pixels = cv2.remap(texture, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    sampled: Floats = pixels[..., :3].astype(np.float32)
    return sampled


def _along(values: Floats, lines: LidLines) -> Floats:
    """Smooth values [rows, columns, ...] along the lid."""
    smoothed: Floats = cv2.GaussianBlur(
        values.astype(np.float32),
        (0, 0),
        sigmaX=max(1.0, _STREAK * lines.width),
        sigmaY=1e-3,
        borderType=cv2.BORDER_REPLICATE,
    )
    return smoothed


def _smooth(share: Floats) -> Floats:
    share = np.clip(share, 0, 1)
    smooth: Floats = share * share * (3 - 2 * share)
    return smooth
