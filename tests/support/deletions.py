"""Deleting through the API, and looking for what is left."""

import asyncio
from pathlib import Path

from gateway_world import (
    Running,
    failure,
    rows,
)
from s2v.api.gateway.v1 import asset_service_pb2, job_pb2, job_service_pb2
from s2v.core.errors import Reason
from s2v.testing.fakes_stages import artifact_of

TABLES = ("jobs", "job_history", "script_pieces", "job_artifacts", "job_reels")
DBOS_TABLES = ("workflow_status", "operation_outputs")
MADE = ("film", "clip-0", "state-0", "a", "bb")


async def delete(server: Running, name: str) -> None:
    await server.jobs.DeleteJob(job_service_pb2.DeleteJobRequest(name=name))


async def delete_asset(server: Running, name: str) -> None:
    await server.assets.DeleteAsset(asset_service_pb2.DeleteAssetRequest(name=name))


async def get(server: Running, name: str) -> job_pb2.Job:
    return (await server.jobs.GetJob(job_service_pb2.GetJobRequest(name=name))).job


async def names(server: Running) -> set[str]:
    listed = await server.jobs.ListJobs(job_service_pb2.ListJobsRequest())
    return {job.name for job in listed.jobs}


async def not_found(call: object) -> bool:
    return (await failure(call)).reason is Reason.JOB_NOT_FOUND


async def gone(server: Running, name: str) -> None:
    """Wait until the job's last row is gone."""
    while rows(server, "jobs", "job_id", name.removeprefix("jobs/")):
        await asyncio.to_thread(lambda: None)


async def nothing_is_left(server: Running, folder: Path, name: str) -> None:
    """Look for the job wherever anything of it could be."""
    job_id = name.removeprefix("jobs/")
    assert await not_found(get(server, name))
    assert await not_found(server.watch(name))
    assert await not_found(delete(server, name))
    assert await not_found(server.jobs.CancelJob(job_service_pb2.CancelJobRequest(name=name)))
    assert name not in await names(server)
    found = {table: rows(server, table, "job_id", job_id) for table in (*TABLES, "assets")}
    found |= {table: rows(server, table, "workflow_uuid", job_id) for table in DBOS_TABLES}
    assert not any(found.values()), found
    assert not list((folder / "gateway" / "media").glob(f"*{job_id}*"))


def no_bytes_are_left(server: Running, *made: str) -> None:
    store = server.gateway.store
    there = [text for text in made or MADE if store.stat(artifact_of(text, "").sha256)]
    assert not there


async def at_work(server: Running) -> str:
    (held,) = server.stages._hold
    job = await server.create(text="a bb")
    await server.stages.called(held)
    return job.name


async def ended(server: Running) -> str:
    job = await server.create(text="a bb")
    await server.finished(job.name)
    return job.name


async def cancelled(server: Running) -> str:
    name = await at_work(server)
    await server.jobs.CancelJob(job_service_pb2.CancelJobRequest(name=name))
    assert (await server.finished(name)).state == job_pb2.JOB_STATE_CANCELLED
    return name
