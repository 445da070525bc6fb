"""Networks that have shapes but no storage yet, read off the weights that belong into them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from s2v_render.engines.wan.model.config import S2VConfig
from s2v_render.engines.wan.model.text import umt5_config
from s2v_render.engines.wan.model.transformer import S2VTransformer

if TYPE_CHECKING:
    from diffusers import AutoencoderKLWan
    from transformers import UMT5EncoderModel, Wav2Vec2Model

TIED_EMBEDDING = "encoder.embed_tokens.weight"
"""Another name of the text encoder's "shared.weight"."""
_VAE_CONFIG = (
    "dim_mult",
    "num_res_blocks",
    "attn_scales",
    "temperal_downsample",
    "latents_mean",
    "latents_std",
)


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
    from transformers import UMT5EncoderModel

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


def blank_speech(shapes: Mapping[str, Sequence[int]]) -> Wav2Vec2Model:
    """Return a large wav2vec2 model without storage; its sizes are read off its weights' shapes.

    A large model has as many heads as groups in the convolution that tells places.

    Args:
        shapes: by the names of transformers.

    Raises:
        KeyError: these are no weights of such a model.
    """
    from transformers import Wav2Vec2Config, Wav2Vec2Model

    layers = {match[1] for key in shapes if (match := re.match(r"encoder\.layers\.(\d+)\.", key))}
    cut = re.compile(r"feature_extractor\.conv_layers\.\d+\.conv\.weight")
    widths = [shape[0] for key, shape in sorted(shapes.items()) if cut.fullmatch(key)]
    width = shapes["encoder.layer_norm.weight"][0]
    _, grouped, reach = shapes["encoder.pos_conv_embed.conv.parametrizations.weight.original1"]
    config = Wav2Vec2Config(
        hidden_size=width,
        num_hidden_layers=len(layers),
        intermediate_size=shapes["encoder.layers.0.feed_forward.intermediate_dense.weight"][0],
        num_attention_heads=width // grouped,
        num_conv_pos_embeddings=reach,
        num_conv_pos_embedding_groups=width // grouped,
        conv_dim=tuple(widths),
        conv_bias=True,
        feat_extract_norm="layer",
        do_stable_layer_norm=True,
        # What hides sound in training is not in every file.
        mask_time_prob=0.05 if "masked_spec_embed" in shapes else 0.0,
    )
    with torch.device("meta"):
        return Wav2Vec2Model(config)


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
    from diffusers import AutoencoderKLWan

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
