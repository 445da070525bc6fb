"""The one map between our errors and gRPC statuses."""

import math
from collections.abc import Mapping, Sequence
from typing import NoReturn

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from s2v.core import errors
from s2v.core.errors import Reason, S2VError

DOMAIN = "s2v"
# A status travels in metadata, of which gRPC takes 8 KiB for sure. The message goes three times,
# once with every byte beyond ASCII spelt as %XX and twice in base64; the rest once in base64.
_MAX_MESSAGE_BYTES = 900
_MAX_METADATA_BYTES = 900
_MAX_NAME_BYTES = 200
_MAX_DELAY_SECONDS = 1e9
_DETAILS_KEY = "grpc-status-details-bin"
AT_WORK_KEY, AT_WORK = "s2v-at-work", "1"
"""Sent by our servers when they begin to work on a call."""
_TOLD_TO_STOP = "Cancelling all calls"  # gRPC's own words

_Metadata = Sequence[tuple[str, str | bytes]]

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
    errors.Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    errors.PermissionDenied: grpc.StatusCode.PERMISSION_DENIED,
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
    message = _bounded(error.message, _MAX_MESSAGE_BYTES)
    status = status_pb2.Status(code=_CODES[type(error)].value[0], message=message)
    info = error_details_pb2.ErrorInfo(
        reason=error.reason.value, domain=DOMAIN, metadata=_bounded_metadata(error.metadata)
    )
    status.details.append(_packed(info))
    if error.field:
        violation = error_details_pb2.BadRequest.FieldViolation(
            field=_bounded(error.field, _MAX_NAME_BYTES),
            description=message,
            reason=error.reason.value,
        )
        status.details.append(_packed(error_details_pb2.BadRequest(field_violations=[violation])))
    if error.reason is Reason.QUOTA_EXCEEDED:
        exceeded = error_details_pb2.QuotaFailure.Violation(
            subject=f"tenants/{info.metadata['tenant']}",
            description=message,
            quota_id=info.metadata["quota"],
        )
        status.details.append(_packed(error_details_pb2.QuotaFailure(violations=[exceeded])))
    if error.retry_after_seconds is not None:
        fraction, whole = math.modf(error.retry_after_seconds)
        delay = duration_pb2.Duration(seconds=int(whole), nanos=int(fraction * 1e9))
        status.details.append(_packed(error_details_pb2.RetryInfo(retry_delay=delay)))
    return status


def from_status(status: status_pb2.Status) -> S2VError:
    """Read our error back from a status; a status that is not ours becomes Internal.

    Details that cannot be read count as not there.
    """
    info = error_details_pb2.ErrorInfo()
    bad_request = error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    for detail in status.details:
        for message in (info, bad_request, retry):
            _unpack(detail, message)
    if info.domain != DOMAIN or status.code not in _KINDS:
        return errors.Internal(Reason.INTERNAL, status.message)
    violations = bad_request.field_violations
    return _KINDS[status.code](
        Reason(info.reason) if info.reason in set(Reason) else Reason.INTERNAL,
        status.message,
        field=violations[0].field if violations else "",
        metadata=dict(info.metadata),
        retry_after_seconds=_seconds(retry.retry_delay) if retry.HasField("retry_delay") else None,
    )


def status_bytes(error: S2VError) -> bytes:
    """Serialize an error for a database."""
    data: bytes = to_status(error).SerializeToString(deterministic=True)
    return data


def status_from_bytes(data: bytes) -> S2VError:
    """Read back what `status_bytes` made."""
    return from_status(status_pb2.Status.FromString(data))


def from_rpc_error(error: grpc.RpcError) -> S2VError:
    """Turn the failure of a call into our error, whoever answered it, or nobody.

    It never raises, whatever a proxy or a foreign server made of the status.
    """
    code, text, metadata = _facts(error)
    status = _details(metadata)
    if status is not None and status.code == code.value[0]:
        return from_status(status)
    details = f"the call ended with {code.name}: {text or 'no details'}"
    if code in _LOST:
        return errors.Unavailable(Reason.SERVICE_UNAVAILABLE, details, retry_after_seconds=1.0)
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return errors.Exhausted(Reason.LIMIT_EXCEEDED, details)
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return errors.DeadlineExceeded(Reason.DEADLINE_EXCEEDED, details)
    return errors.Internal(Reason.INTERNAL, details)


def died_at_work(error: grpc.RpcError) -> bool:
    """Tell whether a call failed because its server died after it had begun to work on it.

    One that was told to stop and did not wait for the call has not died.
    """
    code, details, trailing = _facts(error)
    leading = tuple(getattr(error, "initial_metadata", lambda: None)() or ())
    return (
        code is grpc.StatusCode.UNAVAILABLE
        and details != _TOLD_TO_STOP
        and (AT_WORK_KEY, AT_WORK) in leading
        and _details(trailing) is None
    )


async def abort(context: "grpc.aio.ServicerContext[object, object]", error: S2VError) -> NoReturn:
    """End the call with an error."""
    await context.abort_with_status(rpc_status.to_status(to_status(error)))
    raise AssertionError("abort_with_status returned")


def _facts(error: grpc.RpcError) -> tuple[grpc.StatusCode, str, _Metadata]:
    """Return the code, the text and the trailing metadata of a failed call, if it has them."""
    code, details, metadata = (
        getattr(error, name, lambda: None)() for name in ("code", "details", "trailing_metadata")
    )
    if not isinstance(code, grpc.StatusCode):
        return grpc.StatusCode.UNKNOWN, str(error), ()
    return code, details or "", tuple(metadata or ())


def _details(metadata: _Metadata) -> status_pb2.Status | None:
    for key, value in metadata:
        if key == _DETAILS_KEY and isinstance(value, bytes):
            try:
                return status_pb2.Status.FromString(value)
            except DecodeError:
                return None
    return None


def _bounded(text: str, limit_bytes: int) -> str:
    """Cut a text to so many bytes of UTF-8, at the end of a character."""
    data = text.encode(errors="replace")
    if len(data) <= limit_bytes:
        return data.decode()
    return f"{data[: limit_bytes - len('…'.encode())].decode(errors='ignore')}…"


def _bounded_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """Keep as much of the metadata as there is room for; what is cut is cut with a mark."""
    kept: dict[str, str] = {}
    room = _MAX_METADATA_BYTES
    for key, value in metadata.items():
        kept[key] = _bounded(value, _MAX_NAME_BYTES)
        room -= len(key.encode()) + len(kept[key].encode())
        if room < 0:
            del kept[key]
            break
    return kept


def _unpack(detail: any_pb2.Any, message: Message) -> None:
    try:
        detail.Unpack(message)
    except DecodeError:
        message.Clear()


def _seconds(delay: duration_pb2.Duration) -> float:
    return min(max(delay.seconds + delay.nanos / 1e9, 0.0), _MAX_DELAY_SECONDS)


def _packed(message: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed
