"""Part the person from the background and paint what is behind the person's edge."""

import cv2
import numpy as np

from s2v.face import models
from s2v.face import topology as topo
from s2v.face.arrays import Floats, Rgb

_INPUT_SIZE = 256
_WIDEST_ASPECT = 1.8
_CROP_EYE_DISTANCES = 5.0
_LOWERED = 0.4
_MIN_FACE_COVERAGE = 0.9
_HEAD_REACH = 1.3
_EVEN_EDGE, _MIRRORED = 0.04, 0.12
"""How even the edge is that surroundings are mirrored at, and how far behind it all of what is seen
is mirrored, in eye distances."""
_FILL_SCALE_PIXELS = 60.0
_FILL_SIGMAS = (1, 2, 4, 8, 16, 32)


class PersonMatte:
    """MediaPipe's selfie segmentation, its edge sharpened by a guided filter (He et al., 2010)."""

    def __init__(self) -> None:
        self._session = models.session("person_matte")
        self._input = self._session.get_inputs()[0].name

    def cut_around(self, picture: Rgb, points: Floats, eye_distance: float) -> Floats:
        """Return the matte of the person whose landmarks [478, 3] are given.

        The network sees its input squeezed into a square, so that of a wide or tall picture it
        gets what is around the face; the rest is background. The face is never background.
        """
        rows, columns = _window(points, eye_distance, picture.shape[:2])
        alpha = np.zeros(picture.shape[:2], np.float32)
        alpha[rows, columns] = self.cut(np.ascontiguousarray(picture[rows, columns]))
        return _with_face(alpha, points, eye_distance)

    def cut(self, picture: Rgb) -> Floats:
        """Return how much of each pixel is person: float32 [height, width], 0..1."""
        height, width = picture.shape[:2]
        small = cv2.resize(picture, (_INPUT_SIZE, _INPUT_SIZE), interpolation=cv2.INTER_AREA)
        planes = np.ascontiguousarray(small.astype(np.float32).transpose(2, 0, 1)[None] / 255)
        coarse = self._session.run(None, {self._input: planes})[0].reshape(small.shape[:2])
        smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        alpha = np.clip((smooth - 0.25) / 0.5, 0, 1).astype(np.float32)
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
        radius = max(2, int(max(height, width) / _INPUT_SIZE * 1.2))
        return _snapped(_guided(alpha, grey, radius=radius))


def background_plate(picture: Rgb, alpha: Floats, eye_distance: float) -> Rgb:
    """Return the picture with the person painted over by what surrounds them.

    Pixels further from the person than about 6 % of the eye distance are the picture's own.
    """
    reach = max(1, int(eye_distance * 0.02))
    person = cv2.dilate((alpha > 0.02).astype(np.uint8), _disc(reach))
    scale = min(1.0, _FILL_SCALE_PIXELS / eye_distance)
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    hidden = cv2.resize(person, size, interpolation=cv2.INTER_NEAREST)
    fill = _push_pull(small, hidden)
    fill = cv2.resize(fill, (picture.shape[1], picture.shape[0]), interpolation=cv2.INTER_CUBIC)
    fill = _mirrored(picture, person, fill, eye_distance)
    soft = cv2.GaussianBlur(person.astype(np.float32), (0, 0), max(1.0, eye_distance * 0.008))
    soft = np.clip((soft - 0.02) / 0.96, 0, 1)[..., None]
    plate: Rgb = np.clip(picture * (1 - soft) + fill * soft + 0.5, 0, 255).astype(np.uint8)
    return plate


def _mirrored(picture: Rgb, person: Rgb, fill: Floats, eye_distance: float) -> Floats:
    """Let the surroundings go on behind the person's edge, mirrored, so that patterns do, too."""
    reach = _MIRRORED * eye_distance
    depth = np.minimum(cv2.distanceTransform(person, cv2.DIST_L2, 5), 3 * reach)
    even = cv2.GaussianBlur(depth, (0, 0), max(1.0, _EVEN_EDGE * eye_distance))
    slope = np.stack([cv2.Sobel(even, cv2.CV_32F, 1, 0), cv2.Sobel(even, cv2.CV_32F, 0, 1)], axis=2)
    inwards = slope / np.maximum(np.linalg.norm(slope, axis=2, keepdims=True), 1e-3)
    rows, columns = np.indices(person.shape, np.float32)
    back = 2 * depth[..., None] * inwards
    x, y = columns - back[..., 0], rows - back[..., 1]
    seen = cv2.remap(1 - person, x, y, cv2.INTER_NEAREST, borderValue=0).astype(np.float32)
    seen = cv2.GaussianBlur(seen, (0, 0), max(1.0, _EVEN_EDGE * eye_distance / 2))
    share = np.clip(2 * seen - 1, 0, 1) * np.clip(2 - depth / reach, 0, 1)
    mirrored = cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    mixed: Floats = fill + (mirrored - fill) * share[..., None]
    return mixed


def _window(points: Floats, eye_distance: float, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Return rows and columns of all that a moving head takes along."""
    height, width = shape[0], shape[1]
    if max(height, width) <= _WIDEST_ASPECT * min(height, width):
        return slice(0, height), slice(0, width)
    side = max(min(height, width), round(_CROP_EYE_DISTANCES * eye_distance))
    x, y = points[topo.NOSE_BRIDGE, :2]
    return (
        _span(y + _LOWERED * eye_distance, side, length=height),
        _span(x, side, length=width),
    )


def _span(middle: float, side: int, *, length: int) -> slice:
    """Return a part `side` long about a place, moved and cut to lie within a length."""
    first = int(np.clip(round(middle - side / 2), 0, max(0, length - side)))
    return slice(first, min(length, first + side))


def _with_face(alpha: Floats, points: Floats, eye_distance: float) -> Floats:
    """Add the head to a matte that lacks much of the face."""
    hull = cv2.convexHull(points[:468, :2].astype(np.float32))
    if alpha[_filled(hull, alpha.shape) > 0].mean() >= _MIN_FACE_COVERAGE:
        return alpha
    bridge = points[topo.NOSE_BRIDGE, :2].astype(np.float32)
    head = _filled(bridge + (hull - bridge) * _HEAD_REACH, alpha.shape).astype(np.float32)
    soft = cv2.GaussianBlur(head, (0, 0), max(1.0, 0.04 * eye_distance))
    whole: Floats = np.maximum(alpha, soft)
    return whole


def _filled(outline: Floats, shape: tuple[int, ...]) -> Rgb:
    """Return uint8 [height, width], 1 inside of an outline."""
    mask: Rgb = np.zeros(shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, np.round(outline).astype(np.int32), 1)
    return mask


def _guided(alpha: Floats, grey: Floats, *, radius: int) -> Floats:
    def mean(values: Floats) -> Floats:
        blurred: Floats = cv2.blur(values, (2 * radius + 1, 2 * radius + 1))
        return blurred

    mean_grey, mean_alpha = mean(grey), mean(alpha)
    variance = mean(grey * grey) - mean_grey**2
    slope = (mean(grey * alpha) - mean_grey * mean_alpha) / (variance + 2e-4)
    level = mean_alpha - slope * mean_grey
    return np.clip(mean(slope) * grey + mean(level), 0, 1).astype(np.float32)


def _snapped(alpha: Floats) -> Floats:
    """Take specks of a few percent, which only noise makes, to nothing or to whole."""
    snapped: Floats = np.clip((alpha - 0.04) / 0.92, 0, 1).astype(np.float32)
    return snapped


def _disc(radius: int) -> Rgb:
    side = 2 * radius + 1
    disc: Rgb = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return disc


def _push_pull(picture: Rgb, hidden: Rgb) -> Floats:
    """Fill hidden pixels from ever wider surroundings."""
    known = (1 - hidden).astype(np.float32)
    values = picture.astype(np.float32) * known[..., None]
    filled, weight = values.copy(), known.copy()
    for sigma in _FILL_SIGMAS:
        near = cv2.GaussianBlur(values, (0, 0), sigma)
        density = cv2.GaussianBlur(known, (0, 0), sigma)
        share = np.clip(density * 8, 0, 1) * np.clip(1 - weight, 0, 1)
        filled += near / np.maximum(density, 1e-4)[..., None] * share[..., None]
        weight += share
    return filled / np.maximum(weight, 1e-4)[..., None]
