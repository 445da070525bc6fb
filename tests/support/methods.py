"""Every method of every service, called with bytes that no generated code would send."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import grpc
from google.protobuf.descriptor import Descriptor, FileDescriptor
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from s2v.api.compositor.v1 import compositor_service_pb2
from s2v.api.gateway.v1 import (
    asset_service_pb2,
    generation_service_pb2,
    job_service_pb2,
    system_service_pb2,
    voice_service_pb2,
)
from s2v.api.render.v1 import render_service_pb2
from s2v.api.tts.v1 import speech_service_pb2


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a service."""

    path: str
    request: Descriptor
    takes_stream: bool

    def outcome(
        self, channel: grpc.Channel, requests: Sequence[bytes], *, timeout_seconds: float
    ) -> grpc.RpcError | None:
        """Send these bytes as they are; return the error that the call ended with."""
        send: Callable[..., Iterator[bytes]] = channel.stream_stream(self.path)
        try:
            for _ in send(iter(requests), timeout=timeout_seconds):
                pass
        except grpc.RpcError as error:
            return error
        return None


def methods_of(*files: FileDescriptor) -> list[Method]:
    """Return every method of the services of these files."""
    return [
        Method(f"/{service.full_name}/{method.name}", method.input_type, method.client_streaming)
        for file in files
        for service in file.services_by_name.values()
        for method in service.methods
    ]


SERVICES = {
    "gateway": methods_of(
        asset_service_pb2.DESCRIPTOR,
        generation_service_pb2.DESCRIPTOR,
        job_service_pb2.DESCRIPTOR,
        system_service_pb2.DESCRIPTOR,
        voice_service_pb2.DESCRIPTOR,
    ),
    "tts": methods_of(speech_service_pb2.DESCRIPTOR),
    "render": methods_of(render_service_pb2.DESCRIPTOR),
    "compositor": methods_of(compositor_service_pb2.DESCRIPTOR),
}
"""The methods of each of the four services."""
BESIDE = [
    method
    for method in methods_of(health_pb2.DESCRIPTOR, reflection_pb2.DESCRIPTOR)
    if method.path != "/grpc.health.v1.Health/List"  # which grpc.aio's servicer does not have
]
"""What each of them has beside its own methods."""
