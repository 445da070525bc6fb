"""Drop what is too old, too much, or needed by nobody, now and then."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from s2v.store.artifacts import FsspecStore
from s2v_gateway.access.audit import AuditEntry, AuditLog
from s2v_gateway.assets.library import Keeping, Library
from s2v_gateway.assets.uploads import Uploads
from s2v_gateway.events.live_media import LiveMedia
from s2v_gateway.jobs.running import Studio
from s2v_gateway.records.deletions import Deletions

_EVERY_SECONDS = 600.0
# Long enough for what a service has stored but not told yet, however slowly it works.
_ORPHAN_SECONDS = 24 * 3600.0

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Retention:
    """The one sweeper.

    Attributes:
        keeping: how long jobs and assets are kept.
        audit: told of everything that goes.
        live_media_seconds: how long the live media of a job is kept after its end.
    """

    studio: Studio
    deletions: Deletions
    library: Library
    uploads: Uploads
    live_media: LiveMedia
    store: FsspecStore
    keeping: Keeping
    audit: AuditLog
    live_media_seconds: float

    async def sweep_forever(self) -> None:
        """Sweep now and every ten minutes; more often where live media is kept shorter."""
        while True:
            try:
                await self.sweep()
            except Exception as error:  # noqa: BLE001 - the store or the database may be away
                _log.error("sweeping failed", exc_info=error)
            await asyncio.sleep(min(_EVERY_SECONDS, max(self.live_media_seconds, 1.0)))

    async def sweep(self, *, orphan_seconds: float = _ORPHAN_SECONDS) -> None:
        """Drop expired and surplus jobs and assets, old media, and artifacts that nobody needs."""
        swept = {
            "jobs": await self._drop_jobs(),
            "assets": await asyncio.to_thread(self._drop_assets),
            "uploads": await asyncio.to_thread(self.uploads.sweep),
            "live_media": await asyncio.to_thread(self._drop_live_media),
            "artifacts": await asyncio.to_thread(
                self.store.sweep, self.library.needed, older_than_seconds=orphan_seconds
            ),
        }
        if any(swept.values()):
            _log.info("swept", **swept)

    def _drop_live_media(self) -> int:
        ended_before = datetime.now(UTC) - timedelta(seconds=self.live_media_seconds)
        return self.live_media.sweep(partial(self.deletions.not_ended, before=ended_before))

    async def _drop_jobs(self) -> int:
        too_old: list[str] = []
        if self.keeping.jobs:
            before = datetime.now(UTC) - self.keeping.jobs
            too_old = await asyncio.to_thread(self.deletions.ended_before, before)
        too_many = await asyncio.to_thread(self.library.films_too_many)
        going = dict.fromkeys([*too_old, *too_many])
        await self.studio.deleting.go_on()
        gone = 0
        for job_id in going:
            if owner := await self.studio.deleting.delete_ended(job_id):
                ended = AuditEntry({"job": f"jobs/{job_id}"})
                await asyncio.to_thread(self.audit.write, owner, "expiry", ended)
                gone += 1
        return gone

    def _drop_assets(self) -> int:
        gone = self.library.sweep()
        for owner, name in gone:
            self.audit.write(owner, "expiry", AuditEntry({"asset": name}))
        return len(gone)
