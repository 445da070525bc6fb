"""Cut a text with marks into segments, each a text with marks of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from s2v.core.lexicon import Lexicon
from s2v.text.markup import Marked, Piece, Words, marked_text
from s2v.text.normal.lexicon import phrases_joined
from s2v.text.segmentation import cut_spans


def cut_marked(
    marked: Marked, *, continues: bool = False, lexicon: Lexicon | None = None
) -> tuple[str, ...]:
    """Cut a text at the ends of its sentences as `cut_text`, never inside of what marks replace.

    Nor is a phrase of the lexicon cut. A pause between two segments is the end of the first one.
    """
    spans = cut_spans(phrases_joined(marked.text, lexicon or {}), continues=continues)
    plain = tuple(marked.text[first:end] for first, end in spans)
    if marked.pieces == (Words(marked.text),) and all(map(_is_literal, plain)):
        return plain
    starts = {first for first, _ in spans[1:]}
    segments: list[list[Piece]] = []
    for first, piece in _parted(marked.pieces, starts):
        if first in starts or not segments:
            segments.append([])
        segments[-1].append(piece)
    return tuple(marked_text(tuple(_stripped(segment))) for segment in segments)


def _is_literal(text: str) -> bool:
    return marked_text((Words(text),)) == text


def _parted(pieces: Sequence[Piece], starts: set[int]) -> Iterator[tuple[int, Piece]]:
    """Yield each piece, parted where a segment starts in it, and where in the text it begins."""
    at = 0
    for piece in pieces:
        if not isinstance(piece, Words):
            yield at, piece
            at += 1
            continue
        end = at + len(piece.text)
        inside = [] if piece.whole else sorted(start for start in starts if at < start < end)
        for first, last in pairwise([at, *inside, end]):
            yield first, replace(piece, text=piece.text[first - at : last - at])
        at = end


def _stripped(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Yield the pieces without white space at both ends, and none that is empty."""
    last = len(pieces) - 1
    for at, piece in enumerate(pieces):
        if isinstance(piece, Words):
            text = piece.text.lstrip() if at == 0 else piece.text
            piece = replace(piece, text=text.rstrip() if at == last else text)
            if not piece.text:
                continue
        yield piece
