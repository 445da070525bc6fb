"""The official layout (`Wan-AI/Wan2.2-S2V-14B`): its files, and its names in our networks."""

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
from s2v_render.engines.wan.weights.layouts.diffusers import transformer_name
from s2v_render.engines.wan.weights.layouts.renaming import renamed

_RES_BLOCKS = 2
"""Of a level of the Wan 2.1 autoencoder; one of the decoder has one more, and its upsampler."""
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
_T5_BLOCK = (
    ("norm1.", "layer.0.layer_norm."),
    ("norm2.", "layer.1.layer_norm."),
    ("attn.", "layer.0.SelfAttention."),
    ("pos_embedding.embedding.", "layer.0.SelfAttention.relative_attention_bias."),
    ("ffn.gate.0.", "layer.1.DenseReluDense.wi_0."),
    ("ffn.fc1.", "layer.1.DenseReluDense.wi_1."),
    ("ffn.fc2.", "layer.1.DenseReluDense.wo."),
)
_T5_OUTER = (("token_embedding.", "shared."), ("norm.", "encoder.final_layer_norm."))


def official_checkpoint(folder: Path) -> Checkpoint:
    """Return where the parts of a folder in this layout are.

    Raises:
        NotReady: a file is missing; the message names it.
    """
    speech = folder_at(folder / "wav2vec2-large-xlsr-53-english")
    return Checkpoint(
        folder=folder,
        layout=Layout.OFFICIAL,
        names=WeightNames(transformer_name, text_encoder_name, vae_name),
        config=folder / "config.json",
        transformer=shards(folder, "diffusion_pytorch_model"),
        text_encoder=(file_at(folder / "models_t5_umt5-xxl-enc-bf16.pth"),),
        tokenizer=folder_at(folder / "google/umt5-xxl"),
        vae=(file_at(folder / "Wan2.1_VAE.pth"),),
        vae_config=None,
        speech=speech,
        speech_weights=speech_weights(speech),
        speech_input=speech,
    )


def vae_name(key: str) -> str:
    """Return the name in `AutoencoderKLWan` of an official weight of the Wan 2.1 autoencoder.

    Args:
        key: such as "decoder.upsamples.7.time_conv.weight".
    """
    match = re.match(r"(encoder|decoder)\.(downsamples|middle|upsamples|head)\.(.+)", key)
    if match is None:
        return renamed(key, _VAE_OUTER)
    side, part, rest = match.groups()
    if part == "head":
        return f"{side}.{renamed(rest, _VAE_HEAD)}"
    number, rest = rest.split(".", 1)
    inner = renamed(rest, _VAE_INNER)
    index = int(number)
    if part == "downsamples":
        return f"{side}.down_blocks.{index}.{inner}"
    if part == "middle":
        place = "attentions.0" if index == 1 else f"resnets.{index // 2}"
        return f"{side}.mid_block.{place}.{inner}"
    level, place_in_level = divmod(index, _RES_BLOCKS + 2)
    place = "upsamplers.0" if place_in_level > _RES_BLOCKS else f"resnets.{place_in_level}"
    return f"{side}.up_blocks.{level}.{place}.{inner}"


def text_encoder_name(key: str) -> str:
    """Return the name in `UMT5EncoderModel` of an official weight of the text encoder.

    The token embedding has two names there: `TIED_EMBEDDING` is "shared.weight" too.
    """
    if match := re.match(r"blocks\.(\d+)\.(.+)", key):
        return f"encoder.block.{match[1]}.{renamed(match[2], _T5_BLOCK)}"
    return renamed(key, _T5_OUTER)
