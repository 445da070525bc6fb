"""Read bodies of requests, never more of them than is allowed, nor longer."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from starlette.requests import Request

from s2v.core.errors import DeadlineExceeded, Exhausted, InvalidInput, Reason

_LEAST_BYTES_A_SECOND = 4096


async def chunks(request: Request, *, limit_bytes: int, seconds: float) -> AsyncIterator[bytes]:
    """Yield a body as it comes, within so many seconds, and one more for every 4 KiB.

    Raises:
        Exhausted: UPLOAD_TOO_LARGE, it is or says that it is longer.
        DeadlineExceeded: it comes too slowly.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > limit_bytes:
        raise _too_large(limit_bytes)
    total, started = 0, time.monotonic()
    async with aclosing(request.stream()) as stream:
        while True:
            allowed = seconds + total / _LEAST_BYTES_A_SECOND
            chunk = await _next(stream, started + allowed - time.monotonic())
            if chunk is None:
                return
            total += len(chunk)
            if total > limit_bytes:
                raise _too_large(limit_bytes)
            yield chunk


async def whole(request: Request, *, limit_bytes: int, seconds: float) -> bytes:
    """Return a body, as `chunks`."""
    body = chunks(request, limit_bytes=limit_bytes, seconds=seconds)
    return b"".join([chunk async for chunk in body])


async def lines(request: Request, *, limit_bytes: int, seconds: float) -> AsyncIterator[bytes]:
    """Yield the lines of a body of any length as they come, empty ones left out.

    Raises:
        Exhausted: UPLOAD_TOO_LARGE, a line is longer.
        DeadlineExceeded: nothing came for so many seconds.
    """
    rest = bytearray()
    async with aclosing(request.stream()) as stream:
        while (chunk := await _next(stream, seconds)) is not None:
            first, *others = chunk.split(b"\n")
            rest += first
            for other in others:
                if rest.strip():
                    yield bytes(rest)
                rest = bytearray(other)
            if len(rest) > limit_bytes:
                raise _too_large(limit_bytes)
    if rest.strip():
        yield bytes(rest)


def json_object(data: bytes) -> dict[str, Any]:
    """Read a JSON object; nothing at all is an empty one.

    Raises:
        InvalidInput: FIELD_INVALID, it is none.
    """
    if not data.strip():
        return {}
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(
            Reason.FIELD_INVALID, f"the body is no JSON: {str(error)[:200]}", field="body"
        ) from None
    if not isinstance(value, dict):
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"the body is a JSON {type(value).__name__}; send an object, {{...}}",
            field="body",
        )
    return value


async def _next(stream: AsyncIterator[bytes], seconds: float) -> bytes | None:
    """Return what comes next; None at the end."""
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            return await anext(stream, None)
    except TimeoutError:
        raise DeadlineExceeded(
            Reason.DEADLINE_EXCEEDED,
            "the body comes too slowly; send it faster, or in smaller pieces",
            field="body",
        ) from None


def _too_large(limit_bytes: int) -> Exhausted:
    return Exhausted(
        Reason.UPLOAD_TOO_LARGE,
        f"the body has more than {limit_bytes} bytes; send less",
        field="body",
        metadata={"limit_bytes": str(limit_bytes)},
    )
