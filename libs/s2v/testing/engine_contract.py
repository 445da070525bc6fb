# ruff: noqa: D102 (the names of the tests are sentences)
"""What every render engine must do: subclass `EngineContract`, give it an engine and a picture."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from s2v.core.ports import (
    Capabilities,
    Continuity,
    Engine,
    Frames,
    Size,
    Sizing,
    State,
    Take,
    Working,
)
from s2v.core.script import Mark
from s2v.core.timebase import FRAME_RATES, SAMPLE_RATE, samples_per_frame

FRAMES = 21
SIZE = Size(192, 240)


class EngineContract:
    """The suite; a subclass adds the fixtures `engine` and `reference`, a picture it can use.

    It may replace `take`, such as by one of a smaller size or of fewer steps.
    """

    @pytest.fixture
    def take(self, engine: Engine, reference: Path) -> Take:
        return a_take(reference, engine.capabilities)

    def test_capabilities_make_sense(self, engine: Engine) -> None:
        found = engine.capabilities

        assert found.description
        assert found.frame_rates == tuple(sorted(set(found.frame_rates)))
        assert set(found.frame_rates) <= set(FRAME_RATES)
        assert 0 < found.min_size.width <= found.max_size.width
        assert 0 < found.min_size.height <= found.max_size.height
        sides = (found.min_size.width, found.min_size.height)
        assert all(side % 2 == 0 for side in (*sides, found.max_size.width, found.max_size.height))
        assert found.reference_media_types
        step = found.size_step_pixels
        assert step % 2 == 0
        assert all(side % step == 0 for side in sides)
        assert found.max_size.width % step == found.max_size.height % step == 0
        assert found.settle_seconds > 0
        assert found.default_frame_rate in found.frame_rates

    def test_presets_have_names_of_their_own_and_bounds(self, engine: Engine) -> None:
        found = engine.capabilities

        assert found.presets
        assert len({preset.name for preset in found.presets}) == len(found.presets)
        for preset in found.presets:
            assert preset.name
            assert preset.description
            assert 0 < preset.max_short_side <= preset.max_long_side
            assert (preset.max_area_pixels > 0) == (preset.sizing is not Sizing.FREE)
            assert 0 <= preset.crf <= 51

    def test_the_default_preset_may_be_named(self, engine: Engine, take: Take) -> None:
        named = replace(take, preset=take.preset or engine.capabilities.presets[0].name)

        assert np.array_equal(_film(engine, named), _film(engine, take))

    @pytest.mark.parametrize("frames", [1, FRAMES])
    def test_there_are_exactly_as_many_frames_as_the_speech_lasts(
        self, engine: Engine, take: Take, frames: int
    ) -> None:
        samples = frames * samples_per_frame(take.frame_rate)

        assert len(_film(engine, replace(take, pcm=take.pcm[:samples]))) == frames

    def test_every_frame_rate_works(self, engine: Engine, take: Take) -> None:
        for rate in (engine.capabilities.frame_rates[0], engine.capabilities.frame_rates[-1]):
            pcm = np.zeros(5 * samples_per_frame(rate), np.int16)

            assert len(_film(engine, replace(take, pcm=pcm, phonemes=(), frame_rate=rate))) == 5

    def test_batches_are_rgb_bytes_of_the_size_asked_for(self, engine: Engine, take: Take) -> None:
        for batch in _batches(engine, take):
            assert batch.rgb.dtype == np.uint8
            assert len(batch.rgb) > 0
            assert take.size is not None
            assert batch.rgb.shape[1:] == (take.size.height, take.size.width, 3)

    def test_without_a_size_the_picture_is_even_and_not_too_large(
        self, engine: Engine, take: Take
    ) -> None:
        _, height, width, _ = _film(engine, replace(take, size=None)).shape

        step = engine.capabilities.size_step_pixels
        assert height % step == width % step == 0
        assert height <= engine.capabilities.max_size.height
        assert width <= engine.capabilities.max_size.width

    def test_a_batch_stays_as_it_was_yielded(self, engine: Engine, take: Take) -> None:
        kept = [(batch, _digest(batch)) for batch in _batches(engine, take)]

        assert all(_digest(batch) == digest for batch, digest in kept)

    def test_equal_takes_give_equal_frames(self, engine: Engine, take: Take) -> None:
        frames = np.concatenate([batch.rgb for batch in _batches(engine, take)])

        assert np.array_equal(frames, _film(engine, take))

    def test_another_seed_gives_other_frames(self, engine: Engine, take: Take) -> None:
        assert not np.array_equal(_film(engine, take), _film(engine, replace(take, seed=8)))

    def test_notices_come_before_or_after_frames_and_a_state_last(
        self, engine: Engine, take: Take
    ) -> None:
        items = list(engine.render(take))
        items = [item for item in items if not isinstance(item, Working)]
        frames = [index for index, item in enumerate(items) if isinstance(item, Frames)]
        states = [index for index, item in enumerate(items) if isinstance(item, State)]

        assert frames == list(range(frames[0], frames[-1] + 1))
        sequential = engine.capabilities.continuity == Continuity.SEQUENTIAL
        assert states == ([len(items) - 1] if sequential else [])

    def test_a_sequential_engine_goes_on_from_its_state_alike_each_time(
        self, engine: Engine, take: Take
    ) -> None:
        if engine.capabilities.continuity is not Continuity.SEQUENTIAL:
            assert all(not isinstance(item, State) for item in engine.render(take))
            return
        *_, state = engine.render(take)
        assert isinstance(state, State)
        later = replace(take, state=state.data, first_frame=FRAMES)

        film = _film(engine, later)

        assert len(film) == FRAMES
        assert np.array_equal(film, _film(engine, later))

    def test_what_is_told_to_a_directed_engine_is_taken(self, engine: Engine, take: Take) -> None:
        if not engine.capabilities.directed:
            return
        told = replace(take, prompt="a person speaks", negative_prompt="blur")

        assert len(_film(engine, told)) == FRAMES

    def test_closing_stops_and_leaves_the_engine_usable(self, engine: Engine, take: Take) -> None:
        items = engine.render(take)
        while not isinstance(next(items), Frames):
            pass

        items.close()

        assert next(items, None) is None
        assert len(_film(engine, take)) == FRAMES


def a_take(reference: Path, capabilities: Capabilities) -> Take:
    """Return a take of FRAMES frames over a hum with a few phonemes."""
    rate = 25 if 25 in capabilities.frame_rates else capabilities.frame_rates[0]
    samples = FRAMES * samples_per_frame(rate)
    times = np.arange(samples) / SAMPLE_RATE
    pcm = (8_000 * np.sin(2 * np.pi * 180 * times)).astype(np.int16)
    length = samples // 6
    phonemes = tuple(
        Mark(label, index * length, (index + 1) * length) for index, label in enumerate("mabusi")
    )
    digest = hashlib.sha256(reference.read_bytes()).hexdigest()
    media_type = {".png": "image/png"}.get(reference.suffix, "image/jpeg")
    return Take(pcm, phonemes, reference, digest, media_type, rate, size=SIZE, seed=7)


def _batches(engine: Engine, take: Take) -> list[Frames]:
    return [item for item in engine.render(take) if isinstance(item, Frames)]


def _film(engine: Engine, take: Take) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return the frames of a take after which nothing follows: a state may take as long."""
    ended = replace(take, ends_film=True)
    return np.concatenate([batch.rgb for batch in _batches(engine, ended)])


def _digest(batch: Frames) -> bytes:
    return hashlib.sha256(batch.rgb.tobytes()).digest()
