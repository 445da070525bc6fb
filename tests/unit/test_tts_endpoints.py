import pytest

from s2v.core.errors import NotReady, Reason, Unavailable
from s2v_tts.backends.http.endpoints import Endpoint, in_turn
from s2v_tts.backends.http.voices_file import SpeechServer

AWAY = Unavailable(Reason.SERVICE_UNAVAILABLE, "It does not answer.")
REFUSED = NotReady(Reason.VOICE_UNUSABLE, "It refuses our key.")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def endpoint(name: str = "one", group: str = "", clock: Clock | None = None) -> Endpoint:
    server = SpeechServer(name=name, url="http://127.0.0.1:1", group=group)
    return Endpoint(server, failures=2, rest_seconds=10.0, clock=clock or Clock())


def end(endpoint: Endpoint, error: Exception | None = None) -> str:
    """Return how a call ended."""
    try:
        with endpoint.call():
            if error:
                raise error
    except (NotReady, Unavailable) as raised:
        return raised.message
    return ""


def test_a_server_rests_after_failures_in_a_row_and_is_then_tried_by_one() -> None:
    clock = Clock()
    one = endpoint(clock=clock)
    assert end(one, AWAY) == end(one, AWAY) == AWAY.message
    assert "2 times in a row" in end(one)
    assert AWAY.message in end(one)

    clock.now = 11.0
    with one.call():
        assert "not asked" in end(one)
    assert end(one) == ""


def test_a_trial_that_fails_lets_it_rest_again() -> None:
    clock = Clock()
    one = endpoint(clock=clock)
    for _ in range(2):
        end(one, AWAY)
    clock.now = 11.0
    assert end(one, AWAY) == AWAY.message
    clock.now = 20.0
    assert "not asked for another 1 seconds" in end(one)
    clock.now = 22.0
    assert end(one) == ""


def test_a_trial_that_is_left_is_not_the_last_one() -> None:
    clock = Clock()
    one = endpoint(clock=clock)
    for _ in range(2):
        end(one, AWAY)
    clock.now = 11.0
    with pytest.raises(GeneratorExit), one.call():
        raise GeneratorExit
    assert one.calls == 0
    clock.now = 22.0
    assert end(one) == ""


def test_failures_count_only_in_a_row_and_refusals_not_at_all() -> None:
    one = endpoint()
    for error in (AWAY, None, AWAY, REFUSED, REFUSED, REFUSED, None, AWAY):
        end(one, error)
    assert end(one) == ""


def test_a_group_is_served_by_its_own_server_first_and_then_by_the_idlest() -> None:
    busy, own, idle = endpoint("busy", "gpu0"), endpoint("own", "gpu1"), endpoint("idle", "gpu2")
    with busy.call(), own.call(), own.call():
        assert in_turn([busy, own, idle], "gpu1") == [own, idle, busy]
        assert in_turn([busy, own, idle], "") == [idle, busy, own]
        assert in_turn([busy, own, idle], "gpu7") == [idle, busy, own]
