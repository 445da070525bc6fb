"""Paint what an open mouth shows: the dark, the tongue and the teeth."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from s2v.face import topology as topo
from s2v.face.arrays import Floats, Rgb
from s2v.lipsync.phones import Mouth
from s2v_render.engines.portrait.expression import FaceShape, jaw_drop
from s2v_render.engines.portrait.head import head_of
from s2v_render.engines.portrait.mouth.teeth import (
    Teeth,
    lower_teeth,
    seen_teeth,
    tooth_colour,
    upper_teeth,
)
from s2v_render.engines.portrait.mouth.tones import MouthSeen, lifted, patch, tones_of

_TOUCHING = 0.010
_RED_LIGHT = np.array([0.85, 1.06, 1.30], np.float32)
"""How fast red, green and blue fade in shade: light inside of a mouth is red."""
_CAVITY, _CREASE, _TONGUE = (
    np.array(factors) for factors in ((0.30, 0.16, 0.20), (0.56, 0.40, 0.42), (0.80, 0.58, 0.66))
)
"""By daylight, as shares of the colour of the lips."""
SHOWN_TEETH_GAP = 0.03
"""A mouth that is further open in a picture may show the teeth of its owner."""
_TONGUE_AT_REST = 0.4
"""How bright a tongue is that lies at the bottom of the mouth; a bright one looks like a lip."""
_DRAWN_OVER, _IN_SHADE = 0.032, 0.45
"""How much of the upper teeth lips hide that do not bare them, and how much darker the rest is."""
_BARED_BY_JAW, _BARED_BY_LIP = (0.015, 0.075), (0.012, 0.030)
"""From which drop of the jaw, or of the lip alone, on the lower teeth are seen, and when fully."""


@dataclass(frozen=True, slots=True)
class MouthInside:
    """What is behind the lips of one person.

    Attributes:
        cavity, crease, tongue: colours, 0..255 RGB; the crease is where shut lips touch.
        black: nothing is darker than this, 0..255 RGB.
        shades: what is left of red, green and blue in shade, from none of the light to all, [n, 3].
        upper, lower: rows of teeth.
        middle: where the shut lips meet, local coordinates, shape [3].
        width: of the shut mouth, local.
    """

    cavity: Floats
    crease: Floats
    tongue: Floats
    black: Floats
    shades: Floats
    upper: Teeth
    lower: Teeth
    middle: Floats
    width: float

    def at(self, below: float, behind: float) -> Floats:
        """Return the local point so far below and behind the middle of the shut lips."""
        point: Floats = self.middle + np.array([0.0, below, behind])
        return point

    def behind(self, shape: FaceShape) -> "MouthInside":
        """Return it behind the lips of a shape that may be another picture's.

        All of it goes with the lips: how far they are from where they were on the skull is rather
        the mesh's error than seen of the teeth.
        """
        way = _lips_meet(shape) - self.middle
        upper, lower = (replace(row, place=row.place + way) for row in (self.upper, self.lower))
        return replace(self, middle=self.middle + way, upper=upper, lower=lower)


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
    picture: Rgb, points: Floats, shape: FaceShape, eye_distance: float, shown: MouthSeen | None
) -> MouthInside:
    """Mix the colours and shape the teeth for a person, from their photo and landmarks.

    `shown` is what is known of the inside of this mouth, be it from other pictures.
    """
    tones = tones_of(picture, points, eye_distance, shown)
    lip = np.median(
        [patch(picture, points[i], radius=0.03 * eye_distance) for i in (16, 85, 315, 11)], axis=0
    )
    head = head_of(points)
    parted = shape.photo_gap > SHOWN_TEETH_GAP
    seen = seen_teeth(picture, points, head) if parted else None
    colour = tooth_colour(picture, points, tones, parted=parted)
    middle = _lips_meet(shape)
    return MouthInside(
        cavity=tones.shade(lip, _CAVITY),
        crease=tones.shade(lip, _CREASE),
        tongue=np.clip(tones.shade(lip, _TONGUE), 0, 255),
        black=tones.black,
        shades=np.linspace(0, 1, 256)[:, None] ** (1 + (_RED_LIGHT - 1) * tones.saturation),
        upper=seen or upper_teeth(middle, shape.mouth_width, colour, eye_distance),
        lower=lower_teeth(middle, shape.mouth_width, colour, eye_distance),
        middle=middle,
        width=shape.mouth_width,
    )


def _lips_meet(shape: FaceShape) -> Floats:
    corners = shape.shut[[topo.UPPER_INNER[0], topo.UPPER_INNER[-1]]]
    lip_line = shape.shut[topo.UPPER_INNER[5]]
    return np.array([corners[:, 0].mean(), lip_line[1], lip_line[2] + 0.06])


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
    hidden = 1 - mouth.bared
    bared = max(np.interp(drop, _BARED_BY_JAW, (0, 1)), _bared_by_lip(mouth))
    bared *= 1 - min(1.0, 1.1 * mouth.rounding)
    _lay(picture, inside.lower, opening, below=drop, brightness=0.88, fade=bared)
    shade = 1 - _IN_SHADE * hidden**2
    _lay(picture, inside.upper, opening, below=-_DRAWN_OVER * hidden, brightness=shade)
    if mouth.tongue > 0.85:
        below = np.clip((y - upper) / (0.02 * unit) - 0.3, 0, 1)[..., None]
        tip = cover * min((mouth.tongue - 0.85) / 0.1, 1.0) * below
        picture += (1.1 * inside.tongue.astype(np.float32) - picture) * tip
    picture = _shaded(picture, inside.shades, opening, x, y)
    touching = np.clip(1 - (lower - upper) / (_TOUCHING * unit), 0, 1)[None, :, None]
    picture += (inside.crease.astype(np.float32) - picture) * touching
    return lifted(picture, inside.black)


def _bared_by_lip(mouth: Mouth) -> float:
    return float(np.interp(mouth.lower_drop, _BARED_BY_LIP, (0, 1)))


def _lay(
    picture: Floats,
    teeth: Teeth,
    opening: Opening,
    *,
    below: float = 0.0,
    brightness: float = 1.0,
    fade: float = 1.0,
) -> None:
    """Lay teeth over the picture, so far below their place."""
    turn = opening.axes / teeth.resolution
    place = teeth.place + np.array([0.0, below, 0.0])
    at = opening.place(place[None])[0] - (opening.left, opening.top)
    matrix = np.c_[turn, at - turn @ teeth.anchor]
    size = (picture.shape[1], picture.shape[0])
    rgba = cv2.warpAffine(teeth.rgba, matrix, size, flags=cv2.INTER_LINEAR) * np.float32(fade)
    picture *= 1 - rgba[..., 3:]
    picture += rgba[..., :3] * np.float32(brightness)


def _tongue(
    inside: MouthInside, opening: Opening, mouth: Mouth, x: Floats, y: Floats
) -> tuple[Floats, Floats]:
    """Return the tongue's colour and how much of each pixel it covers."""
    lift = 0.070 - 0.095 * mouth.tongue
    centre = inside.at(jaw_drop(mouth) + lift, 0.03)
    at = opening.place(centre[None])[0] - (opening.left, opening.top)
    unit = float(np.linalg.norm(opening.axes[:, 0]))
    half_width = 0.31 * inside.width * unit
    half_height = (0.060 + 0.03 * mouth.tongue) * unit
    across, down = (x - float(at[0])) / half_width, (y - float(at[1])) / half_height
    distance = across**2 + down**2
    cover = np.clip((1.25 - distance) * 1.6, 0, 1)[..., None]
    light = 0.62 + 0.38 * np.clip(0.3 - down, 0, 1)
    light = light * (_TONGUE_AT_REST + (1 - _TONGUE_AT_REST) * mouth.tongue**2)
    colour = inside.tongue.astype(np.float32) * light[..., None]
    return colour.astype(np.float32), cover.astype(np.float32)


def _shaded(picture: Floats, shades: Floats, opening: Opening, x: Floats, y: Floats) -> Floats:
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
    shade = (0.78 + 0.22 * below) * (0.88 + 0.12 * above) * (0.50 + 0.50 * side)
    shade *= 0.92 + 0.08 * min(gap / (0.05 * unit), 1.0)
    level = (shade * (len(shades) - 1)).astype(np.uint8)
    shaded: Floats = picture * cv2.LUT(cv2.merge([level] * 3), shades.astype(np.float32)[:, None])
    return shaded
