"""`s2v doctor`: find out what keeps S2V from working, here or elsewhere."""

from collections.abc import Iterator
from typing import Annotated

import typer

from s2v_cli.checks import Finding, Level, all_checks
from s2v_cli.deployed import check_deployment
from s2v_cli.failing import FAILED


def doctor(
    server: Annotated[
        str,
        typer.Option(
            help="Look at the gateway at this address and all that is behind it, in place of this "
            "machine; with S2V_API_KEY, a key of the role admin, where it asks for one.",
            show_default=False,
        ),
    ] = "",
) -> None:
    """Look for what keeps S2V from working here, or at a server.

    Says what to do about each problem; the exit code is 1 if there is one.
    """
    failed = False
    for finding in check_deployment(server) if server else _local_findings():
        print(f"{finding.level}  {finding.subject}: {finding.fact}")
        if finding.remedy:
            print(f"      {finding.remedy}")
        failed |= finding.level is Level.FAIL
    if failed:
        raise typer.Exit(FAILED)


def _local_findings() -> Iterator[Finding]:
    return (check() for check in all_checks())
