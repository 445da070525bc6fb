"""The one map between our errors and gRPC statuses."""

import math
from typing import NoReturn

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from s2v.core import errors
from s2v.core.errors import Reason, S2VError

DOMAIN = "s2v"
# A status travels in metadata, of which gRPC takes 16 KiB, and carries the message three times.
_MAX_MESSAGE_CHARACTERS = 800

_CODES: dict[type[S2VError], grpc.StatusCode] = {
    errors.InvalidInput: grpc.StatusCode.INVALID_ARGUMENT,
    errors.NotFound: grpc.StatusCode.NOT_FOUND,
    errors.Conflict: grpc.StatusCode.ALREADY_EXISTS,
    errors.NotReady: grpc.StatusCode.FAILED_PRECONDITION,
    errors.OutOfRange: grpc.StatusCode.OUT_OF_RANGE,
    errors.Exhausted: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.Unavailable: grpc.StatusCode.UNAVAILABLE,
    errors.Aborted: grpc.StatusCode.ABORTED,
    errors.Corrupt: grpc.StatusCode.DATA_LOSS,
    errors.Cancelled: grpc.StatusCode.CANCELLED,
    errors.DeadlineExceeded: grpc.StatusCode.DEADLINE_EXCEEDED,
    errors.Internal: grpc.StatusCode.INTERNAL,
}
_KINDS = {code.value[0]: kind for kind, code in _CODES.items()}
# How a call ends when the server dies under it or shuts down: our servers put an ErrorInfo into
# every status, so these codes without one were made by the transport.
_LOST = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN,
}


def to_status(error: S2VError) -> status_pb2.Status:
    """Spell an error as a google.rpc.Status with ErrorInfo and what else applies."""
    message = error.message
    if len(message) > _MAX_MESSAGE_CHARACTERS:
        message = f"{message[:_MAX_MESSAGE_CHARACTERS]}…"
    status = status_pb2.Status(code=_CODES[type(error)].value[0], message=message)
    info = error_details_pb2.ErrorInfo(
        reason=error.reason.value, domain=DOMAIN, metadata=error.metadata
    )
    status.details.append(_packed(info))
    if error.field:
        violation = error_details_pb2.BadRequest.FieldViolation(
            field=error.field, description=message, reason=error.reason.value
        )
        status.details.append(_packed(error_details_pb2.BadRequest(field_violations=[violation])))
    if error.retry_after_seconds is not None:
        fraction, whole = math.modf(error.retry_after_seconds)
        delay = duration_pb2.Duration(seconds=int(whole), nanos=int(fraction * 1e9))
        status.details.append(_packed(error_details_pb2.RetryInfo(retry_delay=delay)))
    return status


def from_status(status: status_pb2.Status) -> S2VError:
    """Read our error back from a status; a status that is not ours becomes Internal."""
    info = error_details_pb2.ErrorInfo()
    bad_request = error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    for detail in status.details:
        for message in (info, bad_request, retry):
            if detail.Is(message.DESCRIPTOR):
                detail.Unpack(message)
    if info.domain != DOMAIN or status.code not in _KINDS:
        return errors.Internal(Reason.INTERNAL, status.message)
    violations = bad_request.field_violations
    return _KINDS[status.code](
        Reason(info.reason) if info.reason in set(Reason) else Reason.INTERNAL,
        status.message,
        field=violations[0].field if violations else "",
        metadata=dict(info.metadata),
        retry_after_seconds=retry.retry_delay.ToTimedelta().total_seconds()
        if retry.HasField("retry_delay")
        else None,
    )


def status_bytes(error: S2VError) -> bytes:
    """Serialize an error for a database."""
    data: bytes = to_status(error).SerializeToString(deterministic=True)
    return data


def status_from_bytes(data: bytes) -> S2VError:
    """Read back what `status_bytes` made."""
    return from_status(status_pb2.Status.FromString(data))


def from_rpc_error(error: grpc.RpcError) -> S2VError:
    """Turn the failure of a call into our error, whether the server was ours or never answered."""
    status = rpc_status.from_call(error)
    if status is not None:
        return from_status(status)
    code: grpc.StatusCode = error.code()
    details = f"the call ended with {code.name}: {error.details() or 'no details'}"
    if code in _LOST:
        return errors.Unavailable(Reason.SERVICE_UNAVAILABLE, details, retry_after_seconds=1.0)
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return errors.DeadlineExceeded(Reason.DEADLINE_EXCEEDED, details)
    return errors.Internal(Reason.INTERNAL, details)


async def abort(context: "grpc.aio.ServicerContext[object, object]", error: S2VError) -> NoReturn:
    """End the call with an error."""
    await context.abort_with_status(rpc_status.to_status(to_status(error)))
    raise AssertionError("abort_with_status returned")


def _packed(message: object) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)  # type: ignore[arg-type]
    return packed
