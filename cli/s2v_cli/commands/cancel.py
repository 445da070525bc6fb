"""`s2v cancel`: stop a job."""

from typing import Annotated

import typer

from s2v_cli.connecting import ServerOption, running_gateway
from s2v_cli.naming import job_name, state_name


def cancel(
    job: Annotated[str, typer.Argument(metavar="JOB", help="Name of the job, see `s2v jobs`.")],
    server: ServerOption = "",
) -> None:
    """Stop a job; one that has ended stays as it is."""
    with running_gateway(server) as client:
        after = client.cancel(job_name(job))
    print(f"{after.name}  {state_name(after)}")
