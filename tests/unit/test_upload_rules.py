"""What a client may declare of an upload, and what it is told otherwise."""

import pytest

from s2v.core.errors import Exhausted, InvalidInput, Reason, S2VError
from s2v_gateway.assets.upload_rules import (
    check_digest,
    checked_declaration,
    checked_digest,
    checked_request_id,
)
from s2v_gateway.records.uploads import Declaration

DIGEST = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
OTHER = "0" * 64


def declared(media_type: str = "image/jpeg", total_bytes: int = 3, sha256: str = "") -> Declaration:
    return checked_declaration(media_type, total_bytes, sha256, max_bytes=10)


@pytest.mark.parametrize("media_type", ["image/jpeg", "Image/JPEG", "image/jpeg; charset=binary"])
def test_a_media_type_is_taken_however_it_is_spelt(media_type: str) -> None:
    assert declared(media_type).media_type == "image/jpeg"


@pytest.mark.parametrize("media_type", ["", "image/svg+xml", "text/plain", "application/pdf"])
def test_other_media_types_are_refused_with_those_that_are_not(media_type: str) -> None:
    with pytest.raises(InvalidInput, match="image/png") as raised:
        declared(media_type)

    assert raised.value.reason == Reason.MEDIA_TYPE_UNSUPPORTED
    assert raised.value.field == "media_type"


@pytest.mark.parametrize("total_bytes", [0, -1])
def test_an_upload_has_at_least_one_byte(total_bytes: int) -> None:
    with pytest.raises(InvalidInput) as raised:
        declared(total_bytes=total_bytes)

    assert (raised.value.reason, raised.value.field) == (Reason.FIELD_INVALID, "total_bytes")


def test_an_upload_has_at_most_the_limit() -> None:
    assert declared(total_bytes=10).total_bytes == 10
    with pytest.raises(Exhausted, match="11 bytes are more than the 10") as raised:
        declared(total_bytes=11)

    assert (raised.value.reason, raised.value.field) == (Reason.UPLOAD_TOO_LARGE, "total_bytes")
    assert raised.value.metadata == {"limit_bytes": "10"}


def test_a_digest_may_be_missing_and_may_be_in_capitals() -> None:
    assert checked_digest("") == ""
    assert checked_digest(DIGEST.upper()) == DIGEST


@pytest.mark.parametrize("sha256", ["abc", "g" * 64, DIGEST + "0"])
def test_a_digest_has_64_hex_digits(sha256: str) -> None:
    with pytest.raises(InvalidInput, match="64 hexadecimal digits") as raised:
        declared(sha256=sha256)

    assert (raised.value.reason, raised.value.field) == (Reason.FIELD_INVALID, "sha256")


def test_a_request_id_may_be_missing_and_has_at_most_100_characters() -> None:
    assert checked_request_id("") == ""
    assert checked_request_id("a" * 100) == "a" * 100


@pytest.mark.parametrize("request_id", ["a" * 101, "nul\0", "line\n"])
def test_a_request_id_is_short_and_printable(request_id: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        checked_request_id(request_id)

    assert (raised.value.reason, raised.value.field) == (Reason.FIELD_INVALID, "request_id")


@pytest.mark.parametrize("expected", [(DIGEST, ""), ("", DIGEST), (DIGEST, DIGEST)])
def test_one_right_digest_is_enough(expected: tuple[str, str]) -> None:
    check_digest(DIGEST, *expected)


@pytest.mark.parametrize(
    ("expected", "reason"),
    [
        (("", ""), Reason.FIELD_INVALID),
        ((OTHER, ""), Reason.DIGEST_MISMATCH),
        ((DIGEST, OTHER), Reason.DIGEST_MISMATCH),
    ],
)
def test_no_digest_and_a_wrong_one_are_refused(expected: tuple[str, str], reason: Reason) -> None:
    with pytest.raises(S2VError) as raised:
        check_digest(DIGEST, *expected)

    assert (raised.value.reason, raised.value.field) == (reason, "sha256")
