"""Where orders come in: what is asked for becomes a job, once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from ulid import ULID

from s2v.core.errors import Conflict, NotReady, Reason
from s2v.core.job import Job, JobSpec, JobState, Order
from s2v.rpc.finishing import to_the_end
from s2v.rpc.tracing import here
from s2v_gateway.access.audit import AuditLog
from s2v_gateway.access.callers import Caller
from s2v_gateway.assets.library import Library
from s2v_gateway.assets.upload_rules import checked_request_id
from s2v_gateway.film.offers import ChosenVoice
from s2v_gateway.orders.admission import check_priority
from s2v_gateway.orders.catalogue import Catalogue
from s2v_gateway.orders.completing import complete
from s2v_gateway.orders.limits import Limits
from s2v_gateway.records.job_lookup import JobLookup
from s2v_gateway.records.jobs import JobRecords


class Accepting:
    """Checks specs against the catalogue, the assets and the limits, and writes jobs down.

    Args:
        find_voice: finds the voice for a job.
        start: starts the work of a job of that id that was just written down.
        start_again: does so where that may have been done before.
        audit: told of every job.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        library: Library,
        records: JobRecords,
        lookup: JobLookup,
        *,
        limits: Limits,
        find_voice: Callable[[Caller, JobSpec], Awaitable[ChosenVoice]],
        start: Callable[[str], Awaitable[None]],
        start_again: Callable[[str], Awaitable[None]],
        audit: AuditLog,
    ) -> None:
        self._catalogue = catalogue
        self._library = library
        self._records = records
        self._lookup = lookup
        self._limits = limits
        self._find_voice = find_voice
        self._start = start
        self._start_again = start_again
        self._audit = audit

    async def accept(
        self,
        caller: Caller,
        spec: JobSpec,
        *,
        request_id: str,
        with_media: bool,
        streamed: bool = False,
        script_open: bool = False,
        retry_of: str = "",
    ) -> tuple[Job, bool]:
        """Accept a job, or find the one that an equal call of the caller's made.

        With `streamed` the text came in pieces, and a call is equal whatever text came with it;
        with `script_open` more of it may come. `retry_of` is the id of the job that it makes again.

        Returns:
            The job, and whether this call made it.

        Raises:
            S2VError: those of `order`, FIELD_INVALID, QUEUE_FULL, QUOTA_EXCEEDED,
                REQUEST_ID_REUSED.
        """
        checked_request_id(request_id)
        asked = replace(spec, text="") if streamed else spec
        find = partial(self._made_before, caller, request_id, asked, retry_of)
        if job := await find():
            if job.state is JobState.QUEUED:
                await self._start_again(job.job_id)  # the earlier call may have been cut off before
            return job, False
        order = await self.order(caller, spec, streamed=streamed)
        write = partial(
            self._records.accept,
            caller,
            order,
            asked=asked,
            request_id=request_id,
            with_media=with_media,
            script_open=script_open,
            retry_of=retry_of,
        )
        try:
            # A client that goes away in between must not leave a job behind that nobody starts.
            return await to_the_end(self._write_and_start(caller, order, write)), True
        except Conflict:
            # An equal call was faster by a moment.
            if job := await find():
                return job, False
            raise

    async def order(self, caller: Caller, spec: JobSpec, *, streamed: bool = False) -> Order:
        """Make an order of what a caller asks for, as it would be accepted.

        Raises:
            S2VError: those of `complete`, ROLE_MISSING.
        """
        check_priority(caller, spec)
        order = await complete(
            spec,
            job_id=str(ULID()),
            catalogue=self._catalogue,
            find_asset=partial(self._library.get, caller),
            find_voice=partial(self._find_voice, caller),
            limits=self._limits,
            streamed=streamed,
        )
        return replace(order, traceparent=here())

    async def voice_of(self, caller: Caller, spec: JobSpec) -> ChosenVoice:
        """Return the voice that the spec of an accepted job speaks with.

        Raises:
            NotFound: it is gone since.
        """
        return await self._find_voice(caller, spec)

    async def retry(self, caller: Caller, name: str, *, request_id: str) -> Job:
        """Accept a job of the same order as one that failed or was cancelled.

        Raises:
            NotFound: JOB_NOT_FOUND.
            NotReady: JOB_NOT_RETRIABLE, it has not ended, or well.
            S2VError: those of `accept`: an asset or the voice may be gone.
        """
        before = await asyncio.to_thread(self._lookup.get, caller, name)
        if before.state not in (JobState.FAILED, JobState.CANCELLED):
            raise NotReady(
                Reason.JOB_NOT_RETRIABLE,
                f"{name} is {before.state.value.lower()}; only a job that failed or was cancelled "
                "is made again",
                field="name",
            )
        job, _ = await self.accept(
            caller,
            before.spec,
            request_id=request_id,
            with_media=before.with_media,
            retry_of=before.job_id,
        )
        return job

    async def _write_and_start(self, caller: Caller, order: Order, write: Callable[[], Job]) -> Job:
        async with self._audit.entry(caller, job=f"jobs/{order.job_id}", **_named(order)):
            job = await asyncio.to_thread(write)
        await self._start(order.job_id)
        return job

    async def _made_before(
        self, caller: Caller, request_id: str, asked: JobSpec, retry_of: str
    ) -> Job | None:
        if not request_id:
            return None
        return await asyncio.to_thread(
            self._lookup.find_request, caller, request_id, asked, retry_of=retry_of
        )


def _named(order: Order) -> dict[str, str]:
    """Tell the audit log whose face and voice are used, by digests and names."""
    return {
        "reference": order.spec.reference,
        "face": order.reference.sha256,
        "pose": order.pose.sha256 if order.pose else "",
        "sound": order.audio.sha256 if order.audio else "",
        "voice": order.spec.voice,
        "sample": order.voice.sample.sha256 if order.voice else "",
    }
