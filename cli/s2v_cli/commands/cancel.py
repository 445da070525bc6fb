"""`s2v cancel`: stop a job."""

from typing import Annotated

import typer

from s2v.api.gateway.v1 import job_pb2
from s2v_cli.connecting import ServerOption, running_gateway
from s2v_cli.naming import job_name


def cancel(
    job: Annotated[str, typer.Argument(help="Name of the job, see `s2v jobs`.")],
    server: ServerOption = "",
) -> None:
    """Stop a job; one that has ended stays as it is."""
    with running_gateway(server) as client:
        after = client.cancel(job_name(job))
    state = job_pb2.JobState.Name(after.state).removeprefix("JOB_STATE_").lower()
    print(f"{after.name}  {state}")
