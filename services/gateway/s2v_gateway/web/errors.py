"""The one map between our errors and HTTP: codes, headers, and google.rpc.Status as JSON."""

import grpc
from google.protobuf import json_format
from google.rpc import code_pb2, error_details_pb2, status_pb2
from starlette.responses import JSONResponse, Response

from s2v.core.errors import Reason
from s2v.rpc.errors import from_rpc_error, to_status

Json = dict[str, object]

# As google/rpc/code.proto says, but for reasons that HTTP knows better.
_CODES = {
    code_pb2.CANCELLED: 499,
    code_pb2.UNKNOWN: 500,
    code_pb2.INVALID_ARGUMENT: 400,
    code_pb2.DEADLINE_EXCEEDED: 504,
    code_pb2.NOT_FOUND: 404,
    code_pb2.ALREADY_EXISTS: 409,
    code_pb2.PERMISSION_DENIED: 403,
    code_pb2.UNAUTHENTICATED: 401,
    code_pb2.RESOURCE_EXHAUSTED: 429,
    code_pb2.FAILED_PRECONDITION: 400,
    code_pb2.ABORTED: 409,
    code_pb2.OUT_OF_RANGE: 400,
    code_pb2.UNIMPLEMENTED: 501,
    code_pb2.INTERNAL: 500,
    code_pb2.UNAVAILABLE: 503,
    code_pb2.DATA_LOSS: 500,
}
_BY_REASON = {
    Reason.UPLOAD_TOO_LARGE: 413,
    Reason.STORAGE_FULL: 507,
    Reason.ASSET_IN_USE: 409,
}


def status_of(error: BaseException) -> status_pb2.Status:
    """Spell what went wrong as a status; a failed call keeps the one that it was answered with."""
    known = from_rpc_error(error) if isinstance(error, grpc.RpcError) else error
    status: status_pb2.Status = to_status(known)  # type: ignore[arg-type]
    return status


def http_code(status: status_pb2.Status) -> int:
    """Return the HTTP status code for a status."""
    if status.code == code_pb2.DEADLINE_EXCEEDED and field_of(status) == "body":
        return 408
    return _BY_REASON.get(reason_of(status), 0) or _CODES.get(status.code, 500)  # type: ignore[call-overload]


def reason_of(status: status_pb2.Status) -> str:
    """Return the reason for programs; empty where there is none."""
    info = error_details_pb2.ErrorInfo()
    for detail in status.details:
        if detail.Unpack(info):
            return str(info.reason)
    return ""


def field_of(status: status_pb2.Status) -> str:
    """Return the field to blame; empty where there is none."""
    request = error_details_pb2.BadRequest()
    for detail in status.details:
        if detail.Unpack(request):
            return str(request.field_violations[0].field)
    return ""


def status_json(status: status_pb2.Status) -> Json:
    """Spell a status as JSON."""
    spelt: Json = json_format.MessageToDict(status)
    return spelt


def status_response(
    status: status_pb2.Status, body: Json | None = None, *, code: int = 0
) -> Response:
    """Return the answer for a status; `body` in place of its own JSON."""
    code = code or http_code(status)
    headers = {}
    retry = error_details_pb2.RetryInfo()
    if any(detail.Unpack(retry) for detail in status.details):
        headers["retry-after"] = str(max(1, retry.retry_delay.seconds))
    if code == 408:
        headers["connection"] = "close"  # what is still to come belongs to this request
    if code == 401:
        headers["www-authenticate"] = "Bearer"
    return JSONResponse(body or status_json(status), code, headers)
