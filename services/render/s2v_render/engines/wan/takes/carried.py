"""What one take leaves to the next: the motion and the sound before it, and what was counted.

It is a file of safetensors, so that any worker can go on from it; equal takes leave equal bytes.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Size
from s2v_render.engines.wan.model.speech import FilmLevel
from s2v_render.engines.wan.model.vae import SPATIAL_RATIO
from s2v_render.engines.wan.takes.hearing import level_after

_TYPES = {
    "motion_latents": torch.float32,
    "last_frame": torch.uint8,
    "sound": torch.int16,
    "counts": torch.int64,
    "level": torch.float64,
}
_FIRST_TYPES = {name: kind for name, kind in _TYPES.items() if name != "level"}
"""Release 0.1.0 told no level; its films go on with that of the sound that they left."""


@dataclass(frozen=True, slots=True)
class Carried:
    """Where a film stands between two takes.

    Attributes:
        motion_latents_BCTYX: of the last model frames, fp32, on the host.
        last_frame: the last model frame, which the next take may show again: uint8 RGB.
        sound: the last seconds before the next take, int16 at 48 kHz.
        model_frames: how many were made.
        windows: how many they were made in.
        level: how loud the film was until here.
    """

    motion_latents_BCTYX: Tensor
    last_frame: npt.NDArray[np.uint8]
    sound: npt.NDArray[np.int16]
    model_frames: int
    windows: int
    level: FilmLevel

    def to_bytes(self) -> bytes:
        """Return it as a file of safetensors."""
        tensors = {
            "motion_latents": self.motion_latents_BCTYX.float().cpu().contiguous(),
            "last_frame": torch.from_numpy(np.ascontiguousarray(self.last_frame)),
            "sound": torch.from_numpy(np.ascontiguousarray(self.sound)),
            "counts": torch.tensor([self.model_frames, self.windows]),
            "level": torch.tensor(astuple(self.level), dtype=torch.float64),
        }
        return bytes(save(tensors))


def read_carried(data: bytes, *, size: Size, model_frames: int) -> Carried:
    """Return what a take left behind.

    Args:
        data: a file of safetensors.
        size: of the film.
        model_frames: how many must have been made.

    Raises:
        InvalidInput: it was left by another engine, or by another place of another film.
    """
    try:
        found = load(data)
    except (SafetensorError, ValueError) as error:
        raise _foreign("it is damaged or another engine's") from error
    if {name: value.dtype for name, value in found.items()} not in (_TYPES, _FIRST_TYPES):
        raise _foreign("it is another engine's")
    latents, counts = found["motion_latents"], found["counts"].tolist()
    expected = (size.height // SPATIAL_RATIO, size.width // SPATIAL_RATIO)
    if latents.ndim != 5 or tuple(latents.shape[-2:]) != expected:
        raise _foreign(f"it belongs to a film of another size than {size.width}x{size.height}")
    if len(counts) != 2 or counts[0] != model_frames:
        raise _foreign(f"it was left after {counts[0]} model frames, not after {model_frames}")
    sound = found["sound"].numpy()
    level = _level(found["level"]) if "level" in found else level_after(FilmLevel(), sound)
    return Carried(latents, found["last_frame"].numpy(), sound, counts[0], counts[1], level)


def _level(values: Tensor) -> FilmLevel:
    if values.shape != (3,):
        raise _foreign("it is damaged")
    samples, total, squares = values.tolist()
    return FilmLevel(int(samples), total, squares)


def _foreign(why: str) -> InvalidInput:
    return InvalidInput(
        Reason.FIELD_INVALID,
        f"the state cannot be gone on from: {why}; send what the segment just before left behind",
        field="state",
    )
