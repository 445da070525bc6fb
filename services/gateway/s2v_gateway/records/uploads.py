"""The table of uploads: those under way, and which asset a finished one became."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from ulid import ULID

from s2v.core.errors import Conflict, NotFound, Reason
from s2v_gateway.access.callers import Caller
from s2v_gateway.records.database import id_in_name, insert_if_absent, reading
from s2v_gateway.records.tables import uploads
from s2v_gateway.records.usage import UNLIMITED, Usage

UPLOAD_LIFETIME = timedelta(days=1)

Row = sa.Row[Any]


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a client says of the bytes to come; an empty `sha256` says nothing."""

    media_type: str
    total_bytes: int
    sha256: str


class UploadRecords:
    """Uploads in a database. Expired ones count as gone. Every method is one transaction."""

    def __init__(
        self, engine: sa.Engine, now: Callable[[], datetime], usage: Usage = UNLIMITED
    ) -> None:
        self._engine = engine
        self._now = now
        self._usage = usage

    def need(self, caller: Caller, name: str) -> Row:
        """Return the row of the caller's upload of that name.

        Raises:
            NotFound: no such upload, or it has expired (UPLOAD_NOT_FOUND).
        """
        upload_id = id_in_name(name, "uploads")
        row = upload_id and self._find(uploads.c.id == upload_id, uploads.c.tenant == caller.tenant)
        if not row:
            raise NotFound(
                Reason.UPLOAD_NOT_FOUND,
                f"there is no upload {name!r}, or it has expired; create a new one",
                field="name",
            )
        return row

    def find_request(self, caller: Caller, request_id: str, declaration: Declaration) -> Row | None:
        """Return the row that an equal request of the caller's made, if there was one.

        Raises:
            Conflict: the request id came with another declaration (REQUEST_ID_REUSED).
        """
        row = self._find(*_request(caller, request_id)) if request_id else None
        if row is not None:
            _check_same_request(row, declaration)
        return row

    def add(self, caller: Caller, request_id: str, declaration: Declaration) -> Row:
        """Add an upload, or return the one that an equal request made at the same moment.

        Raises:
            Conflict: the request id came with another declaration (REQUEST_ID_REUSED).
            Exhausted: the tenant may not store so much more (QUOTA_EXCEEDED).
        """
        now = self._now()
        upload_id = str(ULID())
        values = asdict(declaration) | {
            "id": upload_id,
            "tenant": caller.tenant,
            "subject": caller.subject,
            "request_id": request_id or None,
            "expire_time": now + UPLOAD_LIFETIME,
        }
        ours = _request(caller, request_id) if request_id else (uploads.c.id == upload_id,)
        with self._engine.begin() as connection:
            connection.execute(uploads.delete().where(*ours, uploads.c.expire_time <= now))
            if connection.execute(sa.select(uploads.c.id).where(*ours)).first() is None:
                self._usage.check_room(connection, caller.tenant, declaration.total_bytes)
            insert_if_absent(connection, uploads, values)
            row = connection.execute(sa.select(uploads).where(*ours)).one()
        _check_same_request(row, declaration)
        return row

    def remove(self, upload_id: str) -> bool:
        """Forget an upload; tell whether it was known."""
        query = uploads.delete().where(uploads.c.id == upload_id)
        with self._engine.begin() as connection:
            return connection.execute(query).rowcount == 1

    def expired(self, now: datetime) -> Sequence[str]:
        """Return the ids of the uploads whose time is over."""
        query = sa.select(uploads.c.id).where(uploads.c.expire_time <= now)
        with reading(self._engine) as connection:
            return connection.scalars(query).all()

    def _find(self, *where: sa.ColumnElement[bool]) -> Row | None:
        query = sa.select(uploads).where(*where, uploads.c.expire_time > self._now())
        with reading(self._engine) as connection:
            return connection.execute(query).one_or_none()


def _request(caller: Caller, request_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        uploads.c.tenant == caller.tenant,
        uploads.c.subject == caller.subject,
        uploads.c.request_id == request_id,
    )


def _check_same_request(row: Row, declaration: Declaration) -> None:
    """Refuse another declaration under a request id that was used.

    Raises:
        Conflict: REQUEST_ID_REUSED.
    """
    earlier = Declaration(row.media_type, row.total_bytes, row.sha256)
    if earlier != declaration:
        raise Conflict(
            Reason.REQUEST_ID_REUSED,
            f"request_id {row.request_id!r} was used for {earlier} and comes now with "
            f"{declaration}; use a new request_id for another upload",
            field="request_id",
        )
