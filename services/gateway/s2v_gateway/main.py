"""Start the gateway: python -m s2v_gateway.main."""

import asyncio
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack

import sqlalchemy
import structlog

from s2v.core.errors import InvalidInput
from s2v.rpc.channel import connect
from s2v.rpc.logs import configure_logs
from s2v.rpc.metrics import collect
from s2v.rpc.settings import read_settings
from s2v.rpc.tracing import configure_tracing
from s2v.rpc.trust import showing
from s2v_gateway.jobs.telling import JobGauge
from s2v_gateway.orders.catalogue import Catalogue
from s2v_gateway.peers.following import Following
from s2v_gateway.records.job_lookup import JobLookup
from s2v_gateway.records.lock import DatabaseInUse, DatabaseLock
from s2v_gateway.remote.persisting import Patience
from s2v_gateway.remote.services import RemoteStages
from s2v_gateway.remote.voices import RemoteVoices
from s2v_gateway.settings import GatewaySettings
from s2v_gateway.web.facade import Facade
from s2v_gateway.wiring import SERVICES, Gateway, wire

_SIGNS_IN_A_LEASE = 5

_log = structlog.get_logger()


Wire = Callable[[GatewaySettings, DatabaseLock | None], Gateway]
"""Puts a gateway together that leads; the lock of its database is given where it has it already."""


async def serve(settings: GatewaySettings, wire_up: Wire) -> None:
    """Serve until a signal comes.

    Where several gateways share the database, follow the one that leads until this one does.
    """
    if not settings.peer_listen:
        await _lead(settings, wire_up(settings, None))
        return
    following = Following(settings)
    if lock := await following.until_it_leads():
        settings = following.settings_to_lead
        await _lead(settings, wire_up(settings, lock))


async def _lead(settings: GatewaySettings, gateway: Gateway) -> None:
    collect(JobGauge(JobLookup(gateway.database).count))
    chores: list[asyncio.Task[None]] = []

    async def open_and_begin_chores() -> None:
        keeping = _keep(gateway.lock, settings.lease_seconds / _SIGNS_IN_A_LEASE)
        chores.append(asyncio.create_task(keeping))
        await gateway.open()
        if gateway.peers:
            _log.info("this gateway leads", address=gateway.peers.address)
        chores.append(asyncio.create_task(gateway.retention.sweep_forever()))
        chores.append(asyncio.create_task(gateway.studio.look_forever()))
        if gateway.webhooks:
            chores.append(asyncio.create_task(gateway.webhooks.look_forever()))

    def drain() -> None:
        gateway.studio.close()
        chores.append(asyncio.create_task(gateway.leave(settings.shutdown_grace_seconds)))

    async with AsyncExitStack() as stack:
        if settings.http_listen:
            await stack.enter_async_context(Facade(settings, gateway.server, SERVICES))
        await gateway.server.run(
            warm=open_and_begin_chores,
            drain=drain,
            grace_seconds=settings.shutdown_grace_seconds,
        )
    for chore in chores:
        chore.cancel()


def over_services(settings: GatewaySettings, lock: DatabaseLock | None) -> Gateway:
    """Wire a gateway over the three services."""
    addresses = {
        "tts": settings.tts_address,
        "render": settings.render_address,
        "compositor": settings.compositor_address,
    }
    token = settings.internal_token
    channels = {name: showing(connect(address), token) for name, address in addresses.items()}
    patience = Patience(settings.patience_seconds, settings.stall_seconds, settings.stall_retries)
    stages = RemoteStages(**channels, patience=patience)
    return wire(
        settings,
        stages,
        Catalogue(stages.list_engines, stages.list_voices, stages.ask_compositor),
        voice_stages=RemoteVoices(channels["tts"], stall_seconds=settings.stall_seconds),
        channels=channels,
        list_workers=stages.list_workers,
        lock=lock,
    )


async def _keep(lock: DatabaseLock, every_seconds: float) -> None:
    """Give signs of life, and end at once when the database is another gateway's.

    Nothing can be written any more, and whoever waits for an answer had better ask the other one.
    """
    # A thread of its own: the others may all be at work that takes long.
    loop, own = asyncio.get_running_loop(), ThreadPoolExecutor(1, "lease")
    while True:
        await asyncio.sleep(every_seconds)
        try:
            await loop.run_in_executor(own, lock.check)
        except DatabaseInUse as error:
            _log.error("another gateway has taken the database; leaving", cause=str(error))
            sys.stderr.flush()
            os._exit(1)
        except sqlalchemy.exc.DBAPIError as error:
            _log.warning("the database does not answer", cause=str(error))


def main() -> None:
    """Run the gateway."""
    settings = read_settings(GatewaySettings)
    configure_logs("gateway", settings.log_level)
    configure_tracing("gateway")
    try:
        asyncio.run(serve(settings, over_services))
    except DatabaseInUse as error:
        sys.exit(str(error))
    except InvalidInput as error:
        sys.exit(f"bad setting S2V_GATEWAY_{error.field.upper()}: {error.message}")


if __name__ == "__main__":
    main()
