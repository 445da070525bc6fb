"""`s2v bug-report`: what helps to find a fault, in one file."""

import itertools
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from s2v.api.gateway.v1 import job_pb2
from s2v.core.errors import InvalidInput, Reason, S2VError
from s2v.rpc.home import default_home
from s2v_cli.background import call
from s2v_cli.checks import all_checks, told_here
from s2v_cli.connecting import ServerOption, running_gateway
from s2v_cli.failing import say
from s2v_cli.reporting import job_facts, settings, troubles, versions


def bug_report(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where it goes.", show_default=True)
    ] = Path("s2v-bug-report.json"),
    job: Annotated[
        str, typer.Option(help="The job that went wrong. [default: the newest]", show_default=False)
    ] = "",
    server: ServerOption = "",
) -> None:
    """Write what helps to find a fault into one file that can be shown to others.

    Versions, settings, the checks of `s2v doctor`, the last warnings of the services and how a job
    went. Never keys, texts, names, pictures or sound: read it before you send it.
    """
    report: dict[str, Any] = {
        "versions": versions(),
        "settings": settings(told_here()),
        "doctor": [
            {"level": str(finding.level), "subject": finding.subject}
            for finding in (check() for check in all_checks())
        ],
        "troubles": troubles(default_home()),
        **_of_the_server(server, job),
    }
    text = json.dumps(report, indent=2, ensure_ascii=False)
    try:
        with open(output, "x", encoding="utf-8") as file:
            file.write(f"{text}\n")
    except FileExistsError as error:
        problem = f"{output} is there already; remove it or name another file"
        raise InvalidInput(Reason.FIELD_INVALID, problem, field="--output") from error
    say(f"wrote {output}; read it before you show it to others")


def _of_the_server(server: str, name: str) -> dict[str, Any]:
    """Return how the server is, as far as it answers and tells us."""
    try:
        with running_gateway(server) as client:
            info = call(client, client.server_info)
            if name:
                job: job_pb2.Job | None = call(client, lambda: client.job(name))
            else:
                newest = call(
                    client, lambda: list(itertools.islice(client.list_jobs(page_size=1), 1))
                )
                job = newest[0] if newest else None
    except S2VError as error:
        return {"server": {"reason": error.reason.value}}
    return {"server": {"version": info.version}, "job": job_facts(job) if job else None}
