"""How well a line, or a caption, may break after a word."""
# ruff: noqa: RUF001 - the typographic quotes, dashes and commas here are meant

import re
from collections.abc import Sequence
from itertools import pairwise

from s2v.captions.phrases import Phrases, phrases_of
from s2v.captions.words import OPENERS, WrittenWord, bare

SENTENCE, CLAUSE, COMMA, PHRASE, PLAIN, WIDE = 0.0, 1.0, 2.0, 4.0, 7.0, 10.0
CLINGING, TOGETHER = 14.0, 80.0
"""What a break costs: the less, the better. After words that cling to the next one it is bad; what
belongs together, as a number and its unit, is parted only where nothing else is left."""

_CLOSERS = "\"'”’»)\\]}」』）】》"
_SENTENCE_END = re.compile(rf"[.!?…。！？｡؟۔।][{_CLOSERS}]*$")
_CLAUSE_END = re.compile(rf"[;:—–；：؛][{_CLOSERS}]*$|[.!?…][{_CLOSERS}]+$")
_COMMA_END = re.compile(rf"[,，、،·\-/][{_CLOSERS}]*$|[)\]}}”»」』）]$")
_NUMBER = re.compile(r"[^\w\s]?\d[\d.,:/\u202f\u00a0]*$|[^\w\s]?\d[\d.,]*\s?[%‰°]$")

_LETTER = re.compile(r"[(\[\"“‘«]*[A-Za-zÀ-ÿ]\.")
"""An initial or half of an abbreviation: "J. R. Smith", "z. B.", "2 c. sugar"."""
_FACTORIAL = re.compile(r"\([^()]*[-+−0-9][^()]*\)!$")
_OPERATORS = frozenset("=+-−×÷<>≤≥≠≈*/±→·")
_PART_OF_ONE = re.compile(r"\d+/\d+|[½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞]")


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_TITLES = _listed("Mr. Mrs. Ms. Mx. Dr. Prof. St. Mt. Gen. Gov. Sen. Rep. Capt. Lt. Col. Sgt. No.")
_ABBREVIATIONS = _listed("e.g. i.e. cf. vs. viz. approx. fig. no. vol. p. pp. ch.")


def costs(words: Sequence[WrittenWord], language: str) -> list[float]:
    """Return what a break costs after each word but the last, in a language such as "en"."""
    phrases = phrases_of(language)
    return [_cost(left, right, phrases) for left, right in pairwise(words)]


def ends_sentence(word: WrittenWord) -> bool:
    """Tell whether a sentence seems to end with a word."""
    if _FACTORIAL.search(word.text):
        return False
    return bool(_SENTENCE_END.search(word.text)) and not _is_abbreviated(word.text)


def _is_abbreviated(text: str) -> bool:
    return (
        text in _TITLES
        or text.lower() in _ABBREVIATIONS
        or (_LETTER.fullmatch(text) is not None and text[-2:] != "I.")
    )


def _cost(left: WrittenWord, right: WrittenWord, phrases: Phrases) -> float:
    if _belong_together(left, right, phrases):
        return TOGETHER
    if ends_sentence(left):
        return CLAUSE if right.text[:1].islower() else SENTENCE
    if _CLAUSE_END.search(left.text):
        return CLAUSE
    if _COMMA_END.search(left.text):
        return COMMA
    if right.glued:  # wide letters: who does not know the language parts its words
        return WIDE
    if bare(left.text) in phrases.clinging:
        return CLINGING
    return PHRASE if bare(right.text) in phrases.beginning else PLAIN


def _belong_together(left: WrittenWord, right: WrittenWord, phrases: Phrases) -> bool:
    """Tell whether they are a number and what it counts, a title and a name, parts of a word.

    Punctuation that stands apart ("Quoi ?") belongs to what is before it, or opens what follows.
    """
    if _opens(left.text) or not (bare(right.text) or _opens(right.text)):
        return True
    if _is_abbreviated(left.text) or left.text in _OPERATORS:
        return True
    if left.text[0].isalpha() and left.text.count("(") > left.text.count(")"):
        return True  # what a function is of: C(n, k)
    if left.text.isdecimal() and _PART_OF_ONE.match(right.text):
        return True
    if right.glued and not (_is_wide(left) or _is_wide(right)):
        return True
    counted = not _NUMBER.match(right.text) and bare(right.text) not in phrases.beginning
    return bool(_NUMBER.match(left.text)) and counted and left.text[-1] not in ".,:"


def _opens(text: str) -> bool:
    return all(c in OPENERS for c in text)


def _is_wide(word: WrittenWord) -> bool:
    return word.width > 8 * len(word.text)
