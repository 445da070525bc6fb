"""Several ranks make the forward and the film that one makes, and none outlives another in vain."""

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `wan` is not installed")

from s2v.core.errors import ShardLostError
from s2v_render.engines.wan.sharding.ranks import ALONE
from wan_ranks import HEADS, HERE, filmed, predicted, together, velocity

CASES = list(json.loads((HERE / "cases.json").read_text()))
PORTRAIT = Path("libs/s2v/samples/portrait.jpg").absolute()
TOLERANCE = 1e-5
BLOCKS = 4


@pytest.mark.parametrize(("ranks", "guided"), [(2, False), (4, False), (4, True)])
def test_ranks_predict_what_one_predicts(tmp_path: Path, ranks: int, guided: bool) -> None:
    wanted = predicted(ALONE, CASES)

    made = together(ranks, tmp_path, velocity, guided, CASES)

    own_heads = HEADS // (ranks // 2 if guided else ranks)
    for each in made:
        for name in CASES:
            assert np.abs(each[name] - wanted[name]).max() < TOLERANCE
        # Four exchanges for each half of the heads of each block, or for its only one, and one
        # gather at the end.
        assert each["collectives"] == {
            "batch_isend_irecv": (4 if own_heads == 1 else 8) * BLOCKS,
            "all_gather": 1,
        }
    assert wanted["collectives"] == {}


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
