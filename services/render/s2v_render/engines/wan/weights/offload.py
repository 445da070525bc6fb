"""Networks whose weights stay on the host and visit the device layer by layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from s2v_render.engines.wan.weights.pausing import worked

_PIECE_BYTES = 2**30
_ALIGNED_BYTES = 64


def stream_weights(network: nn.Module, device: torch.device) -> None:
    """Keep the weights of a network on the host; each module's are on the device while it runs.

    They are copied from pinned memory without waiting, in the order of the device's own work, and
    dropped afterwards; nothing is copied back. Tensors that a module is called with are brought to
    the device, so that what calls the network need not know.
    """
    pinned = _Pinned() if device.type == "cuda" else None
    for module in network.modules():
        own = dict(module.named_parameters(recurse=False))
        if own or module is network:
            _Visits(own, device, pinned).attach(module)


class _Pinned:
    """Pinned memory in large pieces: the allocator rounds each up to a power of two."""

    def __init__(self) -> None:
        self._piece = torch.empty(0, dtype=torch.uint8)

    def keep(self, value: Tensor) -> Tensor:
        """Return a copy of a tensor that lies in pinned memory."""
        size = value.numel() * value.element_size()
        taken = -(-size // _ALIGNED_BYTES) * _ALIGNED_BYTES
        if taken > len(self._piece):
            length = max(_PIECE_BYTES, 1 << (taken - 1).bit_length())
            self._piece = torch.empty(length, dtype=torch.uint8, pin_memory=True)
        place, self._piece = self._piece[:size], self._piece[taken:]
        worked(size)
        return place.view(value.dtype).view(value.shape).copy_(value)


class _Visits:
    """Brings one module's own weights to the device when it is called, and drops them after."""

    def __init__(
        self, weights: Mapping[str, nn.Parameter], device: torch.device, pinned: _Pinned | None
    ) -> None:
        self._device = device
        for weight in weights.values():
            weight.data = pinned.keep(weight.data) if pinned else weight.data
        self._homes = [(weight, weight.data) for weight in weights.values()]

    def attach(self, module: nn.Module) -> None:
        module.register_forward_pre_hook(self._come, with_kwargs=True)
        # Also when the call fails, so that a full device is emptied.
        module.register_forward_hook(self._go, always_call=True)

    def _come(self, _: nn.Module, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        for weight, home in self._homes:
            weight.data = home.to(self._device, copy=True, non_blocking=True)
        moved = tuple(self._here(value) for value in args)
        return moved, {name: self._here(value) for name, value in named.items()}

    def _go(self, _: nn.Module, args: Any, result: Any) -> None:
        for weight, home in self._homes:
            weight.data = home

    def _here(self, value: Any) -> Any:
        return value.to(self._device) if isinstance(value, Tensor) else value
