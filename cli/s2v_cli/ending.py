"""What to say and which exit code to give when a job has ended."""

import typer

from s2v.api.gateway.v1 import job_pb2
from s2v.rpc.convert import measurement_from_proto
from s2v.rpc.errors import from_status
from s2v_cli.failing import FAILED, INTERRUPTED, explained, say
from s2v_cli.lips import summary
from s2v_cli.showing import ACTIVITIES


def require_film(job: job_pb2.Job) -> job_pb2.Film:
    """Return the film of a job that has one.

    Raises:
        typer.Exit: it failed, was cancelled or has not ended; the user was told.
    """
    if job.state == job_pb2.JOB_STATE_SUCCEEDED:
        return job.film
    if job.state == job_pb2.JOB_STATE_CANCELLED:
        say(f"{job.name} was cancelled")
        raise typer.Exit(INTERRUPTED)
    if job.state == job_pb2.JOB_STATE_FAILED:
        say(f"Error: {job.name} failed: {explained(from_status(job.error))}")
        raise typer.Exit(FAILED)
    say(f"Error: {job.name} has no film yet; see how far it is with `s2v watch {job.name}`")
    raise typer.Exit(FAILED)


def film_facts(film: job_pb2.Film) -> str:
    """Spell a film's length and format for people."""
    return (
        f"{film.duration_seconds:.2f} s, {film.width_pixels}x{film.height_pixels}, "
        f"{film.frame_rate} frames/s, {film.size_bytes / 1e6:.1f} MB"
    )


def stage_times(job: job_pb2.Job) -> list[str]:
    """Spell how long each stage was at work."""
    return [f"{ACTIVITIES[time.stage]} {time.seconds:.1f} s" for time in job.stage_times]


def lip_sync_facts(stats: job_pb2.FilmStats) -> list[str]:
    """Spell how well the lips of a film fit its sound, as far as that was measured."""
    if stats.HasField("lip_sync"):
        return summary(measurement_from_proto(stats.lip_sync)).splitlines()
    if stats.state == job_pb2.STATS_STATE_NOT_MEASURED and stats.reason:
        return [f"the lips were not measured: {stats.reason}"]
    return []
