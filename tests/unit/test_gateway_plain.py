"""What DBOS keeps comes back as it was, and as data."""

import json

import pytest

from s2v.core.errors import InvalidInput, Reason, S2VError
from s2v_gateway.jobs.plain import PlainSerializer, Recorded


@pytest.mark.parametrize(
    "value", [None, "an outcome", {"args": ["01J"], "kwargs": {}}, [1, 2.5, True]]
)
def test_values_come_back_as_they_were(value: object) -> None:
    kept = PlainSerializer().serialize(value)
    assert json.loads(kept) == value
    assert PlainSerializer().deserialize(kept) == value


def test_errors_of_ours_come_back_with_all_that_they_tell() -> None:
    error = InvalidInput(
        Reason.TEXT_EMPTY, "no words", field="spec.script.text", metadata={"limit": "1"}
    )
    back = PlainSerializer().deserialize(PlainSerializer().serialize(error))
    assert isinstance(back, S2VError)
    assert (type(back), back.reason, back.message) == (InvalidInput, error.reason, "no words")
    assert (back.field, back.metadata) == (error.field, error.metadata)


def test_other_errors_come_back_as_their_text() -> None:
    back = PlainSerializer().deserialize(PlainSerializer().serialize(KeyError("x")))
    assert isinstance(back, Recorded)
    assert str(back) == "KeyError: 'x'"


def test_what_is_no_data_is_refused() -> None:
    with pytest.raises(TypeError):
        PlainSerializer().serialize(object())
