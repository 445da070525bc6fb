"""What captions show of a text: the words as they are written, without marks around them."""

from s2v.text.normal.normalising import normalise
from s2v.text.normal.spans import Normalised, SpeechClass, SpokenSpan

_MARKUP = "markup."
_CODE_MARKS = "`"


def shown(text: str, *, language: str) -> str:
    """Return a text without marks of Markdown and HTML, tags and the addresses behind links.

    Numbers, signs, emoji and all that is said otherwise than it is written stay as written. White
    space is kept but for what such marks stand for: the end of a line, a comma between cells.
    """
    reading = normalise(text, language=language)
    hidden = hidden_characters(reading)
    if not hidden:
        return text
    parts = [_of(reading, span, hidden) for span in reading.spans]
    return "\n".join(line.strip() for line in "".join(parts).splitlines()).strip()


def hidden_characters(reading: Normalised) -> frozenset[int]:
    """Return which characters of the source of a reading are marks that captions do not show."""
    return frozenset(index for span in reading.spans for index in _hidden(reading, span))


def _of(reading: Normalised, span: SpokenSpan, hidden: frozenset[int]) -> str:
    places = range(span.source_first, span.source_end)
    if _is_mark(span) and span.speech_class is not SpeechClass.TAG:
        return reading.spoken[span.spoken_first : span.spoken_end]
    return "".join(reading.source[i] for i in places if i not in hidden)


def _hidden(reading: Normalised, span: SpokenSpan) -> range | list[int]:
    places = range(span.source_first, span.source_end)
    if _is_mark(span):
        return places
    if span.rule.startswith("code."):
        return [i for i in places if reading.source[i] in _CODE_MARKS]
    return []


def _is_mark(span: SpokenSpan) -> bool:
    is_markup = span.speech_class is SpeechClass.MARKUP and span.rule.startswith(_MARKUP)
    return is_markup or span.speech_class is SpeechClass.TAG
