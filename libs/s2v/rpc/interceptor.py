"""Around every call of every service: read the requests, bind the logs, map the errors."""

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, closing, contextmanager
from typing import Any

import grpc
import structlog

from s2v.core.errors import Internal, Reason, S2VError
from s2v.rpc.errors import AT_WORK, AT_WORK_KEY, abort, from_rpc_error
from s2v.rpc.limits import CallLimits, Crowd
from s2v.rpc.logs import bind_call, bind_trace
from s2v.rpc.requests import Requests
from s2v.rpc.serving import Arriving, called, counting

_log = structlog.get_logger()
_QUIET = ("/grpc.health.", "/grpc.reflection.")

Context = grpc.aio.ServicerContext[Any, Any]


Admit = Callable[[Context, str], Awaitable[None]]
"""Finds out who makes a call of which method, and keeps it for those who handle the call.

It raises to refuse it.
"""


class CallInterceptor(grpc.aio.ServerInterceptor):
    """Admits calls, turns whatever a servicer raises into a typed status, and logs how calls ended.

    Health checks and reflection are open to everybody.

    Args:
        admit: finds out who makes a call; None asks nobody.
        limits: how much may be asked at once; health checks and reflection are counted apart.
    """

    def __init__(self, admit: Admit | None, limits: CallLimits) -> None:
        self._admit = admit
        self._limits = limits
        self._crowd = Crowd(limits)
        self._quiet_crowd = Crowd(limits)

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Wrap the handler of one call, whichever of the four kinds it is.

        gRPC is told that every method takes a stream of bytes: then whatever comes, however broken,
        and also if nothing comes, is for us to answer.
        """
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        method = handler_call_details.method
        if method.startswith(_QUIET):
            call = _Call(method, handler, None, self._quiet_crowd, self._limits)
        else:
            call = _Call(method, handler, self._admit, self._crowd, self._limits)
        # A method that streams may be a generator or write to its context.
        generates = inspect.isasyncgenfunction(call.behaviour)
        if not generates and not inspect.iscoroutinefunction(call.behaviour):
            return None  # generated code that says, with a traceback, that nobody wrote the method
        if handler.response_streaming:
            make = grpc.stream_stream_rpc_method_handler
        else:
            make = grpc.stream_unary_rpc_method_handler
        wrapped = call.stream if generates else call.answer
        spell = counting(handler.response_serializer, call.method)
        return make(wrapped, None, spell)


class _Call:
    """One call of one method."""

    def __init__(
        self, method: str, handler: Any, admit: Admit | None, crowd: Crowd, limits: CallLimits
    ) -> None:
        requests = "stream" if handler.request_streaming else "unary"
        responses = "stream" if handler.response_streaming else "unary"
        self.behaviour: Callable[..., Any] = getattr(handler, f"{requests}_{responses}")
        self.method = method
        self._handler = handler
        self._admit = admit
        self._crowd = crowd
        self._limits = limits
        self._started = time.monotonic()

    async def answer(self, raw: AsyncIterator[bytes], context: Context) -> Any:
        """Await what the servicer answers."""
        with self._observed(context):
            try:
                async with self._taken(raw, context) as request:
                    response = await self.behaviour(request, context)
            except BaseException as error:
                await self._fail(error, context)
                raise
            self._tell("call ended", code="OK")
            return response

    async def stream(self, raw: AsyncIterator[bytes], context: Context) -> AsyncIterator[Any]:
        """Yield what the servicer yields."""
        with self._observed(context):
            try:
                async with (
                    self._taken(raw, context) as request,
                    aclosing(self.behaviour(request, context)) as responses,
                ):
                    async for response in responses:
                        yield response
            except BaseException as error:
                await self._fail(error, context)
                raise
            self._tell("call ended", code="OK")

    @contextmanager
    def _observed(self, context: Context) -> Iterator[None]:
        """Bind what the caller tells, and have the call counted and in the caller's trace."""
        bind_call(context.invocation_metadata() or ())
        if self.method.startswith(_QUIET):
            yield
            return
        with called(self.method, context):
            bind_trace()
            yield

    @asynccontextmanager
    async def _taken(self, raw: AsyncIterator[bytes], context: Context) -> AsyncIterator[Any]:
        """Give what the servicer is to be given: the messages, or the one there is.

        The caller is told that work begins, so that what was refused is not taken for work.
        """
        with self._crowd.joined(context.peer()):
            if self._admit:
                await self._admit(context, self.method)
            parse = self._handler.request_deserializer
            raw = Arriving(raw, self.method)
            with closing(Requests(raw, parse, self._crowd.arriving())) as requests:
                request: Any = requests
                if not self._handler.request_streaming:
                    request = await requests.only(within_seconds=self._limits.request_seconds)
                if not self.method.startswith(_QUIET):
                    await context.send_initial_metadata(((AT_WORK_KEY, AT_WORK),))
                yield request

    async def _fail(self, error: BaseException, context: Context) -> None:
        """Abort with the error's status; return only where the error itself must go on."""
        if isinstance(error, asyncio.CancelledError | GeneratorExit):
            self._tell("call cancelled", level="info")
            return
        if isinstance(error, grpc.aio.AbortError | grpc.aio.InternalError):
            return  # it was aborted, or nobody is there any more to be told
        if isinstance(error, grpc.RpcError):
            error = from_rpc_error(error)
        if isinstance(error, S2VError):
            facts = {"reason": error.reason.value, "field": error.field, "message": error.message}
            self._tell("call failed", level="warning", **facts)
            await abort(context, error)
        self._tell("call crashed", level="error", exc_info=error)
        await abort(
            context, Internal(Reason.INTERNAL, "a fault of the server; its log has the details")
        )

    def _tell(self, event: str, *, level: str = "debug", **facts: Any) -> None:
        if self.method.startswith(_QUIET) and level in ("debug", "info"):
            return
        seconds = round(time.monotonic() - self._started, 3)
        getattr(_log, level)(event, method=self.method, seconds=seconds, **facts)
