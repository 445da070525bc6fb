"""What a user asks of the queue: who goes first, and how long a job may take."""

from enum import StrEnum
from typing import Annotated

import typer
from google.protobuf import duration_pb2

from s2v.api.gateway.v1 import job_pb2


class PriorityName(StrEnum):
    """A class of jobs, as people write it."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


_PRIORITIES = {
    PriorityName.LOW: job_pb2.PRIORITY_LOW,
    PriorityName.NORMAL: job_pb2.PRIORITY_NORMAL,
    PriorityName.HIGH: job_pb2.PRIORITY_HIGH,
}

PriorityOption = Annotated[
    PriorityName, typer.Option(help="Where jobs wait, those of a higher one start first.")
]
TimeoutOption = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS",
        help="How long the job may be at work; 0 is any time. [default: the server's, 30 min]",
        min=0,
        show_default=False,
    ),
]


def turn_wanted(priority: PriorityName, timeout: float | None) -> job_pb2.JobSpec:
    """Return what of a spec says when the job starts, and ends at the latest."""
    spec = job_pb2.JobSpec(priority=_PRIORITIES[priority])
    if timeout is not None:
        spec.timeout.CopyFrom(duration_pb2.Duration())
        spec.timeout.FromMilliseconds(round(timeout * 1e3))
    return spec
