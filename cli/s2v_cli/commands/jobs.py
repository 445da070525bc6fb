"""`s2v jobs`: list jobs, or show one."""

import itertools
from typing import Annotated

import typer

from s2v.api.gateway.v1 import job_service_pb2
from s2v.client.listing import LARGEST_PAGE
from s2v.rpc.errors import from_status
from s2v_cli.connecting import ServerOption, running_gateway
from s2v_cli.documents import JsonOption, print_document
from s2v_cli.ending import film_facts, lip_sync_facts, stage_times
from s2v_cli.failing import explained
from s2v_cli.naming import STATES, StateName, job_line, job_name


def jobs(
    job: Annotated[
        str, typer.Argument(metavar="JOB", help="Name of a job, to show only that one.")
    ] = "",
    state: Annotated[
        list[StateName] | None, typer.Option(help="Only jobs in this state; may be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1)] = 50,
    as_json: JsonOption = False,
    server: ServerOption = "",
) -> None:
    """List jobs, the newest first, or tell more of one."""
    if job:
        _show(job, server, as_json=as_json)
        return
    states = [STATES[name] for name in state or ()]
    with running_gateway(server) as client:
        found = client.list_jobs(states=states, page_size=min(limit, LARGEST_PAGE))
        listed = itertools.islice(found, limit)
        if as_json:
            print_document(job_service_pb2.ListJobsResponse(jobs=listed))
            return
        for one in listed:
            print(job_line(one))


def _show(name: str, server: str, *, as_json: bool) -> None:
    with running_gateway(server) as client:
        job = client.job(job_name(name))
    if as_json:
        print_document(job)
        return
    print(job_line(job))
    if job.HasField("film"):
        print(film_facts(job.film))
        print(", ".join(stage_times(job)))
    if job.HasField("error"):
        print(explained(from_status(job.error)))
    for fact in lip_sync_facts(job.stats):
        print(fact)
