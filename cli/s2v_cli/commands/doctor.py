"""`s2v doctor`: find out what keeps S2V from working here."""

import typer

from s2v_cli.checks import Level, all_checks
from s2v_cli.failing import FAILED


def doctor() -> None:
    """Look for what keeps S2V from working here.

    Says what to do about each problem; the exit code is 1 if there is one.
    """
    findings = [check() for check in all_checks()]
    for finding in findings:
        print(f"{finding.level}  {finding.subject}: {finding.fact}")
        if finding.remedy:
            print(f"      {finding.remedy}")
    if any(finding.level is Level.FAIL for finding in findings):
        raise typer.Exit(FAILED)
