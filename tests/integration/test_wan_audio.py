"""Speech features against what the official audio encoder computed."""

import json
import os
import re
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

torch = pytest.importorskip("torch", reason="the extra `wan` is not installed")

from safetensors.torch import load_file

from s2v_render.engines.wan.model.speech import (
    at_feature_rate,
    feature_indices,
    gathered,
    mono_16k,
)
from s2v_render.engines.wan.weights.parts import load_speech
from wan_builders import official_windows

HERE = Path(__file__).parents[1] / "data/wan_s2v"
FIXTURES = Path(os.environ.get("S2V_WAN_FIXTURES", HERE)) / "2_audio"
EXPECTED = load_file(FIXTURES / "expected.safetensors")
FACTS = json.loads((FIXTURES / "expected.json").read_text())
BUCKETS = [re.match(r"bucket_fps(\d+)_frames(\d+)\.indices", name) for name in EXPECTED]
TOLERANCE = 1e-3


def sound(name: str) -> tuple[npt.NDArray[np.float32], int]:
    with wave.open(str(FIXTURES / name)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        channels, rate = file.getnchannels(), file.getframerate()
    return samples.reshape(-1, channels).astype(np.float32) / 32768, rate


@pytest.fixture(scope="module")
def heard() -> torch.Tensor:
    folder = next(FIXTURES.glob("wav2vec2*/"))
    weights = [folder / "model.safetensors"]
    model = load_speech(folder, weights, input_folder=folder, device=torch.device("cpu"))
    return model.hidden_states(mono_16k(*sound("speech_16k_mono.wav")))


@pytest.mark.parametrize(
    "name", [path.name for path in FIXTURES.glob("speech_*.wav") if "16k_mono" not in path.name]
)
def test_stereo_at_another_rate_becomes_the_sound_that_librosa_makes(name: str) -> None:
    wanted = EXPECTED["resampled_16k_mono"].numpy()
    resampled = mono_16k(*sound(name))
    assert resampled.dtype == np.float32
    assert resampled.shape == wanted.shape
    assert np.abs(resampled - wanted).max() < 1e-5


def test_hidden_states_are_the_official_ones_and_the_last_is_normed(heard: torch.Tensor) -> None:
    assert len(heard) == FACTS["num_hidden_states"]
    name = next(name for name in EXPECTED if name.startswith("hidden_states_50hz_layers_"))
    layers = [int(layer) for layer in name.removeprefix("hidden_states_50hz_layers_").split("_")]
    assert FACTS["num_hidden_states"] - 1 in layers
    assert (heard[layers] - EXPECTED[name]).abs().max() < TOLERANCE


def test_features_come_30_a_second(heard: torch.Tensor) -> None:
    features = at_feature_rate(heard)
    assert features.shape == tuple(FACTS["features_30hz_shape"])
    assert (features - EXPECTED["features_30hz"]).abs().max() < TOLERANCE


@pytest.mark.parametrize("match", [m for m in BUCKETS if m], ids=lambda match: match[0])
def test_every_video_frame_takes_the_official_feature(match: re.Match[str]) -> None:
    fps, frames = int(match[1]), int(match[2])
    features = EXPECTED["features_30hz"]
    bucket = match[0].removesuffix(".indices")
    count = official_windows(features.shape[1], window_frames=frames, fps=fps)
    assert count == FACTS[bucket]["num_clips"]
    indices = feature_indices(features.shape[1], frames=count * frames, fps=fps)
    assert indices.tolist() == EXPECTED[match[0]].tolist()
    taken = gathered(features, indices)
    assert list(taken.shape) == FACTS[bucket]["audio_input_shape"]
    assert taken.abs().sum().item() == pytest.approx(FACTS[bucket]["sum_abs"], rel=1e-5)
    part = EXPECTED.get(f"{bucket}.audio_input_nonzero_part")
    if part is not None:
        assert torch.equal(taken[..., : part.shape[-1]], part)
        assert not taken[..., part.shape[-1] :].any()


@pytest.mark.parametrize("seconds", FACTS["clip_count_table"])
def test_there_are_as_many_features_as_the_official_code_finds(seconds: str) -> None:
    row = FACTS["clip_count_table"][seconds]
    assert at_feature_rate(torch.zeros(1, row["T50"], 1)).shape[1] == row["N30"]
