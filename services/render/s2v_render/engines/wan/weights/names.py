"""What the weights are called in the layouts that checkpoints come in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from diffusers import AutoencoderKLWan
from torch import Tensor
from transformers import UMT5EncoderModel

from s2v_render.engines.wan.model.config import S2VConfig
from s2v_render.engines.wan.model.text import umt5_config
from s2v_render.engines.wan.model.transformer import S2VTransformer

_TRANSFORMER = (
    ("text_embedding.0.", "condition_embedder.text_embedder.linear_1."),
    ("text_embedding.2.", "condition_embedder.text_embedder.linear_2."),
    ("time_embedding.0.", "condition_embedder.time_embedder.linear_1."),
    ("time_embedding.2.", "condition_embedder.time_embedder.linear_2."),
    ("time_projection.1.", "condition_embedder.time_proj."),
    ("head.head.", "proj_out."),
)
_BLOCK = (
    ("self_attn.", "attn1."),
    ("cross_attn.", "attn2."),
    ("ffn.0.", "ffn.net.0.proj."),
    ("ffn.2.", "ffn.net.2."),
    # The norm before the text attention: official counts by construction, diffusers by use.
    ("norm3.", "norm2."),
    ("modulation", "scale_shift_table"),
)
_LINEARS = (("q.", "to_q."), ("k.", "to_k."), ("v.", "to_v."), ("o.", "to_out.0."))


def transformer_to_diffusers(key: str) -> str:
    """Return the diffusers-style name of a weight of the S2V transformer."""
    if key == "head.modulation":
        return "scale_shift_table"
    if match := re.match(r"(blocks\.\d+\.)(.+)", key):
        return match[1] + _linears_renamed(_renamed(match[2], _BLOCK))
    if match := re.match(r"(audio_injector\.injector\.\d+\.)(.+)", key):
        return match[1] + _renamed(match[2], _LINEARS)
    return _renamed(key, _TRANSFORMER)


def transformer_from_diffusers(key: str) -> str:
    """Return the official name of a weight of the S2V transformer; the official ones stay."""
    if key == "scale_shift_table":
        return "head.modulation"
    if match := re.match(r"(blocks\.\d+\.)(.+)", key):
        inner = _renamed(match[2], _turned(_BLOCK))
        part, dot, rest = inner.partition(".")
        if part in ("self_attn", "cross_attn"):
            inner = part + dot + _renamed(rest, _turned(_LINEARS))
        return match[1] + inner
    if match := re.match(r"(audio_injector\.injector\.\d+\.)(.+)", key):
        return match[1] + _renamed(match[2], _turned(_LINEARS))
    return _renamed(key, _turned(_TRANSFORMER))


def _linears_renamed(key: str) -> str:
    part, dot, rest = key.partition(".")
    return part + dot + _renamed(rest, _LINEARS) if part in ("attn1", "attn2") else key


def _renamed(key: str, pairs: tuple[tuple[str, str], ...]) -> str:
    for old, new in pairs:
        if key.startswith(old):
            return new + key.removeprefix(old)
    return key


def _turned(pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((new, old) for old, new in pairs)


_VAE_OUTER = (
    ("encoder.conv1.", "encoder.conv_in."),
    ("decoder.conv1.", "decoder.conv_in."),
    ("conv1.", "quant_conv."),
    ("conv2.", "post_quant_conv."),
)
_VAE_INNER = (
    ("residual.0.", "norm1."),
    ("residual.2.", "conv1."),
    ("residual.3.", "norm2."),
    ("residual.6.", "conv2."),
    ("shortcut.", "conv_shortcut."),
)
_VAE_HEAD = (("0.", "norm_out."), ("2.", "conv_out."))


def vae_to_diffusers(key: str, *, res_blocks: int = 2) -> str:
    """Return the name in `AutoencoderKLWan` of an official weight of the Wan 2.1 autoencoder.

    Args:
        key: such as "decoder.upsamples.7.time_conv.weight".
        res_blocks: `num_res_blocks`; a level of the decoder has one more, and its upsampler.
    """
    match = re.match(r"(encoder|decoder)\.(downsamples|middle|upsamples|head)\.(.+)", key)
    if match is None:
        return _renamed(key, _VAE_OUTER)
    side, part, rest = match.groups()
    if part == "head":
        return f"{side}.{_renamed(rest, _VAE_HEAD)}"
    number, rest = rest.split(".", 1)
    inner = _renamed(rest, _VAE_INNER)
    index = int(number)
    if part == "downsamples":
        return f"{side}.down_blocks.{index}.{inner}"
    if part == "middle":
        place = "attentions.0" if index == 1 else f"resnets.{index // 2}"
        return f"{side}.mid_block.{place}.{inner}"
    level, place_in_level = divmod(index, res_blocks + 2)
    place = "upsamplers.0" if place_in_level > res_blocks else f"resnets.{place_in_level}"
    return f"{side}.up_blocks.{level}.{place}.{inner}"


def blank_transformer(config: S2VConfig) -> S2VTransformer:
    """Return a transformer that has shapes but no storage; its names are the official ones."""
    with torch.device("meta"):
        return S2VTransformer(config)


def blank_text_encoder(shapes: Mapping[str, Sequence[int]]) -> UMT5EncoderModel:
    """Return a text encoder without storage; its configuration is read off the weights' shapes.

    Args:
        shapes: by the names of transformers.

    Raises:
        KeyError: these are no weights of a UMT5 encoder.
    """
    first = "encoder.block.0.layer.0.SelfAttention."
    vocab, dim = shapes["shared.weight"]
    buckets, heads = shapes[first + "relative_attention_bias.weight"]
    layers = {match[1] for key in shapes if (match := re.match(r"encoder\.block\.(\d+)\.", key))}
    config = umt5_config(
        vocab=vocab,
        dim=dim,
        dim_attn=shapes[first + "q.weight"][0],
        dim_ffn=shapes["encoder.block.0.layer.1.DenseReluDense.wi_0.weight"][0],
        num_heads=heads,
        num_layers=len(layers),
        num_buckets=buckets,
    )
    with torch.device("meta"):
        network = UMT5EncoderModel(config)
    # One module, not two that share a weight: it is kept, moved and counted once.
    network.encoder.embed_tokens = network.shared
    return network


_VAE_CONFIG = (
    "dim_mult",
    "num_res_blocks",
    "attn_scales",
    "temperal_downsample",
    "latents_mean",
    "latents_std",
)


def blank_vae(
    shapes: Mapping[str, Sequence[int]], config: Mapping[str, Any] | None = None
) -> AutoencoderKLWan:
    """Return an autoencoder without storage; its widths are read off the weights' shapes.

    Args:
        shapes: by the names of diffusers.
        config: `dim_mult`, `num_res_blocks`, `temporal_downsample`, `latents_mean`, `latents_std`
            where they are not those of Wan 2.1.

    Raises:
        KeyError: these are no weights of a Wan autoencoder.
    """
    given = dict(config or {})
    if "temporal_downsample" in given:
        # Diffusers spells it like this.
        given["temperal_downsample"] = given["temporal_downsample"]
    values = {name: given[name] for name in _VAE_CONFIG if name in given}
    with torch.device("meta"):
        return AutoencoderKLWan(
            base_dim=shapes["encoder.conv_in.weight"][0],
            z_dim=shapes["post_quant_conv.weight"][0],
            **values,
        )


def build_transformer(weights: Mapping[str, Tensor], config: S2VConfig) -> S2VTransformer:
    """Return the transformer that official weights belong to; it takes the tensors themselves.

    Raises:
        RuntimeError: a weight is missing, left over or of another shape.
    """
    return _filled(blank_transformer(config), weights)


def build_text_encoder(weights: Mapping[str, Tensor]) -> UMT5EncoderModel:
    """Return the text encoder that official weights belong to; all of them must fit.

    Raises:
        RuntimeError: a weight is missing, left over or of another shape.
    """
    renamed = {t5_to_transformers(key): weight for key, weight in weights.items()}
    renamed[TIED_EMBEDDING] = renamed["shared.weight"]
    return _filled(blank_text_encoder(_shapes(renamed)), renamed)


def build_vae(
    weights: Mapping[str, Tensor], config: Mapping[str, Any] | None = None
) -> AutoencoderKLWan:
    """Return the autoencoder that official weights belong to; all of them must fit.

    Args:
        weights: official names.
        config: what `blank_vae` says.

    Raises:
        RuntimeError: a weight is missing, left over or of another shape.
    """
    res_blocks = (config or {}).get("num_res_blocks", 2)
    renamed = {vae_to_diffusers(key, res_blocks=res_blocks): w for key, w in weights.items()}
    return _filled(blank_vae(_shapes(renamed), config), renamed)


def _filled(network: Any, weights: Mapping[str, Tensor]) -> Any:
    network.load_state_dict(weights, strict=True, assign=True)
    return network.eval().requires_grad_(False)


def _shapes(weights: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    return {key: weight.shape for key, weight in weights.items()}


_T5_BLOCK = (
    ("norm1.", "layer.0.layer_norm."),
    ("norm2.", "layer.1.layer_norm."),
    ("attn.", "layer.0.SelfAttention."),
    ("pos_embedding.embedding.", "layer.0.SelfAttention.relative_attention_bias."),
    ("ffn.gate.0.", "layer.1.DenseReluDense.wi_0."),
    ("ffn.fc1.", "layer.1.DenseReluDense.wi_1."),
    ("ffn.fc2.", "layer.1.DenseReluDense.wo."),
)
TIED_EMBEDDING = "encoder.embed_tokens.weight"
"""Another name of "shared.weight"."""
_T5_OUTER = (("token_embedding.", "shared."), ("norm.", "encoder.final_layer_norm."))


def t5_to_transformers(key: str) -> str:
    """Return the name in `UMT5EncoderModel` of an official weight of the text encoder.

    The token embedding has two names there: `TIED_EMBEDDING` is "shared.weight" too.
    """
    if match := re.match(r"blocks\.(\d+)\.(.+)", key):
        return f"encoder.block.{match[1]}.{_renamed(match[2], _T5_BLOCK)}"
    return _renamed(key, _T5_OUTER)
