"""The HTTP API of the founding document: tasks that are submitted, asked after and downloaded."""

from functools import partial

from grpc_health.v1 import health_pb2, health_pb2_grpc
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from s2v.api.gateway.v1 import job_pb2, job_service_pb2, system_service_pb2
from s2v.client.calling import Terms, ask_async
from s2v.core.errors import InvalidInput, NotFound, PermissionDenied, Reason, S2VError
from s2v_gateway.web.calling import Link, terms_of
from s2v_gateway.web.files import sent
from s2v_gateway.web.films import OPTIONS, film_of, id_of, job_of, ordered
from s2v_gateway.web.forms import form_of

_PREFIX = "task_"
_TEXTS = OPTIONS | {"text", "prompt"}
_FILES = frozenset({"video", "image", "audio"})
_TEXT_SHOWN = 50
_PAGE = 200
_STATES = {
    job_pb2.JOB_STATE_QUEUED: "queued",
    job_pb2.JOB_STATE_RUNNING: "processing",
    job_pb2.JOB_STATE_CANCELLING: "processing",
    job_pb2.JOB_STATE_SUCCEEDED: "completed",
    job_pb2.JOB_STATE_FAILED: "failed",
    job_pb2.JOB_STATE_CANCELLED: "failed",
}
_ENDPOINTS = {
    "generate": "POST /api/generate",
    "status": "GET /api/status/{task_id}",
    "queue": "GET /api/queue",
    "download": "GET /api/download/{task_id}",
    "info": "GET /api/info",
    "health": "GET /api/health",
}


def task_routes(link: Link) -> list[Route]:
    """Return the routes below /api."""
    return [
        Route("/api/generate", partial(_generate, link), methods=["POST"]),
        Route("/api/status/{id}", partial(_status, link), methods=["GET"]),
        Route("/api/queue", partial(_queue, link), methods=["GET"]),
        Route("/api/download/{id}", partial(_download, link), methods=["GET"]),
        Route("/api/info", partial(_info, link), methods=["GET"]),
        Route("/api/health", partial(_health, link), methods=["GET"]),
    ]


async def _generate(link: Link, request: Request) -> Response:
    terms = terms_of(request)
    async with form_of(request, link, texts=_TEXTS, files=_FILES) as form:
        text = form.texts.get("text", "").strip()
        if not text and "audio" not in form.files:
            raise InvalidInput(Reason.TEXT_EMPTY, "send what to say as `text`", field="text")
        prompt = form.texts.get("prompt", "")
        job = await ordered(link, terms, form, text=text, prompt=prompt, options=form.texts)
    task = id_of(job, _PREFIX)
    status_url = f"/api/status/{task}"
    return JSONResponse(
        {
            "success": True,
            "task_id": task,
            "message": "Task submitted successfully",
            "status_url": status_url,
        },
        202,
        {"location": status_url},
    )


async def _status(link: Link, request: Request) -> Response:
    terms = terms_of(request)
    try:
        job = await job_of(link, terms, request.path_params["id"], _PREFIX)
    except NotFound as error:
        return JSONResponse({"status": "not_found", "error": error.message}, 404)
    position = job.waiting.position if job.HasField("waiting") else None
    return JSONResponse({**_told(job), "queue_position": position})


async def _queue(link: Link, request: Request) -> Response:
    terms = terms_of(request)
    system = await _system(link, terms)
    queued = await _queued(link, terms)
    return JSONResponse(
        {
            "gpus": {
                worker.name.removeprefix("worker-"): _gpu(worker) for worker in _workers(system)
            },
            "queue": [
                {
                    "task_id": id_of(job, _PREFIX),
                    "queued_time": job.create_time.ToJsonString(),
                    "text": job.spec.script.text[:_TEXT_SHOWN],
                }
                for job in queued
            ],
            "queue_size": system.queued_jobs if system else len(queued),
        }
    )


async def _download(link: Link, request: Request) -> Response:
    terms = terms_of(request)
    job = await job_of(link, terms, request.path_params["id"], _PREFIX)
    film = await film_of(link, terms, job)
    return await sent(link, request, terms, film, name=id_of(job, _PREFIX))


async def _info(link: Link, request: Request) -> Response:
    terms = terms_of(request)
    info = system_service_pb2.GetServerInfoRequest()
    told = await ask_async(link.stubs.system.GetServerInfo, info, terms)
    system = await _system(link, terms)
    _, port = request.scope["server"] or ("", None)
    return JSONResponse(
        {
            "service": "S2V",
            "version": told.version,
            "port": port,
            "gpus": len(_workers(system)),
            "endpoints": _ENDPOINTS,
        }
    )


async def _health(link: Link, request: Request) -> Response:
    asked = health_pb2.HealthCheckRequest()
    try:
        check = health_pb2_grpc.HealthStub(link.channel).Check
        answer = await ask_async(check, asked, Terms(patience_seconds=0, timeout_seconds=5))
        serving = answer.status == health_pb2.HealthCheckResponse.SERVING
    except S2VError:
        serving = False
    return JSONResponse({"status": "healthy" if serving else "unhealthy"}, 200 if serving else 503)


async def _system(link: Link, terms: Terms) -> system_service_pb2.GetSystemStatusResponse | None:
    """Return how the server is; None to callers who may not know, as they are no admins."""
    asked = system_service_pb2.GetSystemStatusRequest()
    try:
        return await ask_async(link.stubs.system.GetSystemStatus, asked, terms)
    except PermissionDenied:
        return None


def _workers(
    system: system_service_pb2.GetSystemStatusResponse | None,
) -> list[system_service_pb2.WorkerStatus]:
    return list(system.workers) if system else []


async def _queued(link: Link, terms: Terms) -> list[job_pb2.Job]:
    """Return the caller's jobs that wait, the oldest first."""
    found: list[job_pb2.Job] = []
    asked = job_service_pb2.ListJobsRequest(page_size=_PAGE, states=[job_pb2.JOB_STATE_QUEUED])
    while True:
        page = await ask_async(link.stubs.jobs.ListJobs, asked, terms)
        found += page.jobs
        asked.page_token = page.next_page_token
        if not asked.page_token:
            return found[::-1]


def _told(job: job_pb2.Job) -> dict[str, object]:
    """Spell a job as the founding document has it; what is not known is null."""
    seconds = {time.stage: time.seconds for time in job.stage_times}
    progress = job.progress
    spoken = 0 < progress.segments_total == progress.segments_spoken
    done = job.state == job_pb2.JOB_STATE_SUCCEEDED
    took = job.end_time.ToNanoseconds() - job.start_time.ToNanoseconds()
    download = f"/api/download/{id_of(job, _PREFIX)}"
    return {
        "task_id": id_of(job, _PREFIX),
        "status": _STATES.get(job.state, "processing"),
        "progress": 100 if done else int(progress.fraction * 100),
        "gpu_id": None,
        "timing": {
            "tts_time": seconds.get(job_pb2.STAGE_SPEAK) if spoken or done else None,
            "video_time": seconds.get(job_pb2.STAGE_RENDER) if done else None,
            "total_time": took / 1e9 if done else None,
        },
        "start_time": job.start_time.ToJsonString() if job.HasField("start_time") else None,
        "completed_time": job.end_time.ToJsonString() if job.HasField("end_time") else None,
        "error": job.error.message or None,
        "result": download if done else None,
        "input_text": job.spec.script.text or job.spec.script.transcript,
    }


def _gpu(worker: system_service_pb2.WorkerStatus) -> dict[str, object]:
    return {
        "busy": worker.state == "busy",
        "current_task": None,
        "memory_used": None,
        "gpu_utilization": None,
        "state": worker.state,
        "device": worker.device,
    }
