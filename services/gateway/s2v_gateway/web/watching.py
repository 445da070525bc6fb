"""A job's life as server-sent events, and its film while it is made."""

from collections.abc import AsyncGenerator, Iterable
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from s2v.api.gateway.v1 import job_pb2, job_service_pb2
from s2v.client.calling import Terms, our_errors
from s2v.core.errors import NotFound, Reason, Unavailable
from s2v_gateway.web.bindings import bindings_of
from s2v_gateway.web.calling import Link, terms_of
from s2v_gateway.web.reading import fill, merged
from s2v_gateway.web.rpcs import watched
from s2v_gateway.web.streams import Streamed, resume_token, stream_route

_MEDIA = {"offset": "media_offset"}
_WATCH = job_service_pb2.DESCRIPTOR.services_by_name["JobService"].methods_by_name["WatchJob"]


def watching_routes(link: Link) -> list[Route]:
    """Return the routes of jobs that are watched."""
    job = "/v1/jobs/{id}"
    return [
        stream_route(f"{job}/events", partial(_events, link), methods=["GET"]),
        stream_route(f"{job}/media", partial(_media, link), methods=["GET"]),
    ]


async def _events(link: Link, request: Request) -> Response:
    token = resume_token(request)
    if token is None:
        return Response(status_code=204)
    asked = _asked(request, request.query_params.multi_items())
    asked.resume_token = token or asked.resume_token
    return await watched(link, _WATCH, asked, request, terms_of(request), as_sse=True)


async def _media(link: Link, request: Request) -> Response:
    given = [(_MEDIA.get(name, name), value) for name, value in request.query_params.items()]
    asked = _asked(request, [*given, ("with_media", "true")])
    film = _film(link, asked, terms_of(request))
    try:
        media_type, first = await anext(film)
    except StopAsyncIteration:
        raise NotFound(
            Reason.MEDIA_NOT_FOUND,
            f"{asked.name} has ended, and from {asked.media_offset} bytes on no media was made",
            field="offset",
        ) from None
    return Streamed(_joined(first, film), media_type=media_type or "video/mp4")


def _asked(request: Request, query: Iterable[tuple[str, str]]) -> job_service_pb2.WatchJobRequest:
    [binding] = bindings_of(_WATCH)
    kind = job_service_pb2.WatchJobRequest
    parameters = {"p0": request.path_params["id"]}
    return fill(kind, merged(kind, binding, parameters=parameters, query=query, body={}))


async def _film(
    link: Link, asked: job_service_pb2.WatchJobRequest, terms: Terms
) -> AsyncGenerator[tuple[str, bytes]]:
    """Yield the media as it comes, with its type where that is told.

    Raises:
        Unavailable: it ended before the film did, so that nobody takes a part for the whole.
    """
    call = link.stubs.jobs.WatchJob(asked, metadata=terms.metadata)
    ended = job_pb2.JOB_STATE_UNSPECIFIED
    try:
        with our_errors():
            async for response in call:
                if response.HasField("media"):
                    yield response.media.media_type, response.media.data
                ended = response.finished.state or ended
    finally:
        call.cancel()
    if ended != job_pb2.JOB_STATE_SUCCEEDED:
        raise Unavailable(
            Reason.SERVICE_UNAVAILABLE,
            f"{asked.name} ended as {job_pb2.JobState.Name(ended)}, and its film with it",
        )


async def _joined(first: bytes, rest: AsyncGenerator[tuple[str, bytes]]) -> AsyncGenerator[bytes]:
    try:
        yield first
        async for _, data in rest:
            yield data
    finally:
        await rest.aclose()
