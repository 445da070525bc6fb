"""Around every call of every service: bind the logs, map the errors."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import structlog

from s2v.core.errors import Internal, Reason, S2VError
from s2v.rpc.errors import AT_WORK, AT_WORK_KEY, abort, from_rpc_error
from s2v.rpc.logs import bind_call

_log = structlog.get_logger()
_QUIET = ("/grpc.health.", "/grpc.reflection.")

Context = grpc.aio.ServicerContext[Any, Any]


Admit = Callable[[Context], None]
"""Finds out who makes a call, and keeps it for those who handle the call; raises to refuse it."""


class CallInterceptor(grpc.aio.ServerInterceptor):
    """Admits calls, turns whatever a servicer raises into a typed status, and logs how calls ended.

    Health checks and reflection are open to everybody.
    """

    def __init__(self, admit: Admit | None = None) -> None:
        self._admit = admit

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Wrap the handler of one call, whichever of the four kinds it is."""
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or method.startswith(_QUIET):
            return handler
        if handler.response_streaming:
            kind = "stream_stream" if handler.request_streaming else "unary_stream"
            wrapped: Any = _streaming(method, getattr(handler, kind), self._admit)
        else:
            kind = "stream_unary" if handler.request_streaming else "unary_unary"
            wrapped = _single(method, getattr(handler, kind), self._admit)
        make = getattr(grpc, f"{kind}_rpc_method_handler")
        return make(wrapped, handler.request_deserializer, handler.response_serializer)


def _single(
    method: str, behaviour: Callable[..., Awaitable[Any]], admit: Admit | None
) -> Callable[..., Any]:
    async def call(request: Any, context: Context) -> Any:
        started = await _begin(context)
        try:
            if admit:
                admit(context)
            response = await behaviour(request, context)
        except BaseException as error:
            await _fail(method, started, error, context)
            raise
        _log.debug("call ended", method=method, code="OK", seconds=_since(started))
        return response

    return call


def _streaming(
    method: str, behaviour: Callable[..., AsyncIterator[Any]], admit: Admit | None
) -> Callable[..., Any]:
    async def call(request: Any, context: Context) -> AsyncIterator[Any]:
        started = await _begin(context)
        responses = behaviour(request, context)
        try:
            if admit:
                admit(context)
            async for response in responses:
                yield response
        except BaseException as error:
            await _fail(method, started, error, context)
            raise
        finally:
            await responses.aclose()  # type: ignore[attr-defined]
        _log.debug("call ended", method=method, code="OK", seconds=_since(started))

    return call


async def _begin(context: Context) -> float:
    await context.send_initial_metadata(((AT_WORK_KEY, AT_WORK),))
    bind_call(context.invocation_metadata() or ())
    return time.monotonic()


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)


async def _fail(method: str, started: float, error: BaseException, context: Context) -> None:
    """Abort with the error's status; return only where the error itself must go on."""
    if isinstance(error, asyncio.CancelledError | GeneratorExit):
        _log.info("call cancelled", method=method, seconds=_since(started))
        return
    if isinstance(error, grpc.aio.AbortError):
        return
    if isinstance(error, grpc.RpcError):
        error = from_rpc_error(error)
    if isinstance(error, S2VError):
        facts = {"reason": error.reason.value, "field": error.field, "message": error.message}
        _log.warning("call failed", method=method, seconds=_since(started), **facts)
        await abort(context, error)
    _log.error("call crashed", method=method, seconds=_since(started), exc_info=error)
    await abort(
        context, Internal(Reason.INTERNAL, "a fault of the server; its log has the details")
    )
