"""Every method of every public service as JSON, by the descriptors: a new one appears by itself."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from functools import partial

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from s2v.client.calling import Terms
from s2v_gateway.web.bindings import Binding, bindings_of
from s2v_gateway.web.bodies import json_object, lines, whole
from s2v_gateway.web.calling import Link, call, terms_of
from s2v_gateway.web.reading import fill, merged
from s2v_gateway.web.streams import (
    EVENTS,
    LINES,
    Streamed,
    as_events,
    as_lines,
    resume_token,
    spell,
    stream_route,
    wants_events,
)


def rpc_routes(link: Link) -> list[Route]:
    """Return a route for every annotation of every method."""
    pool = descriptor_pool.Default()
    return [
        _route(link, method, binding)
        for service in link.services
        for method in pool.FindServiceByName(service).methods
        for binding in bindings_of(method)
    ]


def _route(link: Link, method: MethodDescriptor, binding: Binding) -> Route:
    answer = partial(_answer, link, method, binding)
    make = stream_route if method.server_streaming else Route
    return make(binding.path, answer, methods=[binding.verb])


async def _answer(
    link: Link, method: MethodDescriptor, binding: Binding, request: Request
) -> Response:
    terms = terms_of(request)
    if method.client_streaming:
        body_read = asyncio.Event()
        sent = _each(link, method, request, body_read)
        messages = call(link, method, sent, terms)
        return await _answered(method, messages, events=wants_events(request), body_read=body_read)
    if not method.server_streaming:
        message = await _message(link, method, binding, request)
        return await _answered(method, call(link, method, _only(message), terms))
    token = resume_token(request)
    if token is None:
        return Response(status_code=204)
    message = await _message(link, method, binding, request)
    if token and "resume_token" in method.input_type.fields_by_name:
        message.resume_token = token  # type: ignore[attr-defined]
    return await watched(link, method, message, request, terms)


async def watched(
    link: Link,
    method: MethodDescriptor,
    message: Message,
    request: Request,
    terms: Terms,
    *,
    as_sse: bool = False,
) -> Response:
    """Answer with what a call of a streaming method sends.

    Events are server-sent where the client asks for them, or with `as_sse` in any case.
    """
    messages = call(link, method, _only(message), terms)
    return await _answered(method, messages, events=as_sse or wants_events(request))


async def _answered(
    method: MethodDescriptor,
    messages: AsyncGenerator[Message],
    *,
    events: bool = False,
    body_read: asyncio.Event | None = None,
) -> Response:
    """Answer with the first message or with all; what fails before the first has its own code."""
    try:
        first = await anext(messages)
    except BaseException:
        await messages.aclose()
        raise
    if not method.server_streaming:
        await messages.aclose()
        return JSONResponse(await asyncio.to_thread(spell, first))
    stream = _from(first, messages)
    if events:
        return Streamed(as_events(stream), media_type=EVENTS, body_read=body_read)
    return Streamed(as_lines(stream), media_type=LINES, body_read=body_read)


async def _message(
    link: Link, method: MethodDescriptor, binding: Binding, request: Request
) -> Message:
    kind = GetMessageClass(method.input_type)
    limits = link.limits
    body = (
        await whole(request, limit_bytes=limits.message_bytes, seconds=limits.request_seconds)
        if binding.body
        else b""
    )

    def read() -> Message:
        fields = merged(
            kind,
            binding,
            parameters=request.path_params,
            query=request.query_params.multi_items(),
            body=json_object(body),
        )
        return fill(kind, fields)

    return await asyncio.to_thread(read)


async def _each(
    link: Link, method: MethodDescriptor, request: Request, body_read: asyncio.Event
) -> AsyncIterator[Message]:
    """Yield the messages of a body that has one in every line."""
    kind = GetMessageClass(method.input_type)
    limits = link.limits
    async for line in lines(
        request, limit_bytes=2 * limits.message_bytes, seconds=limits.request_seconds
    ):
        yield await asyncio.to_thread(lambda data: fill(kind, json_object(data)), line)
    body_read.set()


async def _only(message: Message) -> AsyncIterator[Message]:
    yield message


async def _from(first: Message, rest: AsyncGenerator[Message]) -> AsyncGenerator[Message]:
    try:
        yield first
        async for message in rest:
            yield message
    finally:
        await rest.aclose()
