"""The engine `wan` on a small model: takes, states, presets, and what directs it."""

import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="the extra `wan` is not installed")

from s2v.core.errors import InvalidInput, NotReady, Reason
from s2v.core.ports import Frames, Notice, Size, State, Take
from s2v.core.sampling import Between, Sampling, Solver
from s2v.media.video import H264, ClipEncoder
from s2v.testing.engine_contract import EngineContract
from s2v_render.engines.wan.engine import WanEngine
from s2v_render.engines.wan.presets import PRESET_NAMES, offered_presets, recipe_for
from s2v_render.engines.wan.settings import LoraChoice, Noise, Offload, Precision, WanSettings
from s2v_render.engines.wan.sizing import film_size
from s2v_render.engines.wan.takes.posing import PoseVideo
from wan_takes import (
    CHECKPOINT,
    FEW_STEPS,
    SIZE,
    TINY,
    Asked,
    Rgb,
    film,
    left,
    small,
    spoken,
    stepping,
    write_reference,
)


@pytest.fixture(scope="module")
def engine() -> WanEngine:
    return WanEngine(TINY)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_reference(tmp_path_factory.mktemp("reference") / "reference.png")


@pytest.fixture(scope="module")
def take(engine: WanEngine, reference: Path) -> Take:
    """A take of 5 frames: 4 model frames, sampled with the 3 before them in one window."""
    return spoken(small(engine, reference), 5)


@pytest.fixture(scope="module")
def shown(engine: WanEngine, take: Take) -> Rgb:
    """The film of the take."""
    return film(engine, take)


@pytest.fixture(scope="module")
def state(engine: WanEngine, take: Take) -> bytes:
    """What the take leaves."""
    return left(engine, take)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    return Asked(monkeypatch)


class TestWanEngine(EngineContract):
    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls) -> WanEngine:
        return WanEngine(TINY)

    @pytest.fixture
    def take(self, engine: WanEngine, reference: Path) -> Take:
        return small(engine, reference)

    def test_without_a_size_the_picture_is_even_and_not_too_large(
        self, engine: WanEngine, take: Take
    ) -> None:
        """A film of its size would take a processor minutes."""
        for name in ("low", "high", "official"):
            recipe = recipe_for(name, FEW_STEPS, offered_presets(()))
            size = film_size(replace(take, size=None), recipe, engine.capabilities)
            assert size.width % 16 == size.height % 16 == 0
            assert max(size.width, size.height) <= engine.capabilities.max_size.width


def test_listing_what_the_engine_can_do_loads_no_torch() -> None:
    program = (
        "import sys\n"
        "from s2v_render.engines.wan.engine import WanEngine\n"
        "from s2v_render.engines.wan.settings import WanSettings\n"
        "assert WanEngine(WanSettings('random:14B')).capabilities.directed\n"
        "assert not {'torch', 'diffusers', 'transformers'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_random_weights_are_spoken_of_in_every_film_and_in_the_description(
    engine: WanEngine, take: Take
) -> None:
    items = engine.render(replace(take, ends_film=True))
    notices = [item for item in items if isinstance(item, Notice)]
    assert [notice.code for notice in notices] == ["RANDOM_WEIGHTS"]
    assert "random:tiny" in notices[0].message
    assert "random" in engine.capabilities.description
    assert "random" not in WanEngine(WanSettings("/models/wan")).capabilities.description


def test_the_same_take_and_state_give_the_same_frames_on_another_worker(
    engine: WanEngine, take: Take, state: bytes
) -> None:
    later = replace(spoken(take, 7, first_frame=5), state=state)
    another = WanEngine(TINY)
    assert left(another, take) == state
    assert np.array_equal(film(another, later), film(engine, later))


def test_what_was_rendered_in_between_changes_nothing(
    engine: WanEngine, take: Take, shown: Rgb
) -> None:
    film(engine, replace(take, seed=9, prompt="a dog", size=Size(64, 128)))
    assert np.array_equal(film(engine, take), shown)


@pytest.mark.parametrize("rate", [10, 25, 60])
def test_takes_of_one_film_meet_at_any_rate(engine: WanEngine, take: Take, rate: int) -> None:
    repeated = Sampling(steps=1, guidance=1.0, between=Between.REPEAT)
    take = replace(take, frame_rate=rate, sampling=repeated)
    state: bytes | None = None
    first, frames = 0, []
    for length in (3, 1, 4):
        part = replace(spoken(take, length, first_frame=first), state=state)
        items = list(engine.render(replace(part, ends_film=first + length == 8)))
        frames += [item.rgb for item in items if isinstance(item, Frames)]
        first += length
        state = items[-1].data if isinstance(items[-1], State) else None
    shown = np.concatenate(frames)
    assert len(shown) == 8
    alike = [bool(np.array_equal(a, b)) for a, b in pairwise(shown)]
    assert alike == [16 * (k + 1) // rate == 16 * k // rate for k in range(7)]


def test_noise_follows_the_windows_of_the_film_and_not_those_of_the_take(
    engine: WanEngine, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    import s2v_render.engines.wan.takes.filming as filming

    seeds, drawn = [], filming.initial_noise

    def watched(*args: Any, seed: int, **named: Any) -> Any:
        seeds.append(seed)
        return drawn(*args, seed=seed, **named)

    monkeypatch.setattr(filming, "initial_noise", watched)
    state = left(engine, replace(take, seed=40))
    film(engine, replace(spoken(take, 5, first_frame=5), seed=40, state=state))
    assert seeds == [40, 41]


def test_noise_of_a_gpu_needs_one(take: Take) -> None:
    engine = WanEngine(replace(TINY, noise=Noise.CUDA))
    with pytest.raises(NotReady, match=r"S2V_RENDER_WAN_NOISE is cuda.*set it to cpu"):
        film(engine, take)


def test_a_state_of_elsewhere_is_refused(engine: WanEngine, take: Take, state: bytes) -> None:
    later = spoken(take, 5, first_frame=5)
    for wrong, why in [
        (replace(later, state=b"no state"), "damaged"),
        (replace(later, state=state, first_frame=50), "not after"),
        (replace(later, state=state, size=Size(128, 64)), "another size"),
    ]:
        with pytest.raises(InvalidInput, match=why) as found:
            film(engine, wrong)
        assert (found.value.reason, found.value.field) == (Reason.FIELD_INVALID, "state")


@pytest.fixture(scope="module")
def complete() -> WanEngine:
    """An engine that offers every preset, also the one that needs a LoRA."""
    return WanEngine(replace(TINY, loras=(LoraChoice("few.safetensors", presets=("draft",)),)))


@pytest.mark.parametrize("name", PRESET_NAMES)
def test_every_preset_makes_a_film_in_as_many_steps_as_it_says(
    complete: WanEngine, take: Take, name: str, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(complete, "_loras_for", lambda preset: [])
    given = Sampling(steps=2) if name in ("official", "ultra") else Sampling()
    shown = film(complete, replace(take, preset=name, sampling=given))
    steps = {"draft": 4, "low": 8, "medium": 15, "high": 25, "ultra": 2, "official": 2}[name]
    assert len(shown) == 5
    assert asked.times == (1 if name == "draft" else 2) * steps


@pytest.mark.parametrize(
    "change",
    [
        {"steps": 2},
        {"steps": 2, "shift": 9.0},
        {"guidance": 6.0},
        {"steps": 2, "solver": Solver.EULER},
        {"steps": 2, "solver": Solver.DPM},
        {"first_frame_from_reference": True},
        {"prompt": "a person in a garden"},
        {"seed": 8},
    ],
    ids=str,
)
def test_what_a_request_says_shows(
    engine: WanEngine, take: Take, shown: Rgb, change: dict[str, Any]
) -> None:
    if not {"prompt", "seed"} & set(change):
        change = {"sampling": replace(FEW_STEPS, **change)}
    assert not np.array_equal(film(engine, replace(take, **change)), shown)


def test_the_negative_prompt_shows_where_there_is_guidance(
    engine: WanEngine, take: Take, shown: Rgb
) -> None:
    guided = replace(take, sampling=Sampling(steps=1, guidance=4.0))
    otherwise = replace(guided, negative_prompt="a garden")
    assert not np.array_equal(film(engine, guided), film(engine, otherwise))
    unguided = replace(take, negative_prompt="a garden")
    assert np.array_equal(film(engine, unguided), shown)


def test_a_prompt_is_encoded_once_and_only_a_few_are_kept(
    take: Take, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    import s2v_render.engines.wan.model.text as text

    encoded, encode = [], text.encode
    monkeypatch.setattr(text, "encode", lambda *a: encoded.append(1) or encode(*a))
    engine = WanEngine(replace(TINY, kept_texts=1))
    for prompt in ("a", "a", "b", "a"):
        items = engine.render(replace(take, prompt=prompt))
        stepping(items, asked)
        items.close()
        asked.times = 0
    assert len(encoded) == 3


@pytest.fixture
def pose(tmp_path: Path) -> Path:
    """Ten pictures at 30 a second; the n-th is as bright as n says."""
    path = tmp_path / "pose.mp4"
    with ClipEncoder(
        path, width=96, height=64, frame_rate=30, quality=H264("veryfast", 10), threads=1
    ) as clip:
        clip.write(np.stack([np.full((64, 96, 3), 20 * n, np.uint8) for n in range(1, 11)]))
    return path


def test_poses_direct_the_film(engine: WanEngine, take: Take, shown: Rgb, pose: Path) -> None:
    assert not np.array_equal(film(engine, replace(take, pose=pose)), shown)


def levels(frames: Any) -> list[int]:
    """Return which picture each frame shows, 0 for none."""
    return [round((value + 1) * 127.5 / 20) for value in frames.mean((0, 2, 3)).tolist()]


def test_poses_are_those_of_the_films_time(pose: Path) -> None:
    video = PoseVideo(pose, SIZE)
    # Model frame n lasts from n/16 s; what is seen in its middle counts: picture 30 (n + 0.5) / 16.
    assert levels(video.frames(-3, 6)) == [1, 1, 1, 1, 3, 5]
    assert levels(video.frames(3, 4)) == [7, 9, 10, 0]


def test_official_poses_are_every_nth_picture(pose: Path) -> None:
    video = PoseVideo(pose, SIZE, official=True)
    assert levels(video.frames(0, 4)) == [1, 3, 5, 7]
    assert levels(video.frames(4, 4)) == [9, 0, 0, 0]


def test_a_pose_that_is_no_video_is_refused(engine: WanEngine, take: Take, tmp_path: Path) -> None:
    path = tmp_path / "pose.mp4"
    path.write_bytes(b"no video")
    for preset in ("low", "official"):
        with pytest.raises(InvalidInput) as found:
            film(engine, replace(take, pose=path, preset=preset))
        assert found.value.field == "spec.pose"
        assert found.value.reason is Reason.VIDEO_UNREADABLE


def test_a_film_without_a_size_has_the_portrait_s_shape_and_no_less_than_the_least_area(
    engine: WanEngine, take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[Size] = []
    monkeypatch.setattr(engine, "_within_memory", lambda *given: iter(map(sizes.append, given[2:])))
    portrait = write_reference(tmp_path / "portrait.png", columns=100)
    list(engine.render(replace(take, reference=portrait, size=None)))
    assert sizes == [Size(640, 576)]


def test_a_small_picture_is_made_with_a_warning(
    take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = WanEngine(replace(TINY, checkpoint=str(CHECKPOINT)))
    monkeypatch.setattr(engine, "_within_memory", lambda *given: iter(()))
    (notice,) = engine.render(replace(take, size=Size(320, 240)))
    assert isinstance(notice, Notice)
    assert notice.code == "PICTURE_SMALL"
    assert "320x240" in notice.message
    assert "finish.width_pixels" in notice.message
    for size in (Size(832, 480), Size(528, 704), None):
        assert list(engine.render(replace(take, size=size))) == []


def test_a_side_of_an_odd_number_of_tokens_is_rendered(engine: WanEngine, take: Take) -> None:
    take = replace(take, sampling=Sampling(steps=1, guidance=1.0, window_frames=32))
    state = left(engine, replace(take, size=Size(80, 112)))
    later = replace(spoken(take, 5, first_frame=5), state=state, size=Size(80, 112))
    assert film(engine, later).shape == (5, 112, 80, 3)


def test_a_request_says_how_long_windows_are(engine: WanEngine, take: Take, asked: Asked) -> None:
    take = spoken(replace(take, frame_rate=16), 62)
    for frames, windows in ((96, 1), (48, 2), (32, 3)):
        asked.times = 0
        film(engine, replace(take, sampling=replace(FEW_STEPS, window_frames=frames)))
        assert asked.times == windows


def test_between_model_frames_things_move_on(engine: WanEngine, take: Take) -> None:
    take = spoken(replace(take, frame_rate=48), 9)
    repeat, motion = (
        film(engine, replace(take, sampling=replace(FEW_STEPS, between=each))) for each in Between
    )
    assert np.array_equal(motion[[0, 3, 6, 7, 8]], repeat[[0, 3, 6, 7, 8]])
    assert all((motion[k] != repeat[k]).any() for k in (1, 2, 4, 5))


@pytest.mark.parametrize("size", [Size(64, 56), Size(88, 64), Size(32, 32), Size(64, 1936)])
def test_a_size_that_is_no_multiple_of_16_or_out_of_range_is_refused(
    engine: WanEngine, take: Take, size: Size
) -> None:
    with pytest.raises(InvalidInput, match="must be a multiple of 16 and from 64 to 1920") as found:
        film(engine, replace(take, size=size))
    assert found.value.reason is Reason.SIZE_UNSUPPORTED


def test_a_portrait_that_is_too_long_and_thin_is_refused(
    engine: WanEngine, take: Take, tmp_path: Path
) -> None:
    path = tmp_path / "thin.png"
    Image.new("RGB", (4_000, 64)).save(path)
    with pytest.raises(InvalidInput) as found:
        film(engine, replace(take, reference=path, size=None, preset="medium"))
    assert found.value.reason is Reason.IMAGE_SIZE_UNSUPPORTED


@pytest.fixture(scope="module")
def longer(take: Take) -> Take:
    """A take of two windows."""
    sampling = replace(FEW_STEPS, window_frames=32)
    return spoken(replace(take, frame_rate=16, sampling=sampling), 32 - 3 + 4)


def test_frames_come_as_soon_as_their_window_is_done(
    engine: WanEngine, longer: Take, asked: Asked
) -> None:
    for item in engine.render(longer):
        if isinstance(item, Frames):
            break
    assert asked.times == 1


def test_half_precision_makes_nearly_the_same_film(take: Take) -> None:
    checkpoint = replace(TINY, checkpoint=str(CHECKPOINT))
    coarse, fine = (
        film(WanEngine(replace(checkpoint, precision=each)), take)
        for each in (Precision.BF16, Precision.AUTO)
    )
    assert not np.array_equal(coarse, fine)
    assert np.abs(coarse.astype(int) - fine).mean() < 4


@pytest.fixture(scope="module")
def longer_film(engine: WanEngine, longer: Take) -> Rgb:
    return film(engine, longer)


@pytest.mark.parametrize("offload", [Offload.PARTS, Offload.LAYERS])
def test_where_the_weights_lie_changes_nothing(
    longer: Take, longer_film: Rgb, offload: Offload
) -> None:
    assert np.array_equal(film(WanEngine(replace(TINY, offload=offload)), longer), longer_film)
