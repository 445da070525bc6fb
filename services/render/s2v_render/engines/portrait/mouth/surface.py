"""The surface of a picture: how soft and how grainy it is at a face.

What is painted anew gets the same one, or else a razor-sharp mouth sits in a soft face.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from s2v.face import topology as topo
from s2v.face.arrays import Floats, Rgb

_SOFTER_PIXELS = 1.5
_STRONGEST_PERCENT = 97
"""Which edges of a face are looked at."""
_MOST_BLUR = 0.04
"""In eye distances; a face that is softer has no edges to be measured."""
_PAINT_BLUR = 0.0055
"""How soft the paint is of itself, in eye distances, and a picture's pixel, in pixels."""
_PIXEL_BLUR = 0.6
_CHEEK, _CHEEK_SIDE = 205, 0.10
_GRAIN_SIGMA = 0.012
_COARSEST_GRAIN = 8
"""Of skin's detail, 0..255, how much is taken for grain; what is coarser are its features."""
_LEAST_FLOAT = 1e-3


@dataclass(frozen=True, slots=True)
class Surface:
    """How soft and grainy a picture is.

    Attributes:
        blur: the standard deviation of what spreads an edge, pixels.
        grain: a piece of skin's fine detail, float32 [height, width, 3].
    """

    blur: float
    grain: Floats

    def applied(self, painted: Floats, corner: tuple[int, int], eye_distance: float) -> Floats:
        """Return paint [height, width, 3] with this surface; `corner` is where it lies, x and y."""
        own = np.hypot(_PAINT_BLUR * eye_distance, _PIXEL_BLUR)
        if self.blur > own:
            sigma = float(np.sqrt(self.blur**2 - own**2))
            painted = cv2.GaussianBlur(painted, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
        height, width = painted.shape[:2]
        rows = (corner[1] + np.arange(height)) % len(self.grain)
        columns = (corner[0] + np.arange(width)) % self.grain.shape[1]
        surfaced: Floats = painted + self.grain[np.ix_(rows, columns)]
        return surfaced


def blur_at(picture: Rgb, points: Floats, eye_distance: float) -> float:
    """Return how soft the sharp edges of a face with landmarks [478, 3] are, in pixels.

    An edge that is blurred once more loses the more of its steepness the sharper it was (Zhuo and
    Sim, Defocus map estimation from a single image, 2011).
    """
    ends = points[[*topo.RIGHT_BROW, *topo.LEFT_BROW, *topo.UPPER_RINGS[-1], *topo.LOWER_RINGS[-1]]]
    low = np.maximum(ends[:, :2].min(axis=0), 0).astype(int)
    high = np.maximum(ends[:, :2].max(axis=0), low).astype(int)
    face = picture[low[1] : high[1], low[0] : high[0]]
    if min(face.shape[:2]) < 8:
        return 0.0
    light = cv2.cvtColor(face, cv2.COLOR_RGB2GRAY).astype(np.float32)
    steep = _steepness(light)
    softer = _steepness(cv2.GaussianBlur(light, (0, 0), _SOFTER_PIXELS))
    edges = steep >= max(float(np.percentile(steep, _STRONGEST_PERCENT)), _LEAST_FLOAT)
    if not edges.any():
        return 0.0
    lost = np.maximum((steep[edges] / np.maximum(softer[edges], _LEAST_FLOAT)) ** 2 - 1, 0.01)
    blur = float(np.median(_SOFTER_PIXELS / np.sqrt(lost)))
    return min(blur, _MOST_BLUR * eye_distance)


def surface_of(picture: Rgb, points: Floats, eye_distance: float, *, blur: float) -> Surface:
    """Return the surface of a picture with landmarks [478, 3] that is so soft."""
    side = max(6, round(_CHEEK_SIDE * eye_distance))
    x, y = (int(value) - side // 2 for value in points[_CHEEK, :2])
    height, width = picture.shape[:2]
    x, y = int(np.clip(x, 0, max(width - side, 0))), int(np.clip(y, 0, max(height - side, 0)))
    skin = picture[y : y + side, x : x + side].astype(np.float32)
    fine = skin - cv2.GaussianBlur(skin, (0, 0), max(1.0, _GRAIN_SIGMA * eye_distance))
    fine = np.clip(fine, -_COARSEST_GRAIN, _COARSEST_GRAIN)
    wide = np.concatenate([fine, fine[:, ::-1]], axis=1)
    return Surface(blur, np.concatenate([wide, wide[::-1]]))


def _steepness(light: Floats) -> Floats:
    across = cv2.Sobel(light, cv2.CV_32F, 1, 0)
    steepness: Floats = cv2.magnitude(across, cv2.Sobel(light, cv2.CV_32F, 0, 1))
    return steepness
