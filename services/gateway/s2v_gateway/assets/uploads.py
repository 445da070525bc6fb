"""Remember the uploads that are under way, and which asset a finished one became."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Engine,
    ForeignKey,
    Row,
    String,
    Table,
    delete,
    select,
    update,
)

from s2v.core.errors import Conflict, NotFound, Reason
from s2v_gateway.assets.upload_rules import MAX_REQUEST_ID_LENGTH, Declaration
from s2v_gateway.records.database import (
    UtcDateTime,
    id_in_name,
    insert_if_absent,
    metadata,
    reading,
)

UPLOAD_LIFETIME = timedelta(days=1)

uploads_table = Table(
    "uploads",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("request_id", String(MAX_REQUEST_ID_LENGTH), unique=True),
    Column("media_type", String(100), nullable=False),
    Column("total_bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("expire_time", UtcDateTime, nullable=False, index=True),
    Column("asset_id", String(32), ForeignKey("assets.id")),
)


class UploadState(StrEnum):
    """Whether an upload still takes bytes."""

    OPEN = "OPEN"
    FINISHED = "FINISHED"
    """It became an asset; finishing it again gives that asset."""


@dataclass(frozen=True, slots=True)
class Upload:
    """An asset on its way; `committed_bytes` survive the death of the gateway."""

    name: str
    media_type: str
    total_bytes: int
    sha256: str
    committed_bytes: int
    expire_time: datetime
    state: UploadState


class Uploads:
    """The table of uploads. Expired ones count as gone; `committed_bytes` is for others to add."""

    def __init__(self, engine: Engine, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._now = now

    def get(self, name: str) -> Row[Any]:
        """Return the row of an upload.

        Raises:
            NotFound: no such upload, or it has expired (UPLOAD_NOT_FOUND).
        """
        upload_id = id_in_name(name, "uploads")
        row = upload_id and self._find(uploads_table.c.id == upload_id)
        if not row:
            raise _not_found(name)
        return row

    def find_request(self, request_id: str, declaration: Declaration) -> Row[Any] | None:
        """Return the row that an equal request made, if there was one.

        Raises:
            Conflict: the request id came with another declaration (REQUEST_ID_REUSED).
        """
        row = self._find(uploads_table.c.request_id == request_id) if request_id else None
        if row is not None:
            _check_same_request(row, declaration)
        return row

    def add(self, request_id: str, declaration: Declaration) -> Row[Any]:
        """Add an upload, or return the one that an equal request made at the same moment.

        Raises:
            Conflict: the request id came with another declaration (REQUEST_ID_REUSED).
        """
        table = uploads_table
        now = self._now()
        values = asdict(declaration) | {
            "id": uuid.uuid4().hex,
            "request_id": request_id or None,
            "expire_time": now + UPLOAD_LIFETIME,
        }
        key = table.c.request_id if request_id else table.c.id
        ours = key == values[key.name]
        with self._engine.begin() as connection:
            connection.execute(delete(table).where(ours, table.c.expire_time <= now))
            insert_if_absent(connection, table, values)
            row = connection.execute(select(table).where(ours)).one()
        _check_same_request(row, declaration)
        return row

    def finish(self, upload_id: str, asset_id: str) -> None:
        """Remember which asset an upload became."""
        query = update(uploads_table).where(uploads_table.c.id == upload_id)
        with self._engine.begin() as connection:
            connection.execute(query.values(asset_id=asset_id))

    def remove(self, upload_id: str) -> bool:
        """Forget an upload; tell whether it was known."""
        query = delete(uploads_table).where(uploads_table.c.id == upload_id)
        with self._engine.begin() as connection:
            return connection.execute(query).rowcount == 1

    def expired(self, now: datetime) -> Sequence[str]:
        """Return the ids of the uploads whose time is over."""
        query = select(uploads_table.c.id).where(uploads_table.c.expire_time <= now)
        with reading(self._engine) as connection:
            return connection.scalars(query).all()

    def _find(self, condition: ColumnElement[bool]) -> Row[Any] | None:
        query = select(uploads_table).where(condition, uploads_table.c.expire_time > self._now())
        with reading(self._engine) as connection:
            return connection.execute(query).one_or_none()


def _check_same_request(row: Row[Any], declaration: Declaration) -> None:
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


def _not_found(name: str) -> NotFound:
    """Return the error for a name that no upload has, or no longer."""
    return NotFound(
        Reason.UPLOAD_NOT_FOUND,
        f"there is no upload {name!r}, or it has expired; create a new one",
        field="name",
    )
