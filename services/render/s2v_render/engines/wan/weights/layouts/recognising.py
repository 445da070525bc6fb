"""Which part of the model files hold, and whose names it has: told by the keys of their tensors."""

from __future__ import annotations

from collections.abc import Iterable

from s2v_render.engines.wan.weights.layouts.checkpoint import ModelPart
from s2v_render.engines.wan.weights.layouts.diffusers import transformer_name
from s2v_render.engines.wan.weights.layouts.gguf import text_encoder_name
from s2v_render.engines.wan.weights.layouts.official import speech_name, vae_name

NAMES = {
    ModelPart.TRANSFORMER: transformer_name,
    ModelPart.TEXT_ENCODER: text_encoder_name,
    ModelPart.VAE: vae_name,
    ModelPart.SPEECH: speech_name,
}
"""What the networks call a weight that files of any layout call so."""
_SIGNS = {
    ModelPart.TRANSFORMER: {"casual_audio_encoder.weights", "blocks.0.self_attn.q.weight"},
    ModelPart.TEXT_ENCODER: {"shared.weight", "encoder.block.0.layer.0.SelfAttention.q.weight"},
    ModelPart.VAE: {"encoder.conv_in.weight", "quant_conv.weight", "decoder.conv_in.weight"},
    ModelPart.SPEECH: {
        "feature_extractor.conv_layers.0.conv.weight",
        "encoder.layers.0.attention.q_proj.weight",
    },
}
"""Weights of the networks that together no other part has, nor another kind of model."""


def part_of(keys: Iterable[str]) -> ModelPart | None:
    """Return which part of the model tensors of these names make; None if none of it."""
    known = list(keys)
    for part, signs in _SIGNS.items():
        if signs <= {NAMES[part](key) for key in known}:
            return part
    return None


def holds_some_of(part: ModelPart, keys: Iterable[str]) -> bool:
    """Tell whether tensors of these names are of a part, however much of it is missing."""
    return bool(_SIGNS[part] & {NAMES[part](key) for key in keys})


def described(keys: Iterable[str]) -> str:
    """Say what files with tensors of these names hold, to somebody who took them for a part."""
    known = list(keys)
    if part := part_of(known):
        return f"a {part} ({_whose(part, known)} names)"
    if any(".lora_" in key for key in known):
        return "low-rank changes (a LoRA)"
    if _SIGNS[ModelPart.TRANSFORMER] & {transformer_name(key) for key in known}:
        return "a Wan transformer that hears nothing (it has no casual_audio_encoder)"
    return f"{len(known)} tensors of another model, such as {known[0] if known else 'none'}"


def _whose(part: ModelPart, keys: list[str]) -> str:
    """Return whose names the tensors of a part have."""
    if any(key.startswith(("token_embd.", "enc.blk.")) for key in keys):
        return "llama.cpp's"
    if any(key.startswith("model.diffusion_model.") for key in keys):
        return "ComfyUI's"
    starts = {
        ModelPart.TRANSFORMER: ("condition_embedder.",),
        ModelPart.TEXT_ENCODER: ("shared.",),
        ModelPart.VAE: ("post_quant_conv.",),
    }
    theirs = starts.get(part)
    return "diffusers'" if theirs and any(key.startswith(theirs) for key in keys) else "official"
