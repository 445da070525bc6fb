"""`s2v jobs`: list jobs, or show one."""

import itertools
from typing import Annotated

import typer

from s2v.api.gateway.v1 import job_pb2
from s2v.rpc.convert import measurement_from_proto
from s2v.rpc.errors import from_status
from s2v_cli.connecting import ServerOption, running_gateway
from s2v_cli.ending import film_facts, stage_times
from s2v_cli.failing import explained
from s2v_cli.lips import summary
from s2v_cli.naming import STATES, StateName, job_name, state_name


def jobs(
    job: Annotated[str, typer.Argument(help="Name of a job, to show only that one.")] = "",
    state: Annotated[
        list[StateName] | None, typer.Option(help="Only jobs in this state; may be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1)] = 50,
    server: ServerOption = "",
) -> None:
    """List jobs, the newest first, or tell more of one."""
    if job:
        _show(job, server)
        return
    states = [STATES[name] for name in state or ()]
    with running_gateway(server) as client:
        for listed in itertools.islice(client.list_jobs(states=states), limit):
            print(_line(listed))


def _show(name: str, server: str) -> None:
    with running_gateway(server) as client:
        job = client.job(job_name(name))
    print(_line(job))
    if job.HasField("film"):
        print(film_facts(job.film))
        print(", ".join(stage_times(job)))
    if job.HasField("error"):
        print(explained(from_status(job.error)))
    if job.stats.HasField("lip_sync"):
        print(summary(measurement_from_proto(job.stats.lip_sync)))


def _line(job: job_pb2.Job) -> str:
    made = job.create_time.ToDatetime().isoformat(" ", "seconds")
    columns = (job.name, f"{state_name(job):<10}", f"{job.progress.fraction:4.0%}", made)
    return "  ".join((*columns, job.spec.display_name)).rstrip()
