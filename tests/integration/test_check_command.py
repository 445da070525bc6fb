"""`s2v check` on films of any origin, and what it says to bad input."""

import io
import json
from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from s2v.core.ports import DigitalSourceType
from s2v.media.pcm import Pcm, wav_bytes
from s2v.media.video import ClipEncoder, decode_frames
from s2v_cli.main import app
from s2v_compositor.composing import FilmWriter
from s2v_tts.backends.embedded.backend import EmbeddedBackend

PORTRAIT = Path("libs/s2v/samples/portrait.jpg")


def check(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["check", *map(str, arguments)])


def delayed(film: Path, to: Path, milliseconds: int) -> Path:
    """Copy a film with its pictures put off."""
    with av.open(str(film)) as source, av.open(str(to), "w") as target:
        streams = {s.index: target.add_stream_from_template(s) for s in source.streams}
        for packet in source.demux():
            if packet.dts is None:
                continue
            if packet.stream.type == "video":
                shift = round(milliseconds / 1000 / packet.time_base)
                packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
            packet.stream = streams[packet.stream.index]
            target.mux(packet)
    return to


def with_sound(clip: Path, pcm: Pcm, to: Path, marking: DigitalSourceType | None = None) -> Path:
    with FilmWriter(to, 25, marking=marking) as writer:
        list(writer.add(clip, io.BytesIO(wav_bytes(pcm)), len(pcm) // 1920))
        list(writer.finish())
    return to


@pytest.fixture(scope="module")
def beginning(filmed: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Pcm, str]:
    """The pictures, the sound and the text of the film's first sentence."""
    text = filmed.spoken.text.partition(".")[0] + "."
    said = sum(len(part.pcm) for part in EmbeddedBackend().speak(text, "heart"))
    frames = said // 1920
    clip = tmp_path_factory.mktemp("beginning") / "clip.mp4"
    with ClipEncoder(clip, width=384, height=384, frame_rate=25) as encoder:
        for picture in islice(decode_frames(filmed.clip), frames):
            encoder.write(picture[None])
    return clip, filmed.spoken.pcm[: frames * 1920], text


def test_a_good_film_is_told_from_its_text(filmed: Any) -> None:
    result = check(filmed.path, "--text", filmed.spoken.text, "--reference", PORTRAIT)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == f"{filmed.path}: the lips follow the sound"
    assert "lips shut on m, b, p          12 of 12" in result.stdout
    assert "sharpness of the face" in result.stdout
    assert "under 0.6 is the same person" in result.stdout
    assert "marked as AI-generated              no" in lines[-1]


def test_pictures_that_come_late_are_found_out_for_programs_too(
    filmed: Any, tmp_path: Path
) -> None:
    script = tmp_path / "script.txt"
    script.write_text(filmed.spoken.text, encoding="utf-8")
    late = delayed(filmed.path, tmp_path / "late.mp4", 120)
    result = check(late, "--script", script, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["verdict"].startswith("the lips follow the sound, but 1")
    assert found["verdict"].endswith(" ms late")
    assert found["lag_milliseconds"] == pytest.approx(120, abs=20)
    assert found["sounds_from"] == "transcript"
    assert found["best_correlation"] > found["opening_correlation"]
    assert found["sharpness_ratio"] is None
    assert found["marked_as"] is None


def test_a_film_that_is_marked_as_synthetic_says_so(
    beginning: tuple[Path, Pcm, str], tmp_path: Path
) -> None:
    clip, pcm, text = beginning
    composite = DigitalSourceType.COMPOSITE_SYNTHETIC
    film = with_sound(clip, pcm, tmp_path / "marked.mp4", composite)
    result = check(film, "--text", text)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1].split() == [
        *("marked", "as", "AI-generated", "yes"),
        *("digital", "source", "type", "compositeSynthetic"),
    ]
    found = json.loads(check(film, "--text", text, "--json").stdout)
    assert found["marked_as"] == "compositeSynthetic"


def test_what_cannot_be_measured_is_bad_input(filmed: Any, tmp_path: Path) -> None:
    sound, cut, script = (tmp_path / name for name in ("a.wav", "cut.mp4", "empty.txt"))
    sound.write_bytes(wav_bytes(np.full(48_000, 1000, np.int16)))
    cut.write_bytes(filmed.path.read_bytes()[:3000])
    script.write_text(" ", encoding="utf-8")
    text = ("--text", "Hello there.")
    cases = [
        ((tmp_path / "none.mp4", *text), "there is no file"),
        ((sound, *text), "is audio/wav; give a file with video"),
        ((PORTRAIT, *text), "is image/jpeg; give a file with video"),
        ((cut, *text), "cut off"),
        ((filmed.clip, *text), "no sound"),
        ((filmed.path, *text, "--script", script), "only one of --text and --script"),
        ((filmed.path, "--script", script), "there is nothing said in it"),
        ((filmed.path, *text, "--reference", sound), "give a file with image or video"),
    ]
    for arguments, problem in cases:
        result = check(*arguments)
        assert result.exit_code == 2, result.output
        assert problem in result.stderr
        assert result.stdout == ""


def test_a_film_without_a_face_is_bad_input(
    beginning: tuple[Path, Pcm, str], tmp_path: Path
) -> None:
    _, pcm, text = beginning
    clip = tmp_path / "grey.mp4"
    frames = len(pcm) // 1920
    with ClipEncoder(clip, width=64, height=64, frame_rate=25) as encoder:
        encoder.write(np.full((frames, 64, 64, 3), 128, np.uint8))
    film = with_sound(clip, pcm, tmp_path / "film.mp4")
    result = check(film, "--text", text)
    assert result.exit_code == 2, result.output
    assert "FILM: no face was found" in result.stderr


def test_silence_has_nothing_to_measure(beginning: tuple[Path, Pcm, str], tmp_path: Path) -> None:
    clip, pcm, _ = beginning
    film = with_sound(clip, np.zeros_like(pcm), tmp_path / "silent.mp4")
    result = check(film, "--text", "Hello there.")
    assert result.exit_code == 2, result.output
    assert "nothing is said in the film" in result.stderr
