"""Clients hear what went wrong, not where the server keeps its things."""

import pytest

from s2v.core.errors import InvalidInput, NotReady, Reason, Unavailable
from s2v_gateway.remote.discretion import discreet, without_places


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("The checkpoint lacks the file /data/wan/config.json. Fetch it.", "config.json"),
        ("There is no checkpoint folder /srv/models/wan/. Name one.", "of that name."),
        ("'/home/me/x y.safetensors' is damaged", "x"),
        ("connect: unix:/tmp/s2v-1/render.sock failed", "its address"),
        ("last error: UNKNOWN: ipv4:127.0.0.1:50053: Connection refused", "its address"),
    ],
)
def test_paths_and_addresses_do_not_reach_clients(said: str, heard: str) -> None:
    told = discreet("render", NotReady(Reason.CHECKPOINT_UNUSABLE, said)).message
    assert heard in told
    for place in ("/data", "/srv", "/home", "/tmp", "127.0.0.1"):
        assert place not in told


def test_a_service_that_is_away_is_named_and_its_address_is_not() -> None:
    error = Unavailable(
        Reason.SERVICE_UNAVAILABLE,
        "failed to connect to all addresses; last error: UNKNOWN: ipv6:%5B::1%5D:50053",
        retry_after_seconds=1.0,
    )
    told = discreet("render", error)
    assert told.message == "the render service does not answer; try again in a moment"
    assert (told.reason, told.retry_after_seconds) == (error.reason, 1.0)


@pytest.mark.parametrize(
    "text",
    ["width_pixels is 101; it must be even", "use image/jpeg or image/png", "and/or", "1/2 of 3/4"],
)
def test_what_names_no_place_stays_as_it_is(text: str) -> None:
    error = InvalidInput(Reason.FIELD_INVALID, text, field="spec.width_pixels")
    assert discreet("render", error) is error
    assert without_places(text) == text
