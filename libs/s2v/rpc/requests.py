"""Read what a call sends: bytes become messages here, and nowhere else may they be wrong."""

import asyncio
from collections.abc import AsyncIterator, Callable
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
    """

    def __init__(self, raw: AsyncIterator[bytes], parse: Parse) -> None:
        self._raw = raw
        self._parse = parse

    async def __anext__(self) -> Message:
        """Return the next message.

        Raises:
            InvalidInput: its bytes are not of the kind that the method takes.
        """
        data = await anext(self._raw)
        try:
            return self._parse(data)
        except DecodeError as error:
            raise InvalidInput(
                Reason.FIELD_INVALID,
                f"the {len(data)} bytes that came are no {_name(self._parse)}; "
                "make the message with code generated from the protos",
            ) from error

    async def only(self, *, within_seconds: float) -> Message:
        """Return the one message of a method that takes one; what follows it is not looked at.

        Raises:
            InvalidInput: none came, or its bytes are not of the kind that the method takes.
            DeadlineExceeded: it was not there in time.
        """
        try:
            async with asyncio.timeout(within_seconds):
                return await anext(self)
        except StopAsyncIteration:
            raise InvalidInput(
                Reason.FIELD_INVALID, f"the call ended without a {_name(self._parse)}; send one"
            ) from None
        except TimeoutError:
            raise DeadlineExceeded(
                Reason.DEADLINE_EXCEEDED,
                f"the {_name(self._parse)} had not arrived after {within_seconds:g} seconds",
            ) from None


def _name(parse: Any) -> str:
    name: str = parse.__self__.DESCRIPTOR.full_name
    return name
