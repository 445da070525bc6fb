"""Paint what an open mouth shows: the dark, the tongue and the teeth."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from s2v_render.engines.portrait import topology as topo
from s2v_render.engines.portrait.arrays import Floats, Rgb
from s2v_render.engines.portrait.expression import FaceShape, jaw_drop
from s2v_render.engines.portrait.phones import Mouth

_LUMA = np.array([0.299, 0.587, 0.114])
_UPPER_WIDTHS = (0.060, 0.047, 0.050, 0.045, 0.045)
_LOWER_WIDTHS = (0.038, 0.041, 0.046, 0.046, 0.046)
_TOOTH_HEIGHTS = (1.0, 0.93, 1.0, 0.86, 0.8)
_USUAL_MOUTH_WIDTH = 0.60
_IVORY = np.array([226, 214, 188]) / 255
_SHOWN_TEETH_GAP = 0.03
_TOUCHING = 0.016
_TOOTH_EDGE = 0.040
"""How far the upper teeth reach below the line where the lips meet."""


@dataclass(frozen=True, slots=True)
class Teeth:
    """A row of teeth.

    Attributes:
        rgba: premultiplied, 0..255 and 0..1, float32 [height, width, 4].
        edge: the middle of the biting edge in it, x and y.
        resolution: its pixels per unit of local coordinates.
    """

    rgba: Floats
    edge: Floats
    resolution: float


@dataclass(frozen=True, slots=True)
class MouthInside:
    """What is behind the lips of one person.

    Attributes:
        cavity, crease, tongue: colours, 0..255 RGB; the crease is where shut lips touch.
        upper, lower: rows of teeth.
        middle: where the shut lips meet, local coordinates, shape [3].
        width: of the shut mouth, local.
    """

    cavity: Floats
    crease: Floats
    tongue: Floats
    upper: Teeth
    lower: Teeth
    middle: Floats
    width: float

    def at(self, below: float, behind: float) -> Floats:
        """Return the local point so far below and behind the middle of the shut lips."""
        point: Floats = self.middle + np.array([0.0, below, behind])
        return point


@dataclass(frozen=True, slots=True)
class Opening:
    """The part of a picture that an open mouth is painted into.

    Attributes:
        left, top: of the part, pixels of the picture.
        upper, lower: y of the lips' edges in it, one a column, shape [width].
        height: its rows.
        place: projects local points [n, 3] to the picture's pixels [n, 2].
        axes: pixels of the picture per local unit of x and y, shape [2, 2].
    """

    left: int
    top: int
    upper: Floats
    lower: Floats
    height: int
    place: Callable[[Floats], Floats]
    axes: Floats


def mouth_inside(
    picture: Rgb, points: Floats, shape: FaceShape, eye_distance: float
) -> MouthInside:
    """Mix the colours and shape the teeth for a person, from their photo and landmarks."""
    skin = np.median(
        [_patch(picture, points[i], 0.06 * eye_distance) for i in (205, 425, 50, 280, 199)], axis=0
    )
    lip = np.median(
        [_patch(picture, points[i], 0.03 * eye_distance) for i in (16, 85, 315, 11)], axis=0
    )
    tooth = _tooth_colour(picture, points, skin, shape.photo_gap)
    stretch = shape.mouth_width / _USUAL_MOUTH_WIDTH
    resolution = float(np.clip(1.5 * eye_distance, 80, 400))
    middle_x = (shape.shut[topo.UPPER_INNER[0], 0] + shape.shut[topo.UPPER_INNER[-1], 0]) / 2
    lip_line = shape.shut[topo.UPPER_INNER[5]]
    upper = _teeth(np.array(_UPPER_WIDTHS) * stretch, 0.10, 0.35, tooth, resolution)
    lower = _teeth(np.array(_LOWER_WIDTHS) * stretch, 0.085, 0.25, tooth * 0.94, resolution)
    return MouthInside(
        cavity=lip * (0.30, 0.16, 0.20),
        crease=lip * (0.56, 0.40, 0.42),
        tongue=np.clip(lip * (0.92, 0.70, 0.80), 0, 255),
        upper=upper,
        lower=_flipped(lower),
        middle=np.array([middle_x, lip_line[1], lip_line[2] + 0.06]),
        width=shape.mouth_width,
    )


def painted(inside: MouthInside, opening: Opening, mouth: Mouth) -> Floats:
    """Return the opening's picture, float32 RGB 0..255 [height, width, 3]."""
    width = len(opening.upper)
    y, x = np.mgrid[0 : opening.height, 0:width].astype(np.float32)
    upper, lower = opening.upper.astype(np.float32), opening.lower.astype(np.float32)
    depth = np.clip((y - upper) / np.maximum(lower - upper, 1), 0, 1)[..., None]
    picture = inside.cavity.astype(np.float32) * (0.65 + 0.75 * depth)
    unit = float(np.linalg.norm(opening.axes[:, 0]))
    drop = jaw_drop(mouth)
    tongue, cover = _tongue(inside, opening, mouth, x, y)
    picture += (tongue - picture) * cover
    shown = np.clip((drop - 0.015) / 0.06, 0, 1) * 0.86
    _lay(picture, inside.lower, opening, inside.at(drop + 0.012, 0.02), brightness=shown)
    hidden = 0.75 * min(1.0, 1.1 * mouth.rounding)
    _lay(picture, inside.upper, opening, inside.at(_TOOTH_EDGE, -0.01), fade=1 - hidden)
    if mouth.tongue > 0.85:
        below = np.clip((y - upper) / (0.02 * unit) - 0.3, 0, 1)[..., None]
        tip = cover * min((mouth.tongue - 0.85) / 0.1, 1.0) * below
        picture += (0.95 * inside.tongue.astype(np.float32) - picture) * tip
    picture = _shaded(picture, opening, x, y)
    touching = np.clip(1 - (lower - upper) / (_TOUCHING * unit), 0, 1)[None, :, None]
    picture += (inside.crease.astype(np.float32) - picture) * touching
    return picture


def _patch(picture: Rgb, point: Floats, radius: float) -> Floats:
    x, y, reach = int(point[0]), int(point[1]), max(2, int(radius))
    rows = slice(max(0, y - reach), max(1, y + reach))
    columns = slice(max(0, x - reach), max(1, x + reach))
    pixels = picture[rows, columns].reshape(-1, 3)
    return np.median(pixels, axis=0) if len(pixels) else np.array([160.0, 120.0, 120.0])


def _tooth_colour(picture: Rgb, points: Floats, skin: Floats, photo_gap: float) -> Floats:
    """Take the colour of the photo's own teeth, or an ivory under the light on the skin.

    Teeth in shadow look blue to a camera; on an open mouth that would look wrong.
    """
    low = np.maximum(points[:468, :2].min(axis=0), 0).astype(int)
    high = np.maximum(points[:468, :2].max(axis=0), low + 1).astype(int)
    light = float(np.percentile(picture[low[1] : high[1], low[0] : high[0]] @ _LUMA, 92))
    cast = skin / (255, 186, 153)
    cast = 0.3 + 0.7 * cast / cast.mean()
    ivory: Floats = np.clip(_IVORY * min(1.04 * light, 235.0) * 0.96 * cast, 0, 245)
    seen = _seen_teeth(picture, points) if photo_gap > _SHOWN_TEETH_GAP else None
    if seen is None or seen @ _LUMA < 0.75 * (skin @ _LUMA):
        return ivory
    if (seen.max() - seen.min()) / max(seen.max(), 1) > 0.45:
        return ivory
    bright = min(1.05, 242 / max(float(seen.max()), 1.0))
    mixed = 0.15 * ivory + 0.85 * bright * seen
    warm: Floats = np.minimum(mixed, 1.04 * mixed[0] * ivory / max(ivory[0], 1.0))
    return warm


def _seen_teeth(picture: Rgb, points: Floats) -> Floats | None:
    """Return the mean colour of the bright quarter between the lips of the photo."""
    outline = [*topo.UPPER_INNER, *topo.LOWER_INNER[::-1]]
    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(points[outline, :2]).astype(np.int32)], 255)
    pixels = picture[cv2.erode(mask, np.ones((3, 3), np.uint8)) > 0].astype(np.float64)
    if len(pixels) < 30:
        return None
    luma = pixels @ _LUMA
    mean: Floats = pixels[luma >= np.percentile(luma, 75)].mean(axis=0)
    return mean


def _teeth(widths: Floats, height: float, curve: float, colour: Floats, resolution: float) -> Teeth:
    """Draw upper teeth; `widths` go from the middle outwards, `curve` lifts the outer ones."""
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
    return Teeth(soft, np.array([(columns - 1) / 2, height * resolution - 0.5]), resolution)


def _flipped(teeth: Teeth) -> Teeth:
    edge = np.array([teeth.edge[0], teeth.rgba.shape[0] - 1 - teeth.edge[1]])
    return Teeth(np.ascontiguousarray(teeth.rgba[::-1]), edge, teeth.resolution)


def _lay(
    picture: Floats,
    teeth: Teeth,
    opening: Opening,
    place: Floats,
    *,
    brightness: float = 1.0,
    fade: float = 1.0,
) -> None:
    """Lay teeth over the picture with their biting edge at a local place."""
    turn = opening.axes / teeth.resolution
    at = opening.place(place[None])[0] - (opening.left, opening.top)
    matrix = np.c_[turn, at - turn @ teeth.edge]
    size = (picture.shape[1], picture.shape[0])
    rgba = cv2.warpAffine(teeth.rgba, matrix, size, flags=cv2.INTER_LINEAR) * np.float32(fade)
    picture *= 1 - rgba[..., 3:]
    picture += rgba[..., :3] * np.float32(brightness)


def _tongue(
    inside: MouthInside, opening: Opening, mouth: Mouth, x: Floats, y: Floats
) -> tuple[Floats, Floats]:
    """Return the tongue's colour and how much of each pixel it covers."""
    lift = 0.050 - 0.075 * mouth.tongue
    centre = inside.at(jaw_drop(mouth) + lift, 0.03)
    at = opening.place(centre[None])[0] - (opening.left, opening.top)
    unit = float(np.linalg.norm(opening.axes[:, 0]))
    half_width = 0.31 * inside.width * unit
    half_height = (0.060 + 0.03 * mouth.tongue) * unit
    distance = ((x - at[0]) / half_width) ** 2 + ((y - at[1]) / half_height) ** 2
    cover = np.clip((1.25 - distance) * 1.6, 0, 1)[..., None]
    light = 0.62 + 0.38 * np.clip((at[1] - y) / half_height + 0.3, 0, 1)
    colour = inside.tongue.astype(np.float32) * light[..., None]
    return colour.astype(np.float32), cover.astype(np.float32)


def _shaded(picture: Floats, opening: Opening, x: Floats, y: Floats) -> Floats:
    """Darken under the upper lip, towards the corners, and in a mouth that is hardly open."""
    unit = float(np.linalg.norm(opening.axes[:, 0]))
    upper, lower = opening.upper.astype(np.float32), opening.lower.astype(np.float32)
    gap = float((lower - upper).max())
    wide = np.flatnonzero(lower - upper > 0.5)
    centre = float(wide.mean()) if len(wide) else len(upper) / 2
    half = max(len(wide) / 2, 1.0)
    below = np.clip((y - upper) / (0.030 * unit), 0, 1) ** 0.7
    above = np.clip((lower - y) / (0.02 * unit), 0, 1)
    side = np.clip(1 - ((x - centre) / half) ** 2, 0, 1) ** 0.6
    shade = (0.70 + 0.30 * below) * (0.86 + 0.14 * above) * (0.40 + 0.60 * side)
    shade *= 0.92 + 0.08 * min(gap / (0.05 * unit), 1.0)
    shaded: Floats = picture * shade[..., None] ** np.array([0.85, 1.06, 1.30], np.float32)
    return shaded
