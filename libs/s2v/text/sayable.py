"""Tell what a voice can say of a text, and refuse what it cannot, before anything is spoken."""

import re
from collections.abc import Iterable

from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Voice
from s2v.text.cutting import cut_marked
from s2v.text.markup import Marked, read_marked
from s2v.text.normal.spans import Normalised, Range, SpeechClass, WarningCode
from s2v.text.reading import read, spoken

_LONGEST_TOLD = 40
_DOUBTFUL = re.compile(r"[^\x00-\x7f]|[&<\[]")
"""Letters of other scripts, or signs that may stand for such or begin a tag."""


def check_sayable(text: str, voice: Voice, *, field: str, continues: bool = False) -> None:
    """Refuse a text, marked or not, if the voice cannot say a segment of it.

    It may continue an earlier one.

    Raises:
        InvalidInput: as `require_sayable`.
    """
    if not any(map(_DOUBTFUL.search, (text, *voice.lexicon.values()))):
        return
    for segment in cut_marked(read_marked(text), continues=continues, lexicon=voice.lexicon):
        require_sayable(read_marked(segment), voice, field=field)


def require_sayable(segment: Marked, voice: Voice, *, field: str) -> None:
    """Refuse a segment of which the voice can say nothing, or less than half.

    Raises:
        InvalidInput: it names what cannot be said (TEXT_EMPTY).
    """
    require_heard(read(spoken(segment.pieces, voice), voice), voice, field=field)


def require_heard(reading: Normalised, voice: Voice, *, field: str) -> None:
    """Refuse a reading as `require_sayable` does."""
    if is_heard(reading):
        return
    message = "The text holds nothing that can be pronounced; write at least one word."
    unsaid_ranges = (reading.spoken_range(*unsaid) for unsaid in unsaid_in_source(reading))
    if unsaid := " ".join(reading.spoken[first:end] for first, end in unsaid_ranges):
        message = (
            f'The voice "{voice.name}" speaks {voice.language} and cannot pronounce '
            f'"{shortened(unsaid)}"; write it in Latin letters, or choose a voice of that language.'
        )
    raise InvalidInput(Reason.TEXT_EMPTY, message, field=field)


def is_heard(reading: Normalised) -> bool:
    """Tell whether a voice has anything to say of a reading, and can say at least half of it."""
    tags = (span for span in reading.spans if span.speech_class is SpeechClass.TAG)
    unsaid = _characters(reading.source, unsaid_in_source(reading))
    untold = _characters(reading.source, ((span.source_first, span.source_end) for span in tags))
    if 2 * unsaid > sum(map(str.isalnum, reading.source)) - untold:
        return False
    heard = zip(reading.spoken, silent_characters(reading), strict=True)
    return any(character.isalnum() for character, is_silent in heard if not is_silent)


def unsaid_in_source(reading: Normalised) -> tuple[Range, ...]:
    """Return where letters stand in the source that nobody says in the language."""
    return tuple(
        (warning.source_first, warning.source_end)
        for warning in reading.warnings
        if warning.code is WarningCode.SCRIPT_UNKNOWN
    )


def silent_characters(reading: Normalised) -> bytearray:
    """Return which characters of the spoken text no voice gets: 1 for tags and unsaid letters."""
    silent = bytearray(len(reading.spoken))
    tags = [span for span in reading.spans if span.speech_class is SpeechClass.TAG]
    ranges = [(span.spoken_first, span.spoken_end) for span in tags]
    ranges += [reading.spoken_range(*unsaid) for unsaid in unsaid_in_source(reading)]
    for first, end in ranges:
        silent[first:end] = b"\x01" * (end - first)
    return silent


def shortened(text: str) -> str:
    """Return a text as a message shows it."""
    return text if len(text) <= _LONGEST_TOLD else f"{text[:_LONGEST_TOLD]}…"


def _characters(text: str, ranges: Iterable[Range]) -> int:
    """Count the letters and digits in ranges of a text that lie apart."""
    return sum(sum(map(str.isalnum, text[first:end])) for first, end in ranges)
