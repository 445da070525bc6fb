"""Takes by the engine `wan`: the official films, one long take in two, sound in step."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

torch = pytest.importorskip("torch", reason="the extra `wan` is not installed")

from hypothesis import example, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from s2v.core.ports import Frames, Size, State, Take
from s2v.core.sampling import Sampling, Solver
from s2v.core.timebase import FRAME_RATES, SAMPLE_RATE, samples_per_frame
from s2v_render.engines.wan.model.config import read_config
from s2v_render.engines.wan.model.speech import FilmLevel, mono_16k
from s2v_render.engines.wan.model.text import NEGATIVE_PROMPT
from s2v_render.engines.wan.model.vae import Vae
from s2v_render.engines.wan.planning import MODEL_FPS, frames_made_before
from s2v_render.engines.wan.presets import Recipe, offered_presets, recipe_for
from s2v_render.engines.wan.takes import filming, posing
from s2v_render.engines.wan.takes.carried import read_carried
from s2v_render.engines.wan.takes.filming import filmed, plan_take
from s2v_render.engines.wan.takes.hearing import (
    CARRIED_SECONDS,
    Soundtrack,
    heard,
    level_after,
    officially_heard,
)
from s2v_render.engines.wan.takes.windows import Window
from s2v_render.engines.wan.weights.fast import fastest_vae
from s2v_render.engines.wan.weights.loading import WanModels
from wan_builders import build_transformer, build_vae

HERE = Path(__file__).parents[1] / "data/wan_s2v"
FIXTURES = Path(os.environ.get("S2V_WAN_FIXTURES", HERE))
FILMS = sorted(path.stem for path in (FIXTURES / "5_pipeline").glob("*.json"))
CPU = torch.device("cpu")
PRESETS = offered_presets(())
ONE_STEP = Sampling(steps=1, guidance=1.0)


def tensors(path: Path) -> dict[str, Any]:
    return {key: value.float() for key, value in load_file(path).items()}


class Remembered:
    """Hears what was heard before, whatever sounds."""

    def __init__(self, features_ANE: Any) -> None:
        self._features = features_ANE

    def features(self, sound: npt.NDArray[np.float32], level: FilmLevel | None = None) -> Any:
        return self._features


class Loudness:
    """Hears only how loud each thirtieth of a second is."""

    def __init__(self, layers: int = 1, width: int = 1) -> None:
        self._shape = (layers, -1, width)

    def features(self, sound: npt.NDArray[np.float32], level: FilmLevel | None = None) -> Any:
        ends = np.arange(1, len(sound) * 30 // 16_000 + 1) * 16_000 // 30
        parts = [np.abs(sound[end - 533 : end]).max() for end in ends]
        return torch.tensor(np.array(parts, np.float32)).view(1, -1, 1).expand(*self._shape)


@pytest.fixture(scope="module")
def models() -> WanModels:
    folder = FIXTURES / "1_transformer"
    config = read_config(json.loads((folder / "config.json").read_text()))
    weights = tensors(folder / "diffusion_pytorch_model.safetensors")
    vae = FIXTURES / "4_vae"
    vae_config = json.loads((vae / "config.json").read_text())
    return WanModels(
        build_transformer(weights, config),
        None,
        None,
        fastest_vae(build_vae(tensors(next(vae.glob("wan21_vae*.safetensors"))), vae_config), CPU),
        Loudness(25, config.audio_dim),
        "fixtures",
        "plainly",
    )


def run(models: WanModels, take: Take, recipe: Recipe, size: Size, rows: dict[str, Any]) -> Any:
    """Return the frames of a take and its state, which one that ends the film has none of."""
    items = list(
        filmed(
            models,
            plan_take(take, recipe, size),
            rows_of=rows.__getitem__,
            device=CPU,
            rests=True,
        )
    )
    assert isinstance(items[-1], State) is not take.ends_film
    frames = np.concatenate([item.rgb for item in items if isinstance(item, Frames)])
    return frames, None if take.ends_film else items[-1].data


@pytest.mark.parametrize("name", FILMS)
def test_the_official_preset_makes_the_official_film(
    models: WanModels, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder = FIXTURES / "5_pipeline"
    facts = json.loads((folder / f"{name}.json").read_text())
    stored = tensors(folder / f"{name}.safetensors")
    sampling = Sampling(
        steps=facts["steps"],
        guidance=facts["guide_scale"],
        shift=facts["shift"],
        solver=Solver(facts["solver"]),
        first_frame_from_reference=facts["init_first_frame"],
    )
    recipe = replace(recipe_for("official", sampling, PRESETS), window_frames=facts["infer_frames"])
    frames = facts["video_shape"][1]
    take = Take(
        np.zeros(frames * SAMPLE_RATE // MODEL_FPS, np.int16),
        (),
        folder / f"{name}_ref.png",
        name,
        "image/png",
        MODEL_FPS,
        seed=facts["seed"],
        prompt="what is shown",
        pose=Path("pose") if facts["pose"] else None,
        ends_film=True,
    )
    rows = {"what is shown": stored["context"], NEGATIVE_PROMPT: stored.get("context_null")}
    height, width = facts["size_hw"]
    if facts["pose"]:
        seen = stored["pose_video_frames"].numpy().astype(np.uint8)
        monkeypatch.setattr(posing, "_at_stride", lambda path: iter(seen))
    hearing = replace(models, speech=Remembered(spoken(facts)))
    shown, _ = run(hearing, take, recipe, Size(width, height), rows)
    assert list(shown.shape) == [frames, height, width, 3]
    wanted = stored["video_frames"].permute(1, 2, 3, 0).numpy()
    found = shown[facts["video_frames_stored"]] / 127.5 - 1
    # Half a step of a byte is lost.
    assert np.abs(found - wanted).max() < 0.5 / 127.5 + 2e-3
    means = (shown / 127.5 - 1).mean((1, 2, 3))
    assert means.tolist() == pytest.approx(facts["video_frame_means"], abs=2e-3)


def spoken(facts: dict[str, Any]) -> Any:
    """Return the features that a film was made of; which they are is told by how many it needs."""
    features = tensors(FIXTURES / "2_audio/expected.safetensors")["features_30hz"]
    for candidate in (features, torch.cat([features, features.flip(1)], dim=1)):
        clip = facts["clip0"]
        hears = Remembered(candidate)
        found = officially_heard(
            hears,
            Soundtrack(np.zeros(0, np.int16), 0),
            first_frame=0,
            frames=clip["audio_frames"][1],
        )
        if found.abs().sum().item() == pytest.approx(clip["audio_abs_sum"], rel=1e-4):
            return candidate
    raise AssertionError("no speech that the film was made of")


def test_a_second_take_samples_what_the_second_window_would_be(
    models: WanModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sees the same motion, hears the same sound and starts from the same noise."""
    sampled: list[Any] = []
    windows = filming.windows

    def watched(*given: Any, **named: Any) -> Iterator[Any]:
        for event in windows(*given, **named):
            if isinstance(event, Window):
                sampled.append(event.latents_BCTYX)
            yield event

    monkeypatch.setattr(filming, "windows", watched)
    recipe = recipe_for("low", replace(ONE_STEP, window_frames=32), PRESETS)
    reference = FIXTURES / "5_pipeline" / f"{FILMS[0]}_ref.png"
    rows = {"a": torch.ones(3, models.transformer.config.text_dim)}
    sound = (9_000 * np.random.default_rng(2).standard_normal(61 * 3_000)).astype(np.int16)
    whole = Take(sound, (), reference, "", "image/png", MODEL_FPS, seed=5, prompt="a")
    size = Size(64, 64)
    one, _ = run(models, replace(whole, ends_film=True), recipe, size, rows)
    begun, state = run(
        models,
        replace(whole, pcm=sound[: 29 * 3_000], following=sound[29 * 3_000 :]),
        recipe,
        size,
        rows,
    )
    rest = replace(whole, pcm=sound[29 * 3_000 :], first_frame=29, state=state, ends_film=True)
    ended, _ = run(models, rest, recipe, size, rows)
    assert np.array_equal(begun, one[:29])
    assert len(ended) == 32
    assert [window.shape[2] for window in sampled] == [8, 8, 8, 8]
    assert torch.equal(sampled[0], sampled[2])
    assert torch.allclose(sampled[1], sampled[3], atol=1e-5)


FEATURE_SECONDS = 1 / 30
CLICK_SAMPLES = SAMPLE_RATE // 20
"""Model frames take every other feature at worst: what is as short as one may fall between two."""
MOMENTS = st.integers(0, 4 * SAMPLE_RATE - 1)


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(FRAME_RATES), st.lists(st.integers(1, 60), min_size=1, max_size=5), MOMENTS)
@example(rate=10, lengths=[1, 1, 12], sample=59198)
def test_a_click_is_heard_at_the_model_frame_of_its_moment_in_whatever_take(
    rate: int, lengths: list[int], sample: int
) -> None:
    length = samples_per_frame(rate)
    film = np.zeros(sum(lengths) * length, np.int16)
    film[sample : sample + CLICK_SAMPLES] = 20_000
    first, carried, loud = 0, np.zeros(0, np.int16), []
    for frames in lengths:
        pcm = film[first * length : (first + frames) * length]
        track = Soundtrack(np.concatenate([carried, pcm]), first * length - len(carried))
        made = frames_made_before(first, rate)
        count = frames_made_before(first + frames, rate) - made
        if count:
            features = heard(Loudness(), track, first_frame=made, frames=count)[0, 0, 0]
            assert features.shape == (count,)
            loud += [made + int(n) for n in torch.nonzero(features > 0.1)]
        carried, first = track.last(CARRIED_SECONDS), first + frames
    moments = [frame / MODEL_FPS - sample / SAMPLE_RATE for frame in loud]
    # A frame takes the feature that begins nearest to it, and hears all that this one does.
    early = 1.5 * FEATURE_SECONDS + 0.001
    late = CLICK_SAMPLES / SAMPLE_RATE + 0.5 * FEATURE_SECONDS + 0.001
    assert all(-early <= moment <= late for moment in moments)
    inside = sample + CLICK_SAMPLES < len(film) - SAMPLE_RATE // MODEL_FPS * 2
    assert loud or not inside


def test_a_window_hears_ten_seconds_around_it_and_no_more() -> None:
    lengths = []

    class Listening(Loudness):
        def features(self, sound: npt.NDArray[np.float32], level: FilmLevel | None = None) -> Any:
            lengths.append(len(sound) / 16_000)
            return super().features(sound)

    track = Soundtrack(np.ones(60 * SAMPLE_RATE, np.int16), 0)
    for first in (-3, 0, 30 * 16, 55 * 16):
        heard(Listening(), track, first_frame=first, frames=80)
    assert lengths == [5 + 10 - 3 / 16 + 0.5, 15, 25, 15.25]


def test_sound_before_the_film_and_after_the_take_is_silence() -> None:
    track = Soundtrack(np.full(SAMPLE_RATE, 9_000, np.int16), 0)
    features = heard(Loudness(), track, first_frame=-3, frames=24)[0, 0, 0]
    assert (features[:3] < 0.01).all()
    assert (features[4:19] > 0.2).all()
    assert (features[-3:] < 0.01).all()


def hearing(models: WanModels, take: Take) -> tuple[list[Any], Any]:
    """Return what the windows of a take hear, and its plan."""
    speech = replace(models, speech=Loudness(25, models.transformer.config.audio_dim))
    plan = plan_take(take, recipe_for("low", ONE_STEP, PRESETS), Size(64, 64))
    inputs = filming._inputs(speech, plan, filming._track(plan), CPU)
    return [one.features_BAEV[0, 0, 0] for one in inputs], plan


def test_a_take_hears_the_sound_that_follows_it(models: WanModels) -> None:
    """Its last frames hear what comes, and those that it overshoots hear nothing else."""
    reference = FIXTURES / "5_pipeline" / f"{FILMS[0]}_ref.png"
    quiet = np.zeros(5 * 3_000, np.int16)
    take = Take(quiet, (), reference, "", "image/png", MODEL_FPS, prompt="a")
    (alone,), plan = hearing(models, take)
    assert plan.windows[0].dropped_frames == 32 - 3 - 5
    assert not alone.any()
    loud = np.full(4 * SAMPLE_RATE, 9_000, np.int16)
    (followed,), _ = hearing(models, replace(take, following=loud))
    assert not followed[: 3 + 4].any()
    assert (followed[3 + 6 :] > 0.2).all()


def test_what_follows_is_not_carried_on(models: WanModels) -> None:
    reference = FIXTURES / "5_pipeline" / f"{FILMS[0]}_ref.png"
    rows = {"a": torch.ones(3, models.transformer.config.text_dim)}
    sound = (9_000 * np.random.default_rng(2).standard_normal(40 * 3_000)).astype(np.int16)
    take = Take(sound[: 5 * 3_000], (), reference, "", "image/png", MODEL_FPS, prompt="a")
    recipe = recipe_for("low", ONE_STEP, PRESETS)
    _, state = run(models, replace(take, following=sound[5 * 3_000 :]), recipe, Size(64, 64), rows)
    carried = read_carried(state, size=Size(64, 64), model_frames=5)
    assert np.array_equal(carried.sound, take.pcm)
    assert carried.level.samples == 5 * 1_000


def test_a_take_that_ends_the_film_leaves_nothing_and_encodes_nothing(
    models: WanModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded = []
    encode = Vae.encode
    monkeypatch.setattr(
        Vae, "encode", lambda vae, pixels: encoded.append(pixels.shape[2]) or encode(vae, pixels)
    )
    reference = FIXTURES / "5_pipeline" / f"{FILMS[0]}_ref.png"
    rows = {"a": torch.ones(3, models.transformer.config.text_dim)}
    sound = np.zeros(5 * 3_000, np.int16)
    take = Take(sound, (), reference, "", "image/png", MODEL_FPS, prompt="a", ends_film=True)
    plan = plan_take(take, recipe_for("low", ONE_STEP, PRESETS), Size(64, 64))
    items = list(filmed(models, plan, rows_of=rows.__getitem__, device=CPU, rests=True))
    assert not any(isinstance(item, State) for item in items)
    assert sum(len(item.rgb) for item in items if isinstance(item, Frames)) == 5
    assert encoded == [1]


def test_a_film_in_takes_is_as_loud_as_in_one() -> None:
    sound = (4_000 * np.random.default_rng(3).standard_normal(6 * SAMPLE_RATE)).astype(np.int16)
    sound[: 2 * SAMPLE_RATE] //= 10
    whole = level_after(FilmLevel(), sound)
    parts = FilmLevel()
    for part in np.split(sound, 6):
        parts = level_after(parts, part)
    assert parts.samples == whole.samples == 6 * 16_000
    assert parts.squares == pytest.approx(whole.squares, rel=2e-3)
    heard_16k = mono_16k(sound.astype(np.float32) / 32768, SAMPLE_RATE)
    normalised = whole.normalised(heard_16k)
    assert abs(normalised.mean()) < 1e-4
    assert normalised.std() == pytest.approx(1, rel=1e-3)
    assert whole.normalised(heard_16k[:16_000]).std() < 0.2
