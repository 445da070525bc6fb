"""An API of videos in the shape that OpenAI's had, and others have kept."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from s2v.api.gateway.v1 import asset_service_pb2, job_pb2, job_service_pb2
from s2v.client.calling import Terms, ask_async
from s2v.core.errors import InvalidInput, NotFound, Reason
from s2v_gateway.web.calling import Link, terms_of
from s2v_gateway.web.errors import reason_of
from s2v_gateway.web.files import asset_of, sent
from s2v_gateway.web.films import OPTIONS, film_of, id_of, job_name, job_of, ordered
from s2v_gateway.web.forms import form_of

_PREFIX = "video_"
_FILE_ID = ("input_reference[file_id]", "input_reference_id")
_TEXTS = OPTIONS | {"prompt", "text", "model", "size", "seconds", *_FILE_ID}
_FILES = frozenset({"input_reference", "audio"})
_SIZE = re.compile(r"(\d{2,5})x(\d{2,5})")
_PAGE, _DEFAULT_LIMIT, _MOST = 200, 20, 100
_STATUS = {
    job_pb2.JOB_STATE_QUEUED: "queued",
    job_pb2.JOB_STATE_RUNNING: "in_progress",
    job_pb2.JOB_STATE_CANCELLING: "in_progress",
    job_pb2.JOB_STATE_SUCCEEDED: "completed",
}

Variant = Callable[[Link, Terms, job_pb2.Job], Awaitable[asset_service_pb2.Asset]]


def _beside(field: str) -> Variant:
    """Return how to find an asset that a field of Film names."""

    async def find(link: Link, terms: Terms, job: job_pb2.Job) -> asset_service_pb2.Asset:
        await film_of(link, terms, job)
        name = getattr(job.film, field)
        if not name:
            raise NotFound(
                Reason.ASSET_NOT_FOUND,
                f"{job.name} was made without such pictures; ask for them in the spec's finish",
                field="variant",
            )
        return await asset_of(link, terms, name)

    return find


_VARIANTS: dict[str, Variant] = {
    "video": film_of,
    "thumbnail": _beside("thumbnail_asset"),
    "spritesheet": _beside("sprites_asset"),
}
"""What can be had of a video, and how: here new ones go."""


def video_routes(link: Link) -> list[Route]:
    """Return the routes below /v1/videos."""
    one = "/v1/videos/{id}"
    return [
        Route("/v1/videos", partial(_create, link), methods=["POST"]),
        Route("/v1/videos", partial(_list, link), methods=["GET"]),
        Route(one, partial(_get, link), methods=["GET"]),
        Route(one, partial(_delete, link), methods=["DELETE"]),
        Route(f"{one}/content", partial(_content, link), methods=["GET"]),
    ]


async def _create(link: Link, request: Request) -> Response:
    terms = terms_of(request)
    async with form_of(request, link, texts=_TEXTS, files=_FILES) as form:
        texts = form.texts
        prompt, text = texts.get("prompt", "").strip(), texts.get("text", "").strip()
        if not prompt and not text and "audio" not in form.files:
            raise InvalidInput(Reason.TEXT_EMPTY, "send what to say as `prompt`", field="prompt")
        if not text and "audio" not in form.files:
            prompt, text = "", prompt
        job = await ordered(
            link,
            terms,
            form,
            text=text,
            prompt=prompt,
            options=_options(texts),
            finish={"thumbnail_seconds": 0, "sprites": True},
            reference=_asset(next((texts[name] for name in _FILE_ID if name in texts), "")),
        )
    return JSONResponse(_told(job))


async def _get(link: Link, request: Request) -> Response:
    job = await job_of(link, terms_of(request), request.path_params["id"], _PREFIX)
    return JSONResponse(_told(job))


async def _list(link: Link, request: Request) -> Response:
    terms = terms_of(request)
    after, limit, ascending = _wanted(request)
    found: list[job_pb2.Job] = []
    async with aclosing(_jobs(link, terms)) as jobs:
        ordered_jobs = _reversed(jobs) if ascending else jobs
        async for job in ordered_jobs:
            if not after:
                found.append(job)
            elif job.name == after:
                after = ""
            if len(found) > limit:
                break
    if after:
        raise NotFound(Reason.JOB_NOT_FOUND, f"there is no video {after!r}", field="after")
    page = [_told(job) for job in found[:limit]]
    return JSONResponse(
        {
            "object": "list",
            "data": page,
            "first_id": page[0]["id"] if page else None,
            "last_id": page[-1]["id"] if page else None,
            "has_more": len(found) > limit,
        }
    )


async def _delete(link: Link, request: Request) -> Response:
    video = request.path_params["id"]
    asked = job_service_pb2.DeleteJobRequest(name=job_name(video, _PREFIX))
    await ask_async(link.stubs.jobs.DeleteJob, asked, terms_of(request))
    return JSONResponse({"id": video, "object": "video.deleted", "deleted": True})


async def _content(link: Link, request: Request) -> Response:
    terms = terms_of(request)
    variant = request.query_params.get("variant", "video")
    if variant not in _VARIANTS:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"variant {variant!r} is none of {', '.join(_VARIANTS)}",
            field="variant",
        )
    job = await job_of(link, terms, request.path_params["id"], _PREFIX)
    asset = await _VARIANTS[variant](link, terms, job)
    return await sent(link, request, terms, asset, name=id_of(job, _PREFIX))


async def _jobs(link: Link, terms: Terms) -> AsyncGenerator[job_pb2.Job]:
    """Yield the caller's jobs, the newest first."""
    asked = job_service_pb2.ListJobsRequest(page_size=_PAGE)
    while True:
        page = await ask_async(link.stubs.jobs.ListJobs, asked, terms)
        for job in page.jobs:
            yield job
        asked.page_token = page.next_page_token
        if not asked.page_token:
            return


async def _reversed(jobs: AsyncGenerator[job_pb2.Job]) -> AsyncGenerator[job_pb2.Job]:
    for job in reversed([job async for job in jobs]):
        yield job


def _wanted(request: Request) -> tuple[str, int, bool]:
    """Return after which job, at most how many, and whether the oldest come first."""
    query = request.query_params
    after = query.get("after", "")
    limit = query.get("limit", str(_DEFAULT_LIMIT))
    order = query.get("order", "desc")
    if not (limit.isdecimal() and 1 <= int(limit[:9]) <= _MOST):
        raise InvalidInput(
            Reason.FIELD_INVALID, f"limit {limit!r} is not within 1 to {_MOST}", field="limit"
        )
    if order not in ("asc", "desc"):
        raise InvalidInput(
            Reason.FIELD_INVALID, f"order {order!r} is neither asc nor desc", field="order"
        )
    return job_name(after, _PREFIX) if after else "", int(limit), order == "asc"


def _options(texts: dict[str, str]) -> dict[str, str]:
    """Return the options of a job, under the names that the contract has for them."""
    options = {name: texts[name] for name in OPTIONS if name in texts}
    if model := texts.get("model", ""):
        options["engine"] = model
    if size := texts.get("size", ""):
        match = _SIZE.fullmatch(size)
        if match is None:
            raise InvalidInput(
                Reason.FIELD_INVALID, f"size {size!r} is not like 720x1280", field="size"
            )
        options["width_pixels"], options["height_pixels"] = match.groups()
    return options


def _asset(name: str) -> str:
    """Return the name of the asset that a client means by its name or by its id alone."""
    return name if not name or name.startswith("assets/") else f"assets/{name}"


def _told(job: job_pb2.Job) -> dict[str, object]:
    """Spell a job as a video."""
    spec, film = job.spec, job.film
    rate = spec.frame_rate or 25
    seconds = film.duration_seconds or job.progress.frames_total / rate
    width = film.width_pixels or spec.width_pixels
    height = film.height_pixels or spec.height_pixels
    done = job.state == job_pb2.JOB_STATE_SUCCEEDED
    return {
        "id": id_of(job, _PREFIX),
        "object": "video",
        "model": spec.engine.removeprefix("engines/"),
        "status": _STATUS.get(job.state, "failed"),
        "progress": 100 if done else int(job.progress.fraction * 100),
        "created_at": job.create_time.seconds,
        "completed_at": job.end_time.seconds if job.HasField("end_time") else None,
        "expires_at": job.expire_time.seconds if job.HasField("expire_time") else None,
        "seconds": f"{seconds:g}",
        "size": f"{width}x{height}",
        "prompt": spec.prompt or spec.script.text or spec.script.transcript,
        "remixed_from_video_id": None,
        "error": _error(job),
    }


def _error(job: job_pb2.Job) -> dict[str, str] | None:
    if not job.HasField("error"):
        return None
    code = reason_of(job.error).lower() or "internal"
    return {"code": code, "message": job.error.message}
