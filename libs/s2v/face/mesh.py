"""Place 478 landmarks on a face: MediaPipe's face mesh with attention (arXiv:2006.10962).

The network is vendored in two parts. Between them stand three steps that ONNX has no operators
for: crop 16x16 feature windows around lips and eyes, and bring the refined points back.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from s2v.face import models
from s2v.face import topology as topo
from s2v.face.arrays import Floats, Rgb
from s2v.face.detector import Face

LANDMARKS = 478
_INPUT_SIZE = 192
_FEATURE_SIZE = 48
_WINDOW_SIZE = 16
_MARGIN = 1.5
_REFINEMENTS = 2
_OUTPUTS = ("t684", "t687", "t690", "t693", "t696")


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Points on a face.

    Attributes:
        points: shape [478, 3]: x, y in pixels of the picture; z in the same unit, growing away
            from the camera.
        score: how sure the network is that this is a face, 0..1.
    """

    points: Floats
    score: float

    def moved(self, left: float, top: float) -> "Landmarks":
        """Return them in the part of the picture that begins there."""
        return Landmarks(self.points - (left, top, 0), self.score)


@dataclass(frozen=True, slots=True)
class _Crop:
    """A square turned by `tilt` radians about `centre`, with sides of `size` pixels."""

    centre: tuple[float, float]
    size: float
    tilt: float

    def to_picture(self) -> Floats:
        """Return the affine map [2, 3] from the network's input to the picture."""
        scale = self.size / _INPUT_SIZE
        c, s = scale * np.cos(self.tilt), scale * np.sin(self.tilt)
        turn = np.array([[c, -s], [s, c]])
        half = np.full(2, _INPUT_SIZE / 2)
        matrix: Floats = np.c_[turn, np.array(self.centre) - turn @ half]
        return matrix


@dataclass(frozen=True, slots=True)
class _HeadWindow:
    """An affine map from a head's 16x16 window to the 48x48 features."""

    turn: Floats
    shift: Floats


class FaceMesh:
    """Finds landmarks in a known face, or follows them from picture to picture."""

    def __init__(self) -> None:
        self._base = models.session("face_mesh_base")
        self._heads = models.session("face_mesh_heads")
        self._base_input = self._base.get_inputs()[0].name
        self._head_inputs = [value.name for value in self._heads.get_inputs()]
        rows, columns = np.mgrid[0:_WINDOW_SIZE, 0:_WINDOW_SIZE]
        self._window_points = np.stack([columns.ravel(), rows.ravel()], -1) + 0.5

    def locate(self, picture: Rgb, face: Face) -> Landmarks:
        """Return the landmarks of a detected face."""
        found = self._run(picture, _Crop(face.centre, _MARGIN * face.size, face.tilt))
        for _ in range(_REFINEMENTS):
            found = self.follow(picture, found)
        return found

    def follow(self, picture: Rgb, previous: Landmarks) -> Landmarks:
        """Return the landmarks, looking where they were in the picture before."""
        return self._run(picture, _crop_around(previous.points))

    def _run(self, picture: Rgb, crop: _Crop) -> Landmarks:
        to_picture = crop.to_picture()
        pixels = cv2.warpAffine(
            picture,
            to_picture,
            (_INPUT_SIZE, _INPUT_SIZE),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        planes = np.ascontiguousarray((pixels.astype(np.float32) / 255).transpose(2, 0, 1)[None])
        mesh, features, logit = self._base.run(None, {self._base_input: planes})
        points = np.zeros((LANDMARKS, 3))
        points[:468] = mesh.reshape(468, 3)
        self._refine(points, features[0])
        points[:, :2] = points[:, :2] @ to_picture[:, :2].T + to_picture[:, 2]
        points[:, 2] *= crop.size / _INPUT_SIZE
        return Landmarks(points, float(1 / (1 + np.exp(-logit.ravel()[0]))))

    def _refine(self, points: Floats, features: Floats) -> None:
        coarse = points[:468] * (_FEATURE_SIZE / _INPUT_SIZE)
        lips = _window(coarse, (61, 291), topo.REFINED_LIPS)
        right = _window(coarse, (33, 133), topo.REFINED_RIGHT_EYE)
        left = _window(coarse, (362, 263), topo.REFINED_LEFT_EYE)
        crops = [self._features_in(features, window) for window in (lips, right, left)]
        values = self._heads.run(_OUTPUTS, dict(zip(self._head_inputs, crops, strict=True)))
        targets: tuple[tuple[_HeadWindow, list[int] | slice], ...] = (
            (lips, list(topo.REFINED_LIPS)),
            (right, list(topo.REFINED_RIGHT_EYE)),
            (right, topo.RIGHT_IRIS),
            (left, list(topo.REFINED_LEFT_EYE)),
            (left, topo.LEFT_IRIS),
        )
        to_input = _INPUT_SIZE / _FEATURE_SIZE
        for value, (window, where) in zip(values, targets, strict=True):
            points[where, :2] = value.reshape(-1, 2) @ window.turn.T + window.shift * to_input
        points[topo.RIGHT_IRIS, 2] = points[topo.RIGHT_EYE_OUTER, 2]
        points[topo.LEFT_IRIS, 2] = points[topo.LEFT_EYE_OUTER, 2]

    def _features_in(self, features: Floats, window: _HeadWindow) -> Floats:
        """Sample the features [32, 48, 48] in a window, zero outside of them; [1, 32, 16, 16]."""
        at = self._window_points @ window.turn.T + window.shift - 0.5
        corner = np.floor(at).astype(int)
        part = at - corner
        last = _FEATURE_SIZE - 1
        sampled = np.zeros((features.shape[0], len(at)), np.float32)
        for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
            weight = np.abs(1 - dx - part[:, 0]) * np.abs(1 - dy - part[:, 1])
            x, y = np.clip(corner + np.array([dx, dy]), 0, last).T
            sampled += features[:, y, x] * weight.astype(np.float32)
        sampled *= ((at >= 0) & (at <= last)).all(axis=1)
        return sampled.reshape(1, -1, _WINDOW_SIZE, _WINDOW_SIZE)


def _crop_around(points: Floats) -> _Crop:
    along = points[topo.LEFT_EYE_OUTER, :2] - points[topo.RIGHT_EYE_OUTER, :2]
    tilt = float(np.arctan2(along[1], along[0]))
    centre, extent = _turned_box(points[:468, :2], tilt)
    return _Crop((float(centre[0]), float(centre[1])), _MARGIN * float(extent.max()), tilt)


def _window(points: Floats, ends: tuple[int, int], indices: tuple[int, ...]) -> _HeadWindow:
    along = points[ends[1], :2] - points[ends[0], :2]
    tilt = float(np.arctan2(along[1], along[0]))
    centre, extent = _turned_box(points[list(indices), :2], tilt)
    turn = _turn(tilt) @ np.diag(_MARGIN * extent / _WINDOW_SIZE)
    return _HeadWindow(turn, centre - turn @ np.full(2, _WINDOW_SIZE / 2))


def _turned_box(points: Floats, tilt: float) -> tuple[Floats, Floats]:
    """Return the centre and the extent of the smallest box at an angle around the points."""
    turn = _turn(tilt)
    upright = points @ turn
    low, high = upright.min(axis=0), upright.max(axis=0)
    return turn @ ((low + high) / 2), high - low


def _turn(angle: float) -> Floats:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s], [s, c]])
