"""Repair how letters and figures are written, and pass over the marks of footnotes."""

import re
import unicodedata

from s2v.text.normal.claiming import Reader, Rule, after, before
from s2v.text.normal.spans import SpeechClass


def _plain_form(match: re.Match[str]) -> str | None:
    meant = unicodedata.normalize("NFKC", match.group())
    return meant if meant != match.group() and meant.strip() else None


def _note_mark(match: re.Match[str]) -> str | None:
    """Say nothing for the mark of a footnote, which stands after a word or a sentence."""
    return (
        ""
        if re.search(r"(?:[A-Za-z]{4}|[a-z]{2}[.,;:!?\"”’)]|[.!?][\"”’])\Z", before(match))
        else None
    )


def _digits(match: re.Match[str]) -> str:
    return "".join(str(unicodedata.decimal(figure)) for figure in match.group())


def _rule(name: str, pattern: str, read: Reader, kind: SpeechClass = SpeechClass.SYMBOL) -> Rule:
    return Rule(name, kind, re.compile(pattern), read)


SPELLING = (
    _rule(
        "spelling.apostrophe",
        r"(?<=[A-Za-z])[`´ʼ′ˈ‘＇](?=[A-Za-z]{1,3}(?![A-Za-z]))(?![A-Za-z]*`)",
        lambda _: "'",
        SpeechClass.SPELLING,
    ),
    _rule(
        "spelling.width",
        r"(?<=[\uff10-\uff19])[\uff0c\uff0e\uff1a\uff0f](?=[\uff10-\uff19])",
        _plain_form,
        SpeechClass.SPELLING,
    ),
    _rule(
        "spelling.width",
        "[\uff04-\uff05\uff0b\uff0d-\uff19\uff1d\uff20-\uff3a\uff41-\uff5a\ufb00-\ufb06"
        "\U0001d400-\U0001d7ff\u2160-\u217f]+",
        _plain_form,
        SpeechClass.SPELLING,
    ),
    _rule(
        "spelling.circled",
        "[\u2460-\u2473]",
        lambda m: (
            unicodedata.normalize("NFKC", m.group()) + (" " if re.match(r"\w", after(m)) else "")
        ),
        SpeechClass.SPELLING,
    ),
    _rule(
        "spelling.invisible",
        "[\u200b\u200c\u2060\ufeff\u200e\u200f\u202a-\u202e\u2066-\u2069\x00-\x08\x0e-\x1f\x7f]+",
        lambda _: "",
        SpeechClass.MARKUP,
    ),
)
FIGURES = (_rule("spelling.digits", r"[^\D0-9]+", _digits, SpeechClass.SPELLING),)
"""Figures of other scripts, for languages that are written in Latin letters."""
NOTES = (_rule("symbol.note", r"(?<=[a-zA-Z.,;:!?\"”’)])[¹²³⁴-⁹⁰]{1,3}(?![\w⁻⁺/·])", _note_mark),)
"""Marks of footnotes."""
