"""Errors fit into what gRPC carries, and come back from whatever a server or a proxy made."""

import base64

import grpc
import pytest
from google.protobuf import any_pb2, duration_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2

from s2v.core.errors import Exhausted, Internal, InvalidInput, Reason, Unavailable
from s2v.rpc.errors import from_rpc_error, from_status, to_status

METADATA_BYTES = 8192


class Failed(grpc.RpcError):
    """A call that failed the way it is told."""

    def __init__(self, code: object, details: object, metadata: object) -> None:
        self.code = lambda: code
        self.details = lambda: details
        self.trailing_metadata = lambda: metadata


def wire_bytes(status: status_pb2.Status) -> int:
    spelt = sum(3 if byte >= 0x80 else 1 for byte in status.message.encode())
    return spelt + len(base64.b64encode(status.SerializeToString()))


def packed(message: object) -> any_pb2.Any:
    detail = any_pb2.Any()
    detail.Pack(message)
    return detail


def ours(code: int = code_pb2.INVALID_ARGUMENT, **retry: int) -> status_pb2.Status:
    info = error_details_pb2.ErrorInfo(reason="TEXT_EMPTY", domain="s2v")
    status = status_pb2.Status(code=code, message="say something", details=[packed(info)])
    if retry:
        delay = duration_pb2.Duration(**retry)
        status.details.append(packed(error_details_pb2.RetryInfo(retry_delay=delay)))
    return status


@pytest.mark.parametrize("text", ["😀" * 800, "é" * 5_000, "x" * 20_000, "😀" * 225, "%" * 3_000])
def test_a_status_always_fits_into_the_metadata_of_a_call(text: str) -> None:
    error = InvalidInput(
        Reason.FIELD_INVALID,
        text,
        field=f"spec.{text}",
        metadata={"one": text, "two": text, "three": text, text: "four", "five": text, "six": text},
    )
    status = to_status(error)
    assert wire_bytes(status) < METADATA_BYTES - 500
    back = from_status(status)
    assert text.startswith(back.message.removesuffix("…"))
    assert len(back.message.encode()) > 890


def test_a_short_message_is_not_touched() -> None:
    error = InvalidInput(Reason.FIELD_INVALID, "ß" * 450, metadata={"limit": "7"})
    assert vars(from_status(to_status(error))) == vars(error)


def test_a_message_that_is_no_text_is_sent_as_far_as_it_is() -> None:
    assert to_status(InvalidInput(Reason.FIELD_INVALID, "a\udc80b")).message == "a?b"


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (grpc.RpcError("nothing is known"), Unavailable),
        (Failed(None, None, None), Unavailable),
        (Failed(grpc.StatusCode.NOT_FOUND, None, None), Internal),
        (Failed(grpc.StatusCode.INTERNAL, "reset", ()), Unavailable),
        (
            Failed(grpc.StatusCode.NOT_FOUND, "a", (("grpc-status-details-bin", b"\xff\xff"),)),
            Internal,
        ),
        (Failed(grpc.StatusCode.NOT_FOUND, "a", (("grpc-status-details-bin", "text"),)), Internal),
    ],
)
def test_no_failure_of_a_call_is_too_odd(failure: grpc.RpcError, kind: type[Exception]) -> None:
    assert type(from_rpc_error(failure)) is kind


def test_details_count_although_the_text_beside_them_was_cut() -> None:
    metadata = (("grpc-status-details-bin", ours().SerializeToString()),)
    error = from_rpc_error(Failed(grpc.StatusCode.INVALID_ARGUMENT, "say so…", metadata))
    assert (type(error), error.reason) == (InvalidInput, Reason.TEXT_EMPTY)
    assert error.message == "say something"


def test_details_of_another_code_do_not_count() -> None:
    metadata = (("grpc-status-details-bin", ours().SerializeToString()),)
    error = from_rpc_error(Failed(grpc.StatusCode.UNAVAILABLE, "a proxy said so", metadata))
    assert type(error) is Unavailable


def test_a_detail_that_cannot_be_read_counts_as_not_there() -> None:
    status = ours()
    status.details.add(type_url="type.googleapis.com/google.rpc.BadRequest", value=b"\xff\xff")
    status.details.add(type_url="type.googleapis.com/google.rpc.RetryInfo", value=b"\x0a\x7f")
    assert from_status(status).reason is Reason.TEXT_EMPTY


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [({"seconds": 2, "nanos": 500_000_000}, 2.5), ({"seconds": 2**62}, 1e9), ({"seconds": -7}, 0)],
)
def test_a_delay_out_of_range_is_brought_into_it(delay: dict[str, int], seconds: float) -> None:
    error = from_status(ours(code_pb2.RESOURCE_EXHAUSTED, **delay))
    assert isinstance(error, Exhausted)
    assert error.retry_after_seconds == seconds
