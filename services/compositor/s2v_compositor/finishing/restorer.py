"""Run an operator's network that restores faces: GFPGAN, RestoreFormer, CodeFormer, their like."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime

from s2v.core.errors import InvalidInput, Reason
from s2v.face.arrays import Floats, Rgb

SIDE_PIXELS = 512
_SHAPE = (1, 3, SIDE_PIXELS, SIDE_PIXELS)
_WANTED = f"a float picture {list(_SHAPE)}"
_FIDELITY = 0.5
"""CodeFormer's weight: at 0 the network invents most, at 1 it keeps most of what it sees."""
_NUMBERS = {"tensor(float)": np.float32, "tensor(double)": np.float64}
_NOISE = 2
"""Levels of 255 by which two results of one picture may differ."""


class FaceRestorer:
    """A loaded network on all cores, hundreds of MB; safe to use from several threads at once.

    Args:
        path: an ONNX file. The network takes a face as RGB in -1..1, float [1, 3, 512, 512],
            aligned as in FFHQ, and gives such a picture as its first output. It may take one number
            more, which is its fidelity.

    Raises:
        InvalidInput: FIELD_INVALID, the file is no such network; `field` is the setting.
    """

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.use_deterministic_compute = True
        # Between two pictures others have the cores.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise _unusable(path, f"ONNX Runtime cannot load it: {error}") from error
        self._output = self._session.get_outputs()[0].name
        self._picture, self._fixed = self._inputs(path)
        self._try(path)

    def restored(self, face: Rgb) -> Rgb:
        """Return an aligned face [512, 512, 3], restored."""
        planes = np.ascontiguousarray(face.transpose(2, 0, 1)[None].astype(np.float32) / 127.5 - 1)
        levels = (self._run(planes)[0].transpose(1, 2, 0) + 1) * 127.5
        better: Rgb = np.clip(levels + 0.5, 0, 255).astype(np.uint8)
        return better

    def _run(self, planes: Floats) -> Floats:
        (result,) = self._session.run([self._output], {self._picture: planes} | self._fixed)
        better: Floats = result
        return better

    def _inputs(self, path: Path) -> tuple[str, dict[str, Floats]]:
        """Return the name of the input for the picture, and what all others are given."""
        found = self._session.get_inputs()
        told = ", ".join(f"{one.name}: {one.type} {one.shape}" for one in found)
        pictures = [one for one in found if one.type == "tensor(float)" and _fits(one.shape)]
        others = [one for one in found if one not in pictures]
        numbers = {
            one.name: np.full([1] * len(one.shape), _FIDELITY, _NUMBERS[one.type])
            for one in others
            if one.type in _NUMBERS and all(side == 1 or _is_open(side) for side in one.shape)
        }
        if len(pictures) != 1 or len(others) > 1 or len(numbers) < len(others):
            raise _unusable(path, f"it takes {told}, not {_WANTED} and at most one number beside")
        return pictures[0].name, numbers

    def _try(self, path: Path) -> None:
        """Have it restore a picture, twice."""
        shades = np.linspace(-1, 1, SIDE_PIXELS, dtype=np.float32)
        planes = np.ascontiguousarray(np.broadcast_to(shades, _SHAPE))
        try:
            first, second = np.asarray(self._run(planes)), np.asarray(self._run(planes))
        except Exception as error:
            raise _unusable(path, f"ONNX Runtime cannot run it: {error}") from error
        if first.shape != _SHAPE or first.dtype != np.float32:
            raise _unusable(path, f"it gives {first.dtype} {list(first.shape)}, not {_WANTED}")
        if not np.isfinite(first).all():
            raise _unusable(path, "it gives what are no numbers; export it again, in float32")
        if np.abs(first - second).max() > _NOISE / 127.5:
            raise _unusable(
                path, "it gives one face another look each time; export it with its noise fixed"
            )


def _fits(shape: Sequence[int | str | None]) -> bool:
    if len(shape) != len(_SHAPE):
        return False
    return all(_is_open(one) or one == side for one, side in zip(shape, _SHAPE, strict=True))


def _is_open(side: int | str | None) -> bool:
    """Tell whether a network leaves the length of a side to its caller."""
    return not isinstance(side, int)


def _unusable(path: Path, problem: str) -> InvalidInput:
    return InvalidInput(
        Reason.FIELD_INVALID,
        f"{path} is no network that restores faces: {problem}",
        field="face_restorer",
    )
