"""`s2v download`: fetch a job's film."""

from typing import Annotated

import typer

from s2v_cli.background import call, signals_as_ctrl_c
from s2v_cli.connecting import ServerOption, running_gateway
from s2v_cli.destination import ForceOption, OutputOption, destination
from s2v_cli.ending import film_facts, require_film
from s2v_cli.naming import job_name


def download(
    job: Annotated[str, typer.Argument(metavar="JOB", help="Name of the job, see `s2v jobs`.")],
    output: OutputOption,
    force: ForceOption = False,
    server: ServerOption = "",
) -> None:
    """Fetch the film of a job that has succeeded."""
    to = destination(output, force=force, inputs={})
    with signals_as_ctrl_c(), running_gateway(server) as client:
        ended = call(client, lambda: client.job(job_name(job)))
        film = require_film(ended)
        to.fetch(client, ended, lasting=True, server=server)
    to.tell(f"{output}: {film_facts(film)}")
