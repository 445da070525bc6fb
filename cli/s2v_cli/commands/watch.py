"""`s2v watch`: follow a job."""

from typing import Annotated

import typer

from s2v_cli.background import call
from s2v_cli.connecting import ServerOption, running_gateway
from s2v_cli.ending import film_facts, lip_sync_facts, require_film, stage_times
from s2v_cli.failing import say
from s2v_cli.naming import job_name
from s2v_cli.showing import display, follow


def watch(
    job: Annotated[str, typer.Argument(metavar="JOB", help="Name of the job, see `s2v jobs`.")],
    stats: Annotated[
        bool, typer.Option("--stats", help="Wait until the film's lips are measured, and tell.")
    ] = False,
    server: ServerOption = "",
) -> None:
    """Follow a job until it ends; Ctrl-C leaves it running."""
    name = job_name(job)
    with running_gateway(server) as client:
        try:
            with display() as shown:
                ended = call(client, lambda: follow(client.watch(name, with_stats=stats), shown))
        except KeyboardInterrupt:
            say(f"{name} goes on; end it with `s2v cancel {name}`")
            raise
        film = require_film(ended)
    print(f"{film_facts(film)}; fetch it with `s2v download {name} -o film.mp4`")
    print(", ".join(stage_times(ended)))
    for fact in lip_sync_facts(ended.stats):
        print(fact)
