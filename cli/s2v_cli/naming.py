"""Jobs and states as people type and read them."""

from enum import StrEnum

from s2v.api.gateway.v1 import job_pb2

_JOBS = "jobs/"


class StateName(StrEnum):
    """A job's state, as people write it."""

    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


STATES = {
    StateName.QUEUED: job_pb2.JOB_STATE_QUEUED,
    StateName.RUNNING: job_pb2.JOB_STATE_RUNNING,
    StateName.CANCELLING: job_pb2.JOB_STATE_CANCELLING,
    StateName.SUCCEEDED: job_pb2.JOB_STATE_SUCCEEDED,
    StateName.FAILED: job_pb2.JOB_STATE_FAILED,
    StateName.CANCELLED: job_pb2.JOB_STATE_CANCELLED,
}
_NAMES = {state: name for name, state in STATES.items()}


def job_name(text: str) -> str:
    """Return the name of a job, given as `jobs/ID` or as the id alone."""
    return text if text.startswith(_JOBS) else _JOBS + text


def state_name(job: job_pb2.Job) -> str:
    """Return a job's state as people read it."""
    return _NAMES.get(job.state, "unknown")
