"""What a voice may be asked to be."""

import re
from datetime import UTC, date, datetime, timedelta

from s2v.core.errors import InvalidInput, Reason
from s2v.core.lexicon import Lexicon
from s2v.core.ports import Notice, NoticeCode
from s2v.core.voice import Consent
from s2v.text.languages import check_language
from s2v.text.limits import check_has_words
from s2v.text.normal.lexicon import check_lexicon
from s2v_gateway.assets.library import Asset
from s2v_gateway.records.voice_rows import VOICE_NAME, NewVoice

MAX_TRANSCRIPT_CHARACTERS = 2_000
"""A minute of the fastest speech has fewer."""
MAX_PREVIEW_CHARACTERS = 300

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MAX_DESCRIPTION_CHARACTERS = 500
_MAX_STATEMENT_CHARACTERS = 1_000
_LETTERS_A_SECOND = 45
"""Nobody says more."""
_EARLIEST = timedelta(hours=14)
"""So much ahead of UTC a day begins somewhere."""


def consent_given(statement: str, day: str, now: datetime) -> Consent:
    """Return the consent that a caller states.

    Raises:
        InvalidInput: there is none, or its day is none or still to come (CONSENT_MISSING); the
            statement is too long (TEXT_TOO_LONG).
    """
    if not statement.strip():
        raise _no_consent(
            "statement",
            "nobody says that whose voice it is has agreed; write who agreed to what, such as "
            '"Anna Lee agreed in writing to her voice being used for our courses"',
        )
    check_short_text(
        statement,
        what="statement",
        field="voice.consent.statement",
        max_characters=_MAX_STATEMENT_CHARACTERS,
        remedy="write who agreed to what",
    )
    try:
        agreed = date.fromisoformat(day) if _DATE.fullmatch(day) else None
    except ValueError:
        agreed = None
    if agreed is None:
        raise _no_consent("date", f"{day[:40]!r} is no day; give the day of consent as YYYY-MM-DD")
    if agreed > (now.astimezone(UTC) + _EARLIEST).date():
        raise _no_consent(
            "date", f"{day} is still to come; the voice can be made after the consent"
        )
    return Consent(statement.strip(), agreed)


def check_asked(asked: NewVoice) -> None:
    """Refuse what no voice can be, whatever there is already.

    Raises:
        InvalidInput: FIELD_INVALID, TEXT_EMPTY or TEXT_TOO_LONG.
    """
    if not VOICE_NAME.fullmatch(asked.name):
        raise _invalid(
            "name",
            f"{asked.name[:80]!r} cannot be a voice's name; after voices/ use 1 to 60 of a-z, 0-9 "
            "and hyphens, a letter first, no hyphen last",
        )
    check_language(asked.language, field="voice.language")
    check_description(asked.description)
    check_transcript(asked.transcript)
    check_lexicon(asked.lexicon, field="voice.lexicon")


def check_description(description: str) -> None:
    """Refuse a description that is too long or has control characters.

    Raises:
        InvalidInput: FIELD_INVALID.
    """
    if len(description) > _MAX_DESCRIPTION_CHARACTERS or not description.isprintable():
        raise _invalid(
            "description",
            f"the description has {len(description)} characters; at most "
            f"{_MAX_DESCRIPTION_CHARACTERS} that print are allowed, in one line",
        )


def check_transcript(transcript: str, speech_seconds: float | None = None) -> None:
    """Refuse what cannot be said in the sample; empty is not known.

    Raises:
        InvalidInput: TEXT_EMPTY, TEXT_TOO_LONG; or nobody says so much in the time of the speech,
            if that is known already (FIELD_INVALID).
    """
    if not transcript:
        return
    check_short_text(
        transcript,
        what="transcript",
        field="voice.transcript",
        max_characters=MAX_TRANSCRIPT_CHARACTERS,
        remedy="leave it out where you do not know what is said",
    )
    if "\0" in transcript:
        raise _invalid("transcript", "the transcript has a character NUL; leave it out")
    letters = sum(map(str.isalnum, transcript))
    if speech_seconds is not None and letters > _LETTERS_A_SECOND * speech_seconds:
        raise _invalid(
            "transcript",
            f"the transcript has {letters} letters, and nobody says them in {speech_seconds:.1f} "
            "s, as long as the sample speaks; give word for word what is said in that part",
        )


def check_short_text(
    text: str,
    *,
    what: str,
    field: str,
    max_characters: int,
    remedy: str,
    lexicon: Lexicon | None = None,
) -> None:
    """Refuse a text that is too long, or that nobody can speak, with a lexicon or without.

    Raises:
        InvalidInput: TEXT_EMPTY; TEXT_TOO_LONG, metadata `limit_characters`.
    """
    if len(text) > max_characters:
        raise InvalidInput(
            Reason.TEXT_TOO_LONG,
            f"the {what} has {len(text)} characters, at most {max_characters} are allowed; make it "
            "shorter",
            field=field,
            metadata={"limit_characters": str(max_characters)},
        )
    check_has_words(text, what=what, field=field, remedy=remedy, lexicon=lexicon or {})


def check_recording(asset: Asset) -> None:
    """Refuse an asset that holds no sound.

    Raises:
        InvalidInput: MEDIA_TYPE_UNSUPPORTED.
    """
    if not asset.media_type.startswith(("audio/", "video/")):
        raise InvalidInput(
            Reason.MEDIA_TYPE_UNSUPPORTED,
            f"the asset is {asset.media_type}; give a recording, or a video with sound",
            field="asset",
        )


def transcript_advice(transcript: str) -> tuple[Notice, ...]:
    """Return what is to be said where no transcript was given."""
    if transcript:
        return ()
    message = "What is said in the sample is not known; voices are cloned better with a transcript."
    return (Notice(NoticeCode.TRANSCRIPT_MISSING, message),)


def _invalid(field: str, message: str) -> InvalidInput:
    return InvalidInput(Reason.FIELD_INVALID, message, field=f"voice.{field}")


def _no_consent(field: str, message: str) -> InvalidInput:
    return InvalidInput(Reason.CONSENT_MISSING, message, field=f"voice.consent.{field}")
