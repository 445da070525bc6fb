"""What a film took, with the founding document's keys and more, in JSON's own types."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict

from s2v.api.gateway.v1 import job_pb2, system_service_pb2

_STAGES = {
    job_pb2.STAGE_SPEAK: "speak",
    job_pb2.STAGE_RENDER: "render",
    job_pb2.STAGE_COMPOSE: "compose",
}
_STATES = {state: name.removeprefix("JOB_STATE_") for name, state in job_pb2.JobState.items()}


def identifier(job: job_pb2.Job) -> str:
    """Return what tells a job from others, fit for the name of a file."""
    return job.name.rpartition("/")[2]


def statistics(
    job: job_pb2.Job,
    status: system_service_pb2.GetSystemStatusResponse | None,
    *,
    generation_time: float,
    output_path: str,
    notices: Sequence[str] = (),
) -> dict[str, Any]:
    """Return what is known of a job that succeeded and of the system that did it.

    Args:
        job: as it ended.
        status: of the system; None where the caller may not see it.
        generation_time: seconds from the request to the file.
        output_path: of the film.
        notices: what was told beside the job's own notices.
    """
    film, stages = job.film, _stage_seconds(job)
    rendered = stages.get("render", 0.0)
    return {
        "job_id": identifier(job),
        "state": _STATES[job.state],
        "generation_time": generation_time,
        "output_path": output_path,
        "film": {
            "duration_seconds": film.duration_seconds,
            "frames": film.frames,
            "fps": film.frame_rate,
            "width": film.width_pixels,
            "height": film.height_pixels,
            "size_bytes": film.size_bytes,
            "sha256": film.sha256,
        },
        "request": MessageToDict(job.spec, preserving_proto_field_name=True),
        "stage_seconds": stages,
        "dominant_stage": max(stages, key=lambda name: stages[name]) if stages else None,
        "segments": job.progress.segments_total,
        "frames_per_second": film.frames / rendered if rendered else None,
        "seconds_per_film_second": _ratio(generation_time, film.duration_seconds),
        "notices": [*notices, *(notice.message for notice in job.notices)],
        "system_stats": system_stats(status, [job]),
    }


def system_stats(
    status: system_service_pb2.GetSystemStatusResponse | None, jobs: Sequence[job_pb2.Job]
) -> dict[str, Any]:
    """Return how the system is, and how long the segments of these jobs took to render.

    `average_processing_time` is in seconds, from the first of a job's segments to its last over
    their number: a gateway does not tell which worker had which, so all workers have the same. It
    is None where nothing was rendered.
    """
    if status is None:
        return {"worker_stats": {}}
    segments = sum(job.progress.segments_total for job in jobs)
    seconds = sum(_stage_seconds(job).get("render", 0.0) for job in jobs)
    return {
        "worker_stats": {
            worker.name: {
                "average_processing_time": _ratio(seconds, segments),
                "state": worker.state,
                "device": worker.device,
                "restarts": worker.restarts,
                "problem": worker.problem,
            }
            for worker in status.workers
        },
        "services": {
            service.name: {"serving": service.serving, "message": service.message}
            for service in status.services
        },
        "running_jobs": status.running_jobs,
        "queued_jobs": status.queued_jobs,
        "alarms": list(status.alarms),
    }


def write_statistics(found: Mapping[str, Any], folder: Path) -> Path:
    """Write statistics as `detailed_stats_<id>.json` into a folder.

    Raises:
        OSError: it cannot be written.
    """
    path = folder / f"detailed_stats_{found['job_id']}.json"
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return path


def _stage_seconds(job: job_pb2.Job) -> dict[str, float]:
    return {_STAGES[time.stage]: time.seconds for time in job.stage_times if time.stage in _STAGES}


def _ratio(one: float, other: float) -> float | None:
    return one / other if other else None
