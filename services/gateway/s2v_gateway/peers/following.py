"""Follow the gateway that leads on a shared database, until the lead is free."""

import asyncio
import signal
from contextlib import AsyncExitStack

import sqlalchemy as sa
import structlog

from s2v.rpc.tracing import configure_tracing
from s2v_gateway.access.setting_up import admission_of, server_of
from s2v_gateway.peers.passing import Leader, Passing
from s2v_gateway.records.database import close_database, open_database
from s2v_gateway.records.keys import KeyRecords
from s2v_gateway.records.leading import Holder, new_name
from s2v_gateway.records.lock import DatabaseInUse, DatabaseLock, lock_database, look_at_lock
from s2v_gateway.settings import GatewaySettings
from s2v_gateway.web.facade import Facade
from s2v_gateway.wiring import SERVICES

_LOOK_SECONDS = 0.5
_GRACE_SECONDS = 0.5
"""Whoever is still waited for then was to be answered by a gateway that is gone."""

_log = structlog.get_logger()


class Following:
    """Waits for the lead on a database."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        self._database = open_database(settings.database)
        self._lock: DatabaseLock | None = None
        self._told = ""
        self._served = False
        most, of_one = settings.max_calls, settings.max_calls_per_connection
        self._leader = Leader(settings.internal_token, connections=-(-most // of_one))

    async def until_it_leads(self) -> DatabaseLock | None:
        """Pass calls on to the gateway that leads; return the lock once it is this one's turn.

        None if this process was told to end before.

        Raises:
            InvalidInput: FIELD_INVALID, other machines would be let in unasked.
        """
        try:
            await self._wait(until_somebody_leads=True)
            if self._lock is None:
                await self._serve()
        finally:
            await self._leader.is_at("")
            close_database(self._database)
        return self._lock

    @property
    def settings_to_lead(self) -> GatewaySettings:
        """The settings, without what this process does already."""
        return self._settings.model_copy(update={"metrics_listen": ""} if self._served else {})

    async def _serve(self) -> None:
        self._served = True
        settings = self._settings
        admission = admission_of(settings, KeyRecords(self._database))
        server = server_of(settings, SERVICES, admission)
        server.grpc.add_generic_rpc_handlers((Passing(SERVICES, self._leader),))
        waiting = asyncio.create_task(self._wait())
        waiting.add_done_callback(lambda _: server.end())
        async with AsyncExitStack() as stack:
            if settings.http_listen:
                await stack.enter_async_context(Facade(settings, server, SERVICES))
            await server.run(grace_seconds=_GRACE_SECONDS)
        if waiting.done():
            waiting.result()
        waiting.cancel()
        # Until the next server hears them, signals end the process: nothing is under way here.
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().remove_signal_handler(number)
        configure_tracing("gateway")  # the server's end was that of its traces

    async def _wait(self, *, until_somebody_leads: bool = False) -> None:
        while True:
            if await self._look() or (until_somebody_leads and self._leader.address):
                return
            await asyncio.sleep(_LOOK_SECONDS)

    async def _look(self) -> bool:
        """Look who leads; tell whether it is this gateway's turn."""
        try:
            holder = await asyncio.to_thread(self._holder)
            if holder is None:
                self._lock = await asyncio.to_thread(self._take)
                await self._leader.is_at("")
                return True
        except (DatabaseInUse, sa.exc.DBAPIError) as error:
            self._tell("it is not known who leads", cause=str(error))
            return False
        await self._leader.is_at(holder.address)
        if holder.address:
            self._tell("another gateway leads, calls are passed on to it", address=holder.address)
        else:
            self._tell("another gateway has the database, and tells no address (yet)")
        return False

    def _holder(self) -> Holder | None:
        try:
            return look_at_lock(self._database, lease_seconds=self._settings.lease_seconds)
        except sa.exc.ProgrammingError:
            return None  # there are no tables yet; the lock tells whether somebody makes them

    def _take(self) -> DatabaseLock:
        return lock_database(open_database(self._settings.database, name=new_name()))

    def _tell(self, what: str, **facts: str) -> None:
        """Log what is the case, once."""
        if self._told != (told := f"{what} {facts}"):
            self._told = told
            _log.info(what, **facts)
