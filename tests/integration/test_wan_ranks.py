"""Several ranks make the forward and the film that one makes, and none outlives another in vain."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `wan` is not installed")

from s2v.core.errors import ShardLostError
from s2v_render.engines.wan.sharding.exchange import Arrival
from s2v_render.engines.wan.sharding.ranks import ALONE
from s2v_render.engines.wan.sharding.sequence import SeveralRanks
from wan_ranks import (
    HEADS,
    HERE,
    PICTURES,
    coded,
    coded_alone,
    filmed,
    predicted,
    shared,
    together,
)

CASES = list(json.loads((HERE / "cases.json").read_text()))
PORTRAIT = Path("libs/s2v/samples/portrait.jpg").absolute()
TOLERANCE = 1e-5
BLOCKS = 4


@pytest.fixture(scope="module", params=[(2, False), (4, False), (4, True)], ids=str)
def asked(request: pytest.FixtureRequest) -> Any:
    """How many ranks there are, and whether they are guided."""
    return request.param


@pytest.fixture(scope="module")
def made(asked: tuple[int, bool], tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """What each of them makes."""
    ranks, guided = asked
    return together(ranks, tmp_path_factory.mktemp("ranks"), shared, guided, CASES)


def test_ranks_predict_what_one_predicts(asked: tuple[int, bool], made: list[Any]) -> None:
    wanted = predicted(ALONE, CASES)

    ranks, guided = asked
    own_heads = HEADS // (ranks // 2 if guided else ranks)
    for each, _ in made:
        for name in CASES:
            assert np.abs(each[name] - wanted[name]).max() < TOLERANCE
        # Four exchanges for each half of the heads of each block, or for its only one, and one
        # gather at the end.
        assert each["collectives"] == {
            "batch_isend_irecv": (4 if own_heads == 1 else 8) * BLOCKS,
            "all_gather": 1,
        }
    assert wanted["collectives"] == {}


def test_ranks_code_the_picture_that_one_codes(asked: tuple[int, bool], made: list[Any]) -> None:
    _, guided = asked
    wanted = coded(ALONE.strips, PICTURES[guided])

    for _, painted in made:
        for pictures in painted:
            for picture, whole in zip(pictures, wanted, strict=True):
                assert np.abs(picture - whole).max() < TOLERANCE
    # Three of four unguided ranks coded it again.
    assert [len(painted) for _, painted in made] == (
        [2, 2, 2, 1] if asked == (4, False) else [1] * len(made)
    )


@pytest.mark.parametrize(("ranks", "guidance"), [(2, 3.0), (4, 3.0), (3, 1.0)])
def test_ranks_make_the_film_that_one_makes(tmp_path: Path, ranks: int, guidance: float) -> None:
    frames, latents = filmed(None, PORTRAIT, guidance)

    made = together(ranks, tmp_path, filmed, PORTRAIT, guidance)

    assert made[2:] == [None] if ranks == 3 else None not in made
    for each in filter(None, made):
        assert np.abs(each[1] - latents).max() < TOLERANCE
        assert np.abs(each[0].astype(int) - frames).max() <= 1


def test_a_rank_notices_that_another_was_killed(tmp_path: Path) -> None:
    left, killed = together(2, tmp_path, filmed, PORTRAIT, 3.0, True)

    assert killed is None
    assert isinstance(left, ShardLostError)


def test_a_rank_notices_that_a_strip_will_not_come(tmp_path: Path) -> None:
    left, killed = together(2, tmp_path, coded_alone)

    assert killed is None
    assert isinstance(left, ShardLostError)


@pytest.mark.parametrize("tokens", [8, 301, 302, 303])
def test_what_comes_needs_as_much_room_as_what_goes_back(tokens: int) -> None:
    sizes: list[float] = []

    class Asked:
        """Takes down how much room the largest rank needs, and sends nothing."""

        def arrival(self, like: Any, shape_of: Any, exchanges: int = 1) -> Arrival:
            largest = max(torch.Size(shape_of(rank)).numel() for rank in range(4))
            sizes.extend([largest / exchanges] * exchanges)
            return Arrival(like.new_zeros(shape_of(1)))

        def begin(self, *_: Any) -> Any:
            return lambda: None

    group = SimpleNamespace(size=lambda: 4, rank=lambda: 1)
    ranks = SeveralRanks(group, Asked())
    own = torch.zeros(2, len(ranks.share(tokens)), 8, 4)
    gathered = ranks.attended(lambda query, *_: query, *(ranks.sent(own, tokens) for _ in "qkv"))

    assert gathered.shape == own.shape
    assert len(sizes) == 8
    assert len(set(sizes)) == 1
