"""Part the person from the background and paint what is behind the person's edge."""

import cv2
import numpy as np

from s2v_render.engines.portrait import models
from s2v_render.engines.portrait.arrays import Floats, Rgb

_INPUT_SIZE = 256
_FILL_SCALE_PIXELS = 60.0
_FILL_SIGMAS = (1, 2, 4, 8, 16, 32)


class PersonMatte:
    """MediaPipe's selfie segmentation, its edge sharpened by a guided filter (He et al., 2010)."""

    def __init__(self) -> None:
        self._session = models.session("person_matte")
        self._input = self._session.get_inputs()[0].name

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
        return _snapped(_guided(alpha, grey, radius))


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
    soft = cv2.GaussianBlur(person.astype(np.float32), (0, 0), max(1.0, eye_distance * 0.008))
    soft = np.clip((soft - 0.02) / 0.96, 0, 1)[..., None]
    plate: Rgb = np.clip(picture * (1 - soft) + fill * soft + 0.5, 0, 255).astype(np.uint8)
    return plate


def _guided(alpha: Floats, grey: Floats, radius: int) -> Floats:
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
