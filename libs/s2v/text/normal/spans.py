"""What a normalised text is: its spoken form, and which characters of the source said what."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter

Range = tuple[int, int]
"""Half-open range of characters."""


class SpeechClass(StrEnum):
    """What a stretch of a text is, which decides how it is read."""

    TEXT = "text"
    """Said as it is written."""
    SPACE = "space"
    MARKUP = "markup"
    """Shapes the text and is not said: marks of Markdown and of HTML."""
    TAG = "tag"
    """Tells a voice how to speak: SSML and [tags]; kept as written."""
    MARKED = "marked"
    """Something else is said in its place, as SSML's sub or say-as has it."""
    LEXICON = "lexicon"
    MATHEMATICS = "mathematics"
    CODE = "code"
    URL = "url"
    EMAIL = "email"
    ADDRESS = "address"
    TELEPHONE = "telephone"
    MONEY = "money"
    DATE = "date"
    TIME = "time"
    YEAR = "year"
    UNIT = "unit"
    PERCENT = "percent"
    ORDINAL = "ordinal"
    FRACTION = "fraction"
    RANGE = "range"
    RATIO = "ratio"
    VERSION = "version"
    ROMAN = "roman"
    NUMBER = "number"
    ABBREVIATION = "abbreviation"
    ACRONYM = "acronym"
    ALPHANUMERIC = "alphanumeric"
    EMOJI = "emoji"
    SYMBOL = "symbol"
    SPELLING = "spelling"
    """A word that is meant otherwise than its characters say, such as "don`t"."""


class WarningCode(StrEnum):
    """What may not be heard as it is meant."""

    SCRIPT_UNKNOWN = "script_unknown"
    """Letters that nobody says in this language, such as Chinese ones in English; left as is."""
    LANGUAGE_DOUBTFUL = "language_doubtful"
    """Words that look like another language's."""
    NOT_READ = "not_read"
    """Digits or signs that stayed as they were written."""


@dataclass(frozen=True, slots=True)
class SpokenSpan:
    """A stretch of the source, the stretch of the spoken text that says it, and why."""

    source_first: int
    source_end: int
    spoken_first: int
    spoken_end: int
    speech_class: SpeechClass
    rule: str


@dataclass(frozen=True, slots=True)
class ReadingWarning:
    """What may not be heard as it is meant, and where it stands in the source."""

    code: WarningCode
    source_first: int
    source_end: int
    message: str


@dataclass(frozen=True, slots=True)
class Normalised:
    """A text and how it is said.

    `spans` follow each other without gaps and cover `source` and `spoken` from end to end. A span
    of the class TEXT has the same characters on both sides; any other is said as a whole. One of
    the two sides may be empty, never both.
    """

    source: str
    spoken: str
    spans: tuple[SpokenSpan, ...]
    warnings: tuple[ReadingWarning, ...] = ()

    def source_range(self, first: int, end: int) -> Range:
        """Return which characters of the source say a range of the spoken text."""
        return self._moved((first, end), "spoken", "source")

    def spoken_range(self, first: int, end: int) -> Range:
        """Return which characters of the spoken text say a range of the source."""
        return self._moved((first, end), "source", "spoken")

    def _moved(self, moving: Range, here: str, there: str) -> Range:
        """Return what a range of one side is on the other side, stretches that change as wholes."""
        spans = self.spans
        if not spans:
            return 0, 0
        first, end = moving
        here_first, here_end = attrgetter(f"{here}_first"), attrgetter(f"{here}_end")
        left = max(bisect_right(spans, first, key=here_first) - 1, 0)
        right = min(bisect_left(spans, end, lo=left, key=here_end), len(spans) - 1)
        begin: int = attrgetter(f"{there}_first")(spans[left])
        finish: int = attrgetter(f"{there}_end")(spans[right])
        if spans[left].speech_class is SpeechClass.TEXT:
            begin += first - here_first(spans[left])
        if spans[right].speech_class is SpeechClass.TEXT:
            finish -= here_end(spans[right]) - end
        return begin, max(finish, begin)
