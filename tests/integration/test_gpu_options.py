"""How many GPUs `s2v serve` has its services use, and how many for one film."""

import pytest

from s2v.core.errors import InvalidInput
from s2v_cli.gpus import gpu_settings


@pytest.fixture(autouse=True)
def eight_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s2v.compat.planning.gpus", lambda: [{}] * 8)


@pytest.mark.parametrize(
    ("gpus", "parallel", "together", "told"),
    [
        (4, None, False, ("4", "1")),
        (4, None, True, ("1", "4")),
        (4, 2, False, ("2", "2")),
        (4, 2, True, ("2", "2")),
        (None, 4, False, ("2", "4")),
        (None, 8, True, ("1", "8")),
        (9, None, False, ("8", "1")),
        (7, 2, False, ("3", "2")),
    ],
)
def test_so_many_gpus_are_workers_of_so_many(
    gpus: int | None, parallel: int | None, together: bool, told: tuple[str, str]
) -> None:
    notices: list[str] = []
    settings = gpu_settings(gpus, parallel, together=together, tell=notices.append)

    assert (settings["S2V_RENDER_WORKERS"], settings["S2V_RENDER_RANKS"]) == told
    assert len(notices) == (gpus in (7, 9))


def test_more_for_one_film_than_there_are_are_refused() -> None:
    with pytest.raises(InvalidInput, match="5 GPUs are to make a film together, and 4 can") as told:
        gpu_settings(4, 5, together=False, tell=print)
    assert told.value.field == "--parallel"


@pytest.mark.parametrize(("gpus", "parallel"), [(2, None), (None, 2), (2, 2)])
def test_where_there_are_none_it_is_told(
    gpus: int | None, parallel: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("s2v.compat.planning.gpus", list)
    notices: list[str] = []

    assert gpu_settings(gpus, parallel, together=True, tell=notices.append) == {}
    assert notices == ["note: this machine has no GPUs; --gpus and --parallel are left out"]
