"""Find a gateway to talk to."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import typer

from s2v.client import Client, Tls
from s2v.core.errors import InvalidInput, Reason, S2VError, Unauthenticated, Unavailable
from s2v.rpc.tracing import trace_id_in
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
class Identity:
    """How this process shows who it is to a gateway that is not its own.

    Attributes:
        api_key: what it shows; empty for nothing.
        ca: file of the authority whose gateways it trusts; with any file calls are encrypted.
        cert: file of its own certificate.
        key: file of the private key of it.
    """

    api_key: str = ""
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None

    @property
    def tls(self) -> Tls | None:
        """How its connections are encrypted; None for not at all.

        Raises:
            InvalidInput: FIELD_INVALID, a certificate without its key or the other way round.
        """
        if not (self.ca or self.cert or self.key):
            return None
        try:
            return Tls(self.ca, self.cert, self.key)
        except ValueError as error:
            raise InvalidInput(Reason.FIELD_INVALID, str(error), field="--cert") from error


_NOBODY = Identity()
_IDENTITY: ContextVar[Identity] = ContextVar("identity", default=_NOBODY)


def is_encrypted() -> bool:
    """Tell whether this process encrypts its calls of gateways."""
    return _IDENTITY.get().tls is not None


def identify(identity: Identity) -> None:
    """Show this to gateways from now on."""
    _IDENTITY.set(identity)


def client_of(address: str, *, patience_seconds: float = 60.0) -> Client:
    """Return a client of the gateway at an address.

    Raises:
        InvalidInput: FIELD_INVALID, the key is none that could be sent, or the files do not go
            together.
        OSError: a file that was named cannot be read.
    """
    own = _IDENTITY.get()
    tls = own.tls
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
    why, hint = ("", "") if settings else ("no gateway is running: ", "; `s2v serve` keeps them")
    say(f"{why}starting the services {span}{hint}")
    with (
        ephemeral_services(say, {**wishes, **settings}) as own,
        Client(own, traceparent=callers_trace()) as client,
    ):
        yield Reached(client, lasting=False)
