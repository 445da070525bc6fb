"""Start the gateway: python -m s2v_gateway.main."""

import asyncio
import sys

from s2v.rpc.channel import connect
from s2v.rpc.logs import configure_logs
from s2v.rpc.settings import read_settings
from s2v_gateway.orders.catalogue import Catalogue
from s2v_gateway.records.lock import DatabaseInUse
from s2v_gateway.remote.persisting import Patience
from s2v_gateway.remote.services import RemoteStages
from s2v_gateway.settings import GatewaySettings
from s2v_gateway.wiring import wire


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
    at_large: list[asyncio.Task[None]] = []

    async def open_and_sweep() -> None:
        await gateway.open()
        forever = (gateway.retention.sweep_forever(), gateway.studio.look_forever())
        at_large.extend(map(asyncio.create_task, forever))

    await gateway.server.run(
        warm=open_and_sweep,
        drain=gateway.studio.close,
        grace_seconds=settings.shutdown_grace_seconds,
    )
    for task in at_large:
        task.cancel()


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
