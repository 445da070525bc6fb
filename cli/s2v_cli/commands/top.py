"""`s2v top`: the services, the workers and the jobs as they are, again and again."""

import time
from collections.abc import Sequence
from itertools import islice
from typing import Annotated

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table

from s2v.api.gateway.v1 import job_pb2, system_service_pb2
from s2v.client import Client
from s2v_cli.background import call
from s2v_cli.connecting import ServerOption, running_gateway
from s2v_cli.ending import stage_times
from s2v_cli.showing import ACTIVITIES
from s2v_cli.spelling import place_in_queue

_MOST_JOBS = 20
_ALIVE = (
    job_pb2.JOB_STATE_RUNNING,
    job_pb2.JOB_STATE_CANCELLING,
    job_pb2.JOB_STATE_QUEUED,
)


def top(
    once: Annotated[
        bool, typer.Option("--once", help="Show it once and end, as scripts like it.")
    ] = False,
    every: Annotated[
        float, typer.Option(metavar="SECONDS", help="How often to look.", min=0.2)
    ] = 2.0,
    server: ServerOption = "",
) -> None:
    """Show services, workers, the queue and how far jobs are, until Ctrl-C."""
    with running_gateway(server) as client:
        if once:
            Console().print(_look(client))
            return
        with Live(_look(client), auto_refresh=False, screen=True) as live:
            while True:
                time.sleep(every)
                live.update(_look(client), refresh=True)


def _look(client: Client) -> Group:
    now = call(client, client.system_status)
    jobs = call(client, lambda: list(islice(client.list_jobs(states=_ALIVE), _MOST_JOBS)))
    return Group(_services(now), _workers(now), _jobs(now, jobs))


def _services(now: system_service_pb2.GetSystemStatusResponse) -> Table:
    table = _table("service", "state", "")
    table.add_row("gateway", "serving", "; ".join(now.alarms))
    for service in now.services:
        state = "serving" if service.serving else "away"
        table.add_row(service.name, state, service.message)
    return table


def _workers(now: system_service_pb2.GetSystemStatusResponse) -> Table:
    table = _table("worker", "state", "device", "restarts", "")
    for worker in now.workers:
        table.add_row(
            worker.name, worker.state, worker.device, str(worker.restarts), worker.problem
        )
    return table


def _jobs(now: system_service_pb2.GetSystemStatusResponse, jobs: Sequence[job_pb2.Job]) -> Table:
    title = f"{now.running_jobs} running, {now.queued_jobs} waiting"
    table = _table("job", "", "done", "segments", "frames/s", "times", title=title)
    for job in jobs:
        table.add_row(*_job(job))
    return table


def _job(job: job_pb2.Job) -> tuple[str, ...]:
    if job.state == job_pb2.JOB_STATE_QUEUED:
        waiting = place_in_queue(job.waiting) if job.HasField("waiting") else "waiting"
        return (job.name, waiting)
    done = job.progress
    return (
        job.name,
        ACTIVITIES.get(done.stage, ""),
        f"{done.fraction:.0%}",
        f"{done.segments_rendered}/{done.segments_total}",
        f"{done.frames_per_second:.1f}",
        ", ".join(stage_times(job)),
    )


def _table(*columns: str, title: str | None = None) -> Table:
    table = Table(*columns, title=title, title_justify="left", box=None, pad_edge=False)
    for column in table.columns:
        column.no_wrap = column.header in ("job", "worker", "service")
    return table
