"""What a voice is given to speak of a marked text, and the words that it stands for."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from s2v.core.ports import Utterance, Voice
from s2v.core.pronouncing import Pronunciations, bare_word
from s2v.core.script import Mark
from s2v.text.markup import Piece, Silence, Words
from s2v.text.saying import said

_TOKEN = re.compile(r"\S+")
_LOOK_AHEAD = 50
"""A voice leaves out hardly so many words in a row."""


@dataclass(frozen=True, slots=True)
class TextRun:
    """A stretch of text that is spoken at one rate.

    Attributes:
        text: what the voice is given.
        rate: how much faster than the rest.
        pronunciations: of words that it is told.
        tokens: what stands between white space in `text`, and which of `labels` it belongs to, or
            None where it stands for itself.
        labels: what is written where something else is spoken.
    """

    text: str
    rate: float
    pronunciations: Pronunciations
    tokens: tuple[tuple[str, int | None], ...]
    labels: tuple[str, ...]


def runs_of(pieces: Sequence[Piece], voice: Voice) -> Iterator[Silence | TextRun]:
    """Yield what a voice speaks of a marked text in one go, and the pauses between, in order."""
    for rate, group in groupby(pieces, lambda piece: getattr(piece, "rate", None)):
        if rate is None:
            yield from (piece for piece in group if isinstance(piece, Silence))
        else:
            yield _run([piece for piece in group if isinstance(piece, Words)], rate, voice)


def whole_run(pieces: Sequence[Piece], voice: Voice) -> TextRun:
    """Return all that is spoken of a marked text, whatever the rates and pauses in it."""
    words = [piece if isinstance(piece, Words) else Words(" ") for piece in pieces]
    return _run(words, 1.0, voice)


class Labelling:
    """Gives the words that a voice says of a run, one after the other, their written labels."""

    def __init__(self, run: TextRun) -> None:
        self._run = run
        self._next = 0
        self._told: set[int] = set()

    def labelled(self, utterance: Utterance) -> Utterance:
        """Return the next utterance with its words as they are written."""
        return replace(utterance, words=self.written(utterance.words))

    def written(self, spoken: Sequence[Mark]) -> tuple[Mark, ...]:
        """Return the next words as they are written."""
        words: list[Mark] = []
        last: int | None = None
        for mark in spoken:
            parts = list(self._parts(mark.label))
            label = " ".join(self._fresh(parts))
            if label:
                words.append(replace(mark, label=label))
            elif words and parts and parts[0][1] == last:
                words[-1] = replace(words[-1], end_sample=mark.end_sample)
            last = parts[-1][1] if parts else None
        return tuple(words)

    def _fresh(self, parts: Sequence[tuple[str, int | None]]) -> Iterator[str]:
        """Yield what is written for parts of a spoken word, each label once."""
        for part, owner in parts:
            if owner is None:
                yield part
            elif owner not in self._told:
                self._told.add(owner)
                yield self._run.labels[owner]

    def _parts(self, label: str) -> Iterator[tuple[str, int | None]]:
        """Yield the parts of a spoken word and the labels they belong to, and go on behind them."""
        for part in label.split():
            yield part, self._owner(part)

    def _owner(self, part: str) -> int | None:
        ahead = self._run.tokens[self._next : self._next + _LOOK_AHEAD]
        for step, (token, owner) in enumerate(ahead, start=1):
            if token == part:
                self._next += step
                return owner
        return None


def _run(pieces: Sequence[Words], rate: float, voice: Voice) -> TextRun:
    text = ""
    replaced: list[tuple[int, int, str]] = []
    pronunciations: dict[str, list[str]] = {}
    for piece in pieces:
        spoken = said(piece, voice)
        if spoken != piece.text:
            replaced.append((len(text), len(text) + len(spoken), piece.text))
        for word, phonemes in _pronounced(piece):
            pronunciations.setdefault(word, []).append(phonemes)
        text += spoken
    return TextRun(
        text,
        rate,
        {word: tuple(told) for word, told in pronunciations.items() if any(told)},
        tuple(_owned(text, replaced)),
        tuple(_labels(text, replaced)),
    )


def _pronounced(piece: Words) -> Iterator[tuple[str, str]]:
    """Yield each word and its phonemes; several words must have as many groups of phonemes."""
    words = (piece.alias or piece.text).split()
    groups = piece.phonemes.split()
    told = groups if len(groups) == len(words) else [""] * len(words)
    if len(words) == 1 and groups:
        told = ["".join(groups)]
    yield from zip(map(bare_word, words), told, strict=True)


def _owned(text: str, replaced: Sequence[tuple[int, int, str]]) -> Iterator[tuple[str, int | None]]:
    at = 0
    for match in _TOKEN.finditer(text):
        while at < len(replaced) and replaced[at][1] <= match.start():
            at += 1
        is_inside = at < len(replaced) and replaced[at][0] < match.end()
        yield match.group(), at if is_inside else None


def _labels(text: str, replaced: Sequence[tuple[int, int, str]]) -> Iterator[str]:
    """Yield what is written, with the punctuation that touches it."""
    for first, end, written in replaced:
        before = re.search(r"\S*$", text[max(first - 20, 0) : first])
        after = re.match(r"\S*", text[end : end + 20])
        yield f"{before[0] if before else ''}{written}{after[0] if after else ''}"
