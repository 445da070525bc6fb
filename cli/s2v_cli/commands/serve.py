"""`s2v serve`: run the four services until Ctrl-C."""

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from s2v.rpc.channel import is_closed_to_others
from s2v.rpc.home import default_home, expanded
from s2v.rpc.settings_file import layered_environment
from s2v_cli.background import ending_signals
from s2v_cli.choosing import CheckpointOption, engine_settings
from s2v_cli.failing import say
from s2v_cli.gpus import GpusOption, ParallelOption, gpu_settings
from s2v_cli.home import locked, socket_folder
from s2v_cli.local import free_address, reachable_address, service_specs
from s2v_cli.logbook import Logbook, made_log_folder
from s2v_cli.supervisor import Supervisor

_HOST, _PORT, _HTTP_PORT = "127.0.0.1", 50051, 5003


def serve(
    host: Annotated[
        str | None,
        typer.Option(
            help="Interface on which the gateway listens. [default: 127.0.0.1]", show_default=False
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            help="Port of the gateway; 0 takes a free one. [default: 50051, or what "
            "S2V_GATEWAY_LISTEN says]",
            min=0,
            max=65535,
            show_default=False,
        ),
    ] = None,
    http_port: Annotated[
        int | None,
        typer.Option(
            help="Port for HTTP on the same interface; 0 takes a free one. [default: 5003, or what "
            "S2V_GATEWAY_HTTP_LISTEN says; empty there is no HTTP]",
            min=0,
            max=65535,
            show_default=False,
        ),
    ] = None,
    home: Annotated[
        Path | None,
        typer.Option(
            help="Folder for everything that is kept. [default: $S2V_HOME or ~/.local/share/s2v]",
            show_default=False,
        ),
    ] = None,
    engine: Annotated[
        str,
        typer.Option(
            help="The engine of films that name none. [default: portrait]", show_default=False
        ),
    ] = "",
    checkpoint: CheckpointOption = "",
    gpus: GpusOption = None,
    parallel: ParallelOption = None,
) -> None:
    """Run the services: speech, rendering, composing and the gateway.

    Whichever dies is started again. Ctrl-C ends them all; a second Ctrl-C does not wait. SIGUSR1
    has them log everything, and less again the next time. What they log is kept, too, in
    services.log of the home, or of the folder S2V_LOG_DIR.
    """
    home = (expanded(home, field="--home") if home else default_home()).absolute()
    told = layered_environment(home)
    environment = {**os.environ, **engine_settings(engine, checkpoint)}
    if gpus or parallel:
        together = told.get("S2V_RENDER_AIM") == "latency"
        environment |= gpu_settings(gpus, parallel, together=together, tell=_report)
    with (
        locked(home),
        socket_folder(home) as sockets,
        Logbook(made_log_folder(home, environment), sys.stderr) as logbook,
    ):
        listen = _listen(host, port, told)
        http_listen = _http_listen(host, http_port, told)
        specs = service_specs(
            home, sockets, listen=listen, environment=environment, http_listen=http_listen
        )
        supervisor = Supervisor(specs, report=_report, sink=logbook)
        _end_on_signals(supervisor)
        _report(f"starting; everything is kept in {home}")
        encrypted = told.get("S2V_GATEWAY_TLS_CERTIFICATE", "")
        for address in filter(None, (listen, http_listen)):
            if not is_closed_to_others(address) and not encrypted:
                _report(
                    f"warning: what goes to and from {address} is not encrypted, keys included; "
                    "set S2V_GATEWAY_TLS_CERTIFICATE and S2V_GATEWAY_TLS_KEY, or have a proxy do "
                    "it (docs/access.md)"
                )
        supervisor.start()
        if not supervisor.stopping:
            if http_listen:
                _report(f"HTTP at {_url(http_listen, encrypted=bool(encrypted))}")
            _report(f"ready at {reachable_address(listen)}; Ctrl-C ends it")
        supervisor.wait()
    _report("ended")


def _listen(host: str | None, port: int | None, told: Mapping[str, str]) -> str:
    """Return where the gateway is to listen: where an option says, else the setting."""
    setting = told.get("S2V_GATEWAY_LISTEN")
    if host is None and port is None and setting:
        return setting
    return free_address(host or _HOST, _PORT if port is None else port)


def _http_listen(host: str | None, port: int | None, told: Mapping[str, str]) -> str:
    """Return where HTTP is to be served: where the option says, else the setting; "" is nowhere."""
    setting = told.get("S2V_GATEWAY_HTTP_LISTEN")
    if port is None and setting is not None:
        return setting
    return free_address(host or _HOST, _HTTP_PORT if port is None else port, field="--http-port")


def _url(listen: str, *, encrypted: bool) -> str:
    scheme = "https" if encrypted else "http"
    return listen if listen.startswith("unix:") else f"{scheme}://{reachable_address(listen)}"


def _end_on_signals(supervisor: Supervisor) -> None:
    def end(number: int, frame: FrameType | None) -> None:
        if supervisor.stopping:
            supervisor.kill()
            return
        supervisor.request_stop()
        _report("ending; Ctrl-C again does not wait")

    for number in (signal.SIGINT, *ending_signals()):
        signal.signal(number, end)
    signal.signal(signal.SIGUSR1, lambda *_: supervisor.tell(signal.SIGUSR1))


def _report(line: str) -> None:
    say(f"s2v: {line}")
