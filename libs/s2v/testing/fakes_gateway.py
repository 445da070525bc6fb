"""A gateway in memory behind a real gRPC server, whose calls can be made to break."""

from concurrent.futures import ThreadPoolExecutor

import grpc

from s2v.testing.fakes_gateway_memory import FILM, GatewayMemory
from s2v.testing.fakes_gateway_servicers import Recorder, add_servicers

__all__ = ["FILM", "FakeGateway"]


class FakeGateway(GatewayMemory):
    """Takes uploads, "makes" FILM of every job, and tells of it.

    Attributes:
        address: where it listens; the same after a restart, also where port 0 took a free one.
    """

    def __init__(self, address: str, credentials: grpc.ServerCredentials | None = None) -> None:
        super().__init__()
        self.address = address
        self._credentials = credentials
        self._server: grpc.Server | None = None

    def start(self) -> None:
        """Begin to answer; what happened before a `stop` is remembered."""
        self._server = grpc.server(ThreadPoolExecutor(8), interceptors=[Recorder(self)])
        add_servicers(self, self._server)
        if self._credentials is None:
            port = self._server.add_insecure_port(self.address)
        else:
            port = self._server.add_secure_port(self.address, self._credentials)
        if not self.address.startswith("unix:"):
            self.address = f"{self.address.rpartition(':')[0]}:{port}"
        self._server.start()

    def stop(self) -> None:
        """Break every call and answer no more."""
        self.cancelled.set()
        if self._server is not None:
            self._server.stop(None).wait()
