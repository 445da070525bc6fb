"""What the services of the gateway in memory have in common."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from grpc_status import rpc_status

from s2v.core.errors import S2VError
from s2v.rpc.errors import to_status
from s2v.testing.fakes_gateway_memory import GatewayMemory

_PAGE = 50

T = TypeVar("T")


class FakeServicer:
    """A service of a gateway in memory."""

    def __init__(self, gateway: GatewayMemory) -> None:
        self.gateway = gateway

    def _answer(self, call: str, context: Any, work: Callable[[], T]) -> T:
        self.gateway.calls.append(call)
        with aborting(context):
            return self.gateway.answering(call, work)


@contextmanager
def aborting(context: Any) -> Iterator[None]:
    """End a call with the error that comes up in it."""
    try:
        yield
    except S2VError as error:
        context.abort_with_status(rpc_status.to_status(to_status(error)))


def page_of(items: Sequence[T], request: Any) -> tuple[Sequence[T], str]:
    """Return a page of a list, and the next page's token."""
    first = int(request.page_token or 0)
    end = first + (request.page_size or _PAGE)
    return items[first:end], str(end) if end < len(items) else ""
