"""Networks of the engine `wan` made of weights in memory, and facts to check them by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from s2v.core.ports import Size
from s2v_render import areas
from s2v_render.engines.wan.model.config import S2VConfig
from s2v_render.engines.wan.model.speech import FEATURES_PER_SECOND
from s2v_render.engines.wan.model.transformer import S2VTransformer
from s2v_render.engines.wan.weights.blank import (
    TIED_EMBEDDING,
    blank_text_encoder,
    blank_transformer,
    blank_vae,
)
from s2v_render.engines.wan.weights.layouts.official import text_encoder_name, vae_name

if TYPE_CHECKING:
    from diffusers import AutoencoderKLWan
    from transformers import UMT5EncoderModel

_ATTENTION = r"(blocks\.\d+\.attn[12]|audio_injector\.injector\.\d+)"
_TO_DIFFUSERS = (
    (r"^head\.modulation$", r"scale_shift_table"),
    (r"^head\.head\.", r"proj_out."),
    (r"^text_embedding\.0\.", r"condition_embedder.text_embedder.linear_1."),
    (r"^text_embedding\.2\.", r"condition_embedder.text_embedder.linear_2."),
    (r"^time_embedding\.0\.", r"condition_embedder.time_embedder.linear_1."),
    (r"^time_embedding\.2\.", r"condition_embedder.time_embedder.linear_2."),
    (r"^time_projection\.1\.", r"condition_embedder.time_proj."),
    (r"^(blocks\.\d+)\.modulation$", r"\1.scale_shift_table"),
    (r"^(blocks\.\d+)\.norm3\.", r"\1.norm2."),
    (r"^(blocks\.\d+)\.ffn\.0\.", r"\1.ffn.net.0.proj."),
    (r"^(blocks\.\d+)\.ffn\.2\.", r"\1.ffn.net.2."),
    (r"^(blocks\.\d+)\.self_attn\.", r"\1.attn1."),
    (r"^(blocks\.\d+)\.cross_attn\.", r"\1.attn2."),
    (rf"^{_ATTENTION}\.([qkv])\.", r"\1.to_\2."),
    (rf"^{_ATTENTION}\.o\.", r"\1.to_out.0."),
)


def diffusers_name(key: str) -> str:
    """Return the diffusers-style name of a weight of the S2V transformer."""
    for pattern, name in _TO_DIFFUSERS:
        key = re.sub(pattern, name, key)
    return key


def build_transformer(weights: Mapping[str, torch.Tensor], config: S2VConfig) -> S2VTransformer:
    """Return the transformer that official weights belong to; it takes the tensors themselves."""
    return _filled(blank_transformer(config), weights)


def build_text_encoder(weights: Mapping[str, torch.Tensor]) -> UMT5EncoderModel:
    """Return the text encoder that official weights belong to; all of them must fit."""
    renamed = {text_encoder_name(key): weight for key, weight in weights.items()}
    renamed[TIED_EMBEDDING] = renamed["shared.weight"]
    return _filled(blank_text_encoder(_shapes(renamed)), renamed)


def build_vae(
    weights: Mapping[str, torch.Tensor], config: Mapping[str, Any] | None = None
) -> AutoencoderKLWan:
    """Return the autoencoder that official weights belong to; all of them must fit."""
    renamed = {vae_name(key): weight for key, weight in weights.items()}
    return _filled(blank_vae(_shapes(renamed), config), renamed)


def official_windows(features: int, *, window_frames: int, fps: int) -> int:
    """Return how many windows the official code makes of so many features.

    Where they fill a whole number of windows it makes one more, in which there is nothing to hear.
    """
    return int(features / (window_frames * (FEATURES_PER_SECOND / fps))) + 1


def official_size(height: int, width: int, *, area: int) -> tuple[int, int]:
    """Return the height and width in pixels that the official code renders a picture at."""
    size = areas.official_size(Size(width, height), area_pixels=area, step_pixels=64)
    return size.height, size.width


def _filled(network: Any, weights: Mapping[str, torch.Tensor]) -> Any:
    network.load_state_dict(weights, strict=True, assign=True)
    return network.eval().requires_grad_(False)


def _shapes(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Size]:
    return {key: weight.shape for key, weight in weights.items()}
