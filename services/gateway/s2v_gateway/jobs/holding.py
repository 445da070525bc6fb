"""What a job has made so far is kept until the job needs it no more."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import partial
from typing import TypeVar

from s2v.core.artifact import Artifact
from s2v.core.errors import Reason, Unavailable
from s2v.core.job import Reel
from s2v.store.artifacts import FsspecStore
from s2v_gateway.film.workflow import Checkpoint, Checkpoints
from s2v_gateway.jobs.suspects import Suspects
from s2v_gateway.records.database import written
from s2v_gateway.records.jobs import JobRecords

T = TypeVar("T")

_TRIES = 3
_DIGEST = re.compile(r'"sha256":"([0-9a-f]{64})"')


@dataclass(frozen=True, slots=True)
class HeldCheckpoints:
    """Checkpoints of one job whose outcomes' artifacts are recorded as needed."""

    job_id: str
    checkpoints: Checkpoints
    records: JobRecords
    store: FsspecStore
    suspects: Suspects

    def take(self, name: str) -> "_HeldCheckpoint":
        """Take the next checkpoint."""
        return _HeldCheckpoint(name, self.checkpoints.take(name), self)

    @property
    def reels(self) -> "HeldReels":
        """The job's reels."""
        return HeldReels(self.job_id, self.records, self.store)

    async def hold(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        """Do the work and keep what it made.

        Equal bytes may have been there already, of somebody who dropped them in the moment before
        they were recorded here: then they are made again.
        """
        for _ in range(_TRIES):
            outcome = await self.suspects.survived(name, work)
            digests = {artifact.sha256 for artifact in artifacts_in(outcome)}
            await written(self.records.hold, self.job_id, digests)
            if await asyncio.to_thread(self._are_there, digests):
                return outcome
        raise Unavailable(
            Reason.ARTIFACT_NOT_FOUND, "the artifact store does not have what a service put into it"
        )

    def _are_there(self, digests: set[str]) -> bool:
        return all(self.store.confirm(sha256) for sha256 in digests)


@dataclass(frozen=True, slots=True)
class _HeldCheckpoint:
    name: str
    checkpoint: Checkpoint
    held: HeldCheckpoints

    async def run(self, work: Callable[[], Awaitable[T]], kind: type[T]) -> T:
        return await self.checkpoint.run(partial(self.held.hold, self.name, work), kind)


@dataclass(frozen=True, slots=True)
class HeldReels:
    """Reels of one job that are recorded as needed (`s2v_gateway.film.reels.KeptReels`)."""

    job_id: str
    records: JobRecords
    store: FsspecStore

    async def kept(self) -> Mapping[int, Sequence[Reel]]:
        """Return the reels that were shown, by segment, in order."""
        return await written(self.records.reels, self.job_id)

    async def keep(self, segment: int, reel: Reel) -> bool:
        """Keep the next reel of a segment; tell whether its bytes are still there.

        They are not where somebody dropped equal ones in the moment before they were recorded.
        """
        sha256 = reel.video.sha256
        await written(self.records.hold, self.job_id, {sha256})
        if not await asyncio.to_thread(self.store.confirm, sha256):
            return False
        await written(self.records.keep_reel, self.job_id, segment, reel)
        return True


async def hold_outcomes(job_id: str, records: JobRecords, outcomes: str) -> None:
    """Record the artifacts of a job that a release accepted which did not record them.

    Its work goes on already, and may have ended and released them by now.

    Args:
        job_id: the job's id.
        records: where they are recorded.
        outcomes: what its checkpoints have kept, as JSON.
    """
    accepted = await asyncio.to_thread(records.accepted, job_id)
    digests = {artifact.sha256 for artifact in accepted.order.inputs}
    digests |= set(_DIGEST.findall(outcomes))
    await asyncio.to_thread(records.hold, job_id, digests, unfinished_only=True)


def artifacts_in(value: object) -> Iterator[Artifact]:
    """Yield every artifact that a value names."""
    if isinstance(value, Artifact):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from artifacts_in(item)
    elif is_dataclass(value):
        for field in fields(value):
            yield from artifacts_in(getattr(value, field.name))
