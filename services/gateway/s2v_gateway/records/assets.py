"""The table of assets, and who still needs the bytes behind them."""

import re
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from s2v.core.errors import InvalidInput, NotFound, NotReady, Reason
from s2v_gateway.access.callers import Caller
from s2v_gateway.records.database import id_in_name, reading
from s2v_gateway.records.job_rows import LIVE_STATES
from s2v_gateway.records.tables import assets, job_artifacts, jobs, uploads, voices
from s2v_gateway.records.usage import UNLIMITED, Usage

Row = sa.Row[Any]

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_TOKEN = re.compile(r"([0-9]{1,17})-([0-9A-Za-z]{1,32})")
"""A place in the list of assets: microseconds and the id, so that it outlives its asset."""

_DIGESTS: sa.BindParameter[list[str]] = sa.bindparam("digests", expanding=True)
_NEEDED = sa.union(
    *(
        sa.select(table.c.sha256).where(table.c.sha256.in_(_DIGESTS))
        for table in (assets, job_artifacts, voices)
    )
)


class AssetRecords:
    """Assets in a database. Methods block; every method is one transaction."""

    def __init__(
        self, engine: sa.Engine, now: Callable[[], datetime], usage: Usage = UNLIMITED
    ) -> None:
        self._engine = engine
        self._now = now
        self._usage = usage

    def add(
        self, caller: Caller, asset_id: str, values: dict[str, object], *, upload_id: str | None
    ) -> Row:
        """Write down an asset of the caller's, and that the upload became it, if one did.

        Raises:
            Exhausted: it is of no upload, and the tenant may not store so much more
                (QUOTA_EXCEEDED).
        """
        row = asset_row(asset_id, values, self._now(), caller=caller)
        became = uploads.update().where(uploads.c.id == upload_id).values(asset_id=asset_id)
        with self._engine.begin() as connection:
            if upload_id is None:
                self._usage.check_room(connection, caller.tenant, int(str(values["size_bytes"])))
            connection.execute(assets.insert().values(row))
            connection.execute(became)
            return connection.execute(sa.select(assets).where(assets.c.id == asset_id)).one()

    def take_back(self, asset_id: str) -> None:
        """Forget an asset that was just written down; its upload is under way again."""
        became = uploads.update().where(uploads.c.asset_id == asset_id).values(asset_id=None)
        with self._engine.begin() as connection:
            connection.execute(became)
            connection.execute(assets.delete().where(assets.c.id == asset_id))

    def need(self, caller: Caller, name: str) -> Row:
        """Return the caller's asset of that name.

        Raises:
            NotFound: ASSET_NOT_FOUND.
        """
        with reading(self._engine) as connection:
            return _need(connection, caller, name)

    def owned(self, caller: Caller, sha256: str, size_bytes: int) -> Row | None:
        """Return the newest asset of the caller's that has these bytes."""
        query = (
            sa.select(assets)
            .where(
                assets.c.tenant == caller.tenant,
                assets.c.sha256 == sha256,
                assets.c.size_bytes == size_bytes,
                assets.c.job_id.is_(None),
            )
            .order_by(assets.c.create_time.desc())
            .limit(1)
        )
        with reading(self._engine) as connection:
            return connection.execute(query).one_or_none()

    def page(self, caller: Caller, *, size: int, token: str) -> tuple[list[Row], str]:
        """Return a page of the caller's assets, the newest first, and the next page's token or "".

        Raises:
            InvalidInput: FIELD_INVALID, the token is none of ours.
        """
        mine = assets.c.tenant == caller.tenant
        newest_first = (assets.c.create_time.desc(), assets.c.id.desc())
        query = sa.select(assets).where(mine).order_by(*newest_first).limit(size + 1)
        if token:
            query = query.where(_after(token))
        with reading(self._engine) as connection:
            rows = list(connection.execute(query))
        return rows[:size], _token(rows[size - 1]) if len(rows) > size else ""

    def delete(self, caller: Caller, name: str) -> str:
        """Forget an asset and the uploads that became it; return its SHA-256.

        Raises:
            NotFound: ASSET_NOT_FOUND.
            NotReady: ASSET_IN_USE, an unfinished job needs it.
        """
        with self._engine.begin() as connection:
            row = _need(connection, caller, name)
            if job_id := _user(connection, row):
                raise NotReady(
                    Reason.ASSET_IN_USE,
                    f"jobs/{job_id} has not ended and needs {name}; cancel it or wait for its end",
                    field="name",
                    metadata={"job": f"jobs/{job_id}"},
                )
            return _remove(connection, row)

    def delete_unused(self, asset_id: str) -> Row | None:
        """Forget an asset unless an unfinished job needs it; return its row if it went."""
        with self._engine.begin() as connection:
            row = connection.execute(sa.select(assets).where(assets.c.id == asset_id)).one_or_none()
            if row is None or _user(connection, row):
                return None
            _remove(connection, row)
            return row

    def uploaded_before(self, time: datetime) -> list[str]:
        """Return the ids of uploaded assets that were last used before a time."""
        query = sa.select(assets.c.id).where(assets.c.job_id.is_(None), assets.c.use_time < time)
        with reading(self._engine) as connection:
            return list(connection.scalars(query))

    def beyond(self, max_bytes: int, *, films: bool) -> list[Row]:
        """Return the longest unused of uploaded assets or films, as many as do not fit."""
        kind = assets.c.job_id.is_not(None) if films else assets.c.job_id.is_(None)
        newest_first = (assets.c.use_time.desc(), assets.c.id.desc())
        query = sa.select(assets).where(kind).order_by(*newest_first)
        too_many, kept_bytes = [], 0
        with reading(self._engine) as connection:
            for row in connection.execute(query):
                kept_bytes += row.size_bytes
                if kept_bytes > max_bytes:
                    too_many.append(row)
        return too_many[::-1]

    def needed(self, digests: Collection[str]) -> set[str]:
        """Return those of the digests that an asset, a job or a voice needs."""
        with reading(self._engine) as connection:
            return set(connection.scalars(_NEEDED, {"digests": list(digests)}))


def asset_row(
    asset_id: str,
    values: dict[str, object],
    now: datetime,
    *,
    caller: Caller,
    job_id: str | None = None,
) -> dict[str, object]:
    """Complete what is known of a file to a row of the table."""
    owner = {"tenant": caller.tenant, "subject": caller.subject}
    times = {"create_time": now, "use_time": now}
    return values | owner | times | {"id": asset_id, "job_id": job_id}


def asset_not_found(name: str, *, field: str) -> NotFound:
    """Return the error for a name that none of the caller's assets has."""
    return NotFound(
        Reason.ASSET_NOT_FOUND,
        f"there is no asset {name!r}; it was deleted, has expired, or never was one of yours: "
        "upload it",
        field=field,
    )


def _need(connection: sa.Connection, caller: Caller, name: str) -> Row:
    asset_id = id_in_name(name, "assets")
    query = sa.select(assets).where(assets.c.id == asset_id, assets.c.tenant == caller.tenant)
    row = asset_id and connection.execute(query).one_or_none()
    if not row:
        raise asset_not_found(name, field="name")
    return row


def _token(row: Row) -> str:
    microseconds = (row.create_time - _BEGINNING) // timedelta(microseconds=1)
    return f"{microseconds}-{row.id}"


def _after(token: str) -> sa.ColumnElement[bool]:
    """Return the condition for what comes after a place in the list."""
    place = _TOKEN.fullmatch(token)
    if place is None:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"page_token {token[:40]!r} was not given by ListAssets; leave it empty to start over",
            field="page_token",
        )
    time = _BEGINNING + timedelta(microseconds=int(place[1]))
    same_time = sa.and_(assets.c.create_time == time, assets.c.id < place[2])
    return sa.or_(assets.c.create_time < time, same_time)


def _user(connection: sa.Connection, row: Row) -> str | None:
    """Return an unfinished job that needs the asset."""
    query = sa.select(jobs.c.job_id).where(
        jobs.c.tenant == row.tenant,
        jobs.c.state.in_(LIVE_STATES),
        jobs.c.order.contains(f'"assets/{row.id}"', autoescape=True),
    )
    return connection.scalars(query).first()


def _remove(connection: sa.Connection, row: Row) -> str:
    connection.execute(uploads.delete().where(uploads.c.asset_id == row.id))
    connection.execute(assets.delete().where(assets.c.id == row.id))
    return str(row.sha256)
