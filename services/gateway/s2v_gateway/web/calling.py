"""Make calls of the gateway's own gRPC server, as whoever sent the HTTP request."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from starlette.requests import Request

from s2v.client.calling import Sent, Terms, our_errors
from s2v.client.stubs import AsyncStubs
from s2v.core.errors import InvalidInput, Reason

_PASSED_ON = ("authorization", "x-api-key", "traceparent")
_CALL_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """What one request may bring.

    Attributes:
        message_bytes: most bytes of a JSON body, and of a form's texts together.
        upload_bytes: most bytes of a file.
        request_seconds: for a body to come; for files one more for every 4 KiB.
    """

    message_bytes: int
    upload_bytes: int
    request_seconds: float


@dataclass(frozen=True, slots=True)
class Link:
    """The gateway as the façade sees it.

    Attributes:
        channel: to the gateway's own gRPC server.
        stubs: over the channel.
        services: full names of the services that it has.
        limits: of requests.
        spool: a folder for files on their way.
    """

    channel: grpc.aio.Channel
    stubs: AsyncStubs
    services: tuple[str, ...]
    limits: RequestLimits
    spool: Path


def terms_of(request: Request) -> Terms:
    """Return how to make calls on behalf of a request: with its keys, and once.

    Raises:
        InvalidInput: FIELD_INVALID, a key that no call can carry.
    """
    metadata = []
    for name in _PASSED_ON:
        for value in request.headers.getlist(name):
            if not (value.isascii() and value.isprintable()):
                problem = f"{name} must be printable ASCII"
                raise InvalidInput(Reason.FIELD_INVALID, problem, field=name)
            metadata.append((name, value))
    return Terms(patience_seconds=0, timeout_seconds=_CALL_SECONDS, headers=tuple(metadata))


async def call(
    link: Link, method: MethodDescriptor, requests: AsyncIterator[Message], terms: Terms
) -> AsyncGenerator[Message]:
    """Call a method of any kind and yield what it answers.

    Raises:
        S2VError: what the server answered.
        Exception: what making the requests raised.
    """
    sent = Sent()
    multi = link.channel.stream_stream(
        f"/{method.containing_service.full_name}/{method.name}",
        request_serializer=GetMessageClass(method.input_type).SerializeToString,
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )
    # A stream may go on for as long as it likes: its keepalives are written to a client that reads.
    seconds = None if method.server_streaming or method.client_streaming else terms.timeout_seconds
    rpc = multi(sent.each_async(requests), timeout=seconds, metadata=terms.metadata)
    try:
        with our_errors(sent):
            async for response in rpc:
                yield response
    finally:
        rpc.cancel()
