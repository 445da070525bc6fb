"""Bytes that are no message, and calls that send nothing, are the caller's fault: nobody else's."""

import grpc
import pytest

from installations import Installation
from methods import BESIDE, SERVICES
from s2v.rpc.channel import connect_sync
from s2v.rpc.errors import from_rpc_error

SECONDS = 30.0


@pytest.mark.parametrize("service", SERVICES)
def test_bytes_that_are_no_message_are_refused_by_every_method(
    installation: Installation, service: str
) -> None:
    after = installation.log_bytes
    with connect_sync(installation.address_of(service)) as channel:
        for method in [*SERVICES[service], *BESIDE]:
            error = method.outcome(channel, [b"\xff\xff\xff"], timeout_seconds=SECONDS)
            assert error is not None
            assert error.code() is grpc.StatusCode.INVALID_ARGUMENT, method
            assert method.request.full_name in error.details()
            assert from_rpc_error(error).reason == "FIELD_INVALID"
    assert installation.complaints(after=after) == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_call_without_the_message_that_it_takes_is_refused(
    installation: Installation, service: str
) -> None:
    with connect_sync(installation.address_of(service)) as channel:
        for method in [*SERVICES[service], *BESIDE]:
            if method.takes_stream:
                continue
            error = method.outcome(channel, [], timeout_seconds=SECONDS)
            assert error is not None
            assert error.code() is grpc.StatusCode.INVALID_ARGUMENT, method
            assert from_rpc_error(error).reason == "FIELD_INVALID"
