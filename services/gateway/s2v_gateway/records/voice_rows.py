"""Rows of the table of voices, to values and back; and what jobs ask of it."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from s2v.core.artifact import Artifact
from s2v.core.errors import InvalidInput, Reason
from s2v.core.lexicon import Lexicon
from s2v.core.ports import Notice
from s2v.core.voice import Consent, SampledVoice, SampleMeasures
from s2v_gateway.records.tables import voices
from s2v_gateway.records.versioned import Versioned

Row = sa.Row[Any]

VOICE_NAME = re.compile(r"[a-z](?:[a-z0-9-]{0,58}[a-z0-9])?")
"""What callers may call their voices."""


@dataclass(frozen=True, slots=True)
class NewVoice:
    """What a caller asks a voice to be; `asset` holds the recording, an end of 0 is its end."""

    name: str
    language: str
    description: str
    backend: str
    transcript: str
    consent: Consent
    asset: str
    start_seconds: float
    end_seconds: float
    lexicon: Lexicon = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OwnVoice:
    """A voice that a caller made of a recording."""

    voice_id: str
    name: str
    backend: str
    language: str
    description: str
    transcript: str
    consent: Consent
    sample: Artifact
    measures: SampleMeasures
    notices: tuple[Notice, ...]
    create_time: datetime
    update_time: datetime
    lexicon: Lexicon

    @property
    def sampled(self) -> SampledVoice:
        """What a job takes along of it."""
        return SampledVoice(
            self.voice_id,
            self.sample,
            self.transcript,
            self.language,
            self.lexicon,
            self.backend,
        )


ASKED = Versioned(NewVoice)
CONSENT = TypeAdapter(Consent)
MEASURES = Versioned(SampleMeasures)
VOICE_NOTICES = TypeAdapter(tuple[Notice, ...])
LEXICON: TypeAdapter[Lexicon] = TypeAdapter(Lexicon)


def read_voice(row: Row) -> OwnVoice:
    """Read a voice."""
    return OwnVoice(
        voice_id=row.id,
        name=row.name,
        backend=row.backend,
        language=row.language,
        description=row.description,
        transcript=row.transcript,
        consent=CONSENT.validate_json(row.consent),
        sample=Artifact(row.sha256, row.size_bytes, row.media_type),
        measures=MEASURES.load(row.measures),
        notices=VOICE_NOTICES.validate_json(row.notices),
        create_time=row.create_time,
        update_time=row.update_time,
        lexicon=LEXICON.validate_json(row.lexicon),
    )


def require_voice(connection: sa.Connection, voice: SampledVoice, name: str) -> None:
    """See to it that a voice is there until the transaction ends.

    Raises:
        InvalidInput: VOICE_UNKNOWN, it was deleted.
    """
    query = sa.select(voices.c.id).where(voices.c.id == voice.voice_id).with_for_update(read=True)
    if connection.execute(query).first() is None:
        raise voice_deleted(name)


def voice_deleted(name: str) -> InvalidInput:
    """Return the error of a job that was to speak with a voice that is no more."""
    return InvalidInput(
        Reason.VOICE_UNKNOWN,
        f"the voice {name!r} was deleted before the job began; choose another one",
        field="spec.voice",
    )
