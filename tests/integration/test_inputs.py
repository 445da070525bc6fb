"""What a film is made of may come from standard input and through pipes."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from command_line import PHOTO, s2v
from s2v.media.pcm import wav_bytes
from s2v.testing.fakes_gateway import FakeGateway


def test_make_reads_a_script_from_standard_input_or_a_pipe(
    gateway: FakeGateway, photo: Path, tmp_path: Path
) -> None:
    words = "Grüß Gott."
    rest = ("--reference", photo, "-o", tmp_path / "f.mp4", "--force")

    first = s2v("make", "--script", "-", *rest, gateway=gateway, given=words.encode())
    with _pipe(words.encode()) as pipe:
        second = s2v("make", "--script", pipe, *rest, gateway=gateway)

    assert (first.exit_code, second.exit_code) == (0, 0), first.output + second.output
    assert [job.spec.script.text for job in gateway.jobs.values()] == [words, words]


def test_make_reads_pictures_sounds_and_transcripts_from_pipes(
    gateway: FakeGateway, photo: Path, tmp_path: Path
) -> None:
    sound = tmp_path / "voice.wav"
    sound.write_bytes(wav_bytes(np.full(48_000, 1000, np.int16)))

    with _pipe(photo.read_bytes()) as picture, _pipe(sound.read_bytes()) as heard:
        result = s2v(
            *("make", "--audio", heard, "--reference", picture, "--transcript", "-"),
            *("-o", tmp_path / "f.mp4"),
            gateway=gateway,
            given=b"Hello there.",
        )

    assert result.exit_code == 0, result.output
    (job,) = gateway.jobs.values()
    assert gateway.blobs[job.spec.reference] == PHOTO
    assert gateway.blobs[job.spec.script.audio] == sound.read_bytes()
    assert job.spec.script.transcript == "Hello there."


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (b"", "--script: standard input is empty"),
        (b"a" * 80_004, "--script: standard input holds more than the 20000 characters"),
        (b"\xff\xfe", "--script: standard input is not UTF-8 text (byte 0)"),
    ],
)
def test_make_says_what_is_wrong_with_standard_input(
    gateway: FakeGateway, photo: Path, tmp_path: Path, given: bytes, message: str
) -> None:
    result = s2v(
        *("make", "--script", "-", "--reference", photo, "-o", tmp_path / "f.mp4"),
        gateway=gateway,
        given=given,
    )

    assert result.exit_code == 2
    assert message in result.stderr
    assert gateway.calls == []


@contextmanager
def _pipe(data: bytes) -> Iterator[str]:
    """Give the name of a pipe as a shell's <(...) does."""
    source, drain = os.pipe()
    writer = threading.Thread(target=_write_all, args=(drain, data))
    writer.start()
    try:
        yield f"/dev/fd/{source}"
    finally:
        os.close(source)
        writer.join()


def _write_all(drain: int, data: bytes) -> None:
    with open(drain, "wb") as file:
        file.write(data)
