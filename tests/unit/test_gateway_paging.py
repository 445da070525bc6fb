"""Lists come in pages, whole and in order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2v.core.errors import InvalidInput, Reason
from s2v_gateway.servicers.paging import page_of, page_size


def test_a_page_has_50_entries_unless_asked_and_200_at_most() -> None:
    assert page_size(0) == 50
    assert page_size(1) == 1
    assert page_size(200) == 200


@pytest.mark.parametrize("asked", [-1, 201, 2**31 - 1])
def test_other_sizes_are_refused_with_those_that_are_not(asked: int) -> None:
    with pytest.raises(InvalidInput, match="1 to 200") as raised:
        page_size(asked)

    assert (raised.value.reason, raised.value.field) == (Reason.FIELD_INVALID, "page_size")


@given(st.integers(0, 30), st.integers(1, 12))
def test_pages_hold_every_entry_once_and_in_order(entries: int, size: int) -> None:
    names = [f"voices/{number}" for number in range(entries)]
    seen: list[int] = []
    token = ""
    for _ in range(entries + 1):
        page, token = page_of(range(entries), names, size=size, token=token)
        seen += page
        if not token:
            break
        assert len(page) == size

    assert seen == list(range(entries))
    assert token == ""


def test_a_token_names_the_entry_that_its_page_begins_with() -> None:
    names = ["a", "b", "c"]

    assert page_of("ABC", names, size=2, token="") == ("AB", "c")
    assert page_of("ABC", names, size=2, token="c") == ("C", "")
    assert page_of("ABC", names, size=0, token="b") == ("BC", "")


@pytest.mark.parametrize("token", ["d", "A", "0", "x" * 1_000])
def test_a_token_that_names_nothing_is_refused_and_not_repeated_at_length(token: str) -> None:
    with pytest.raises(InvalidInput, match="start over") as raised:
        page_of("ABC", ["a", "b", "c"], size=2, token=token)

    assert (raised.value.reason, raised.value.field) == (Reason.FIELD_INVALID, "page_token")
    assert len(raised.value.message) < 200


def test_a_wrong_size_is_refused_whatever_the_token() -> None:
    with pytest.raises(InvalidInput) as raised:
        page_of("ABC", ["a", "b", "c"], size=-1, token="b")

    assert raised.value.field == "page_size"
