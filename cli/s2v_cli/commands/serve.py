"""`s2v serve`: run the four services until Ctrl-C."""

import os
import signal
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from s2v.rpc.settings import default_home, expanded
from s2v_cli.choosing import CheckpointOption, engine_settings
from s2v_cli.failing import say
from s2v_cli.home import locked, socket_folder
from s2v_cli.local import free_address, is_open_to_others, reachable_address, service_specs
from s2v_cli.supervisor import Supervisor


def serve(
    host: Annotated[str, typer.Option(help="Interface on which the gateway listens.")] = (
        "127.0.0.1"
    ),
    port: Annotated[
        int, typer.Option(help="Port of the gateway; 0 takes a free one.", min=0, max=65535)
    ] = 50051,
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
) -> None:
    """Run the services: speech, rendering, composing and the gateway.

    Whichever dies is started again. Ctrl-C ends them all; a second Ctrl-C does not wait.
    """
    home = (expanded(home, field="--home") if home else default_home()).absolute()
    environment = {**os.environ, **engine_settings(engine, checkpoint)}
    with locked(home), socket_folder(home) as sockets:
        listen = free_address(host, port)
        specs = service_specs(home, sockets, listen=listen, environment=environment)
        supervisor = Supervisor(specs, report=_report)
        _end_on_signals(supervisor)
        _report(f"starting; everything is kept in {home}")
        if is_open_to_others(host):
            _report(
                f"warning: whoever reaches {listen} can make films here and see all that were "
                "made; nothing is encrypted and nobody is asked for a key (docs/security.md)"
            )
        supervisor.start()
        if not supervisor.stopping:
            _report(f"ready at {reachable_address(listen)}; Ctrl-C ends it")
        supervisor.wait()
    _report("ended")


def _end_on_signals(supervisor: Supervisor) -> None:
    def end(number: int, frame: FrameType | None) -> None:
        if supervisor.stopping:
            supervisor.kill()
            return
        supervisor.request_stop()
        _report("ending; Ctrl-C again does not wait")

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)


def _report(line: str) -> None:
    say(f"s2v: {line}")
