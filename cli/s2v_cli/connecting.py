"""Find a gateway to talk to."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated

import typer

from s2v.client import Client, Tls
from s2v.core.errors import InvalidInput, Reason, S2VError, Unauthenticated, Unavailable
from s2v.rpc.tracing import trace_id_in
from s2v_cli.background import call
from s2v_cli.identity import Identity, shown_identity

DEFAULT_ADDRESS = "127.0.0.1:50051"
_PROBE_SECONDS = 3.0

ServerOption = Annotated[
    str,
    typer.Option(
        "--server", envvar="S2V_SERVER", help="Address of the gateway.", show_default=False
    ),
]


def is_encrypted() -> bool:
    """Tell whether this process encrypts its calls of gateways."""
    return _tls(shown_identity()) is not None


def client_of(address: str, *, patience_seconds: float = 60.0) -> Client:
    """Return a client of the gateway at an address.

    Raises:
        InvalidInput: FIELD_INVALID, the key is none that could be sent, or the files do not go
            together.
        OSError: a file that was named cannot be read.
    """
    own = shown_identity()
    tls = _tls(own)
    try:
        return Client(
            address,
            tls=tls,
            api_key=own.api_key,
            patience_seconds=patience_seconds,
            traceparent=callers_trace(),
        )
    except ValueError as error:
        raise InvalidInput(Reason.FIELD_INVALID, str(error), field="S2V_API_KEY") from error


def callers_trace() -> str:
    """Return the trace that whoever runs this command is in: TRACEPARENT; "" for none."""
    given = os.environ.get("TRACEPARENT", "").strip()
    return given if trace_id_in(given) else ""


def _tls(own: Identity) -> Tls | None:
    """Return how connections are encrypted; None for not at all.

    Raises:
        InvalidInput: FIELD_INVALID, a certificate without its key or the other way round.
    """
    if not (own.ca or own.cert or own.key):
        return None
    try:
        return Tls(own.ca, own.cert, own.key)
    except ValueError as error:
        raise InvalidInput(Reason.FIELD_INVALID, str(error), field="--cert") from error


@dataclass(frozen=True, slots=True)
class Reached:
    """A gateway that was found.

    Attributes:
        client: of it.
        lasting: whether it goes on, and keeps what it made, after this command has ended.
    """

    client: Client
    lasting: bool


def version_at(address: str) -> str | None:
    """Return the version of the gateway that answers there, or None.

    Raises:
        Unauthenticated: it does not tell us.
    """
    with client_of(address, patience_seconds=0) as client:
        try:
            return call(client, lambda: client.server_info(timeout_seconds=_PROBE_SECONDS)).version
        except Unauthenticated:
            raise
        except S2VError:
            return None


@contextmanager
def running_gateway(address: str) -> Iterator[Client]:
    """Give a client of the gateway at an address, by default the one of `s2v serve`.

    Raises:
        Unavailable: nothing answers there.
        Unauthenticated: it does not know us.
    """
    address = address or DEFAULT_ADDRESS
    if version_at(address) is None:
        raise Unavailable(
            Reason.SERVICE_UNAVAILABLE,
            f"no gateway answers at {address}; start one with `s2v serve` or name another "
            "with --server (one that encrypts: `s2v --ca FILE`)",
        )
    with client_of(address) as client:
        yield client


@contextmanager
def any_gateway(
    address: str,
    say: Callable[[str], None],
    *,
    settings: Mapping[str, str] = MappingProxyType({}),
    wishes: Mapping[str, str] = MappingProxyType({}),
    span: str = "for this film only",
) -> Iterator[Reached]:
    """Reach the gateway at an address, a running one, or one just for now.

    Args:
        address: of the gateway; empty where any will do.
        say: told, for people, what happens to the services.
        settings: what the services have to be told; where there is any, only our own will do.
        wishes: what our own are told besides.
        span: for how long services are started, in words.

    Raises:
        Unavailable: nothing answers at the given address.
        ServiceFailed: a service cannot start.
    """
    if address or (not settings and version_at(DEFAULT_ADDRESS) is not None):
        with running_gateway(address) as client:
            yield Reached(client, lasting=True)
        return
    # The settings of all services, and how to start them, which most commands never need.
    from s2v_cli.local import ephemeral_services

    why, hint = ("", "") if settings else ("no gateway is running: ", "; `s2v serve` keeps them")
    say(f"{why}starting the services {span}{hint}")
    with (
        ephemeral_services(say, {**wishes, **settings}) as own,
        Client(own, traceparent=callers_trace()) as client,
    ):
        yield Reached(client, lasting=False)
