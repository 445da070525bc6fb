"""Where orders come in: what is asked for becomes a job, once."""

import asyncio

from s2v.core.errors import Conflict
from s2v.core.job import Job, JobSpec
from s2v_gateway.assets.library import Assets
from s2v_gateway.assets.upload_rules import checked_request_id
from s2v_gateway.jobs.running import Studio
from s2v_gateway.orders.catalogue import Catalogue
from s2v_gateway.orders.completing import complete
from s2v_gateway.orders.limits import Limits
from s2v_gateway.records.jobs import Jobs, new_job_id


class Desk:
    """Checks specs against the catalogue, the assets and the limits, and hands them on."""

    def __init__(
        self, catalogue: Catalogue, assets: Assets, jobs: Jobs, studio: Studio, limits: Limits
    ) -> None:
        self._catalogue = catalogue
        self._assets = assets
        self._jobs = jobs
        self._studio = studio
        self._limits = limits

    async def order(self, spec: JobSpec, *, request_id: str, live: bool) -> Job:
        """Accept a job, or return the one that an equal call with this request_id made.

        Raises:
            S2VError: those of `complete`, FIELD_INVALID, QUEUE_FULL, REQUEST_ID_REUSED.
        """
        checked_request_id(request_id)
        if job := await self._made_before(request_id, spec):
            return job
        order = await complete(
            spec,
            job_id=new_job_id(),
            catalogue=self._catalogue,
            find_asset=self._assets.get_asset,
            limits=self._limits,
        )
        try:
            return await self._studio.accept(order, asked=spec, request_id=request_id, live=live)
        except Conflict:
            # An equal call was faster by a moment.
            if job := await self._made_before(request_id, spec):
                return job
            raise

    async def _made_before(self, request_id: str, spec: JobSpec) -> Job | None:
        if not request_id:
            return None
        return await asyncio.to_thread(self._jobs.find_request, request_id, spec)
