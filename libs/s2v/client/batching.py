"""Several jobs at once: what to send in each call, and what came of it."""

import uuid
from collections.abc import Iterator, Sequence

from s2v.api.gateway.v1 import job_pb2, job_service_pb2
from s2v.core.errors import S2VError
from s2v.rpc.errors import from_status

Outcome = job_pb2.Job | S2VError
"""A job as it was accepted, or why there is none."""

_MOST_JOBS = 100
_MOST_BYTES = 1 << 20
_WRAPPING_BYTES = 16


def batches(
    specs: Sequence[job_pb2.JobSpec], request_ids: Sequence[str]
) -> Iterator[job_service_pb2.BatchCreateJobsRequest]:
    """Yield requests that are safe to repeat, each no larger than a gateway takes.

    Raises:
        ValueError: there are request ids, but not one for each spec.
    """
    ids = request_ids or [str(uuid.uuid4()) for _ in specs]
    batch = job_service_pb2.BatchCreateJobsRequest()
    size_bytes = 0
    for spec, request_id in zip(specs, ids, strict=True):
        request = job_service_pb2.CreateJobRequest(request_id=request_id, spec=spec)
        more_bytes = request.ByteSize() + _WRAPPING_BYTES
        is_full = len(batch.requests) == _MOST_JOBS or size_bytes + more_bytes > _MOST_BYTES
        if batch.requests and is_full:
            yield batch
            batch, size_bytes = job_service_pb2.BatchCreateJobsRequest(), 0
        batch.requests.append(request)
        size_bytes += more_bytes
    if batch.requests:
        yield batch


def outcomes(response: job_service_pb2.BatchCreateJobsResponse) -> list[Outcome]:
    """Return what came of each request."""
    return [
        result.job if result.HasField("job") else from_status(result.error)
        for result in response.results
    ]


def retrial(job: str, request_id: str) -> job_service_pb2.RetryJobRequest:
    """Return the request for a job to be made again, which is safe to repeat."""
    return job_service_pb2.RetryJobRequest(name=job, request_id=request_id or str(uuid.uuid4()))
