"""Which language a text is written in, and which voices speak it."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import pycld2

from s2v.core.errors import InvalidInput, Reason

_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}")
"""What a BCP 47 language tag looks like: "de", "de-AT"."""

_LEAST_PERCENT = 60
"""Of the text that is in one language; a quotation in another one changes nothing."""
_UNSURE = frozenset(("un", "la"))
"""Unknown, and Latin, for which program text and filler text are taken."""


class Speaking(Protocol):
    """Whatever speaks a language."""

    @property
    def language(self) -> str:
        """BCP 47 tag, such as "en-US"."""


SpeakingT = TypeVar("SpeakingT", bound=Speaking)


@dataclass(frozen=True, slots=True)
class Language:
    """A language by its code, such as "de", and its English name, such as "German"."""

    code: str
    name: str


def check_language(tag: str, *, field: str) -> None:
    """Refuse what is no tag of a language.

    Raises:
        InvalidInput: it is none (FIELD_INVALID).
    """
    if not _TAG.fullmatch(tag):
        problem = f"{tag[:40]!r} is no language; give a BCP 47 tag such as de or en-GB"
        raise InvalidInput(Reason.FIELD_INVALID, problem, field=field)


def primary(tag: str) -> str:
    """Return the language of a tag without its region: "de" for "de-AT"."""
    return tag.partition("-")[0].lower()


def language_of(text: str) -> Language | None:
    """Return the language that most of a text is surely written in; None where that is unsure.

    Two or three words are mostly too few to tell.
    """
    plain = "".join(c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    try:
        reliable, _, (most, *_) = pycld2.detect(plain)
    except pycld2.error:  # half a character
        return None
    name, code, percent, _ = most
    if not reliable or code in _UNSURE or percent < _LEAST_PERCENT:
        return None
    return Language(primary(code), name.title())


def speakers_of(voices: Sequence[SpeakingT], tag: str) -> list[SpeakingT]:
    """Return the voices that speak a language, those of the tag's own region first."""
    alike = [voice for voice in voices if primary(voice.language) == primary(tag)]
    return sorted(alike, key=lambda voice: voice.language.lower() != tag.lower())


def voices_for(voices: Sequence[SpeakingT], text: str) -> list[SpeakingT]:
    """Return the voices that speak a text's language.

    Those of the first voice's language where the text's is unsure or none speaks it.
    """
    language = language_of(text)
    fitting = speakers_of(voices, language.code) if language else []
    return fitting or speakers_of(voices, voices[0].language)
