"""Loaded networks made quick for the device that they run on."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import torch
from torch import nn

from s2v_render.engines.wan.model.layers import Attention, FeedForward
from s2v_render.engines.wan.model.transformer import S2VTransformer
from s2v_render.engines.wan.model.vae import Vae
from s2v_render.engines.wan.ops.attention import attends_in_fp8
from s2v_render.engines.wan.ops.kernels import can_fp8
from s2v_render.engines.wan.ops.linear import Fp8Linear
from s2v_render.engines.wan.weights.files import unusable
from s2v_render.engines.wan.weights.pausing import worked

if TYPE_CHECKING:
    from diffusers import AutoencoderKLWan

_LATENTS_AT_ONCE = 2
"""More keep no card busier, and need memory."""


def ensure_fp8(device: torch.device) -> None:
    """Refuse what cannot multiply in fp8.

    Raises:
        NotReady: CHECKPOINT_UNUSABLE.
    """
    if can_fp8(device):
        return
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "a CPU"
    raise unusable(
        f"S2V_RENDER_WAN_PRECISION asks for fp8, and {name} cannot: it needs an NVIDIA GPU of "
        "compute capability 8.9 or higher, and triton. Use bf16."
    )


def ensure_fp8_attention(device: torch.device, head_dim: int) -> None:
    """Refuse what cannot attend in fp8.

    Raises:
        NotReady: CHECKPOINT_UNUSABLE.
    """
    if not attends_in_fp8(device, head_dim):
        raise unusable(
            "S2V_RENDER_WAN_PRECISION is fp8-attention, which does not work here: it needs an "
            "NVIDIA GPU of compute capability 9.0 or higher, triton and nvidia-cudnn-frontend. "
            "Use fp8."
        )


def round_to_fp8(transformer: S2VTransformer, device: torch.device) -> int:
    """Round the matrices that every step multiplies by, in place; return how many there are.

    The device rounds them, one by one; they stay where they are.

    What is multiplied once a window or a job stays: keys and values of text and sound.
    """
    count = 0
    for block in transformer.blocks:
        count += _rounded(device, block.self_attn, "q", "k", "v", "o")
        count += _rounded(device, block.cross_attn, "q", "o") + _rounded(
            device, block.ffn, "0", "2"
        )
    for injector in transformer.audio_injector.injector:
        count += _rounded(device, injector, "q", "o")
    return count


def _rounded(device: torch.device, owner: Attention | FeedForward, *names: str) -> int:
    for name in names:
        linear = owner.get_submodule(name)
        assert isinstance(linear, nn.Linear)
        home = linear.weight.device
        worked(linear.weight.nbytes)
        setattr(owner, name, Fp8Linear(linear.to(device)).to(home))
    return len(names)


def fastest_vae(network: AutoencoderKLWan, device: torch.device) -> Vae:
    """Return the autoencoder: on CUDA in bf16, fused where triton is; elsewhere in fp32."""
    if device.type != "cuda":
        from s2v_render.engines.wan.ops.norming import summing

        return Vae(summing(network), device=device)
    if importlib.util.find_spec("triton") is None:
        return Vae(network.to(torch.bfloat16), device=device, latents_at_once=_LATENTS_AT_ONCE)
    from s2v_render.engines.wan.ops.convolving import fused

    return Vae(fused(network), device=device, latents_at_once=_LATENTS_AT_ONCE)
