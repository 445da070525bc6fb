"""The names that llama.cpp gives to the text encoder's weights in a GGUF file."""

from __future__ import annotations

import re

from s2v_render.engines.wan.weights.layouts import official
from s2v_render.engines.wan.weights.layouts.renaming import renamed

_OUTER = (("token_embd.", "shared."), ("enc.output_norm.", "encoder.final_layer_norm."))
_BLOCK = (
    ("attn_norm.", "layer.0.layer_norm."),
    ("ffn_norm.", "layer.1.layer_norm."),
    ("attn_rel_b.", "layer.0.SelfAttention.relative_attention_bias."),
    ("attn_q.", "layer.0.SelfAttention.q."),
    ("attn_k.", "layer.0.SelfAttention.k."),
    ("attn_v.", "layer.0.SelfAttention.v."),
    ("attn_o.", "layer.0.SelfAttention.o."),
    ("ffn_gate.", "layer.1.DenseReluDense.wi_0."),
    ("ffn_up.", "layer.1.DenseReluDense.wi_1."),
    ("ffn_down.", "layer.1.DenseReluDense.wo."),
)


def text_encoder_name(key: str) -> str:
    """Return the name in `UMT5EncoderModel` of a weight of the text encoder, of any layout."""
    if match := re.match(r"enc\.blk\.(\d+)\.(.+)", key):
        return f"encoder.block.{match[1]}.{renamed(match[2], _BLOCK)}"
    return official.text_encoder_name(renamed(key, _OUTER))
