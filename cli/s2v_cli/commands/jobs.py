"""`s2v jobs`: list jobs, show one, or make one again."""

import itertools
from typing import Annotated, Any

import typer

from s2v.api.gateway.v1 import job_service_pb2
from s2v.client.listing import LARGEST_PAGE
from s2v.rpc.errors import from_status
from s2v_cli.connecting import ServerOption, running_gateway
from s2v_cli.documents import JsonOption, print_document
from s2v_cli.ending import film_facts, lip_sync_facts, stage_times
from s2v_cli.failing import FailingCommand, FailingGroup, explained
from s2v_cli.naming import STATES, StateName, job_line, job_name, state_name


class _JobsGroup(FailingGroup):
    """Lists where no other command is named, but a job or nothing."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the name of the command first."""
        asks_for_help = bool(set(args[:1]) & set(ctx.help_option_names))
        if not asks_for_help and not (args and args[0] in self.commands):
            args = ["list", *args]
        return super().parse_args(ctx, args)


jobs = typer.Typer(
    cls=_JobsGroup,
    help="List jobs (the default), or tell more of one: `s2v jobs JOB`; or make one again.",
    rich_markup_mode=None,
)


@jobs.command(name="list", cls=FailingCommand)
def list_jobs(
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
    """List jobs, the newest first, and where they wait; or tell more of one."""
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


@jobs.command(cls=FailingCommand)
def retry(
    job: Annotated[str, typer.Argument(metavar="JOB", help="Name of the job, see `s2v jobs`.")],
    server: ServerOption = "",
) -> None:
    """Make a job that failed or was cancelled again, as a new job of the same order."""
    with running_gateway(server) as client:
        anew = client.retry(job_name(job))
    print(f"{anew.name}  {state_name(anew)}; follow it with `s2v watch {anew.name}`")


def _show(name: str, server: str, *, as_json: bool) -> None:
    with running_gateway(server) as client:
        job = client.job(job_name(name))
    if as_json:
        print_document(job)
        return
    print(job_line(job))
    if job.retry_of:
        print(f"makes {job.retry_of} again")
    if job.HasField("film"):
        print(film_facts(job.film))
        print(", ".join(stage_times(job)))
    if job.HasField("error"):
        print(explained(from_status(job.error)))
    for fact in lip_sync_facts(job.stats):
        print(fact)
