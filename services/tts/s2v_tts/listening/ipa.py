"""Spell any sound of the International Phonetic Alphabet with symbols that have a mouth."""
# IPA letters are meant, however much some of them look like others.
# ruff: noqa: RUF001

import unicodedata

from s2v.lipsync.phones import PHONES

_ALIKE = {
    "c": "k",
    "q": "k",
    "ɟ": "g",
    "ɠ": "g",
    "ɢ": "g",
    "ɰ": "g",
    "ħ": "h",
    "ɦ": "h",
    "ʕ": "h",
    "ɽ": "ɾ",
    "ɓ": "b",
    "ʙ": "b",
    "ɗ": "d",
    "ɖ": "d",
    "ʈ": "t",
    "ɱ": "v",
    "ɳ": "n",
    "ɴ": "ŋ",
    "ɭ": "l",
    "ɬ": "l",
    "ɮ": "l",
    "ʂ": "ʃ",
    "ʐ": "ʒ",
    "ʑ": "ʒ",
    "ʍ": "w",
    "ɞ": "ɜ",
    "ɶ": "a",
    "ɘ": "ə",
    "ɤ": "ʌ",
    "ɯ": "ɪ",
}
"""Sounds that no row of PHONES has, and the one there whose lips look most alike."""


def known_symbols(label: str) -> str:
    """Return a phoneme's letters that PHONES knows, unknown ones replaced by those that look alike.

    Tones, lengths, ties and other marks that lips do not show are left out; empty if nothing else
    is in it, and for a model's own tokens such as "<unk>".
    """
    if label.startswith("<"):
        return ""
    whole = len(label) == 1 and (label in PHONES or label in _ALIKE)  # "ç" is no "c" with a tail
    plain = label if whole else unicodedata.normalize("NFD", label)
    letters = (_ALIKE.get(symbol, symbol) for symbol in plain)
    return "".join(letter for letter in letters if letter in PHONES)
