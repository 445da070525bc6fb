"""Low-rank changes of a checkpoint, merged into its weights when it is loaded.

Names of tensors vary with who wrote the file: PEFT says `base_model.model.LAYER.lora_A.weight`,
others `diffusion_model.LAYER.lora_down.weight` with `LAYER.alpha` beside, kohya's
`lora_unet_LAYER_WITH_UNDERSCORES`; a layer's name is the official or a diffusers-style one. Beside
pairs there may be whole changes, of a weight (`LAYER.diff`) or of a bias (`LAYER.diff_b`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from s2v_render.engines.wan.weights.files import read_json, unusable
from s2v_render.engines.wan.weights.layouts.diffusers import transformer_name
from s2v_render.engines.wan.weights.pausing import worked
from s2v_render.engines.wan.weights.reading import listed, stored_tensors
from s2v_render.engines.wan.weights.stored import StoredTensor

_PREFIX = re.compile(r"^(base_model\.model\.|diffusion_model\.|transformer\.)+")
_KOHYA = "lora_unet_"
_KEY = re.compile(
    r"(?P<layer>.+)\.(?:"
    r"(?P<side>lora_A|lora_B|lora_down|lora_up)(?:\.\w+)?\.weight|(?P<whole>diff|diff_b|alpha))"
)
_ROLES = {"lora_A": "down", "lora_down": "down", "lora_B": "up", "lora_up": "up"}
_LIVE_AVATAR_RANK, _LIVE_AVATAR_ALPHA = 128, 64.0
_INJECTORS = "audio_injector.injector."


@dataclass(frozen=True, slots=True)
class Lora:
    """A file of low-rank changes and how strongly they act.

    Attributes:
        file: of safetensors.
        strength: 1 is as trained, 0 not at all.
        alpha: numerator of the scale alpha / rank, where the file does not say it; None makes the
            scale 1, and LiveAvatar's one half.
        forced: whether it may have been trained for another way of sampling.
    """

    file: Path
    strength: float = 1.0
    alpha: float | None = None
    forced: bool = False


@dataclass(slots=True)
class _Change:
    """What one layer's weight and bias change by; `up @ down` is scaled by alpha / rank."""

    found: dict[str, StoredTensor] = field(default_factory=dict)

    @property
    def rank(self) -> int:
        return self.found["down"].shape[0] if "down" in self.found else 0

    def weight(self, shape: torch.Size, alpha: float | None, device: torch.device) -> Tensor | None:
        """Return what is added to the weight, in fp32."""
        if "diff" in self.found:
            return self._read("diff", device)
        if "down" not in self.found:
            return None
        own = float(self.found["alpha"].read()) if "alpha" in self.found else alpha
        scale = 1.0 if own is None else own / self.rank
        down, up = self._read("down", device), self._read("up", device)
        return (up.flatten(1) @ down.flatten(1) * scale).view(shape)

    def bias(self, device: torch.device) -> Tensor | None:
        """Return what is added to the bias, in fp32."""
        return self._read("diff_b", device) if "diff_b" in self.found else None

    def _read(self, role: str, device: torch.device) -> Tensor:
        return self.found[role].read().to(device, torch.float32)


@torch.no_grad()
def merge_lora(network: nn.Module, lora: Lora) -> int:
    """Add the changes to the weights of a network, in fp32, and return how many layers changed.

    Raises:
        NotReady: the file is damaged, holds half a change, or something that is no layer's of this
            network in this shape; or it was trained for another way of sampling and is not forced.
            The message names it, and nothing was changed.
    """
    changes = _changes(lora.file, _official_names(network))
    faults = [
        fault
        for name, change in changes.items()
        if (fault := _fault(_layer(network, name), name, change))
    ]
    if faults:
        raise unusable(f"{lora.file}: {len(faults)} changes do not fit: {listed(faults)}.")
    live_avatar = _is_live_avatars(changes)
    if live_avatar and not lora.forced:
        raise unusable(
            f"{lora.file} looks like LiveAvatar's: it was trained to go on block by block, each "
            "seeing the ones before, and not for whole windows as they are sampled here. Leave it "
            "out, or set S2V_RENDER_WAN_LORA_FORCED=true to see what comes of it."
        )
    told = lora.alpha if lora.alpha is not None else _trained_alpha(lora.file)
    alpha = _LIVE_AVATAR_ALPHA if told is None and live_avatar else told
    for name, change in changes.items():
        _merge(network.get_submodule(name), change, alpha=alpha, strength=lora.strength)
    return len(changes)


def _merge(layer: nn.Module, change: _Change, *, alpha: float | None, strength: float) -> None:
    device, shape = layer.weight.device, layer.weight.shape
    added = {"weight": change.weight(shape, alpha, device), "bias": change.bias(device)}
    for kind, by in added.items():
        if by is not None:
            before = getattr(layer, kind)
            # A new tensor: the old one may be a part of the checkpoint's file.
            before.data = (before.float() + strength * by).to(before.dtype)
            worked(before.nbytes)


def _is_live_avatars(changes: Mapping[str, _Change]) -> bool:
    """Tell LiveAvatar's by its shape: rank 128 without an alpha, and the audio's layers, too."""
    return any(name.startswith(_INJECTORS) for name in changes) and all(
        change.rank == _LIVE_AVATAR_RANK and "alpha" not in change.found
        for change in changes.values()
    )


def _changes(file: Path, official: Callable[[str], str]) -> dict[str, _Change]:
    """Return the changes by the official name of their layer."""
    if not file.is_file():
        raise unusable(f"There is no LoRA file {file}.")
    changes: dict[str, _Change] = {}
    unknown: list[str] = []
    for key, stored in stored_tensors((file,), device="cpu").items():
        match = _KEY.fullmatch(_PREFIX.sub("", key))
        if match is None:
            unknown.append(key)
            continue
        role = match["whole"] or _ROLES[match["side"]]
        changes.setdefault(official(match["layer"]), _Change()).found[role] = stored
    unknown += [
        f"{name}.alpha" for name, change in changes.items() if set(change.found) == {"alpha"}
    ]
    if unknown or not changes:
        raise unusable(
            f"{file}: {len(unknown)} tensors are no part of a LoRA that can be merged: "
            f"{listed(unknown) or 'it holds none'}."
        )
    for name, change in changes.items():
        if len(halves := {"down", "up"} & set(change.found)) == 1:
            raise unusable(f"{file}: of {name} there is only the {halves.pop()} half.")
    return changes


def _official_names(network: nn.Module) -> Callable[[str], str]:
    """Return what turns any name of a layer of this network into the official one."""
    joined = {name.replace(".", "_"): name for name, _ in network.named_modules()}

    def official(layer: str) -> str:
        bare = layer.removeprefix(_KOHYA)
        return joined.get(bare) or transformer_name(f"{bare}.weight").removesuffix(".weight")

    return official


def _layer(network: nn.Module, name: str) -> nn.Module | None:
    try:
        layer = network.get_submodule(name)
    except AttributeError:
        return None
    return layer if isinstance(getattr(layer, "weight", None), Tensor) else None


def _fault(layer: nn.Module | None, name: str, change: _Change) -> str | None:
    """Return what is wrong with a change for this layer; None if nothing is."""
    found = change.found
    if layer is None or ("down" in found and not isinstance(layer, nn.Linear)):
        kind = "linear layer" if "down" in found else "layer"
        return f"{next(iter(found.values())).key} belongs to no {kind} of this model"
    wanted = tuple(layer.weight.shape)
    if "down" in found:
        down, up = found["down"], found["up"]
        if len(down.shape) != 2 or len(up.shape) != 2 or up.shape[1] != down.shape[0]:
            return f"{down.key} {list(down.shape)} and {up.key} {list(up.shape)} are no pair"
        made = (up.shape[0], down.shape[-1])
        if made != wanted:
            return f"{down.key} and {up.key} make a change of shape {made}, expected {wanted}"
    bias = getattr(layer, "bias", None)
    shapes = {"diff": wanted, "diff_b": () if bias is None else tuple(bias.shape)}
    for role, shape in shapes.items():
        if role in found and (found[role].shape != shape or not shape):
            return f"{found[role].key} has shape {found[role].shape}, expected {shape} of {name}"
    return None


def _trained_alpha(file: Path) -> float | None:
    """Return the alpha that PEFT's configuration beside the file names, if there is one."""
    beside = file.with_name("adapter_config.json")
    if not beside.is_file():
        return None
    value = read_json(beside).get("lora_alpha")
    return float(value) if value is not None else None
