"""The four services as a set on this machine."""

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from s2v.core.errors import InvalidInput, Reason
from s2v.rpc.settings_file import layered_environment
from s2v_cli.aliases import with_aliases
from s2v_cli.child import ServiceSpec
from s2v_cli.failing import FAILED, exit_code
from s2v_cli.home import socket_folder
from s2v_cli.supervisor import Supervisor

# In the order in which they call each other: the last one is ended first.
_MODULES = {
    "tts": "s2v_tts.main",
    "render": "s2v_render.main",
    "compositor": "s2v_compositor.main",
    "gateway": "s2v_gateway.main",
}
SERVICES = tuple(_MODULES)
ASKING = ("ACCESS", "TLS_", "JWT_", "QUOTA_", "TENANT_QUOTAS", "AUDIT_")
"""What settings of who is let in begin with (`s2v_gateway.settings.AccessSettings`)."""
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - only compared with


def service_specs(
    home: Path,
    sockets: Path,
    *,
    listen: str,
    environment: Mapping[str, str],
    http_listen: str = "",
) -> list[ServiceSpec]:
    """Describe the four services: the gateway at `listen`, the others on sockets.

    The gateway listens for HTTP, too, where `http_listen` says at which address.

    Where they keep things follows from the home, unless the environment or the settings file says
    otherwise. What they work on lies in `home/tmp`: emptied here, because a service that was killed
    leaves it full.
    """
    shutil.rmtree(home / "tmp", ignore_errors=True)
    (home / "tmp").mkdir(mode=0o700, parents=True, exist_ok=True)
    addresses = {name: f"unix:{sockets / name}.sock" for name in _MODULES} | {"gateway": listen}
    watched = {name: reachable_address(address) for name, address in addresses.items()}
    local = ""
    if layered_environment(home, environment).get("S2V_GATEWAY_TLS_CERTIFICATE"):
        # We look at its health without a certificate of ours.
        local = watched["gateway"] = f"unix:{sockets / 'gateway.sock'}"
    settings = {
        **with_aliases(environment),
        "S2V_HOME": str(home),
        "TMPDIR": str(home / "tmp"),
        "S2V_GATEWAY_LOCAL_LISTEN": local,
        **{f"S2V_{name.upper()}_LISTEN": address for name, address in addresses.items()},
        "S2V_GATEWAY_HTTP_LISTEN": http_listen,
        **{
            f"S2V_GATEWAY_{name.upper()}_ADDRESS": address
            for name, address in addresses.items()
            if name != "gateway"
        },
    }
    return [
        ServiceSpec(name, (sys.executable, "-m", module), watched[name], settings)
        for name, module in _MODULES.items()
    ]


@contextmanager
def ephemeral_services(say: Callable[[str], None], settings: Mapping[str, str]) -> Iterator[str]:
    """Run the four services over a temporary folder and give the gateway's address.

    Args:
        say: told, for people, what happens to the services.
        settings: for the services, beside those of this process's environment.

    Raises:
        ServiceFailed: one cannot start.
    """
    with ephemeral_parts(say, settings) as addresses:
        yield addresses["gateway"]


@contextmanager
def ephemeral_parts(
    say: Callable[[str], None], settings: Mapping[str, str], names: Collection[str] = SERVICES
) -> Iterator[Mapping[str, str]]:
    """Run some of the services as `ephemeral_services` does.

    Gives the address of each by its name, and the folder of their artifacts by "store".
    """
    with (
        _log_kept_on_failure(say) as log,
        tempfile.TemporaryDirectory(prefix="s2v-", ignore_cleanup_errors=True) as folder,
        socket_folder(Path(folder)) as sockets,
    ):
        listen = f"unix:{sockets / 'gateway.sock'}"
        # Nobody will be there to read what would be measured.
        unmeasured = {"S2V_GATEWAY_MEASURE_FILMS": "false"}
        told = _for_a_moment(layered_environment())
        environment = {**told, **settings, **unmeasured, "S2V_CONFIG": ""}
        every = service_specs(Path(folder), sockets, listen=listen, environment=environment)
        specs = [spec for spec in every if spec.name in names]
        with Supervisor(specs, report=say, sink=log) as supervisor:
            try:
                addresses = {spec.name: spec.address for spec in specs}
                yield {**addresses, "store": str(Path(folder) / "artifacts")}
            except KeyboardInterrupt:
                supervisor.kill()
                raise


@contextmanager
def _log_kept_on_failure(say: Callable[[str], None]) -> Iterator[TextIO]:
    number, name = tempfile.mkstemp(prefix="s2v-", suffix=".log")
    path = Path(name)
    with open(number, "w", encoding="utf-8") as log:
        try:
            yield log
        except BaseException as error:
            if exit_code(error) == FAILED:
                say(f"the log of the services is in {path}")
            else:
                path.unlink()
            raise
    path.unlink()


def free_address(host: str, port: int, *, field: str = "--port") -> str:
    """Return `host:port`, with a free port in place of port 0; `field` is what gave it.

    Raises:
        InvalidInput: FIELD_INVALID, the port is taken or the host is not this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family) as server:
            port = server.getsockname()[1]
    except OSError as error:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"cannot listen on {host}:{port}: {os.strerror(error.errno or 0)}; "
            "stop what runs there or choose another port",
            field=field,
        ) from error
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def reachable_address(listen: str) -> str:
    """Return the address at which this machine reaches what listens there."""
    if listen.startswith("unix:"):
        return listen
    host, _, port = listen.rpartition(":")
    return f"localhost:{port}" if host.strip("[]") in _EVERYWHERE else listen


def _for_a_moment(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave out settings that would mix a temporary set with a lasting one, or ask us who we are.

    Nobody else can reach its socket.
    """
    asking = tuple(f"S2V_GATEWAY_{name}" for name in ASKING)
    lasting = ("_STORE_URL", "_DATABASE_URL", "_DATA_DIR")
    return {
        key: value
        for key, value in environment.items()
        if not (key.startswith("S2V_") and key.endswith(lasting))
        and not key.upper().startswith(asking)
    }
