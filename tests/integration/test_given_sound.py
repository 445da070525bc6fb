"""Given sound is decoded by a process that may die of it."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import hostile_works
from media_kinds import write_sound
from s2v.core.errors import InvalidInput, Reason
from s2v.core.steps import result
from s2v.media.confined import reading
from s2v.media.confined.reading import DECODING, Reader
from s2v.media.pcm import decode_audio, mapped_wav, read_wav
from s2v_tts.given import GivenSounds

DIGEST = "0" * 64


def test_given_sound_is_decoded_into_a_file(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.flac", "flac")
    wav = result(GivenSounds(Reader(), tmp_path / "tts").decoding(path, DIGEST)).wav
    with wav.open("rb") as file:
        assert np.array_equal(read_wav(file), decode_audio(path))
    assert np.array_equal(mapped_wav(wav), decode_audio(path))


def test_sound_that_kills_its_reader_is_not_tried_again_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_sound(tmp_path / "a.flac", "flac")
    with monkeypatch.context() as patched:
        patched.setattr(reading.works, "sound", hostile_works.crash)
        with pytest.raises(InvalidInput) as first:
            result(GivenSounds(Reader(), tmp_path / "tts").decoding(path, DIGEST))

    after = GivenSounds(Reader(), tmp_path / "tts")
    with pytest.raises(InvalidInput, match="crashed on this file before") as second:
        result(after.decoding(path, DIGEST))

    for refusal in (first, second):
        assert refusal.value.reason is Reason.AUDIO_UNREADABLE
        assert refusal.value.field == "spec.script.audio"
    assert result(after.decoding(path, "1" * 64)).wav.exists()
    os.utime(tmp_path / "tts" / "deaths" / DIGEST, (0, 0))
    assert result(after.decoding(path, DIGEST)).wav.exists()


def test_sound_that_takes_too_long_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading.works, "sound", hostile_works.sleep)
    path = write_sound(tmp_path / "a.wav", "pcm_u8")
    reader = Reader(decoding=replace(DECODING, seconds=0.5))
    with pytest.raises(InvalidInput, match=r"more than 0\.5 s") as refusal:
        result(GivenSounds(reader, tmp_path / "tts").decoding(path, DIGEST))
    assert refusal.value.metadata == {"limit_seconds": "0.5"}
    assert list((tmp_path / "tts" / "decoded").iterdir()) == []
