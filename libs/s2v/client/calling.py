"""Make a call and get its answer or an error of ours; try again while the gateway is away."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import grpc

from s2v.client.patience import Patience
from s2v.core.errors import Cancelled, S2VError, Unavailable
from s2v.rpc.errors import from_rpc_error

ResponseT = TypeVar("ResponseT")
Call = Callable[[], ResponseT]


@contextmanager
def our_errors() -> Iterator[None]:
    """Turn a failed call into the error that the server meant."""
    try:
        yield
    except grpc.RpcError as error:
        raise from_rpc_error(error) from error


def call_patiently(call: Call[ResponseT], patience: Patience) -> ResponseT:
    """Make a call that is safe to repeat, again and again while the gateway is away.

    Raises:
        S2VError: what the server answered, or Unavailable when patience is at its end.
    """
    while True:
        try:
            with our_errors():
                return call()
        except Unavailable as error:
            patience.wait(error)


def is_lost(error: S2VError) -> bool:
    """Tell whether a stream broke off because the gateway went away or is about to."""
    return isinstance(error, Unavailable | Cancelled)
