"""Turn a written text into what a voice shall say, and tell which part says what."""

import re
from collections.abc import Iterator

from s2v.core.lexicon import Lexicon
from s2v.text.languages import language_of, primary
from s2v.text.normal import emoji, markup
from s2v.text.normal.assembling import assembled
from s2v.text.normal.claiming import Claims
from s2v.text.normal.composing import composed
from s2v.text.normal.foreign import claim_numbers
from s2v.text.normal.lexicon import lexicon_rules
from s2v.text.normal.scripts import unknown_words
from s2v.text.normal.spans import (
    Normalised,
    ReadingWarning,
    SpeechClass,
    SpokenSpan,
    WarningCode,
)

NORMALISER_VERSION = "3"
"""Changes whenever a text may be read otherwise than before."""

_MOST_ROUNDS = 4
"""What was said is read again until nothing changes, so that reading twice is reading once."""
_MOST_WARNINGS = 50
_WORDED = frozenset(
    {
        SpeechClass.TEXT,
        SpeechClass.NUMBER,
        SpeechClass.ABBREVIATION,
        SpeechClass.DATE,
        SpeechClass.TIME,
    }
)
"""What is written in words of a language, as links and code are not."""
_KIN = (
    frozenset({"da", "sv", "no", "nb", "nn"}),
    frozenset({"es", "gl"}),
    frozenset({"pt", "gl"}),
    frozenset({"cs", "sk"}),
    frozenset({"hr", "sr", "bs", "sl"}),
    frozenset({"id", "ms"}),
)
_LEAST_WORDS = 3
"""Of a text whose language is told; of fewer words, or of names, it is guessed wrongly."""
_WORDS = re.compile(r"[^\W\d_]{2,}|[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]")
_WORD = re.compile(r"(?<!\w)\w++")
_FIGURE = re.compile("[0-9]")


def normalise(text: str, *, language: str = "en-US", lexicon: Lexicon | None = None) -> Normalised:
    """Return how a text is said: no figures, no formulas, no signs, but words.

    English is read by rules; of other languages docs/text.md tells. It never fails, never makes a
    text empty that was not, and takes time in proportion to the text's length. Reading what was
    said once more changes nothing, unless a lexicon does.

    Args:
        text: as written; Markdown, LaTeX, SSML and plain text.
        language: BCP 47 tag of the voice that shall say it.
        lexicon: how words are said, whatever the rules say; "SQL": "sequel".
    """
    reading = _read(text, language, lexicon or {})
    if lexicon or reading.spoken != text:
        reading = _read_on(reading, language)
    if text.strip() and not reading.spoken:
        reading = _verbatim(text)
    return Normalised(
        reading.source, reading.spoken, reading.spans, tuple(_warnings(reading, language))
    )


def _read_on(reading: Normalised, language: str) -> Normalised:
    for _ in range(_MOST_ROUNDS):
        again = _read(reading.spoken, language, {})
        if again.spoken == reading.spoken:
            break
        reading = composed(reading, again)
    return reading


def _read(text: str, language: str, lexicon: Lexicon) -> Normalised:
    # Half a second of compiling patterns, for who reads a text and nobody else.
    from s2v.text.normal.english import claim_english, claim_expressions, claim_protected

    claims = Claims(text)
    claim_protected(claims, language)
    claims.apply(lexicon_rules(lexicon))
    if primary(language) == "en":
        claim_english(claims, language)
    else:
        claim_expressions(claims, language)
        claim_numbers(claims, language)
        claims.apply(emoji.SILENT)
        claims.apply((*markup.CELLS, *markup.STRAY))
    spoken, spans = assembled(claims)
    return Normalised(text, spoken, spans)


def _verbatim(text: str) -> Normalised:
    first = len(text) - len(text.lstrip())
    spoken = text.strip()
    end = first + len(spoken)
    spans = [
        SpokenSpan(0, first, 0, 0, SpeechClass.SPACE, "space"),
        SpokenSpan(first, end, 0, len(spoken), SpeechClass.TEXT, ""),
        SpokenSpan(end, len(text), len(spoken), len(spoken), SpeechClass.SPACE, "space"),
    ]
    return Normalised(
        text, spoken, tuple(span for span in spans if span.source_first < span.source_end)
    )


def _warnings(reading: Normalised, language: str) -> Iterator[ReadingWarning]:
    for count, (first, end) in enumerate(unknown_words(reading.spoken, language)):
        if count == _MOST_WARNINGS:
            break
        where = reading.source_range(first, end)
        message = f'no {language} voice can say "{_short(reading.spoken[first:end])}"'
        yield ReadingWarning(WarningCode.SCRIPT_UNKNOWN, *where, message)
    said = (s for s in reading.spans if s.speech_class in _WORDED)
    text = " ".join(reading.source[span.source_first : span.source_end] for span in said)
    words = [word for word in _WORDS.findall(text) if not word[0].isupper()]
    other = language_of(text) if len(words) >= _LEAST_WORDS else None
    if other is not None and not _is_kin(other.code, primary(language)):
        message = f"the text looks like {other.name} and would be read as {language}"
        yield ReadingWarning(WarningCode.LANGUAGE_DOUBTFUL, 0, len(reading.source), message)
    unread = (
        match
        for span in reading.spans
        if span.speech_class is not SpeechClass.TAG
        for match in _WORD.finditer(reading.spoken, span.spoken_first, span.spoken_end)
        if _FIGURE.search(match.group())
    )
    for count, match in enumerate(unread):
        if count == _MOST_WARNINGS:
            break
        where = reading.source_range(*match.span())
        message = f'"{_short(match.group())}" stays as it is written'
        yield ReadingWarning(WarningCode.NOT_READ, *where, message)


def _is_kin(code: str, other: str) -> bool:
    """Tell whether two languages are one, or so alike that a few words do not tell them apart."""
    return code == other or any({code, other} <= kin for kin in _KIN)


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
