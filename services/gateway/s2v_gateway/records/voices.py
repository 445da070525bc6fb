"""The table of voices that callers made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import sqlalchemy as sa
from ulid import ULID

from s2v.core.errors import Conflict, Exhausted, NotFound, Reason
from s2v.core.job import JobState
from s2v.core.lexicon import Lexicon
from s2v.core.ports import Notice
from s2v.core.stages import KeptSample
from s2v_gateway.access.callers import Caller
from s2v_gateway.records.database import insert_if_absent, reading
from s2v_gateway.records.job_rows import dump
from s2v_gateway.records.tables import job_artifacts, jobs, voices
from s2v_gateway.records.usage import UNLIMITED, Usage
from s2v_gateway.records.voice_rows import (
    ASKED,
    CONSENT,
    LEXICON,
    MEASURES,
    VOICE_NAME,
    VOICE_NOTICES,
    NewVoice,
    OwnVoice,
    Row,
    read_voice,
)


@dataclass(frozen=True, slots=True)
class DeletedVoice:
    """The digest of a deleted voice's sample, and the jobs that waited to speak with it."""

    sha256: str
    waiting_jobs: tuple[str, ...]


class VoiceRecords:
    """Voices in a database. Methods block; every method is one transaction."""

    def __init__(
        self,
        engine: sa.Engine,
        *,
        max_voices: int,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        usage: Usage = UNLIMITED,
    ) -> None:
        self._engine = engine
        self._max_voices = max_voices
        self._usage = usage
        self._now = now

    def find_request(self, caller: Caller, request_id: str, asked: NewVoice) -> OwnVoice | None:
        """Return the voice that an equal request of the caller's made, if there was one.

        Raises:
            Conflict: the request id came with another request (REQUEST_ID_REUSED).
        """
        with reading(self._engine) as connection:
            return _made_before(connection, caller, request_id, asked)

    def made_or_room(self, caller: Caller, request_id: str, asked: NewVoice) -> OwnVoice | None:
        """Return the voice that an equal request made, or None if there is room for it.

        Before its sample is looked into, for a voice that cannot be added.

        Raises:
            Conflict: VOICE_EXISTS, REQUEST_ID_REUSED.
            Exhausted: the tenant has as many voices as it may (LIMIT_EXCEEDED), or stores as much
                (QUOTA_EXCEEDED).
        """
        with reading(self._engine) as connection:
            return self._made_or_room(connection, caller, request_id, asked)

    def add(
        self,
        caller: Caller,
        asked: NewVoice,
        kept: KeptSample,
        *,
        backend: str,
        notices: tuple[Notice, ...],
        request_id: str,
    ) -> OwnVoice:
        """Write down a voice, or return the one that an equal request made at the same moment.

        Raises:
            Conflict: VOICE_EXISTS, REQUEST_ID_REUSED.
            Exhausted: LIMIT_EXCEEDED, QUOTA_EXCEEDED.
        """
        now = self._now()
        values = {
            "id": str(ULID()),
            "tenant": caller.tenant,
            "subject": caller.subject,
            "request_id": request_id or None,
            "asked": ASKED.dump(asked),
            "name": asked.name,
            "backend": backend,
            "language": asked.language,
            "description": asked.description,
            "transcript": asked.transcript,
            "lexicon": dump(LEXICON, asked.lexicon),
            "consent": dump(CONSENT, asked.consent),
            "sha256": kept.sample.sha256,
            "size_bytes": kept.sample.size_bytes,
            "media_type": kept.sample.media_type,
            "measures": MEASURES.dump(kept.measures),
            "notices": dump(VOICE_NOTICES, notices),
            "create_time": now,
            "update_time": now,
        }
        with self._engine.begin() as connection:
            if voice := self._made_or_room(connection, caller, request_id, asked):
                return voice
            if not insert_if_absent(connection, voices, values):
                if voice := _made_before(connection, caller, request_id, asked):
                    return voice
                raise voice_exists(asked.name)
            return read_voice(_need(connection, caller, asked.name))

    def take_back(self, voice_id: str) -> None:
        """Forget a voice that was just written down."""
        with self._engine.begin() as connection:
            connection.execute(voices.delete().where(voices.c.id == voice_id))

    def find(self, caller: Caller, name: str) -> OwnVoice | None:
        """Return the caller's voice of that name, if there is one."""
        if not VOICE_NAME.fullmatch(name):
            return None  # nor does every database take every character
        with reading(self._engine) as connection:
            row = _find(connection, caller, name)
            return read_voice(row) if row is not None else None

    def owned(self, caller: Caller) -> list[OwnVoice]:
        """Return the caller's voices in the order of their names."""
        mine = voices.c.tenant == caller.tenant
        with reading(self._engine) as connection:
            rows = connection.execute(sa.select(voices).where(mine))
            return sorted(map(read_voice, rows), key=lambda voice: voice.name)

    def update(self, caller: Caller, name: str, changes: Mapping[str, str | Lexicon]) -> OwnVoice:
        """Change columns of the caller's voice.

        Raises:
            NotFound: VOICE_NOT_FOUND.
        """
        with self._engine.begin() as connection:
            connection.execute(
                voices.update()
                .where(voices.c.tenant == caller.tenant, voices.c.name == name)
                .values({**_columns(changes), "update_time": self._now()})
            )
            return read_voice(_need(connection, caller, name))

    def delete(self, caller: Caller, name: str) -> DeletedVoice:
        """Forget a voice of the caller's; the jobs that wait to speak with it hold it no more.

        Raises:
            NotFound: VOICE_NOT_FOUND.
        """
        if not VOICE_NAME.fullmatch(name):
            raise voice_not_found(name)
        mine = (voices.c.tenant == caller.tenant, voices.c.name == name)
        with self._engine.begin() as connection:
            gone = connection.execute(
                voices.delete().where(*mine).returning(voices.c.id, voices.c.sha256)
            ).first()
            if gone is None:
                raise voice_not_found(name)
            waiting = _waiting_jobs(connection, gone.id)
            connection.execute(
                job_artifacts.delete().where(
                    job_artifacts.c.job_id.in_(waiting), job_artifacts.c.sha256 == gone.sha256
                )
            )
        return DeletedVoice(gone.sha256, tuple(waiting))

    def _made_or_room(
        self, connection: sa.Connection, caller: Caller, request_id: str, asked: NewVoice
    ) -> OwnVoice | None:
        made_before = partial(_made_before, connection, caller, request_id, asked)
        if voice := made_before():
            return voice
        try:
            self._check_room(connection, caller, asked.name)
        except (Conflict, Exhausted):
            # Between the two looks an equal request may have taken the name, or the last place.
            if voice := made_before():
                return voice
            raise
        return None

    def _check_room(self, connection: sa.Connection, caller: Caller, name: str) -> None:
        if _find(connection, caller, name) is not None:
            raise voice_exists(name)
        query = sa.select(sa.func.count()).where(voices.c.tenant == caller.tenant)
        if (connection.execute(query).scalar() or 0) >= self._max_voices:
            raise Exhausted(
                Reason.LIMIT_EXCEEDED,
                f"there are {self._max_voices} voices of yours already; delete one first",
                metadata={"setting": "max_voices", "limit": str(self._max_voices)},
            )
        self._usage.check_room(connection, caller.tenant)


def voice_not_found(name: str) -> NotFound:
    """Return the error for a name that no voice of the caller's has."""
    return NotFound(
        Reason.VOICE_NOT_FOUND,
        f"there is no voice {name!r}; it was deleted, or never was one of yours",
        field="name",
    )


def voice_exists(name: str) -> Conflict:
    """Return the error for a new voice whose name is taken."""
    return Conflict(
        Reason.VOICE_EXISTS,
        f"there is a voice {name!r} already; choose another name, or delete that one first",
        field="voice.name",
    )


def _columns(changes: Mapping[str, str | Lexicon]) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else dump(LEXICON, value)
        for name, value in changes.items()
    }


def _find(connection: sa.Connection, caller: Caller, name: str) -> Row | None:
    query = sa.select(voices).where(voices.c.tenant == caller.tenant, voices.c.name == name)
    return connection.execute(query).one_or_none()


def _need(connection: sa.Connection, caller: Caller, name: str) -> Row:
    row = _find(connection, caller, name)
    if row is None:
        raise voice_not_found(name)
    return row


def _made_before(
    connection: sa.Connection, caller: Caller, request_id: str, asked: NewVoice
) -> OwnVoice | None:
    if not request_id:
        return None
    query = sa.select(voices).where(
        voices.c.tenant == caller.tenant,
        voices.c.subject == caller.subject,
        voices.c.request_id == request_id,
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    if ASKED.load(row.asked) != asked:
        raise Conflict(
            Reason.REQUEST_ID_REUSED,
            f"request_id {request_id!r} was used for another voice; choose a new one",
            field="request_id",
        )
    return read_voice(row)


def _waiting_jobs(connection: sa.Connection, voice_id: str) -> list[str]:
    """Return the jobs that have not begun and would speak with a voice."""
    query = sa.select(jobs.c.job_id).where(
        jobs.c.state == JobState.QUEUED.value,
        jobs.c.order.contains(f'"voice_id":"{voice_id}"', autoescape=True),
    )
    return list(connection.scalars(query))
