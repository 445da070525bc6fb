"""How a voice reads a text: marks first, then its words, numbers, formulas and signs."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from s2v.core.ports import Voice
from s2v.text.markup import Piece, Words, read_marked
from s2v.text.normal.composing import composed
from s2v.text.normal.normalising import normalise
from s2v.text.normal.spans import Normalised, SpeechClass, SpokenSpan
from s2v.text.saying import said


def spoken(pieces: Sequence[Piece], voice: Voice) -> str:
    """Return what a voice reads of a marked text; a pause is a space."""
    return "".join(said(piece, voice) if isinstance(piece, Words) else " " for piece in pieces)


def read(text: str, voice: Voice) -> Normalised:
    """Return how a voice says a text without marks; its lexicon goes before every rule."""
    return normalise(text, language=voice.language, lexicon=voice.lexicon)


def read_with_marks(text: str, voice: Voice) -> Normalised:
    """Return how a voice says a text: what `sub` and `say-as` have said in its place is said.

    Other marks stay as they are, as tags. What a voice is told for single letters is not shown.
    """
    replaced = _replaced(text, replace(voice, letters={}))
    reading = read(replaced.spoken, voice)
    warnings = tuple(
        replace(warning, source_first=first, source_end=end)
        for warning in reading.warnings
        for first, end in (replaced.source_range(warning.source_first, warning.source_end),)
    )
    return replace(composed(replaced, reading), warnings=warnings)


def _replaced(text: str, voice: Voice) -> Normalised:
    spans: list[SpokenSpan] = []
    parts: list[str] = []
    there = 0
    for first, end, part, rule in _parts(text, voice):
        kind = SpeechClass.MARKED if rule else SpeechClass.TEXT
        spans.append(SpokenSpan(first, end, there, there + len(part), kind, rule))
        parts.append(part)
        there += len(part)
    return Normalised(text, "".join(parts), tuple(spans))


def _parts(text: str, voice: Voice) -> Iterator[tuple[int, int, str, str]]:
    """Yield stretches of a text, what is read of each, and the rule where that is another text."""
    here = 0
    for piece in read_marked(text).pieces:
        if not (isinstance(piece, Words) and (piece.alias or piece.say_as)):
            continue
        first, end = piece.place
        if here < first:
            yield here, first, text[here:first], ""
        rule = "sub" if piece.alias else f"say-as.{piece.say_as.partition(':')[0]}"
        yield first, end, said(piece, voice), rule
        here = end
    if here < len(text):
        yield here, len(text), text[here:], ""
