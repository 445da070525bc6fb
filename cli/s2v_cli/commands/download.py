"""`s2v download`: fetch a job's film."""

from pathlib import Path
from typing import Annotated

import typer

from s2v_cli.background import call
from s2v_cli.connecting import ServerOption, running_gateway
from s2v_cli.ending import film_facts, require_film
from s2v_cli.files import writable_file
from s2v_cli.naming import job_name


def download(
    job: Annotated[str, typer.Argument(metavar="JOB", help="Name of the job, see `s2v jobs`.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the MP4 goes.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the output file.")] = False,
    server: ServerOption = "",
) -> None:
    """Fetch the film of a job that has succeeded."""
    writable_file(output, force=force)
    with running_gateway(server) as client:
        film = require_film(client.job(job_name(job)))
        call(client, lambda: client.download(film.asset, output))
    print(f"{output}: {film_facts(film)}")
