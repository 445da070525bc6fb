"""Start the compositor: python -m s2v_compositor.main."""

import asyncio
import sys
import tempfile
from typing import TYPE_CHECKING

from s2v.api.compositor.v1 import compositor_service_pb2_grpc
from s2v.core.errors import InvalidInput
from s2v.media.credentials import FilmSigner, c2pa_library
from s2v.media.self_made_key import kept_key
from s2v.rpc.logs import configure_logs
from s2v.rpc.server import Server
from s2v.rpc.settings import read_settings
from s2v.rpc.tracing import configure_tracing
from s2v.rpc.trust import admit_by_token
from s2v.store.artifacts import FsspecStore
from s2v.store.working import WorkFolder
from s2v_compositor.composition import Provenance
from s2v_compositor.servicer import CompositorServicer
from s2v_compositor.settings import CompositorSettings

if TYPE_CHECKING:
    from s2v_compositor.finishing.restorer import FaceRestorer


async def serve(settings: CompositorSettings) -> None:
    """Wire everything together and serve until a signal comes.

    Raises:
        InvalidInput: FIELD_INVALID, films cannot be signed, or faces restored, with what the
            settings name.
    """
    provenance = Provenance(settings.mark_films, _signer(settings))
    restorer = _restorer(settings)
    server = Server(
        settings.listen,
        ["s2v.api.compositor.v1.CompositorService"],
        reflection_enabled=settings.reflection,
        admit=admit_by_token(settings.internal_token),
        limits=settings.call_limits,
        log_level=settings.log_level,
        metrics_listen=settings.metrics_listen,
        introduces_itself=True,
    )
    folder = WorkFolder("s2v-films-", settings.work_dir)
    tempfile.tempdir = str(folder.path)
    servicer = CompositorServicer(
        FsspecStore(settings.store_url), folder.path, provenance=provenance, restorer=restorer
    )
    compositor_service_pb2_grpc.add_CompositorServiceServicer_to_server(servicer, server.grpc)
    await server.run(grace_seconds=settings.shutdown_grace_seconds)
    folder.remove()


def _signer(settings: CompositorSettings) -> FilmSigner | None:
    if not settings.sign_films:
        return None
    c2pa_library()  # before anything that comes with it
    if settings.sign_certificates and settings.sign_key:
        return FilmSigner(settings.sign_certificates.read_bytes(), settings.sign_key.read_bytes())
    return FilmSigner(*kept_key(settings.signing_dir))


def _restorer(settings: CompositorSettings) -> "FaceRestorer | None":
    if settings.face_restorer is None:
        return None
    # Loads onnxruntime, which most compositors never need.
    from s2v_compositor.finishing.restorer import FaceRestorer

    return FaceRestorer(settings.face_restorer)


def main() -> None:
    """Run the compositor."""
    settings = read_settings(CompositorSettings)
    configure_logs("compositor", settings.log_level)
    configure_tracing("compositor")
    try:
        asyncio.run(serve(settings))
    except InvalidInput as error:
        sys.exit(f"bad setting S2V_COMPOSITOR_{error.field.upper()}: {error.message}")


if __name__ == "__main__":
    main()
