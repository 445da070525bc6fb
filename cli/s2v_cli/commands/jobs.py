"""`s2v jobs`: list jobs."""

import itertools
from typing import Annotated

import typer

from s2v.api.gateway.v1 import job_pb2
from s2v_cli.connecting import ServerOption, running_gateway
from s2v_cli.naming import STATES, StateName, state_name


def jobs(
    state: Annotated[
        list[StateName] | None, typer.Option(help="Only jobs in this state; may be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1)] = 50,
    server: ServerOption = "",
) -> None:
    """List jobs, the newest first."""
    states = [STATES[name] for name in state or ()]
    with running_gateway(server) as client:
        for job in itertools.islice(client.list_jobs(states=states), limit):
            print(_line(job))


def _line(job: job_pb2.Job) -> str:
    made = job.create_time.ToDatetime().isoformat(" ", "seconds")
    columns = (job.name, f"{state_name(job):<10}", f"{job.progress.fraction:4.0%}", made)
    return "  ".join((*columns, job.spec.display_name)).rstrip()
