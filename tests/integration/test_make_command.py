"""The command `make` against a gateway in memory, and what it says to bad input."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from command_line import PHOTO, s2v
from s2v.api.gateway.v1 import job_pb2
from s2v.core.errors import InvalidInput, Reason
from s2v.core.lengths import LengthPolicy, VideoLonger, VideoShorter
from s2v.core.sampling import Between, Sampling, Solver
from s2v.core.sound import Enhancement, NoiseReduction
from s2v.media.pcm import wav_bytes
from s2v.media.video import ClipEncoder
from s2v.rpc.convert import sampling_from_proto
from s2v.rpc.convert_lengths import lengths_from_proto
from s2v.rpc.convert_sound import enhancement_from_proto
from s2v.testing.fakes_gateway import FILM, FakeGateway


def test_make_writes_the_film_and_says_where_it_is(
    gateway: FakeGateway, photo: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out" / "film.mp4"

    result = s2v(
        *("make", "--text", "Hello.", "--reference", photo, "-o", output, "--size", "512x640"),
        *("--voice", "nobody", "--language", "de", "--seed", "7", "--liveliness", "0"),
        gateway=gateway,
    )

    assert result.exit_code == 0, result.output
    assert output.read_bytes() == FILM
    assert result.stdout.splitlines()[0] == f"{output}: 4.00 s, 512x640, 25 frames/s, 0.6 MB"
    assert "speaking 1.2 s, rendering 8.5 s, total" in result.stdout
    assert "rendering: 25%, 25/100 frames, 12.5 frames/s, 6.0 s left" in result.stderr
    assert "note: By the way." in result.stderr
    (job,) = gateway.jobs.values()
    assert job.spec.script.text == "Hello."
    assert (job.spec.voice, job.spec.language) == ("nobody", "de")
    assert (job.spec.width_pixels, job.spec.height_pixels) == (512, 640)
    assert job.spec.frame_rate == 0
    assert job.spec.seed == 7
    assert job.spec.liveliness == 0.0
    assert job.spec.HasField("liveliness")
    assert gateway.blobs[job.spec.reference] == PHOTO


def test_make_uploads_the_sound_when_there_is_one(
    gateway: FakeGateway, photo: Path, tmp_path: Path
) -> None:
    sound = tmp_path / "voice.wav"
    sound.write_bytes(wav_bytes(np.full(48_000, 1000, np.int16)))

    result = s2v(
        "make", "--audio", sound, "--reference", photo, "-o", tmp_path / "f.mp4", gateway=gateway
    )

    assert result.exit_code == 0, result.output
    (job,) = gateway.jobs.values()
    assert gateway.assets[job.spec.script.audio].media_type == "audio/wav"


@pytest.mark.parametrize("in_a_file", [False, True])
def test_make_sends_what_is_said_in_the_sound(
    gateway: FakeGateway, photo: Path, tmp_path: Path, in_a_file: bool
) -> None:
    sound, words = tmp_path / "speech.wav", tmp_path / "words.txt"
    sound.write_bytes(wav_bytes(np.full(48_000, 1_000, np.int16)))
    words.write_text("Hello there.", encoding="utf-8")
    transcript = words if in_a_file else "Hello there."

    result = s2v(
        *("make", "--audio", sound, "--transcript", transcript),
        *("--reference", photo, "-o", tmp_path / "f.mp4"),
        gateway=gateway,
    )

    assert result.exit_code == 0, result.output
    (job,) = gateway.jobs.values()
    assert job.spec.script.transcript == "Hello there."
    assert job.spec.script.WhichOneof("source") == "audio"


def test_make_says_how_to_better_the_sound(
    gateway: FakeGateway, photo: Path, tmp_path: Path
) -> None:
    sound = tmp_path / "voice.wav"
    sound.write_bytes(wav_bytes(np.full(48_000, 1000, np.int16)))

    result = s2v(
        *("make", "--audio", sound, "--reference", photo, "-o", tmp_path / "f.mp4"),
        *("--enhance", "light", "--loudness", "-16", "--trim-silences"),
        gateway=gateway,
    )

    assert result.exit_code == 0, result.output
    (job,) = gateway.jobs.values()
    assert job.spec.script.WhichOneof("source") == "audio"
    asked = enhancement_from_proto(job.spec.script.enhancement, field="enhancement")
    assert asked == Enhancement(NoiseReduction.LIGHT, -16.0, trim_silences=True)


def test_make_says_how_a_video_fits_the_sound(
    gateway: FakeGateway, photo: Path, tmp_path: Path
) -> None:
    result = s2v(
        *("make", "--text", "Hello.", "--video-shorter", "loop", "--video-longer", "refuse"),
        *("--reference", photo, "-o", tmp_path / "f.mp4"),
        gateway=gateway,
    )

    assert result.exit_code == 0, result.output
    (job,) = gateway.jobs.values()
    policy = lengths_from_proto(job.spec.lengths, field="lengths")
    assert policy == LengthPolicy(VideoShorter.LOOP, VideoLonger.REFUSE)


def test_make_says_how_fast_to_speak(gateway: FakeGateway, photo: Path, tmp_path: Path) -> None:
    result = s2v(
        *("make", "--text", "Hello.", "--speed", "1.5", "--reference", photo),
        *("-o", tmp_path / "f.mp4"),
        gateway=gateway,
    )

    assert result.exit_code == 0, result.output
    (job,) = gateway.jobs.values()
    assert job.spec.script.speed == 1.5
    assert not job.spec.script.HasField("enhancement")
    assert not job.spec.HasField("lengths")


def test_make_says_how_words_are_said(gateway: FakeGateway, photo: Path, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("SQL=squeal\nGIF=jif\n", encoding="utf-8")
    result = s2v(
        *("make", "--text", "Hello.", "--lexicon", words, "--say", "SQL=sequel", "--say", "A=b"),
        *("--reference", photo, "-o", tmp_path / "f.mp4"),
        gateway=gateway,
    )

    assert result.exit_code == 0, result.output
    (job,) = gateway.jobs.values()
    assert job.spec.script.lexicon == {"SQL": "sequel", "GIF": "jif", "A": "b"}


def test_make_never_replaces_its_lexicon(gateway: FakeGateway, photo: Path, tmp_path: Path) -> None:
    words = tmp_path / "words.mp4"
    words.write_text("SQL=sequel\n", encoding="utf-8")
    result = s2v(
        *("make", "--text", "Hello.", "--lexicon", words, "--reference", photo),
        *("-o", words, "--force"),
        gateway=gateway,
    )

    assert result.exit_code == 2
    assert "--lexicon" in result.stderr
    assert words.read_text(encoding="utf-8") == "SQL=sequel\n"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--text", "Hi.", "--say", "SQL"), "write WORD=SAID, such as SQL=sequel"),
        (("--audio", "voice.wav", "--say", "A=b"), "given sound stays as it is"),
        (("--text", "Hi.", "--enhance", "light"), "these better --audio"),
        (("--text", "Hi.", "--loudness", "-16"), "these better --audio"),
        (("--text", "Hi.", "--speed", "3"), "must be less than or equal to 2"),
        (("--audio", "voice.wav", "--speed", "2"), "given sound stays as fast as it is"),
    ],
)
def test_make_refuses_wishes_for_what_is_not_given(
    gateway: FakeGateway,
    photo: Path,
    tmp_path: Path,
    options: tuple[str, ...],
    problem: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("voice.wav").write_bytes(wav_bytes(np.full(48_000, 1000, np.int16)))
    result = s2v("make", *options, "--reference", photo, "-o", "f.mp4", gateway=gateway)
    assert result.exit_code == 2
    assert problem in " ".join(result.stderr.split())
    assert not gateway.jobs


def test_make_reads_the_script_from_a_file(
    gateway: FakeGateway, photo: Path, tmp_path: Path
) -> None:
    script = tmp_path / "script.txt"
    script.write_text("\ufeffGrüß Gott.", encoding="utf-8")

    result = s2v(
        "make", "--script", script, "--reference", photo, "-o", tmp_path / "f.mp4", gateway=gateway
    )

    assert result.exit_code == 0, result.output
    (job,) = gateway.jobs.values()
    assert job.spec.script.text == "Grüß Gott."


def test_make_sends_what_a_directed_engine_is_told(
    gateway: FakeGateway, photo: Path, tmp_path: Path
) -> None:
    dance = tmp_path / "dance.mp4"
    with ClipEncoder(dance, width=64, height=64, frame_rate=25) as clip:
        clip.write(np.zeros((5, 64, 64, 3), np.uint8))

    result = s2v(
        *("make", "--text", "Hello.", "--reference", photo, "-o", tmp_path / "f.mp4"),
        *("--engine", "wan", "--prompt", "a person", "--negative-prompt", "blur"),
        *("--steps", "4", "--guidance", "1", "--shift", "3.5", "--solver", "dpm++"),
        *("--pose", dance, "--window-frames", "48", "--between", "repeat", "--fps", "30"),
        gateway=gateway,
    )

    assert result.exit_code == 0, result.output
    (job,) = gateway.jobs.values()
    assert (job.spec.engine, job.spec.prompt) == ("wan", "a person")
    assert job.spec.negative_prompt == "blur"
    sampling = sampling_from_proto(job.spec.sampling)
    assert sampling == Sampling(4, 1.0, 3.5, Solver.DPM, window_frames=48, between=Between.REPEAT)
    assert job.spec.frame_rate == 30
    assert gateway.blobs[job.spec.pose] == dance.read_bytes()


def test_make_sends_no_sampling_and_no_seed_unless_they_are_given(
    gateway: FakeGateway, photo: Path, tmp_path: Path
) -> None:
    s2v("make", "--text", "a", "--reference", photo, "-o", tmp_path / "f.mp4", gateway=gateway)

    (job,) = gateway.jobs.values()
    assert not job.spec.HasField("sampling")
    assert not job.spec.HasField("seed")


def test_a_job_that_fails_ends_make_with_1_and_the_option_to_blame(
    gateway: FakeGateway, photo: Path, tmp_path: Path
) -> None:
    gateway.error = InvalidInput(
        Reason.FACE_NOT_FOUND, "the picture shows no face; use a portrait", field="spec.reference"
    )

    result = s2v(
        "make", "--text", "Hi", "--reference", photo, "-o", tmp_path / "f.mp4", gateway=gateway
    )

    assert result.exit_code == 1
    (name,) = gateway.jobs
    assert result.stderr.splitlines()[-1] == (
        f"Error: {name} failed: --reference: the picture shows no face; use a portrait"
    )
    assert not (tmp_path / "f.mp4").exists()


def test_ctrl_c_cancels_the_job_and_ends_make_with_130(
    gateway: FakeGateway, photo: Path, tmp_path: Path
) -> None:
    gateway.endless = True
    gateway.on_watch = lambda: (
        None if gateway.cancelled.is_set() else os.kill(os.getpid(), signal.SIGINT)
    )

    result = s2v(
        "make", "--text", "Hi", "--reference", photo, "-o", tmp_path / "f.mp4", gateway=gateway
    )

    assert result.exit_code == 130
    assert "CancelJob" in gateway.calls
    (job,) = gateway.jobs.values()
    assert f"{job.name} was cancelled" in result.stderr
    assert job.state == job_pb2.JOB_STATE_CANCELLED


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--text", "a", "--audio", "b"], "give exactly one of --text, --script and --audio"),
        ([], "give exactly one of --text, --script and --audio"),
        (["--text", "  "], "--text: there is nothing to say in it"),
        (["--text", "a", "--reference", "no.jpg"], "--reference: there is no file no.jpg"),
        (["--audio", "no.wav"], "--audio: there is no file no.wav"),
        (["--script", "."], "--script: . is a folder; name a file"),
        (["--reference", "/dev/null", "--text", "a"], "--reference: /dev/null is empty"),
        (["--script", "/dev/zero"], "--script: /dev/zero holds more than the 20000 characters"),
        (["--script", "x" * 300], "--script: " + "x" * 300 + " cannot be read: File name too long"),
        (["--text", "a", "--transcript", "a"], "--transcript: tells what is said in --audio"),
        (["--text", "a", "--size", "big"], "--size: must be two even numbers"),
        (["--text", "a", "--size", "511x640"], "--size: must be two even numbers"),
        (["--text", "a", "--size", "0x0"], "--size: must be two even numbers"),
        (["--text", "a", "--fps", "0"], "'--fps': must be greater than or equal to 1"),
        (["--text", "a", "--fps", "29.97"], "'--fps': must be a valid integer\n"),
        (["--text", "a", "--reference", "https://a.b/me.jpg"], "https://a.b/me.jpg is an address"),
        (["--text", "a", "--steps", "-1"], "'--steps'"),
        (["--text", "a", "--solver", "heun"], "'--solver': 'heun' is not one of"),
        (["--text", "a", "--pose", "no.mp4"], "--pose: there is no file no.mp4"),
        (["--text", "a", "--checkpoint", "random:tiny"], "--checkpoint: the gateway at"),
        (["--text", "a", "-o", "."], "--output: . is a folder; name a file in it"),
        (["--text", "a", "-o", "none/"], "--output: none/ is a folder; name a file in it"),
        (["--text", "a", "-o", "x.gif"], "--output: a film is an MP4; name it x.mp4"),
        (["--text", "a", "-o", "a/x.AVI"], "--output: a film is an MP4; name it a/x.mp4"),
        (["--text", "a", "-o", "x" * 300], "--output: " + "x" * 300 + " cannot be used: File name"),
        (["--text", "a", "-o", "pyproject.toml/x.mp4"], "--output: pyproject.toml/x.mp4 cannot"),
    ],
)
def test_make_refuses_bad_input_in_one_line_before_any_work(
    gateway: FakeGateway, photo: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    result = s2v(
        "make", "--reference", photo, "-o", tmp_path / "f.mp4", *arguments, gateway=gateway
    )

    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert gateway.calls == []


def test_make_does_not_replace_a_film_unless_forced(
    gateway: FakeGateway, photo: Path, tmp_path: Path
) -> None:
    output = tmp_path / "film.mp4"
    output.write_bytes(b"precious")
    command = ("make", "--text", "Hi", "--reference", photo, "-o", output)

    refused = s2v(*command, gateway=gateway)
    assert refused.exit_code == 2
    assert "exists; replace it with --force" in refused.stderr
    assert output.read_bytes() == b"precious"

    assert s2v(*command, "--force", gateway=gateway).exit_code == 0
    assert output.read_bytes() == FILM


@pytest.mark.parametrize(
    ("field", "option"),
    [
        ("spec.script.text", "--script"),
        ("spec.prompt", "--prompt"),
        ("spec.sampling.steps", "--steps"),
        ("spec.height_pixels", "--size"),
        ("spec.pose", "--pose"),
    ],
)
def test_make_blames_the_option_that_a_field_came_from(
    gateway: FakeGateway, photo: Path, tmp_path: Path, field: str, option: str
) -> None:
    gateway.error = InvalidInput(Reason.FIELD_INVALID, "this will not do", field=field)
    script = tmp_path / "script.txt"
    script.write_text("Hello.")

    result = s2v(
        "make", "--script", script, "--reference", photo, "-o", tmp_path / "f.mp4", gateway=gateway
    )

    assert f"{option}: this will not do" in result.stderr
