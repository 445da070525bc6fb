"""The layout that diffusers taught (`FastVideo/Wan2.2-S2V-14B-Diffusers`): its files and names."""

from __future__ import annotations

import re
from pathlib import Path

from s2v_render.engines.wan.weights.files import file_at, folder_at, shards
from s2v_render.engines.wan.weights.layouts.checkpoint import PartFiles, speech_files
from s2v_render.engines.wan.weights.layouts.renaming import renamed

_TRANSFORMER = (
    ("condition_embedder.text_embedder.linear_1.", "text_embedding.0."),
    ("condition_embedder.text_embedder.linear_2.", "text_embedding.2."),
    ("condition_embedder.time_embedder.linear_1.", "time_embedding.0."),
    ("condition_embedder.time_embedder.linear_2.", "time_embedding.2."),
    ("condition_embedder.time_proj.", "time_projection.1."),
    ("proj_out.", "head.head."),
    # Since the speech-to-video model has a class of its own there.
    ("condition_embedder.causal_audio_encoder.weighted_avg.", "casual_audio_encoder."),
    *(
        (
            f"condition_embedder.causal_audio_encoder.encoder.{layer}.conv.conv.",
            f"casual_audio_encoder.encoder.{layer}.conv.",
        )
        for layer in ("conv2", "conv3")
    ),
    ("condition_embedder.causal_audio_encoder.", "casual_audio_encoder."),
    ("condition_embedder.pose_embedder.", "cond_encoder."),
    ("trainable_condition_mask.", "trainable_cond_mask."),
)
_PREFIX = re.compile(r"^(model\.)?diffusion_model\.")
"""ComfyUI's."""
_STEM = "diffusion_pytorch_model"
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


class DiffusersFolder:
    """Where the parts of a folder in this layout are; a missing file is named (NotReady)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def transformer(self) -> PartFiles:
        """Return the transformer."""
        folder = folder_at(self._folder / "transformer")
        return PartFiles(shards(folder, _STEM), file_at(folder / "config.json"))

    def text_encoder(self) -> PartFiles:
        """Return the text encoder."""
        return PartFiles(shards(folder_at(self._folder / "text_encoder"), "model"))

    def tokenizer(self) -> Path:
        """Return the folder of the tokenizer."""
        return folder_at(self._folder / "tokenizer")

    def vae(self) -> PartFiles:
        """Return the video autoencoder."""
        folder = folder_at(self._folder / "vae")
        return PartFiles(shards(folder, _STEM), file_at(folder / "config.json"))

    def speech(self) -> PartFiles:
        """Return the speech model."""
        processor = self._folder / "audio_processor"
        folder = folder_at(self._folder / "audio_encoder")
        return speech_files(folder, processor if processor.is_dir() else None)


def transformer_name(key: str) -> str:
    """Return the official name of a weight of the S2V transformer, whatever a file calls it."""
    key = _PREFIX.sub("", key)
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
