"""Prompts: cleaned, cut into tokens and encoded by the UMT5 encoder.

Shape suffixes: L tokens of one text, D width of a row.
Source: reference facts of the official `T5EncoderModel`, proved by the parity fixtures.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import ftfy
import torch
from torch import Tensor

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase, UMT5Config, UMT5EncoderModel

MAX_TOKENS = 512
NEGATIVE_PROMPT = (
    "画面模糊，最差质量，画面模糊，细节模糊不清，情绪激动剧烈，手快速抖动，字幕，丑陋的，残缺的，"  # noqa: RUF001
    "多余的手指，画得不好的手部，画得不好的脸部，畸形的，毁容的，形态畸形的肢体，手指融合，"  # noqa: RUF001
    "静止不动的画面，杂乱的背景，三条腿，背景人很多，倒着走"  # noqa: RUF001
)
"""What the model was taught to turn away from, when a request names nothing else."""


def umt5_config(
    *,
    vocab: int,
    dim: int,
    dim_attn: int,
    dim_ffn: int,
    num_heads: int,
    num_layers: int,
    num_buckets: int = 32,
) -> UMT5Config:
    """Return the configuration of an encoder in the official words; each layer has its own bias."""
    from transformers import UMT5Config

    return UMT5Config(
        vocab_size=vocab,
        d_model=dim,
        d_kv=dim_attn // num_heads,
        d_ff=dim_ffn,
        num_heads=num_heads,
        num_layers=num_layers,
        relative_attention_num_buckets=num_buckets,
        relative_attention_max_distance=128,
        feed_forward_proj="gated-gelu",
        dropout_rate=0.0,
        layer_norm_epsilon=1e-6,
    )


def umt5_xxl() -> UMT5Config:
    """Return the configuration of the encoder that the 14B model was trained with."""
    return umt5_config(
        vocab=256_384, dim=4096, dim_attn=4096, dim_ffn=10_240, num_heads=64, num_layers=24
    )


def clean(text: str) -> str:
    """Mend broken characters, resolve HTML entities (twice) and collapse white space."""
    mended = html.unescape(html.unescape(ftfy.fix_text(text)))
    return re.sub(r"\s+", " ", mended).strip()


def token_ids(tokenizer: PreTrainedTokenizerBase, text: str) -> Tensor:
    """Return the tokens of a text with its end mark, at most 512: int64, shape [L]."""
    cut = tokenizer(clean(text), truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
    return cut.input_ids[0]


@torch.inference_mode()
def encode(encoder: UMT5EncoderModel, ids_L: Tensor) -> Tensor:
    """Return the rows of one text, shape [L, D], in the encoder's dtype.

    The official code pads to 512 tokens, masks the padding and cuts it off again: the same rows.
    """
    rows: Tensor = encoder(input_ids=ids_L[None].to(encoder.device)).last_hidden_state[0]
    return rows
