"""Start the gateway: python -m s2v_gateway.main."""

import asyncio
import signal
import sys

import sqlalchemy
import structlog

from s2v.rpc.channel import connect
from s2v.rpc.logs import configure_logs
from s2v.rpc.settings import read_settings
from s2v_gateway.orders.catalogue import Catalogue
from s2v_gateway.records.lock import DatabaseInUse, DatabaseLock
from s2v_gateway.remote.persisting import Patience
from s2v_gateway.remote.services import RemoteStages
from s2v_gateway.settings import GatewaySettings
from s2v_gateway.wiring import wire

_LOCK_SECONDS = 5.0

_log = structlog.get_logger()


async def serve(settings: GatewaySettings) -> None:
    """Serve over the three services until a signal comes."""
    channels = {
        "tts": connect(settings.tts_address),
        "render": connect(settings.render_address),
        "compositor": connect(settings.compositor_address),
    }
    patience = Patience(settings.patience_seconds, settings.stall_seconds, settings.stall_retries)
    stages = RemoteStages(**channels, patience=patience)
    gateway = wire(
        settings,
        stages,
        Catalogue(stages.list_engines, stages.list_voices),
        channels=channels,
        list_workers=stages.list_workers,
    )
    chores: list[asyncio.Task[None]] = []

    async def open_and_begin_chores() -> None:
        await gateway.open()
        chores.append(asyncio.create_task(gateway.retention.sweep_forever()))
        chores.append(asyncio.create_task(gateway.studio.look_forever()))
        chores.append(asyncio.create_task(_keep(gateway.lock)))

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
    try:
        asyncio.run(serve(settings))
    except DatabaseInUse as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
