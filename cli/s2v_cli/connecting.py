"""Find a gateway to talk to."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated

import typer

from s2v.client import Client
from s2v.core.errors import Reason, S2VError, Unavailable
from s2v_cli.background import call
from s2v_cli.local import ephemeral_services

DEFAULT_ADDRESS = "127.0.0.1:50051"
_PROBE_SECONDS = 3.0

ServerOption = Annotated[
    str,
    typer.Option(
        "--server", envvar="S2V_SERVER", help="Address of the gateway.", show_default=False
    ),
]


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
    """Return the version of the gateway that answers there, or None."""
    with Client(address, patience_seconds=0) as client:
        try:
            return call(client, lambda: client.server_info(timeout_seconds=_PROBE_SECONDS)).version
        except S2VError:
            return None


@contextmanager
def running_gateway(address: str) -> Iterator[Client]:
    """Give a client of the gateway at an address, by default the one of `s2v serve`.

    Raises:
        Unavailable: nothing answers there.
    """
    address = address or DEFAULT_ADDRESS
    if version_at(address) is None:
        raise Unavailable(
            Reason.SERVICE_UNAVAILABLE,
            f"no gateway answers at {address}; start one with `s2v serve` or name another "
            "with --server",
        )
    with Client(address) as client:
        yield client


@contextmanager
def any_gateway(
    address: str,
    say: Callable[[str], None],
    *,
    settings: Mapping[str, str] = MappingProxyType({}),
    span: str = "for this film only",
) -> Iterator[Reached]:
    """Reach the gateway at an address, a running one, or one just for now.

    Args:
        address: of the gateway; empty where any will do.
        say: told, for people, what happens to the services.
        settings: what the services have to be told; where there is any, only our own will do.
        span: for how long services are started, in words.

    Raises:
        Unavailable: nothing answers at the given address.
        ServiceFailed: a service cannot start.
    """
    if address or (not settings and version_at(DEFAULT_ADDRESS) is not None):
        with running_gateway(address) as client:
            yield Reached(client, lasting=True)
        return
    why, hint = ("", "") if settings else ("no gateway is running: ", "; `s2v serve` keeps them")
    say(f"{why}starting the services {span}{hint}")
    with ephemeral_services(say, settings) as own, Client(own) as client:
        yield Reached(client, lasting=False)
