"""Compare the face of a film with that of the portrait it was made of."""

from dataclasses import dataclass, field

import cv2
import numpy as np

from s2v.face import topology as topo
from s2v.face.arrays import Floats, Rgb
from s2v.face.identity import FaceRecogniser
from s2v.face.mesh import Landmarks
from s2v.face.tracking import FacesTracker, eye_distance

_MARGIN_PIXELS = 4
_LOOK_PIXELS = (48, 40)
_PLACES = np.array([(8, 14), (40, 14), (24, 32)], np.float32)
"""Where the outer corners of the eyes and the tip of the nose lie in what faces are known by."""
_LOOK_BLUR = 1.5


@dataclass(slots=True)
class Comparisons:
    """Comparisons of one face of a film with the reference's.

    Attributes:
        ratios: sharpness of the face over that of the reference at the same size.
        distances: in the space of a recognition network.
    """

    ratios: list[float] = field(default_factory=list)
    distances: list[float] = field(default_factory=list)

    @property
    def sharpness_ratio(self) -> float | None:
        """The median ratio: 1 keeps all detail; None where nothing was compared."""
        return float(np.median(self.ratios)) if self.ratios else None

    @property
    def identity_distance(self) -> float | None:
        """The mean distance, under 0.6 for the same person; None without the network."""
        return float(np.mean(self.distances)) if self.distances else None


class LikenessMeter:
    """Compares single pictures with a reference, uint8 RGB [height, width, 3].

    Of several faces in the reference each face of a film is compared with the one it is most like.
    """

    def __init__(self, reference: Rgb) -> None:
        self._reference = reference
        # As films are looked at, so that a picture is just like itself.
        faces = FacesTracker().find(reference)
        self._faces = [(face, _upper_face(reference, face)) for face in faces if face]
        self._recogniser = FaceRecogniser.if_installed() if self._faces else None
        self._known: dict[int, Floats] = {}

    def compare(self, picture: Rgb, found: Landmarks, likeness: Comparisons) -> None:
        """Compare one more picture; takes 0.3 s where identity is measured, else a few ms."""
        if not self._faces:
            return
        index = self._most_like(picture, found)
        own, _ = self._faces[index]
        wanted = _sharpness(self._reference, own, scale=eye_distance(found) / eye_distance(own))
        if wanted > 0:
            likeness.ratios.append(_sharpness(picture, found, scale=1.0) / wanted)
        if self._recogniser:
            if index not in self._known:
                self._known[index] = self._recogniser.describe(self._reference, own)
            description = self._recogniser.describe(picture, found)
            likeness.distances.append(float(np.linalg.norm(description - self._known[index])))

    def _most_like(self, picture: Rgb, found: Landmarks) -> int:
        if len(self._faces) == 1:
            return 0
        look = _upper_face(picture, found)
        return int(np.argmax([float((look * other).mean()) for _, other in self._faces]))


def _upper_face(picture: Rgb, found: Landmarks) -> Floats:
    """Return eyes and nose, which speech leaves alone, in light and contrast of 0 and 1."""
    places = found.points[[topo.RIGHT_EYE_OUTER, topo.LEFT_EYE_OUTER, topo.NOSE_TIP], :2]
    to_look = cv2.getAffineTransform(places.astype(np.float32), _PLACES)
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    look = cv2.warpAffine(grey, to_look, _LOOK_PIXELS, borderMode=cv2.BORDER_REPLICATE)
    smooth = cv2.GaussianBlur(look.astype(np.float32), (0, 0), _LOOK_BLUR)
    even: Floats = (smooth - smooth.mean()) / max(float(smooth.std()), 1e-3)
    return even


def _sharpness(picture: Rgb, found: Landmarks, *, scale: float) -> float:
    """Return the mean squared gradient (Tenengrad) over the face, brought to another size."""
    points = found.points[:468, :2]
    low = np.maximum(np.floor(points.min(axis=0)).astype(int) - _MARGIN_PIXELS, 0)
    high = np.ceil(points.max(axis=0)).astype(int) + _MARGIN_PIXELS
    crop = picture[low[1] : max(high[1], 1), low[0] : max(high[0], 1)]
    if not crop.size:
        return 0.0
    grey = cv2.cvtColor(np.ascontiguousarray(crop), cv2.COLOR_RGB2GRAY)
    if scale != 1:
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        size = tuple(max(1, round(side * scale)) for side in grey.shape[::-1])
        grey = cv2.resize(grey, size, interpolation=how)
    face = _hull(grey.shape, (points - low) * scale)
    slopes: Floats = cv2.Sobel(grey, cv2.CV_32F, 1, 0) ** 2 + cv2.Sobel(grey, cv2.CV_32F, 0, 1) ** 2
    return float(slopes[face].mean()) if face.any() else 0.0


def _hull(shape: tuple[int, ...], points: Floats) -> "np.typing.NDArray[np.bool_]":
    mask = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.round(points).astype(np.int32)), 1)
    return mask.astype(bool)
