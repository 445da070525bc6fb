"""Where orders come in: what is asked for becomes a job, once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from ulid import ULID

from s2v.core.errors import Conflict
from s2v.core.job import Job, JobSpec, JobState, Order
from s2v.rpc.finishing import to_the_end
from s2v_gateway.access.callers import Caller
from s2v_gateway.assets.library import Library
from s2v_gateway.assets.upload_rules import checked_request_id
from s2v_gateway.orders.catalogue import Catalogue
from s2v_gateway.orders.completing import complete
from s2v_gateway.orders.limits import Limits
from s2v_gateway.records.job_lookup import JobLookup
from s2v_gateway.records.jobs import JobRecords


class Accepting:
    """Checks specs against the catalogue, the assets and the limits, and writes jobs down.

    Args:
        start: starts the work of a job of that id that was written down.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        library: Library,
        records: JobRecords,
        lookup: JobLookup,
        *,
        limits: Limits,
        start: Callable[[str], Awaitable[None]],
    ) -> None:
        self._catalogue = catalogue
        self._library = library
        self._records = records
        self._lookup = lookup
        self._limits = limits
        self._start = start

    async def accept(
        self,
        caller: Caller,
        spec: JobSpec,
        *,
        request_id: str,
        with_media: bool,
        streamed: bool = False,
        script_open: bool = False,
    ) -> tuple[Job, bool]:
        """Accept a job, or find the one that an equal call of the caller's made.

        With `streamed` the text came in pieces, and a call is equal whatever text came with it;
        with `script_open` more of it may come.

        Returns:
            The job, and whether this call made it.

        Raises:
            S2VError: those of `complete`, FIELD_INVALID, QUEUE_FULL, REQUEST_ID_REUSED.
        """
        checked_request_id(request_id)
        asked = replace(spec, text="") if streamed else spec
        if job := await self._made_before(caller, request_id, asked):
            if job.state is JobState.QUEUED:
                await self._start(job.job_id)  # the earlier call may have been cut off before
            return job, False
        order = await complete(
            spec,
            job_id=str(ULID()),
            catalogue=self._catalogue,
            find_asset=partial(self._library.get, caller),
            limits=self._limits,
            streamed=streamed,
        )
        write = partial(
            self._records.accept,
            caller,
            order,
            asked=asked,
            request_id=request_id,
            with_media=with_media,
            script_open=script_open,
        )
        try:
            # A client that goes away in between must not leave a job behind that nobody starts.
            return await to_the_end(self._write_and_start(order, write)), True
        except Conflict:
            # An equal call was faster by a moment.
            if job := await self._made_before(caller, request_id, asked):
                return job, False
            raise

    async def _write_and_start(self, order: Order, write: Callable[[], Job]) -> Job:
        job = await asyncio.to_thread(write)
        await self._start(order.job_id)
        return job

    async def _made_before(self, caller: Caller, request_id: str, asked: JobSpec) -> Job | None:
        if not request_id:
            return None
        return await asyncio.to_thread(self._lookup.find_request, caller, request_id, asked)
