"""Tensors of GGUF files: packed in blocks of a few bits a number, unpacked when they are read."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from s2v_render.engines.wan.weights.files import unusable
from s2v_render.engines.wan.weights.stored import DAMAGED, StoredTensor

if TYPE_CHECKING:
    from gguf import GGUFReader, ReaderTensor

_SHAPE = "comfy.gguf.orig_shape."
"""What tensors of five dimensions were before they were flattened to fit."""


def packed_tensors(file: Path) -> list[StoredTensor]:
    """Return the tensors of a GGUF file; it is mapped, and nothing is unpacked yet.

    Raises:
        NotReady: it is damaged, or the package `gguf` is not installed.
    """
    try:
        from gguf import GGUFReader
    except ImportError:
        raise unusable(
            f"{file} is a GGUF file, for which the package gguf is missing; run: pip install gguf"
        ) from None
    try:
        reader = GGUFReader(file)
        return [
            StoredTensor(file, tensor.name, shape, partial(_read, file, tensor, shape))
            for tensor in reader.tensors
            for shape in (_shape(reader, tensor),)
        ]
    except (ValueError, IndexError, KeyError, OSError) as error:
        raise unusable(f"{file} {DAMAGED} ({error})") from None


def _shape(reader: GGUFReader, tensor: ReaderTensor) -> tuple[int, ...]:
    """Return a tensor's shape; the file tells dimensions from the innermost to the outermost."""
    field = reader.get_field(f"{_SHAPE}{tensor.name}")
    if field is not None:
        return tuple(int(field.parts[place][0]) for place in field.data)
    return tuple(int(length) for length in reversed(tensor.shape.tolist()))


def _read(file: Path, tensor: ReaderTensor, shape: tuple[int, ...]) -> Tensor:
    from gguf import dequantize

    try:
        values = dequantize(tensor.data, tensor.tensor_type)
    except NotImplementedError:
        raise unusable(
            f"{tensor.name} in {file} is packed as {tensor.tensor_type.name}, which cannot be read "
            "here; take a file of Q4_0, Q4_K, Q5_K, Q6_K or Q8_0."
        ) from None
    return torch.from_numpy(np.array(values, dtype=np.float32)).reshape(shape)
