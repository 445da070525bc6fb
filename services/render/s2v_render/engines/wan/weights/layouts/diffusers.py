"""The layout that diffusers taught (`FastVideo/Wan2.2-S2V-14B-Diffusers`): its files and names."""

from __future__ import annotations

import re
from pathlib import Path

from s2v_render.engines.wan.weights.files import file_at, folder_at, shards
from s2v_render.engines.wan.weights.layouts.checkpoint import (
    Checkpoint,
    Layout,
    WeightNames,
    speech_weights,
)
from s2v_render.engines.wan.weights.layouts.renaming import renamed

_TRANSFORMER = (
    ("condition_embedder.text_embedder.linear_1.", "text_embedding.0."),
    ("condition_embedder.text_embedder.linear_2.", "text_embedding.2."),
    ("condition_embedder.time_embedder.linear_1.", "time_embedding.0."),
    ("condition_embedder.time_embedder.linear_2.", "time_embedding.2."),
    ("condition_embedder.time_proj.", "time_projection.1."),
    ("proj_out.", "head.head."),
)
_BLOCK = (
    ("attn1.", "self_attn."),
    ("attn2.", "cross_attn."),
    ("ffn.net.0.proj.", "ffn.0."),
    ("ffn.net.2.", "ffn.2."),
    # The norm before the text attention: official counts by construction, diffusers by use.
    ("norm2.", "norm3."),
    ("scale_shift_table", "modulation"),
)
_LINEARS = (("to_q.", "q."), ("to_k.", "k."), ("to_v.", "v."), ("to_out.0.", "o."))


def diffusers_checkpoint(folder: Path) -> Checkpoint:
    """Return where the parts of a folder in this layout are.

    Raises:
        NotReady: a file is missing; the message names it.
    """
    speech = folder_at(folder / "audio_encoder")
    processor = folder / "audio_processor"
    return Checkpoint(
        folder=folder,
        layout=Layout.DIFFUSERS,
        names=WeightNames(transformer_name, _kept, _kept),
        config=file_at(folder / "transformer/config.json"),
        transformer=shards(folder_at(folder / "transformer"), "diffusion_pytorch_model"),
        text_encoder=shards(folder_at(folder / "text_encoder"), "model"),
        tokenizer=folder_at(folder / "tokenizer"),
        vae=shards(folder_at(folder / "vae"), "diffusion_pytorch_model"),
        vae_config=file_at(folder / "vae/config.json"),
        speech=speech,
        speech_weights=speech_weights(speech),
        speech_input=processor if processor.is_dir() else speech,
    )


def transformer_name(key: str) -> str:
    """Return the official name of a weight of the S2V transformer; the official ones stay."""
    if key == "scale_shift_table":
        return "head.modulation"
    if match := re.match(r"(blocks\.\d+\.)(.+)", key):
        inner = renamed(match[2], _BLOCK)
        part, dot, rest = inner.partition(".")
        if part in ("self_attn", "cross_attn"):
            inner = part + dot + renamed(rest, _LINEARS)
        return match[1] + inner
    if match := re.match(r"(audio_injector\.injector\.\d+\.)(.+)", key):
        return match[1] + renamed(match[2], _LINEARS)
    return renamed(key, _TRANSFORMER)


def _kept(key: str) -> str:
    return key
