"""gRPC reflection, under the name that clients ask for today and under the one they asked for.

The messages of v1 are those of v1alpha, byte for byte; only names differ.
"""

from collections.abc import Sequence

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, text_format
from google.protobuf.descriptor import ServiceDescriptor
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_reflection.v1alpha._async import ReflectionServicer

_ALPHA, _NOW = "grpc.reflection.v1alpha", "grpc.reflection.v1"
_SERVICE = "ServerReflection"


def serve_reflection(server: grpc.aio.Server, services: Sequence[str]) -> None:
    """Let clients ask a server for the descriptors of these services."""
    _describe_v1()
    servicer = _Reflection([*services, f"{_ALPHA}.{_SERVICE}", f"{_NOW}.{_SERVICE}"])
    reflection_pb2_grpc.add_ServerReflectionServicer_to_server(servicer, server)
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    methods = {"ServerReflectionInfo": handler}
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(f"{_NOW}.{_SERVICE}", methods),)
    )


class _Reflection(ReflectionServicer):  # type: ignore[misc]
    """Finds methods by name, too, which the pool of descriptors does not."""

    def _file_containing_symbol(
        self, request: reflection_pb2.ServerReflectionRequest, fully_qualified_name: str
    ) -> reflection_pb2.ServerReflectionResponse:
        service, _, method = fully_qualified_name.rpartition(".")
        found = _service(service)
        name = service if found and method in found.methods_by_name else fully_qualified_name
        return super()._file_containing_symbol(request, name)


def _service(name: str) -> ServiceDescriptor | None:
    try:
        return descriptor_pool.Default().FindServiceByName(name)
    except KeyError:
        return None


def _describe_v1() -> None:
    """Make the descriptor of v1, which grpcio-reflection does not have, of that of v1alpha."""
    file = descriptor_pb2.FileDescriptorProto()
    reflection_pb2.DESCRIPTOR.CopyToProto(file)
    text = text_format.MessageToString(file).replace("v1alpha", "v1")
    file = text_format.Parse(text, descriptor_pb2.FileDescriptorProto())
    descriptor_pool.Default().AddSerializedFile(file.SerializeToString())
