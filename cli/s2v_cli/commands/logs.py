"""`s2v logs`: what the services logged about a job."""

import os
from pathlib import Path
from typing import Annotated

import typer

from s2v.core.errors import NotFound, Reason
from s2v.rpc.home import default_home
from s2v_cli.logbook import NAME, event_in, lines_of, log_folder, spelt
from s2v_cli.naming import job_name


def logs(
    job: Annotated[str, typer.Argument(metavar="JOB", help="Name of the job.")],
    home: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the `s2v serve` that made it. [default: $S2V_HOME or "
            "~/.local/share/s2v]",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the lines as they were logged.")
    ] = False,
) -> None:
    """Print what the services of this machine logged about a job, the oldest first.

    `s2v serve` keeps the last 50 MB of it in its home.
    """
    name = job_name(job)
    found = False
    for line in lines_of(log_folder(home or default_home(), os.environ)):
        event = event_in(line)
        if event is None or event.get("job_id") != name.removeprefix("jobs/"):
            continue
        found = True
        print(line.rstrip("\n") if as_json else spelt(event))
    if not found:
        raise NotFound(
            Reason.JOB_NOT_FOUND,
            f"nothing about {name} is in {NAME} of {home or default_home()}; name the home of the "
            "services that made it with --home",
            field="name",
        )
