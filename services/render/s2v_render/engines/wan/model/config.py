"""What shapes the S2V transformer, in the words of a checkpoint's `config.json`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

AUDIO_LAYERS = 25
"""Hidden states of the speech model that make one feature: its input and 24 layers."""
LATENT_CHANNELS = 16
PATCH = (1, 2, 2)
"""Latent frames, rows and columns that make one token."""


@dataclass(frozen=True, slots=True)
class S2VConfig:
    """Constructor arguments of the official `WanModel_S2V`; the defaults make the 14B model.

    Attributes:
        dim: width of a token.
        ffn_dim: width inside a feed-forward layer.
        num_heads: attention heads; each is `dim / num_heads` wide.
        num_layers: transformer blocks.
        freq_dim: width of the sinusoid that encodes the time step.
        in_dim: channels of a latent.
        out_dim: channels of the velocity.
        text_len: rows that a text is padded to.
        text_dim: width of a text row.
        eps: of every norm but the audio injector's.
        cond_dim: channels of a pose latent; 0 for a model without a pose branch.
        audio_dim: width of a speech feature.
        num_audio_token: local audio tokens of a latent frame, without the one that pads them.
        enable_adain: whether an audio injector's norm is shaped by the frame's global token.
        adain_mode: "attn_norm" uses those shaped norms; with any other they only hold weights.
        audio_inject_layers: blocks after which audio is injected.
        zero_timestep: whether reference and motion tokens are modulated for time 0.
        enable_framepack: whether motion is packed into few tokens; else each latent is patched.
        framepack_drop_mode: "padd" blanks the newest motion where it is not wanted, "drop" leaves
            out its tokens.
        add_last_motion: whether the newest motion may be seen at all.
        qk_norm: whether queries and keys are normalised.
        cross_attn_norm: whether the norm before the text attention has weights.
    """

    dim: int = 5120
    ffn_dim: int = 13824
    num_heads: int = 40
    num_layers: int = 40
    freq_dim: int = 256
    in_dim: int = 16
    out_dim: int = 16
    text_len: int = 512
    text_dim: int = 4096
    eps: float = 1e-6
    cond_dim: int = 16
    audio_dim: int = 1024
    num_audio_token: int = 4
    enable_adain: bool = True
    adain_mode: str = "attn_norm"
    audio_inject_layers: tuple[int, ...] = (0, 4, 8, 12, 16, 20, 24, 27, 30, 33, 36, 39)
    zero_timestep: bool = True
    enable_framepack: bool = True
    framepack_drop_mode: str = "padd"
    add_last_motion: bool = True
    qk_norm: bool = True
    cross_attn_norm: bool = True

    @property
    def head_dim(self) -> int:
        """Width of one attention head."""
        return self.dim // self.num_heads

    @property
    def shapes_audio_norm(self) -> bool:
        """Whether the audio injector's norm follows the frame's global audio token."""
        return self.enable_adain and self.adain_mode == "attn_norm"


def read_config(values: Mapping[str, Any]) -> S2VConfig:
    """Return the configuration that a parsed `config.json` describes.

    What does not shape the network (`zero_init`, `motion_token_num`, names that start with "_") is
    passed over.

    Raises:
        ValueError: the file describes another kind of model, or a part that no published S2V
            checkpoint has and this engine does not build.
    """
    for name, wanted in _FIXED.items():
        found = values.get(name, wanted)
        if (tuple(found) if isinstance(found, list) else found) != wanted:
            raise ValueError(f"config.json: {name} is {found!r}, but this engine needs {wanted!r}.")
    values = _in_official_words(values)
    known = {field.name: values[field.name] for field in fields(S2VConfig) if field.name in values}
    if "audio_inject_layers" in known:
        known["audio_inject_layers"] = tuple(known["audio_inject_layers"])
    config = S2VConfig(**known)
    if config.dim % config.num_heads or config.head_dim % 2:
        raise ValueError(
            f"config.json: dim {config.dim} does not divide into {config.num_heads} heads of an "
            "even width."
        )
    return config


def config_of(shapes: Mapping[str, Sequence[int]]) -> S2VConfig:
    """Return the configuration of a transformer with weights of these shapes, by official names.

    Raises:
        KeyError: a weight is missing that every S2V transformer has.
        ValueError: it is no 14B one, of which alone is known what weights do not tell.
    """
    dim, text_dim = shapes["text_embedding.0.weight"]
    layers = {match[1] for name in shapes if (match := re.match(r"blocks\.(\d+)\.", name))}
    config = S2VConfig(
        dim=dim,
        text_dim=text_dim,
        ffn_dim=shapes["blocks.0.ffn.0.weight"][0],
        num_heads=dim // _HEAD_DIM,
        num_layers=len(layers),
        freq_dim=shapes["time_embedding.0.weight"][1],
        audio_dim=shapes["casual_audio_encoder.encoder.conv1_local.conv.weight"][1],
    )
    if dim % _HEAD_DIM or len(layers) != S2VConfig().num_layers:
        raise ValueError(
            f"it has {len(layers)} layers of width {dim}, and the 14B model's are "
            f"{S2VConfig().num_layers} of {S2VConfig().dim}; put a config.json beside it that says "
            "how many heads there are and where sound comes in."
        )
    return config


def _in_official_words(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a configuration that diffusers wrote in the official words; others stay."""
    if "attention_head_dim" not in values:
        return values
    known = {_DIFFUSERS.get(name, name): value for name, value in values.items()}
    heads, width = known["num_heads"], known["attention_head_dim"]
    return known | {"dim": heads * width, "qk_norm": bool(known.get("qk_norm", True))}


_HEAD_DIM = 128
_DIFFUSERS = {
    "num_attention_heads": "num_heads",
    "in_channels": "in_dim",
    "out_channels": "out_dim",
    "pose_dim": "cond_dim",
}
_FIXED = {
    "model_type": "s2v",
    "enable_motioner": False,
    "patch_size": PATCH,
    "window_size": (-1, -1),
}
