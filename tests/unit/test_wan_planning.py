"""Every frame of a film is made once, at its time, however the film is cut into takes."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2v.core.errors import InvalidInput, Reason
from s2v.core.sampling import Between, Sampling, Solver
from s2v.core.timebase import FRAME_RATES
from s2v_render.engines.wan.planning import (
    LEAST_WINDOW_FRAMES,
    MODEL_FPS,
    OPENING_CUT_FRAMES,
    PlannedWindow,
    frames_made_before,
    plan_windows,
    showing,
    shown_frame,
)
from s2v_render.engines.wan.presets import (
    LEAST_AREA_PIXELS,
    PRESET_NAMES,
    Recipe,
    offered_presets,
    recipe_for,
)
from s2v_render.engines.wan.settings import LoraChoice

ALL = offered_presets([LoraChoice("distilled.safetensors", presets=("draft",))])
rates = st.sampled_from(FRAME_RATES)
takes = st.lists(st.integers(1, 400), min_size=1, max_size=12)
whole = st.sampled_from([4, 16, 48, 80])
cuts = st.sampled_from([0, OPENING_CUT_FRAMES])


def chosen(name: str, sampling: Sampling) -> Recipe:
    return recipe_for(name, sampling, ALL)


def planned(
    lengths: list[int], rate: int, *, window: int, cut: int, even: bool = True
) -> list[list[PlannedWindow]]:
    """Return the windows of each take of a film, as the engine plans them one after the other."""
    found, first, index = [], 0, 0
    for length in lengths:
        windows = plan_windows(
            frames_made_before(first, rate),
            frames_made_before(first + length, rate),
            window_frames=window,
            cut_frames=cut if first == 0 else 0,
            first_index=index,
            even=even,
        )
        first, index = first + length, index + len(windows)
        found.append(list(windows))
    return found


@given(takes, rates, whole, cuts, st.booleans())
def test_every_model_frame_is_kept_once_and_in_order(
    lengths: list[int], rate: int, window: int, cut: int, even: bool
) -> None:
    found = planned(lengths, rate, window=window, cut=cut, even=even)
    kept = [frame for windows in found for one in windows for frame in one.kept]
    assert kept == list(range(shown_frame(sum(lengths) - 1, rate) + 1))


@given(takes, rates, whole, cuts, st.booleans())
def test_windows_hold_whole_latents_and_only_a_takes_last_drops_any(
    lengths: list[int], rate: int, window: int, cut: int, even: bool
) -> None:
    found = planned(lengths, rate, window=window, cut=cut, even=even)
    assert [one.index for windows in found for one in windows] == list(range(sum(map(len, found))))
    for one in (one for windows in found for one in windows):
        assert one.sampled_frames % 4 == 0
        assert 0 < one.sampled_frames <= window
        assert 0 <= one.dropped_frames < one.sampled_frames
    for windows in found:
        assert all(not one.dropped_frames for one in windows[:-1])
        assert even or all(one.sampled_frames == window for one in windows)
        for one, after in pairwise(windows):
            assert one.first_frame + one.sampled_frames == after.first_frame


@given(takes, rates, whole, cuts)
def test_every_take_has_exactly_as_many_film_frames_as_it_lasts(
    lengths: list[int], rate: int, window: int, cut: int
) -> None:
    first = 0
    for length, windows in zip(
        lengths, planned(lengths, rate, window=window, cut=cut), strict=True
    ):
        made = frames_made_before(first, rate)
        ranges = [range(made - 1, made), *(one.kept for one in windows)]
        shown = [
            frame
            for kept in ranges
            for frame in kept
            for _ in showing(frame, first_frame=first, frames=length, frame_rate=rate)
        ]
        assert shown == [shown_frame(first + index, rate) for index in range(length)]
        first += length


@given(st.integers(0, 10_000_000), rates)
def test_a_frame_never_shows_the_future_nor_a_moment_longer_ago_than_one_model_frame(
    film_frame: int, rate: int
) -> None:
    late = film_frame * MODEL_FPS - shown_frame(film_frame, rate) * rate
    assert 0 <= late < rate


@given(takes, rates)
def test_cutting_a_film_changes_neither_how_many_frames_are_made_nor_when(
    lengths: list[int], rate: int
) -> None:
    cut = planned(lengths, rate, window=80, cut=3)
    uncut = planned([sum(lengths)], rate, window=80, cut=3)
    frames = [[f for ws in film for one in ws for f in one.kept] for film in (cut, uncut)]
    assert frames[0] == frames[1]


@given(takes, rates, whole, cuts)
def test_the_windows_of_a_take_are_few_and_about_equally_long(
    lengths: list[int], rate: int, window: int, cut: int
) -> None:
    for windows in planned(lengths, rate, window=window, cut=cut):
        sampled = [one.sampled_frames for one in windows]
        assert sampled == sorted(sampled, reverse=True)
        if sampled:
            needed = sum(sampled) - windows[-1].dropped_frames
            assert sampled[0] - sampled[-1] <= 4
            assert len(sampled) == -(-needed // window)


def test_no_window_of_thousands_of_takes_is_short() -> None:
    """Speech of every length at every rate, in films of ten segments."""
    drawn = np.random.default_rng(0)
    lengths: Counter[int] = Counter()
    for _ in range(1_200):
        rate = int(drawn.choice(FRAME_RATES))
        seconds = np.exp(drawn.uniform(np.log(0.1), np.log(30), size=10))
        film = planned([max(1, round(s * rate)) for s in seconds], rate, window=80, cut=3)
        for windows in film:
            lengths.update(one.sampled_frames for one in windows)
            needed = sum(len(one.kept) + one.cut_frames for one in windows)
            dropped = sum(one.dropped_frames for one in windows)
            assert dropped < 4 or needed + dropped == LEAST_WINDOW_FRAMES
            if needed >= LEAST_WINDOW_FRAMES:
                assert all(len(one.kept) + one.cut_frames > 28 for one in windows)
    assert sum(lengths.values()) > 12_000
    assert set(lengths) == set(range(LEAST_WINDOW_FRAMES, 81, 4))


def test_five_seconds_open_with_three_frames_that_are_not_kept() -> None:
    first, last = plan_windows(0, 80, window_frames=80, cut_frames=3)
    assert (first.first_frame, first.sampled_frames, first.kept) == (-3, 44, range(41))
    assert (last.first_frame, last.sampled_frames, last.kept) == (41, 40, range(41, 80))
    assert last.dropped_frames == 1


def test_a_take_too_short_for_a_window_is_sampled_beyond_its_end() -> None:
    (only,) = plan_windows(10, 15, window_frames=80)
    assert (only.sampled_frames, only.kept, only.dropped_frames) == (32, range(10, 15), 27)


def test_the_official_plan_does_not_shorten_the_last_window() -> None:
    windows = plan_windows(0, 80, window_frames=80, cut_frames=3, even=False)
    assert [one.sampled_frames for one in windows] == [80, 80]
    assert windows[-1].kept == range(77, 80)


def test_nothing_is_made_where_nothing_is_needed() -> None:
    assert plan_windows(5, 5, window_frames=80, cut_frames=3) == ()


@pytest.mark.parametrize(
    ("name", "steps", "guidance", "area"),
    [
        ("", 15, 3.0, LEAST_AREA_PIXELS),
        ("medium", 15, 3.0, LEAST_AREA_PIXELS),
        ("low", 8, 2.0, LEAST_AREA_PIXELS),
        ("high", 25, 4.0, 1280 * 720),
        ("ultra", 40, 4.5, 1280 * 720),
        ("draft", 4, 1.0, LEAST_AREA_PIXELS),
        ("official", 40, 4.5, 1280 * 720),
    ],
)
def test_presets_mean_what_was_promised(name: str, steps: int, guidance: float, area: int) -> None:
    recipe = chosen(name, Sampling())
    assert (recipe.steps, recipe.guidance, recipe.shift) == (steps, guidance, 3.0)
    assert recipe.shown.max_area_pixels == area
    assert recipe.official == (name == "official")
    assert recipe.between is (Between.REPEAT if name == "official" else Between.MOTION)


@pytest.mark.parametrize("name", PRESET_NAMES)
def test_a_request_overrides_every_number_of_a_preset(name: str) -> None:
    wanted = Sampling(
        steps=7,
        guidance=0.0,
        shift=5.0,
        solver=Solver.EULER,
        first_frame_from_reference=True,
        window_frames=48,
        between=Between.REPEAT,
    )
    recipe = chosen(name, wanted)
    assert (recipe.steps, recipe.guidance, recipe.shift) == (7, 0.0, 5.0)
    assert recipe.solver is Solver.EULER
    assert recipe.first_frame_from_reference
    assert recipe.opening_cut_frames == 0
    assert (recipe.window_frames, recipe.between) == (48, Between.REPEAT)
    assert recipe.shown.name == name


def test_only_the_official_pictures_are_ahead_of_their_sound() -> None:
    assert chosen("official", Sampling()).sound_lead_frames == OPENING_CUT_FRAMES
    assert chosen("high", Sampling()).sound_lead_frames == 0


def test_an_unknown_preset_is_refused_by_name() -> None:
    with pytest.raises(InvalidInput, match="no preset 'best'; there are: medium, draft") as found:
        chosen("best", Sampling())
    assert (found.value.reason, found.value.field) == (Reason.PRESET_UNKNOWN, "spec.preset")


def test_a_preset_of_few_steps_is_offered_only_with_a_lora_that_is_named_for_it() -> None:
    style = LoraChoice("style.safetensors")
    presets = offered_presets([style])
    assert "draft" not in [preset.name for preset in presets.offered]
    assert presets.offered[0].name == "medium"
    wanted = "no preset 'draft'; there are: medium, .*; draft needs a LoRA that was taught 4 steps"
    with pytest.raises(InvalidInput, match=wanted) as found:
        recipe_for("draft", Sampling(), presets)
    assert (found.value.reason, found.value.field) == (Reason.PRESET_UNKNOWN, "spec.preset")
    assert "S2V_RENDER_WAN_LORA" in found.value.message
    assert recipe_for("draft", Sampling(), ALL).solver is Solver.EULER


@given(st.integers(0, 10_000_000), rates)
def test_a_film_frame_lies_between_the_model_frame_that_it_shows_and_the_next(
    film_frame: int, rate: int
) -> None:
    model_frame = shown_frame(film_frame, rate)
    (share,) = showing(model_frame, first_frame=film_frame, frames=1, frame_rate=rate)
    assert 0 <= share < 1
    assert (model_frame + share) / MODEL_FPS == pytest.approx(film_frame / rate, abs=1e-9)
