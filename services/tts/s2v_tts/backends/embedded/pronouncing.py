"""Pronounce words as told, in hibari's symbols."""
# ruff: noqa: RUF001 - phonetic letters that look like others are meant

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import replace

from s2v.core.pronouncing import Pronunciations, bare_word
from s2v_tts.backends.embedded.reading import SpokenWord

_SYMBOLS = {
    "dʒ": "ʤ",
    "d͡ʒ": "ʤ",
    "tʃ": "ʧ",
    "t͡ʃ": "ʧ",
    "eɪ": "A",
    "aɪ": "I",
    "oʊ": "O",
    "əʊ": "O",
    "aʊ": "W",
    "ɔɪ": "Y",
    "ɜː": "ɜɹ",
    "ɝ": "ɜɹ",
    "ɚ": "əɹ",
    "g": "ɡ",
    "r": "ɹ",
    "ʁ": "ɹ",
    "e": "ɛ",
    "a": "æ",
    "ɒ": "ɑ",
    "o": "O",
    "y": "u",
    "x": "k",
    "ç": "h",
    "ɲ": "nj",
    "ʎ": "lj",
    "'": "ˈ",
    "ø": "ɜ",
    "œ": "ɜ",
    "ɫ": "l",
    "ʍ": "w",
    "ɱ": "m",
}
"""What American English has for the sounds of IPA that hibari writes otherwise, or lacks."""
_SILENT = frozenset("ː.‿ˑ˘̯͡‍|‖ ()[]/")
_PIECE = re.compile("|".join([*sorted(_SYMBOLS, key=len, reverse=True), "."]), re.DOTALL)


def symbols_of(phonemes: str, alphabet: Set[str]) -> str:
    """Return phonemes (IPA) in hibari's symbols; what it has nothing for is left out."""
    pieces = (_SYMBOLS.get(piece, piece) for piece in _PIECE.findall(phonemes))
    return "".join(s for piece in pieces for s in piece if s in alphabet and s not in _SILENT)


class Telling:
    """Tells how the words of a text are pronounced, one sentence after the other."""

    def __init__(self, told: Pronunciations) -> None:
        self._told: dict[str, Iterator[str]] = {word: iter(each) for word, each in told.items()}

    def pronounced(self, words: Sequence[SpokenWord], alphabet: Set[str]) -> Sequence[SpokenWord]:
        """Return the next words of the text, those that are told otherwise so."""
        return [self._pronounced(word, alphabet) for word in words] if self._told else words

    def _pronounced(self, word: SpokenWord, alphabet: Set[str]) -> SpokenWord:
        phonemes = next(self._told.get(bare_word(word.label), iter(())), "")
        symbols = symbols_of(phonemes, alphabet)
        if not symbols:
            return word
        ending = re.search(r"[;:,.!?—…]*$", word.symbols)
        return replace(word, symbols=symbols + (ending[0] if ending else ""))
