"""Lines that Ray has torn are put together again."""

from typing import Any

import pytest

from s2v_render.workers.whole_lines import WholeLines

EVENT = '{"event": "take begins", "samples": 120000}'
OTHER = '{"event": "take ends"}'


def told(*batches: list[str], pids: tuple[int, ...] = (1, 1, 1, 1)) -> list[str]:
    """Return the lines that are given on."""
    given: list[dict[str, Any]] = []
    lines = WholeLines(given.append)  # type: ignore[arg-type]
    for pid, batch in zip(pids, batches, strict=False):
        lines({"ip": "127.0.0.1", "pid": pid, "is_err": True, "lines": batch})
    assert all(batch["lines"] for batch in given)
    return [line for batch in given for line in batch["lines"]]


@pytest.mark.parametrize("cut", range(1, len(EVENT)))
def test_two_pieces_are_one_line(cut: int) -> None:
    first, rest = EVENT[:cut], EVENT[cut:]
    assert told([first, rest, OTHER]) == [EVENT, OTHER]
    assert told([OTHER, first], [rest, OTHER]) == [OTHER, EVENT, OTHER]
    assert told([first], [rest[:1]], [rest[1:]])[0] == EVENT


def test_what_two_workers_write_is_kept_apart() -> None:
    first, rest = EVENT[:20], EVENT[20:]
    assert told([first], [OTHER], [rest], pids=(1, 2, 1)) == [OTHER, EVENT]


def test_a_piece_without_a_rest_does_not_take_the_next_event_along() -> None:
    assert told([EVENT[:20]], [OTHER]) == [EVENT[:20], OTHER]


@pytest.mark.parametrize("line", ["", "{'a': 1}", "Traceback (most recent call last):", "}", "[1"])
def test_what_is_no_event_goes_on_at_once(line: str) -> None:
    assert told([line], [EVENT]) == [line, EVENT]


def test_what_never_becomes_an_event_is_not_held_for_ever() -> None:
    pieces = ['{"', *["a" * 100_000] * 20]
    assert "".join(told(pieces, [OTHER])) == "".join([*pieces, OTHER])
    assert len(told(pieces)) > 1
