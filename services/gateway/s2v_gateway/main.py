"""Start the gateway: python -m s2v_gateway.main."""

import asyncio
import signal
import sys
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
from s2v_gateway.records.job_lookup import JobLookup
from s2v_gateway.records.lock import DatabaseInUse, DatabaseLock
from s2v_gateway.remote.persisting import Patience
from s2v_gateway.remote.services import RemoteStages
from s2v_gateway.remote.voices import RemoteVoices
from s2v_gateway.settings import GatewaySettings
from s2v_gateway.web.facade import Facade
from s2v_gateway.wiring import SERVICES, wire

_LOCK_SECONDS = 5.0

_log = structlog.get_logger()


async def serve(settings: GatewaySettings) -> None:
    """Serve over the three services until a signal comes."""
    addresses = {
        "tts": settings.tts_address,
        "render": settings.render_address,
        "compositor": settings.compositor_address,
    }
    token = settings.internal_token
    channels = {name: showing(connect(address), token) for name, address in addresses.items()}
    patience = Patience(settings.patience_seconds, settings.stall_seconds, settings.stall_retries)
    stages = RemoteStages(**channels, patience=patience)
    gateway = wire(
        settings,
        stages,
        Catalogue(stages.list_engines, stages.list_voices, stages.ask_compositor),
        voice_stages=RemoteVoices(channels["tts"], stall_seconds=settings.stall_seconds),
        channels=channels,
        list_workers=stages.list_workers,
    )
    collect(JobGauge(JobLookup(gateway.database).count))
    chores: list[asyncio.Task[None]] = []

    async def open_and_begin_chores() -> None:
        await gateway.open()
        chores.append(asyncio.create_task(gateway.retention.sweep_forever()))
        chores.append(asyncio.create_task(gateway.studio.look_forever()))
        chores.append(asyncio.create_task(_keep(gateway.lock)))
        if gateway.webhooks:
            chores.append(asyncio.create_task(gateway.webhooks.look_forever()))

    async with AsyncExitStack() as stack:
        if settings.http_listen:
            await stack.enter_async_context(Facade(settings, gateway.server, SERVICES))
        await gateway.server.run(
            warm=open_and_begin_chores,
            drain=gateway.studio.close,
            grace_seconds=settings.shutdown_grace_seconds,
        )
    for chore in chores:
        chore.cancel()


async def _keep(lock: DatabaseLock) -> None:
    """See to it now and then that the database is still ours alone; leave when it is not."""
    while True:
        await asyncio.sleep(_LOCK_SECONDS)
        try:
            await asyncio.to_thread(lock.check)
        except DatabaseInUse as error:
            _log.error("another gateway has taken the database; leaving", cause=str(error))
            signal.raise_signal(signal.SIGTERM)
            return
        except sqlalchemy.exc.DBAPIError as error:
            _log.warning("the database does not answer", cause=str(error))


def main() -> None:
    """Run the gateway."""
    settings = read_settings(GatewaySettings)
    configure_logs("gateway", settings.log_level)
    configure_tracing("gateway")
    try:
        asyncio.run(serve(settings))
    except DatabaseInUse as error:
        sys.exit(str(error))
    except InvalidInput as error:
        sys.exit(f"bad setting S2V_GATEWAY_{error.field.upper()}: {error.message}")


if __name__ == "__main__":
    main()
