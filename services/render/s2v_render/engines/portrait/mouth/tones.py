"""The tones of one picture: how colourful it is, what tints it, and how dark its darkest is.

What is painted into a mouth is mixed for a common photo by daylight and then brought into the
picture's own tones, so that a grey picture gets a grey mouth and a hazy one no black hole.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from s2v.face import topology as topo
from s2v.face.arrays import Floats, Rgb

LUMA = np.array([0.299, 0.587, 0.114])
_SKIN = np.array([0.193, -0.062, -0.185])
"""Usual skin: how much more red, green and blue than grey of the same luma it is."""
_MOST_COLOURFUL = 1.4
"""Skin that is still more colourful is so by a warm light, which is on teeth, too."""
_CHEEKS = (205, 425, 50, 280, 199)
_DARKEST_PERCENT = 4
_SPECK = 0.012
"""What is smaller than this, in eye distances, is no tone of the picture."""
_PAINTED_BLACK = 0.15
"""How dark the darkest paint is by itself, as a share of the skin's luma."""
_LIGHTEST_BLACK = 0.55
"""Of the skin's luma."""
_LEAST_SHOWN = 0.05
"""How far a mouth is open, in eye distances, that shows what is inside of it."""
_LIP_EDGE = 0.012
_FEWEST_PIXELS = 30
_TYPICAL_SHARE = 0.35
"""Which of several pictures' darkest tones is the mouth's own, from the darkest on."""
_LESS_RED, _DIMMEST_TEETH, _LEAST_TEETH = 0.03, 0.55, 0.04
"""How much less red than skin teeth are, red minus green over luma; their luma as a share of the
skin's at least; and how much of an open mouth they must be."""
_UNSEEN_TEETH = 0.25
"""The luma of teeth that no picture of an open mouth shows."""


@dataclass(frozen=True, slots=True)
class Tones:
    """The tones of a picture.

    Attributes:
        skin: the colour of the cheeks, 0..255 RGB.
        saturation: how colourful the picture is, 0 for grey, 1 for a usual one, 1.4 at most.
        cast: what tints the light, relative to grey of the same luma, shape [3].
        black: lifts the darkest paint to the darkest tone near the mouth, 0..255 RGB.
        teeth: the luma of bright teeth, 0..255; None if not known.
    """

    skin: Floats
    saturation: float
    cast: Floats
    black: Floats
    teeth: float | None

    def shade(self, colour: Floats, factors: Floats) -> Floats:
        """Return a darker shade of a colour of the picture; factors would tint it by daylight."""
        middle = factors @ LUMA
        shade: Floats = colour * (middle + (factors - middle) * self.saturation)
        return shade

    def tinted(self, luma: float, tint: Floats) -> Floats:
        """Return the colour of something pale, which by daylight has a tint, like that of skin."""
        colour = luma * (1 + min(self.saturation, 1.0) * tint + self.cast)
        return np.clip(colour, 0, 255)

    def deepened(self, colour: Floats) -> Floats:
        """Return what `lifted` makes this colour of."""
        deep: Floats = np.sqrt(np.maximum(colour**2 - self.black**2, 0))
        return deep


def lifted(picture: Floats, black: Floats) -> Floats:
    """Return a picture [..., 3] in which nothing is darker than black; bright stays bright."""
    return np.sqrt(picture * picture + (black * black).astype(np.float32))


@dataclass(frozen=True, slots=True)
class MouthSeen:
    """What an open mouth shows.

    Attributes:
        darkest: its darkest colour, RGB as shares of the skin's luma.
        teeth: the luma of its bright teeth as a share of the skin's; None where none are seen.
    """

    darkest: Floats
    teeth: float | None


def shown_inside(picture: Rgb, points: Floats, eye_distance: float) -> MouthSeen | None:
    """Return what the mouth of a picture with landmarks [478, 3] shows, None if it is shut."""
    upper, lower = points[topo.UPPER_INNER[5], :2], points[topo.LOWER_INNER[5], :2]
    if np.linalg.norm(lower - upper) < _LEAST_SHOWN * eye_distance:
        return None
    inside = between_lips(picture, points, margin=round(_LIP_EDGE * eye_distance))
    pixels = picture[inside].astype(np.float64)
    if len(pixels) < _FEWEST_PIXELS:
        return None
    skin = skin_of(picture, points, eye_distance)
    light = max(float(skin @ LUMA), 1.0)
    luma = pixels @ LUMA / light
    darkest = pixels[luma <= np.percentile(luma, _DARKEST_PERCENT)].mean(axis=0) / light
    redness = (pixels[:, 0] - pixels[:, 1]) / np.maximum(luma * light, 1)
    reddest = max((skin[0] - skin[1]) / light - _LESS_RED, 0)
    bright = luma[(luma > _DIMMEST_TEETH) & (redness <= reddest)]
    enough = len(bright) > _LEAST_TEETH * len(pixels)
    return MouthSeen(darkest, float(np.percentile(bright, 90)) if enough else None)


def typical(shown: Sequence[MouthSeen]) -> MouthSeen | None:
    """Return what several pictures of one mouth show together, None if there are none.

    Teeth that none of them show stay in the dark.
    """
    if not shown:
        return None
    ordered = sorted(shown, key=lambda one: float(one.darkest @ LUMA))
    teeth = [one.teeth for one in shown if one.teeth is not None]
    unseen = _UNSEEN_TEETH if len(shown) > 1 else None
    return MouthSeen(ordered[int(_TYPICAL_SHARE * len(shown))].darkest, max(teeth, default=unseen))


def tones_of(picture: Rgb, points: Floats, eye_distance: float, shown: MouthSeen | None) -> Tones:
    """Return the tones of a picture with landmarks [478, 3], whose mouth shows so much."""
    skin = skin_of(picture, points, eye_distance)
    light = max(float(skin @ LUMA), 1.0)
    colour = skin / light - 1
    colourful = float(colour @ _SKIN / (_SKIN @ _SKIN))
    darkest = shown.darkest if shown else _darkest(picture, points, eye_distance) / light
    return Tones(
        skin=skin,
        saturation=float(np.clip(colourful, 0, _MOST_COLOURFUL)),
        cast=colour - min(colourful, _MOST_COLOURFUL) * _SKIN,
        black=_lifting(darkest) * light,
        teeth=shown.teeth * light if shown and shown.teeth is not None else None,
    )


def skin_of(picture: Rgb, points: Floats, eye_distance: float) -> Floats:
    """Return the colour of cheeks and chin of a face with landmarks [478, 3], 0..255 RGB."""
    reach = 0.06 * eye_distance
    skin: Floats = np.median([patch(picture, points[i], radius=reach) for i in _CHEEKS], axis=0)
    return skin


def patch(picture: Rgb, point: Floats, *, radius: float) -> Floats:
    """Return the usual colour around a point, 0..255 RGB."""
    x, y, reach = int(point[0]), int(point[1]), max(2, int(radius))
    rows = slice(max(0, y - reach), max(1, y + reach))
    columns = slice(max(0, x - reach), max(1, x + reach))
    pixels = picture[rows, columns].reshape(-1, 3)
    return np.median(pixels, axis=0) if len(pixels) else np.array([160.0, 120.0, 120.0])


def between_lips(picture: Rgb, points: Floats, *, margin: int) -> npt.NDArray[np.bool_]:
    """Return which pixels lie between the lips, so far from them at least, [height, width]."""
    outline = [*topo.UPPER_INNER, *topo.LOWER_INNER[::-1]]
    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(points[outline, :2]).astype(np.int32)], 1)
    side = 2 * margin + 1
    inside: npt.NDArray[np.bool_] = cv2.erode(mask, np.ones((side, side), np.uint8)) > 0
    return inside


def _darkest(picture: Rgb, points: Floats, eye_distance: float) -> Floats:
    """Return the darkest tone of a face: of its pupils, nostrils, brows and shadows."""
    ends = points[:468, :2]
    low = np.maximum(ends.min(axis=0), 0).astype(int)
    high = np.maximum(ends.max(axis=0), low + 1).astype(int)
    face = picture[low[1] : high[1], low[0] : high[0]]
    if face.size == 0:
        return np.zeros(3)
    smooth = cv2.GaussianBlur(face, (0, 0), max(0.5, _SPECK * eye_distance)).reshape(-1, 3)
    luma = smooth @ LUMA
    darkest: Floats = smooth[luma <= np.percentile(luma, _DARKEST_PERCENT)].mean(axis=0)
    return darkest


def _lifting(darkest: Floats) -> Floats:
    """Return what lifts the darkest paint to a colour; both as shares of the skin's luma."""
    luma = float(darkest @ LUMA)
    wanted = np.sqrt(max(min(luma, _LIGHTEST_BLACK) ** 2 - _PAINTED_BLACK**2, 0))
    lifting: Floats = darkest * (wanted / max(luma, 1e-6))
    return lifting
