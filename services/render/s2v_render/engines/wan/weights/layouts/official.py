"""The official layout (`Wan-AI/Wan2.2-S2V-14B`): its files, and its names in our networks."""

from __future__ import annotations

import re
from pathlib import Path

from s2v_render.engines.wan.weights.files import file_at, folder_at, shards
from s2v_render.engines.wan.weights.layouts.checkpoint import PartFiles, speech_files
from s2v_render.engines.wan.weights.layouts.renaming import renamed

_STEM = "diffusion_pytorch_model"
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


class OfficialFolder:
    """Where the parts of a folder in this layout are; a missing file is named (NotReady)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @staticmethod
    def is_seen(folder: Path) -> bool:
        """Tell whether a folder looks like this layout."""
        return (folder / "config.json").is_file() or any(folder.glob(f"{_STEM}*.safetensors"))

    def transformer(self) -> PartFiles:
        """Return the transformer."""
        config = self._folder / "config.json"
        return PartFiles(shards(self._folder, _STEM), config if config.is_file() else None)

    def text_encoder(self) -> PartFiles:
        """Return the text encoder."""
        return PartFiles((file_at(self._folder / "models_t5_umt5-xxl-enc-bf16.pth"),))

    def tokenizer(self) -> Path:
        """Return the folder of the tokenizer."""
        return folder_at(self._folder / "google/umt5-xxl")

    def vae(self) -> PartFiles:
        """Return the video autoencoder."""
        return PartFiles((file_at(self._folder / "Wan2.1_VAE.pth"),))

    def speech(self) -> PartFiles:
        """Return the speech model."""
        return speech_files(folder_at(self._folder / "wav2vec2-large-xlsr-53-english"))


def speech_name(key: str) -> str:
    """Return the name in `Wav2Vec2Model`; older files name the halves of a normed weight so."""
    bare = key.removeprefix("wav2vec2.")
    for old, new in (("conv.weight_g", "original0"), ("conv.weight_v", "original1")):
        if bare.endswith(old):
            return bare.removesuffix(old) + f"conv.parametrizations.weight.{new}"
    return bare


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
