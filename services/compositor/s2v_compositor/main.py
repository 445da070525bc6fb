"""Start the compositor: python -m s2v_compositor.main."""

import asyncio
import tempfile

from s2v.api.compositor.v1 import compositor_service_pb2_grpc
from s2v.rpc.logs import configure_logs
from s2v.rpc.server import Server
from s2v.rpc.settings import read_settings
from s2v.store.artifacts import FsspecStore
from s2v.store.working import WorkFolder
from s2v_compositor.servicer import CompositorServicer
from s2v_compositor.settings import CompositorSettings


async def serve(settings: CompositorSettings) -> None:
    """Wire everything together and serve until a signal comes."""
    server = Server(
        settings.listen,
        ["s2v.api.compositor.v1.CompositorService"],
        reflection_enabled=settings.reflection,
        limits=settings.call_limits,
    )
    folder = WorkFolder("s2v-films-", settings.work_dir)
    tempfile.tempdir = str(folder.path)
    servicer = CompositorServicer(
        FsspecStore(settings.store_url), folder.path, mark_films=settings.mark_films
    )
    compositor_service_pb2_grpc.add_CompositorServiceServicer_to_server(servicer, server.grpc)
    await server.run(grace_seconds=settings.shutdown_grace_seconds)
    folder.remove()


def main() -> None:
    """Run the compositor."""
    settings = read_settings(CompositorSettings)
    configure_logs("compositor", settings.log_level)
    asyncio.run(serve(settings))


if __name__ == "__main__":
    main()
