"""Read what a call sends: bytes become messages here, and nowhere else may they be wrong."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Any

from google.protobuf.message import DecodeError, Message

from s2v.core.errors import DeadlineExceeded, InvalidInput, Reason

Parse = Callable[[bytes], Message]
"""The `FromString` of a message's class."""


class Requests(AsyncIterator[Message]):
    """The messages of a call, in the order in which they come.

    Args:
        raw: their bytes.
        parse: reads them.
        arriving: left when all of them have come, or the call is over.
    """

    def __init__(
        self, raw: AsyncIterator[bytes], parse: Parse, arriving: AbstractContextManager[None]
    ) -> None:
        self._raw = raw
        self._parse = parse
        self._arriving = ExitStack()
        self._arriving.enter_context(arriving)

    async def __anext__(self) -> Message:
        """Return the next message.

        Raises:
            InvalidInput: its bytes are not of the kind that the method takes.
        """
        try:
            data = await anext(self._raw)
        except StopAsyncIteration:
            self.close()
            raise
        try:
            return self._parse(data)
        except DecodeError as error:
            raise InvalidInput(
                Reason.FIELD_INVALID,
                f"the {len(data)} bytes that came are no {_name(self._parse)}; "
                "make the message with code generated from the protos",
            ) from error

    def close(self) -> None:
        """Take no more."""
        self._arriving.close()

    async def only(self, *, within_seconds: float) -> Message:
        """Return the one message of a method that takes one; what follows it is not looked at.

        Raises:
            InvalidInput: none came, or its bytes are not of the kind that the method takes.
            DeadlineExceeded: it was not there in time.
        """
        try:
            async with asyncio.timeout(within_seconds):
                message = await anext(self)
        except StopAsyncIteration:
            raise InvalidInput(
                Reason.FIELD_INVALID, f"the call ended without a {_name(self._parse)}; send one"
            ) from None
        except TimeoutError:
            raise DeadlineExceeded(
                Reason.DEADLINE_EXCEEDED,
                f"the {_name(self._parse)} had not arrived after {within_seconds:g} seconds",
            ) from None
        self.close()
        return message


def _name(parse: Any) -> str:
    name: str = parse.__self__.DESCRIPTOR.full_name
    return name
