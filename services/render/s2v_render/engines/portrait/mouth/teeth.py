"""The teeth of one person: cut out of the photo where it shows them, or else drawn."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from s2v.face import topology as topo
from s2v.face.arrays import Floats, Integers, Rgb
from s2v_render.engines.portrait.head import Head
from s2v_render.engines.portrait.mouth.tones import LUMA, Tones, between_lips, skin_of

_UPPER_WIDTHS = (0.060, 0.047, 0.050, 0.045, 0.045)
_LOWER_WIDTHS = (0.038, 0.041, 0.046, 0.046, 0.046)
_TOOTH_HEIGHTS = (1.0, 0.93, 1.0, 0.86, 0.8)
_USUAL_MOUTH_WIDTH = 0.60
_IVORY = np.array([0.053, -0.003, -0.124])
"""How much more red, green and blue than grey teeth have by daylight."""
_TO_LIGHT, _BRIGHTEST = 0.96, 198.0
"""The luma of teeth, of the light on the face and at most."""
_YELLOWEST = np.array([1.0, 0.945, 0.90])
"""Green and blue of teeth by their red, at most: under a green cast they would look ill."""
_UPPER_EDGE, _LOWER_EDGE = 0.040, 0.020
"""How far the biting edges lie below the line where the lips meet."""
_MARGIN = 0.05
_FEWEST_PIXELS = 30
_DIMMEST, _REDDER = 0.40, 0.16
"""What a pixel of a tooth may be: of the brightest ones' luma at least, redder at most."""
_CRACK = 0.015
_CRACK_WIDTH, _DARKEST_CRACK = 0.022, 0.8
"""How wide dark lines between teeth may be, and how dark they stay, of what is beside them."""
_SHADE = 0.012
"""How far down the teeth the lip's shade and colour reach."""
_SHADED_TWICE, _AS_LIGHT = 1.12, 0.95
"""By how much to lighten teeth that stood in the lips' shade and will be drawn in it again, and up
to which luma of the lightest ones, as a share of the skin's."""
_RISE, _DARK_AFTER = 0.5, 0.12
"""How fast the row that goes on unseen rises, and after how much it is lost in the dark."""
_SEEN_WIDTH, _SEEN_HEIGHT = 0.20, 0.025
"""The least that a photo must show of its teeth for them to be cut out."""
_REDDEST = 0.35
"""What is redder on average, red minus green over luma, is no good picture of teeth."""
_TOOTH_WIDTH = 0.045
_LIP_EDGE = 0.010
"""How near to the lips their colour may be on the teeth."""


@dataclass(frozen=True, slots=True)
class Teeth:
    """A row of teeth.

    Attributes:
        rgba: premultiplied, 0..255 and 0..1, float32 [height, width, 4].
        anchor: the point in it, x and y, that lies at `place`.
        place: local coordinates, shape [3].
        resolution: its pixels per unit of local coordinates.
    """

    rgba: Floats
    anchor: Floats
    place: Floats
    resolution: float


def upper_teeth(middle: Floats, mouth_width: float, colour: Floats, eye_distance: float) -> Teeth:
    """Draw upper teeth for a mouth whose lips meet at `middle` (local) and which is so wide."""
    widths = np.array(_UPPER_WIDTHS) * mouth_width / _USUAL_MOUTH_WIDTH
    resolution = _resolution(eye_distance)
    rgba, anchor = _drawn(widths, height=0.10, curve=0.35, colour=colour, resolution=resolution)
    return Teeth(rgba, anchor, middle + np.array([0.0, _UPPER_EDGE, -0.01]), resolution)


def lower_teeth(middle: Floats, mouth_width: float, colour: Floats, eye_distance: float) -> Teeth:
    """Draw lower teeth where they are while the jaw is shut."""
    widths = np.array(_LOWER_WIDTHS) * mouth_width / _USUAL_MOUTH_WIDTH
    resolution = _resolution(eye_distance)
    rgba, edge = _drawn(
        widths, height=0.085, curve=0.25, colour=0.94 * colour, resolution=resolution
    )
    anchor = np.array([edge[0], len(rgba) - 1 - edge[1]])
    place = middle + np.array([0.0, _LOWER_EDGE, 0.02])
    return Teeth(np.ascontiguousarray(rgba[::-1]), anchor, place, resolution)


def seen_teeth(picture: Rgb, points: Floats, head: Head) -> Teeth | None:
    """Cut the upper teeth out of a photo with landmarks [478, 3]; None if it hardly shows them.

    Above what the photo shows they go on in the colour that they have at the lip, and into the
    corners of the mouth as they are where they were last seen, but darker.
    """
    local = head.to_local(points)
    place = local[[topo.UPPER_INNER[5], topo.LOWER_INNER[5]]].mean(axis=0)
    resolution = _resolution(head.eye_distance)
    outline = local[[*topo.UPPER_INNER, *topo.LOWER_INNER[::-1]], :2] - place[:2]
    low, high = outline.min(axis=0) - _MARGIN, outline.max(axis=0) + _MARGIN
    width, height = np.ceil((high - low) * resolution).astype(int)
    anchor = -low * resolution
    turn = head.axes[:2, :2] * head.eye_distance / resolution
    matrix = np.c_[turn, head.to_picture(place[None])[0] - turn @ anchor]
    how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    patch = cv2.warpAffine(picture, matrix, (int(width), int(height)), flags=how)
    inside = np.zeros((height, width), np.uint8)
    cv2.fillPoly(inside, [np.round(outline * resolution + anchor).astype(np.int32)], 1)
    reach = max(1, round(_LIP_EDGE * resolution))
    inside = cv2.erode(inside, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    ends = _upper_row(patch.astype(np.float32), inside > 0, resolution)
    if not ends.any():
        return None
    rgba = _continued(patch, first=np.argmax(inside, axis=0), ends=ends, resolution=resolution)
    lightest = float(np.percentile(rgba[rgba[..., 3] > 0.5][:, :3] @ LUMA, 90))
    light = float(skin_of(picture, points, head.eye_distance) @ LUMA)
    rgba[..., :3] *= np.clip(_AS_LIGHT * light / max(lightest, 1.0), 1.0, _SHADED_TWICE)
    return Teeth(rgba, anchor, place, resolution)


def _upper_row(patch: Floats, inside: npt.NDArray[np.bool_], resolution: float) -> Integers:
    """Return the last row of the upper teeth in each column; 0 where they are not seen."""
    luma = patch @ LUMA.astype(np.float32)
    redness = (patch[..., 0] - patch[..., 1]) / np.maximum(luma, 1)
    none = np.zeros(patch.shape[1], int)
    if np.count_nonzero(inside) < _FEWEST_PIXELS:
        return none
    bright = inside & (luma >= np.percentile(luma[inside], 75))
    white, tinge = float(luma[bright].mean()), float(redness[bright].mean())
    tooth = inside & (luma > _DIMMEST * white) & (redness < tinge + _REDDER)
    first, lip = np.argmax(tooth, axis=0), np.argmax(inside, axis=0)
    ends = _run_ends(tooth, max(1, round(_CRACK * resolution)))
    shown = tooth.any(axis=0) & (first - lip < _MARGIN * resolution)
    tall = shown & (ends - first > _SEEN_HEIGHT * resolution)
    if np.count_nonzero(tall) < _SEEN_WIDTH * resolution:
        return none
    ends = _even(np.where(shown, ends, 0), round(_TOOTH_WIDTH * resolution))
    cut_out = inside & (np.arange(len(patch))[:, None] <= ends)
    return ends if redness[cut_out].mean() < _REDDEST else none


def _run_ends(mask: npt.NDArray[np.bool_], crack: int) -> Integers:
    """Return where the first run in each column ends; breaks of up to `crack` rows do not count."""
    ends = np.zeros(mask.shape[1], int)
    for column in np.flatnonzero(mask.any(axis=0)):
        rows = np.flatnonzero(mask[:, column])
        breaks = np.flatnonzero(np.diff(rows) > crack)
        ends[column] = rows[breaks[0]] if len(breaks) else rows[-1]
    return ends


def _continued(patch: Rgb, *, first: Integers, ends: Integers, resolution: float) -> Floats:
    """Return the rows of a patch from the first one to the end, and on where nothing is seen."""
    height, width = patch.shape[:2]
    seen = np.flatnonzero(ends)
    columns = np.clip(np.arange(width), seen[0], seen[-1])
    beyond = np.abs(np.arange(width) - columns) / resolution
    last = ends[columns] - np.minimum(beyond, _MARGIN) * resolution * _RISE
    row = np.arange(height)[:, None]
    teeth = _without_cracks(patch, resolution)
    unseen = _above(teeth, first=first[columns], ends=ends[columns], resolution=resolution)
    shown = np.clip((row - first[columns]) / (_SHADE * resolution), 0, 1)[..., None]
    filled = unseen + (teeth[np.maximum(row, first[columns]), columns] - unseen) * shown
    filled = filled * (1 - np.clip(beyond / _DARK_AFTER, 0, 0.8))[:, None]
    cover = ((row <= last) & (beyond < _DARK_AFTER)).astype(np.float32)
    soft = cv2.GaussianBlur(cover, (0, 0), max(0.006 * resolution, 0.7))[..., None]
    return np.concatenate([filled * soft, soft], axis=2).astype(np.float32)


def _without_cracks(patch: Rgb, resolution: float) -> Floats:
    """Return a patch whose dark lines between teeth are faint: they would flash in speech."""
    wide = np.ones((1, max(3, round(_CRACK_WIDTH * resolution) | 1)), np.uint8)
    closed = cv2.morphologyEx(patch, cv2.MORPH_CLOSE, wide, borderType=cv2.BORDER_REPLICATE)
    teeth: Floats = np.maximum(patch, _DARKEST_CRACK * closed.astype(np.float32))
    return teeth


def _above(teeth: Floats, *, first: Integers, ends: Integers, resolution: float) -> Floats:
    """Return the colour of what the lip hides of the teeth in each column, [columns, 3].

    The lip casts its shade and its own colour on the first of what is seen.
    """
    depth = np.arange(1, max(2, round(2 * _SHADE * resolution)))[:, None]
    rows = np.minimum(first + depth, np.maximum(ends, first))
    lit = np.median(teeth[rows, np.arange(teeth.shape[1])], axis=0)
    side = round(_TOOTH_WIDTH * resolution) | 1
    padded = np.pad(lit, ((side // 2, side // 2), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, side, axis=0)
    unseen: Floats = np.median(windows, axis=-1)
    return unseen


def _even(values: Integers, width: int) -> Integers:
    """Return the running median, which no gap between two teeth moves."""
    padded = np.pad(values, width // 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * (width // 2) + 1)
    median: Integers = np.median(windows, axis=1).astype(int)
    return median


def _resolution(eye_distance: float) -> float:
    return float(np.clip(1.5 * eye_distance, 80, 400))


def _drawn(
    widths: Floats, *, height: float, curve: float, colour: Floats, resolution: float
) -> tuple[Floats, Floats]:
    """Draw upper teeth and tell where the middle of their biting edge is.

    `widths` go from the middle outwards, `curve` lifts the outer ones.
    """
    borders = np.r_[0.0, np.cumsum(widths)]
    columns = 2 * int(np.ceil(borders[-1] * resolution)) + 4
    rows = int(np.ceil((height + 0.02) * resolution))
    across = np.abs(np.arange(columns) - (columns - 1) / 2) / resolution
    tooth = np.clip(np.searchsorted(borders, across, side="right") - 1, 0, len(widths) - 1)
    middle, half = (borders[tooth] + borders[tooth + 1]) / 2, widths[tooth] / 2
    from_middle = np.clip(np.abs(across - middle) / half, 0, 1.2)
    edge = height * np.array(_TOOTH_HEIGHTS)[tooth] - curve * middle**2 - 0.009 * from_middle**4
    y = (np.arange(rows)[:, None] + 0.5) / resolution
    cover = np.clip((edge - y) * resolution + 0.5, 0, 1)
    cover = cover * np.clip((borders[-1] - across) * resolution + 0.5, 0, 1)
    groove = np.clip((from_middle - 0.80) / 0.20, 0, 1)
    side = across / borders[-1]
    shade = (1 - 0.10 * from_middle**4) * (1 - 0.14 * groove**2) * (1 - 0.03 * tooth)
    shade = shade * (1 - 0.42 * side**2.2) * (0.93 + 0.07 * np.clip(y / height, 0, 1))
    rgba = np.dstack([shade[..., None] * cover[..., None] * colour, cover]).astype(np.float32)
    soft = cv2.GaussianBlur(rgba, (0, 0), max(0.0055 * resolution, 0.5))
    return soft, np.array([(columns - 1) / 2, height * resolution - 0.5])


def tooth_colour(picture: Rgb, points: Floats, tones: Tones, *, parted: bool) -> Floats:
    """Take the colour of the photo's own teeth, or an ivory under the light on the face.

    Teeth in shadow look blue to a camera; on an open mouth that would look wrong.
    """
    ivory = _ivory(picture, points, tones)
    seen = _bright_part(picture, points) if parted else None
    if seen is None or seen @ LUMA < 0.75 * (tones.skin @ LUMA):
        return tones.deepened(ivory)
    if (seen.max() - seen.min()) / max(seen.max(), 1) > 0.45:
        return tones.deepened(ivory)
    bright = min(1.05, 242 / max(float(seen.max()), 1.0))
    mixed = 0.15 * ivory + 0.85 * bright * seen
    warm: Floats = np.minimum(mixed, 1.04 * mixed[0] * ivory / max(ivory[0], 1.0))
    return tones.deepened(warm)


def _ivory(picture: Rgb, points: Floats, tones: Tones) -> Floats:
    """Return the colour that unseen teeth have in a picture."""
    low = np.maximum(points[:468, :2].min(axis=0), 0).astype(int)
    high = np.maximum(points[:468, :2].max(axis=0), low + 1).astype(int)
    light = float(np.percentile(picture[low[1] : high[1], low[0] : high[0]] @ LUMA, 92))
    luma = min(_TO_LIGHT * light, _BRIGHTEST)
    if tones.teeth is not None:
        luma = min(luma, tones.teeth)
    ivory = tones.tinted(luma, _IVORY)
    yellowest = 1 - (1 - _YELLOWEST) * min(tones.saturation, 1.0)
    limited: Floats = np.minimum(ivory, ivory[0] * yellowest)
    return limited


def _bright_part(picture: Rgb, points: Floats) -> Floats | None:
    """Return the mean colour of the bright quarter between the lips of the photo."""
    pixels = picture[between_lips(picture, points, margin=1)].astype(np.float64)
    if len(pixels) < _FEWEST_PIXELS:
        return None
    luma = pixels @ LUMA
    mean: Floats = pixels[luma >= np.percentile(luma, 75)].mean(axis=0)
    return mean
