"""Low-rank changes of a checkpoint, merged into its weights when it is loaded.

Names of tensors vary with who wrote the file: PEFT says `base_model.model.LAYER.lora_A.weight`,
others `diffusion_model.LAYER.lora_down.weight` with `LAYER.alpha` beside; a layer's name is the
official or the diffusers-style one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from s2v_render.engines.wan.weights.files import read_json, unusable
from s2v_render.engines.wan.weights.layouts.diffusers import transformer_name
from s2v_render.engines.wan.weights.reading import StoredTensor, listed, stored_tensors

_PREFIX = re.compile(r"^(base_model\.model\.|diffusion_model\.|transformer\.)+")
_KEY = re.compile(r"(?P<layer>.+)\.(?P<side>lora_A|lora_B|lora_down|lora_up)(\.\w+)?\.weight")
_SIDES = {"lora_A": "down", "lora_down": "down", "lora_B": "up", "lora_up": "up"}
_ALPHA = ".alpha"


@dataclass(frozen=True, slots=True)
class Lora:
    """A file of low-rank changes and how strongly they act.

    Attributes:
        file: of safetensors.
        strength: 1 is as trained, 0 not at all.
        alpha: numerator of the scale alpha / rank, where the file does not say it; None makes the
            scale 1. LiveAvatar's is 64 (rank 128).
    """

    file: Path
    strength: float = 1.0
    alpha: float | None = None


@dataclass(frozen=True, slots=True)
class _Change:
    """`up @ down` times alpha / rank is added to the layer's weight."""

    down: StoredTensor
    up: StoredTensor
    alpha: float | None


@torch.no_grad()
def merge_lora(network: nn.Module, lora: Lora) -> int:
    """Add the changes to the weights of a network, in fp32, and return how many layers changed.

    Raises:
        NotReady: the file is damaged, holds half a change, or something that is no linear
            layer's of this network in this shape; the message names it, and nothing was changed.
    """
    changes = _changes(lora.file)
    layers = {name: _layer(network, name) for name in changes}
    faults = [fault for name, change in changes.items() if (fault := _fault(layers[name], change))]
    if faults:
        raise unusable(f"{lora.file}: {len(faults)} changes do not fit: {listed(faults)}.")
    trained = lora.alpha if lora.alpha is not None else _trained_alpha(lora.file)
    for name, change in changes.items():
        layer = layers[name]
        assert layer is not None
        _merge(layer, change, alpha=trained, strength=lora.strength)
    return len(changes)


def _merge(layer: nn.Linear, change: _Change, *, alpha: float | None, strength: float) -> None:
    weight = layer.weight
    down, up = (side.read().to(weight.device, torch.float32) for side in (change.down, change.up))
    rank = len(down)
    alphas = (value for value in (change.alpha, alpha, rank) if value is not None)
    scale = strength * next(alphas) / rank
    merged = torch.addmm(weight.float(), up, down, alpha=scale)
    # A new tensor: the old one may be a part of the checkpoint's file.
    weight.data = merged.to(weight.dtype)


def _changes(file: Path) -> dict[str, _Change]:
    """Return the changes by the official name of their layer."""
    if not file.is_file():
        raise unusable(f"There is no LoRA file {file}.")
    sides: dict[str, dict[str, StoredTensor]] = {}
    alphas: dict[str, float] = {}
    unknown: list[str] = []
    for key, stored in stored_tensors((file,), device="cpu").items():
        bare = _PREFIX.sub("", key)
        if match := _KEY.fullmatch(bare):
            sides.setdefault(_official(match["layer"]), {})[_SIDES[match["side"]]] = stored
        elif bare.endswith(_ALPHA):
            alphas[_official(bare.removesuffix(_ALPHA))] = float(stored.read())
        else:
            unknown.append(key)
    unknown += [f"{name}{_ALPHA}" for name in alphas if name not in sides]
    if unknown or not sides:
        raise unusable(
            f"{file}: {len(unknown)} tensors are no part of a LoRA that can be merged: "
            f"{listed(unknown) or 'it holds none'}."
        )
    return {name: _paired(file, name, pair, alphas) for name, pair in sides.items()}


def _paired(
    file: Path, name: str, pair: Mapping[str, StoredTensor], alphas: Mapping[str, float]
) -> _Change:
    if len(pair) < 2:
        raise unusable(f"{file}: of {name} there is only the {next(iter(pair))} half.")
    return _Change(pair["down"], pair["up"], alphas.get(name))


def _official(layer: str) -> str:
    return transformer_name(f"{layer}.weight").removesuffix(".weight")


def _layer(network: nn.Module, name: str) -> nn.Linear | None:
    try:
        layer = network.get_submodule(name)
    except AttributeError:
        return None
    return layer if isinstance(layer, nn.Linear) else None


def _fault(layer: nn.Linear | None, change: _Change) -> str | None:
    """Return what is wrong with a change for this layer; None if nothing is."""
    down, up = change.down, change.up
    if layer is None:
        return f"{down.key} belongs to no linear layer of this model"
    wanted = tuple(layer.weight.shape)
    found = (up.shape[0], down.shape[-1])
    if len(down.shape) != 2 or len(up.shape) != 2 or up.shape[1] != down.shape[0]:
        return f"{down.key} {list(down.shape)} and {up.key} {list(up.shape)} are no pair"
    if found != wanted:
        return f"{down.key} and {up.key} make a change of shape {found}, expected {wanted}"
    return None


def _trained_alpha(file: Path) -> float | None:
    """Return the alpha that PEFT's configuration beside the file names, if there is one."""
    beside = file.with_name("adapter_config.json")
    if not beside.is_file():
        return None
    value = read_json(beside).get("lora_alpha")
    return float(value) if value is not None else None
