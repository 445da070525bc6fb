"""Weights that were scaled to fit into 8 bits, as ComfyUI stores them, and what they stand for.

Beside "LAYER.weight" lies "LAYER.scale_weight" (newer files: "LAYER.weight_scale"), by which it is
multiplied; how to scale the layer's input, and marks of the format, are of no use here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from s2v_render.engines.wan.weights.files import unusable
from s2v_render.engines.wan.weights.stored import StoredTensor

_SCALES = ("scale_weight", "weight_scale")
_UNUSED = (*_SCALES, "scale_input", "input_scale", "comfy_quant")
_MARK = "scaled_fp8"
_FORMATS = ("float8_e4m3fn", "float8_e5m2")
TOKENIZER = "spiece_model"
"""The tokenizer, which ComfyUI keeps in the text encoder's file: bytes, and no weight of it."""


def unscaled(found: Mapping[str, StoredTensor]) -> dict[str, StoredTensor]:
    """Return the tensors that a network is made of, by name; scaled ones read as they were before.

    Raises:
        NotReady: a weight is packed in a way that is none of those known here.
    """
    weights = {}
    for key, stored in found.items():
        layer, _, name = key.rpartition(".")
        if name == "comfy_quant":
            _check_format(stored)
        if name in (_MARK, TOKENIZER) or (name in _UNUSED and f"{layer}.weight" in found):
            continue
        scales = [found[place] for end in _SCALES if (place := f"{layer}.{end}") in found]
        if name == "weight" and scales:
            stored = replace(stored, read=partial(_scaled, stored, scales[0]))
        weights[key] = stored
    return weights


def _scaled(weight: StoredTensor, scale: StoredTensor) -> Tensor:
    """Return a weight as it was, in fp32; there is one scale, or one for each of its rows."""
    by = scale.read().float().reshape(-1, *[1] * (len(weight.shape) - 1))
    return weight.read().float() * by


def _check_format(stored: StoredTensor) -> None:
    told = json.loads(bytes(stored.read().to(torch.uint8).tolist()))
    if told.get("format") not in _FORMATS:
        raise unusable(
            f"{stored.file} is packed as {told.get('format')}, which cannot be read here; take a "
            "bf16, fp8_scaled or GGUF file."
        )
