"""`s2v delete`: remove a job with all that was made for it, or an asset."""

from typing import Annotated

import typer

from s2v.client import Client
from s2v.core.errors import InvalidInput, Reason
from s2v_cli.background import call
from s2v_cli.connecting import ServerOption, running_gateway
from s2v_cli.naming import ASSETS, JOBS, asset_line, job_line


def delete(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A job (jobs/...) or an asset (assets/...).")
    ],
    server: ServerOption = "",
) -> None:
    """Delete a job together with its film, or an asset. Nothing is asked; it is gone for good."""
    if not name.startswith((JOBS, ASSETS)):
        problem = f"{name!r} is neither a job nor an asset; see `s2v jobs` and `s2v assets`"
        raise InvalidInput(Reason.FIELD_INVALID, problem, field="name")
    with running_gateway(server) as client:
        print(f"deleted {call(client, lambda: _deleted(client, name))}")


def _deleted(client: Client, name: str) -> str:
    if name.startswith(JOBS):
        job = client.job(name)
        client.delete_job(name)
        return job_line(job)
    asset = client.asset(name)
    client.delete_asset(name)
    return asset_line(asset)
