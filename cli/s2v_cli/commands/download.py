"""`s2v download`: fetch a job's film, its captions or a picture of it."""

from typing import Annotated

import typer

from s2v_cli.background import call, signals_as_ctrl_c
from s2v_cli.connecting import ServerOption, running_gateway
from s2v_cli.destination import (
    CAPTIONS,
    FILM,
    STILLS,
    ForceOption,
    RequiredOutputOption,
    destination,
)
from s2v_cli.ending import film_facts, require_film
from s2v_cli.failing import FAILED, say
from s2v_cli.naming import job_name


def download(
    job: Annotated[str, typer.Argument(metavar="JOB", help="Name of the job, see `s2v jobs`.")],
    output: RequiredOutputOption,
    force: ForceOption = False,
    server: ServerOption = "",
) -> None:
    """Fetch a job's film, or, into a .srt or .vtt, its captions, into a .jpg its thumbnail."""
    to = destination(output, force=force, inputs={}, endings=(*FILM, *CAPTIONS, *STILLS))
    with signals_as_ctrl_c(), running_gateway(server) as client:
        ended = call(client, lambda: client.job(job_name(job)))
        film = require_film(ended)
        if not to.asset(film):
            option = "--thumbnail" if output.lower().endswith(STILLS) else "--captions"
            say(f"Error: {ended.name} has none such; they are made where `make` has {option}")
            raise typer.Exit(FAILED)
        to.fetch(client, ended, lasting=True, server=server)
    to.tell(f"{output}: {film_facts(film)}")
