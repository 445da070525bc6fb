"""All routes as one application, whose every error is typed JSON."""

import grpc
from google.rpc import code_pb2, status_pb2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from s2v.core.errors import Internal, Reason, S2VError
from s2v_gateway.web.calling import Link
from s2v_gateway.web.errors import (
    Json,
    field_of,
    reason_of,
    status_json,
    status_of,
    status_response,
)
from s2v_gateway.web.files import file_routes
from s2v_gateway.web.numbers import metrics_routes
from s2v_gateway.web.page import page_routes
from s2v_gateway.web.rpcs import rpc_routes
from s2v_gateway.web.tasks import task_routes
from s2v_gateway.web.videos import video_routes
from s2v_gateway.web.watching import watching_routes

_HTTP_CODES = {404: code_pb2.NOT_FOUND, 405: code_pb2.UNIMPLEMENTED}


def application(link: Link, *, origins: tuple[str, ...] = ()) -> Starlette:
    """Return the application over a gateway; pages of the origins may read its answers."""
    cors = Middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=["accept-ranges", "content-disposition", "content-range", "etag"],
    )
    return Starlette(
        routes=[
            *task_routes(link),
            *video_routes(link),
            *watching_routes(link),
            *file_routes(link),
            *metrics_routes(link),
            *rpc_routes(link),
            *page_routes(),
        ],
        middleware=[cors] if origins else [],
        exception_handlers={
            S2VError: _failed,
            grpc.RpcError: _failed,
            HTTPException: _not_served,
            ClientDisconnect: _gone,
            Exception: _crashed,
        },
    )


async def _failed(request: Request, error: Exception) -> Response:
    status = status_of(error)
    return status_response(status, _body(request, status))


async def _not_served(request: Request, error: Exception) -> Response:
    code = getattr(error, "status_code", 500)
    message = f"{request.method} {request.url.path}: {getattr(error, 'detail', '')}"
    status = status_pb2.Status(code=_HTTP_CODES.get(code, code_pb2.UNKNOWN), message=message)
    response = status_response(status, _body(request, status), code=code)
    response.headers.update(getattr(error, "headers", None) or {})
    return response


async def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=499)


async def _crashed(request: Request, error: Exception) -> Response:
    message = "a fault of the server; its log has the details"
    status = status_of(Internal(Reason.INTERNAL, message))
    return status_response(status, _body(request, status))


def _body(request: Request, status: status_pb2.Status) -> Json:
    """Spell an error as the API expects it that was asked: all have the status, in their place."""
    path = request.url.path
    if path.startswith("/api/"):
        return {"success": False, "error": status.message, **status_json(status)}
    if path == "/v1/videos" or path.startswith("/v1/videos/"):
        return {
            "error": {
                "message": status.message,
                "type": "invalid_request_error" if field_of(status) else "api_error",
                "param": field_of(status) or None,
                "code": reason_of(status).lower() or code_pb2.Code.Name(status.code).lower(),
            }
        }
    return status_json(status)
