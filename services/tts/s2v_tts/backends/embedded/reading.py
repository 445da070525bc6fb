"""Find out how a sentence is read aloud: which phoneme symbols each written word becomes."""

import re
import unicodedata
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from typing import Any

from hibari.g2p import G2P, normalize

from s2v_tts.backends.embedded.packed import Packed

_LONGEST_UNKNOWN_WORD = 24
"""hibari's network for unknown words reads no letters after these."""
_LONG_WORD = re.compile(rf"[^\W\d_]{{{_LONGEST_UNKNOWN_WORD + 1},}}")
_LONG_NUMBER = re.compile(r"\d[\d,]{15,}")
"""Past this length people read digit by digit, and hibari's number words run out."""
_MOST_PARTS = 16
"""Letters, digits and signs that take turns without a pause, or words likeThisOne: hibari tries all
ways to read them together, in time that grows with the cube of their number."""
_CAPITALS = "A-ZÀ-ÖØ-Þ"
_PART = rf"[{_CAPITALS}]++[^\W\d_{_CAPITALS}]*+|[^\W\d_{_CAPITALS}]++|\d++|[^\w\s]|_"
_MANY_PARTS = re.compile(rf"(?:{_PART}){{{_MOST_PARTS}}}(?=\S)")
_MOST_UNBROKEN = 96
"""Characters without a pause; hibari takes them apart in time that grows with their square."""
_UNBROKEN = re.compile(rf"\S{{{_MOST_UNBROKEN}}}(?=\S)")
_MOST_ALIKE = 3
_ALIKE = re.compile(rf"([^\w\s]|_)\1{{{_MOST_ALIKE},}}")
_FAULTS = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What hibari's reader is known to raise on odd characters (circled digits, unusual numerals)."""


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word as written, punctuation included, and the symbols it is spoken as; may be none."""

    label: str
    symbols: str


class ScriptReader:
    """Reads English with hibari's dictionary and rules; any number of threads may read at once."""

    def __init__(self, alphabet: Set[str]) -> None:
        self._alphabet = alphabet
        self._g2p = _dictionary()

    def read(self, sentence: str) -> tuple[SpokenWord, ...]:
        """Return the words of a sentence in order; their labels are the sentence's words.

        Takes time in proportion to the sentence's length, whatever stands in it, but for matching
        the words, which may take its square: sentences should be short.

        Numbers, money, dates, units and abbreviations are read as words by hibari. The words it
        reads are then matched to the written ones; a written word that became several ("$3.50")
        has them all, and several that were rewritten together share theirs out in order.
        """
        clean = self._clean(sentence)
        written = clean.split()
        spoken = self._spoken_groups(clean)
        symbols: list[list[str]] = [[] for _ in written]
        for owner, (_, group) in zip(_owners(written, spoken), spoken, strict=True):
            if group:
                symbols[owner].append(group)
        return tuple(
            SpokenWord(label, " ".join(groups))
            for label, groups in zip(written, symbols, strict=True)
        )

    def _clean(self, sentence: str) -> str:
        """Remove invisible characters and part what hibari could not read in one piece."""
        visible = "".join(c for c in sentence if c.isspace() or unicodedata.category(c)[0] != "C")
        short = collapsed(visible)
        parted = _LONG_NUMBER.sub(lambda match: " ".join(match.group().replace(",", "")), short)
        words = _LONG_WORD.sub(lambda match: self._parted(match.group()), parted)
        return _UNBROKEN.sub(r"\g<0> ", _MANY_PARTS.sub(r"\g<0> ", words))

    def _parted(self, word: str) -> str:
        if self._g2p.lexicon.is_known(word, "NN"):
            return word
        step = _LONGEST_UNKNOWN_WORD
        return " ".join(word[i : i + step] for i in range(0, len(word), step))

    def _spoken_groups(self, clean: str) -> list[tuple[str, str]]:
        """Return what stands between white space in the rewritten sentence, and its symbols."""
        try:
            return list(self._groups(clean))
        except _FAULTS:
            return [group for word in clean.split() for group in self._word_groups(word)]

    def _word_groups(self, word: str) -> list[tuple[str, str]]:
        try:
            return list(self._groups(word))
        except _FAULTS:
            plain = unicodedata.normalize("NFKC", word)
            letters = " ".join(c for c in plain if c.isascii() and c.isalnum())
            return list(self._groups(letters))

    def _groups(self, text: str) -> Iterator[tuple[str, str]]:
        tokens = self._g2p.phonemize_tokens(self._g2p.tokenize(normalize(text)))
        for group in _until_space(tokens):
            symbols = "".join(token.phonemes or "" for token in group)
            known = "".join(symbol for symbol in symbols if symbol in self._alphabet)
            yield "".join(token.text for token in group), known.strip()


@cache
def _dictionary() -> G2P:
    """Load, once a process, what all readers share."""
    g2p = G2P()
    for words in (g2p.lexicon.golds, g2p.lexicon.silvers):
        words.d = Packed(words.d)
    g2p.tagger.weights = Packed(g2p.tagger.weights)
    g2p.oov  # noqa: B018 - makes the network for unknown words; nothing changes after it
    return g2p


def collapsed(text: str) -> str:
    """Return the text with no sign (neither letter, digit nor white space) over thrice in a row."""
    return _ALIKE.sub(lambda match: match.group(1) * _MOST_ALIKE, text)


def _until_space(tokens: Sequence[Any]) -> Iterator[list[Any]]:
    group: list[Any] = []
    for token in tokens:
        group.append(token)
        if token.whitespace:
            yield group
            group = []
    if group:
        yield group


def _owners(written: Sequence[str], spoken: Sequence[tuple[str, str]]) -> Iterator[int]:
    """Yield for each spoken group the index of the written word that it comes from."""
    ours = [_bare(word) for word in written]
    theirs = [_bare(text) for text, _ in spoken]
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    for _, first, end, their_first, their_end in matcher.get_opcodes():
        for position in range(their_end - their_first):
            if end > first:
                yield first + position * (end - first) // (their_end - their_first)
            else:
                yield max(first - 1, 0)


def _bare(word: str) -> str:
    return "".join(c for c in word.casefold() if c.isalnum())
