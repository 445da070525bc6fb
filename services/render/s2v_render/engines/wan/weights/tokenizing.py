"""The text encoder's tokenizer, from what its author wrote down, and not from what is made of it.

What transformers makes of a folder of UMT5's replaces characters that are no pieces by "<s>".
"""

from __future__ import annotations

from pathlib import Path

from safetensors import safe_open
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast
from transformers.utils import sentencepiece_model_pb2_new as sentencepiece

from s2v_render.engines.wan.model.text import MAX_TOKENS
from s2v_render.engines.wan.weights.files import unusable
from s2v_render.engines.wan.weights.scaling import TOKENIZER

_PADDING, _END, _UNKNOWN = "<pad>", "</s>", "<unk>"
_SPACE = "\u2581"
_SPECIAL = (2, 3)
"""Kinds of pieces that are no text: the unknown and the control ones."""


def load_tokenizer(place: Path) -> PreTrainedTokenizerBase:
    """Return the tokenizer of a folder, or the one that is kept in a text encoder's file.

    A folder holds `tokenizer.json`, or else `spiece.model`.

    Raises:
        NotReady: it holds neither.
        ValueError: what it holds is damaged.
    """
    if place.is_file():
        with safe_open(place, framework="np") as file:
            return _wrapped(of_pieces(file.get_tensor(TOKENIZER).tobytes()))
    if (place / "tokenizer.json").is_file():
        try:
            return _wrapped(Tokenizer.from_file(str(place / "tokenizer.json")))
        except Exception as error:  # noqa: BLE001 (the package raises nothing narrower)
            raise ValueError(f"tokenizer.json: {error}") from None
    if (place / "spiece.model").is_file():
        return _wrapped(of_pieces((place / "spiece.model").read_bytes()))
    raise unusable(f"The tokenizer's folder {place} lacks tokenizer.json and spiece.model.")


def of_pieces(model: bytes) -> Tokenizer:
    """Return the tokenizer that a model of SentencePiece describes, a protobuf message."""
    described = sentencepiece.ModelProto.FromString(model)
    pieces = [(piece.piece, piece.score) for piece in described.pieces]
    unknown = described.trainer_spec.unk_id
    fallback = described.trainer_spec.byte_fallback
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=unknown, byte_fallback=fallback))
    steps: list[normalizers.Normalizer] = [normalizers.Replace(Regex(" {2,}"), " ")]
    if described.normalizer_spec.precompiled_charsmap:
        steps.insert(0, normalizers.Precompiled(described.normalizer_spec.precompiled_charsmap))
    tokenizer.normalizer = normalizers.Sequence(steps)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(_SPACE, prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(_SPACE, prepend_scheme="always")
    special = [piece.piece for piece in described.pieces if piece.type in _SPECIAL]
    tokenizer.add_special_tokens([AddedToken(each, normalized=False) for each in special])
    end = tokenizer.token_to_id(_END)
    tokenizer.post_processor = processors.TemplateProcessing(
        f"$A {_END}", special_tokens=[(_END, end)]
    )
    return tokenizer


def _wrapped(tokenizer: Tokenizer) -> PreTrainedTokenizerBase:
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=_PADDING,
        eos_token=_END,
        unk_token=_UNKNOWN,
        model_max_length=MAX_TOKENS,
    )
