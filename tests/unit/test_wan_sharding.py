"""Who has which part of a take, and how a share of a sequence falls into frames."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2v_render.engines.wan.sharding.cutting import pieces, shares, within
from s2v_render.engines.wan.sharding.layout import Division, layout_for


@pytest.mark.parametrize(
    ("ranks", "guided", "layout"),
    [
        (1, True, Division(1, 1)),
        (2, False, Division(1, 2)),
        (2, True, Division(2, 1)),
        (3, False, Division(1, 2)),
        (3, True, Division(2, 1)),
        (4, True, Division(2, 2)),
        (5, True, Division(1, 5)),
        (8, False, Division(1, 8)),
        (8, True, Division(2, 4)),
    ],
)
def test_as_many_ranks_as_divide_the_heads_have_a_part(
    ranks: int, guided: bool, layout: Division
) -> None:
    assert layout_for(ranks, heads=40, guided=guided) == layout


def test_every_rank_is_in_one_group_that_shares_and_one_that_exchanges() -> None:
    layout = Division(2, 3)

    assert [list(layout.sharing(branch)) for branch in range(2)] == [[0, 1, 2], [3, 4, 5]]
    assert [list(layout.exchanging(place)) for place in range(3)] == [[0, 3], [1, 4], [2, 5]]
    assert [layout.branch(rank) for rank in range(6)] == [0, 0, 0, 1, 1, 1]


@given(tokens=st.integers(0, 500), ranks=st.integers(1, 16))
def test_shares_follow_each_other_and_are_about_equal(tokens: int, ranks: int) -> None:
    found = shares(tokens, ranks)

    assert [token for share in found for token in share] == list(range(tokens))
    assert max(map(len, found)) - min(map(len, found)) <= 1


@given(
    frames=st.integers(1, 20),
    frame_tokens=st.integers(1, 12),
    beyond=st.integers(0, 60),
    ranks=st.integers(1, 9),
)
def test_pieces_hold_every_token_once_beside_its_frame(
    frames: int, frame_tokens: int, beyond: int, ranks: int
) -> None:
    tokens = frames * frame_tokens
    seen: list[tuple[int, int]] = []
    for share in shares(tokens + beyond, ranks):
        noise = within(share, tokens)
        for piece in pieces(noise, frame_tokens):
            heard = range(noise.start + piece.tokens.start, noise.start + piece.tokens.stop)
            listening = range(piece.frames.start, piece.frames.stop)
            assert len(heard) % len(listening) == 0
            each = len(heard) // len(listening)
            seen += [(token, listening[place // each]) for place, token in enumerate(heard)]
        assert len(pieces(noise, frame_tokens)) <= 3
    assert seen == [(token, token // frame_tokens) for token in range(tokens)]
