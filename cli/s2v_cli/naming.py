"""Names and states as people type and read them."""

from enum import StrEnum

from google.protobuf.timestamp_pb2 import Timestamp

from s2v.api.gateway.v1 import asset_service_pb2, job_pb2
from s2v_cli.spelling import place_in_queue

JOBS = "jobs/"
ASSETS = "assets/"
VOICES = "voices/"


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
    return text if text.startswith(JOBS) else JOBS + text


def voice_name(text: str) -> str:
    """Return the name of a voice, given as `voices/NAME` or as the name alone."""
    return text if text.startswith(VOICES) else VOICES + text


def bare(name: str) -> str:
    """Return the name of a voice or an engine as people write it: `heart` for `voices/heart`."""
    return name.rpartition("/")[2]


def state_name(job: job_pb2.Job) -> str:
    """Return a job's state as people read it."""
    return _NAMES.get(job.state, "unknown")


def job_line(job: job_pb2.Job) -> str:
    """Spell a job in a line."""
    made = made_at(job.create_time)
    waits = place_in_queue(job.waiting) if job.HasField("waiting") else ""
    columns = (job.name, f"{state_name(job):<10}", f"{job.progress.fraction:4.0%}", made)
    return "  ".join(filter(None, (*columns, job.spec.display_name, waits)))


def asset_line(asset: asset_service_pb2.Asset) -> str:
    """Spell an asset in a line."""
    size = f"{asset.size_bytes / 1e6:6.1f} MB"
    columns = (asset.name, f"{asset.media_type:<10}", size, made_at(asset.create_time))
    return "  ".join((*columns, asset.job)).rstrip()


def made_at(time: Timestamp) -> str:
    """Spell when something was made, in UTC."""
    return time.ToDatetime().isoformat(" ", "seconds")
