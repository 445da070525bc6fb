"""Which addresses are this machine's own, where no proxy shall stand in between."""

import pytest

from s2v.rpc.channel import is_on_this_machine


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1:50051", "127.8.8.8:1", "[::1]:50051", "localhost:50051", "LOCALHOST.:1"),
        *("unix:/run/s2v.sock", "unix:s2v.sock", "unix-abstract:s2v", "dns:///localhost:50051"),
        *("ipv4:127.0.0.1:50051", "ipv6:[::1]:50051", "s2v.localhost:50051", "localhost", "::1"),
        *("[::ffff:127.0.0.1]:50051", "0.0.0.0:50051", "[::]:50051"),
    ],
)
def test_loopback_and_sockets_are_on_this_machine(address: str) -> None:
    assert is_on_this_machine(address)


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.1:50051", "gateway:50051", "localhost.example.org:1", "[2001:db8::1]:50051"),
        *("dns:///gateway:50051", "ipv4:127.0.0.1:1,10.0.0.1:1", ""),
    ],
)
def test_others_are_not(address: str) -> None:
    assert not is_on_this_machine(address)
