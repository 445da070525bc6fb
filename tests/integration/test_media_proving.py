"""A video that somebody else made is whole, or what it lacks is told."""

from pathlib import Path

import numpy as np
import pytest

from s2v.core.errors import InvalidInput, Reason
from s2v.core.timebase import SAMPLE_RATE
from s2v.media.confined.reading import Reader
from s2v.media.pcm import wav_bytes
from s2v.media.proving import WholeVideo, prove
from s2v.media.video import ClipEncoder
from s2v.testing.fakes_heygem.making import damage, make_video

FRAMES = 60


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    noise = np.random.default_rng(1).integers(0, 255, (FRAMES, 64, 64, 3), np.uint8)
    with ClipEncoder(path, width=64, height=64, frame_rate=25) as encoder:
        encoder.write(noise)
    return path


@pytest.fixture
def film(clip: Path, tmp_path: Path) -> Path:
    sound = tmp_path / "sound.wav"
    sound.write_bytes(wav_bytes(np.zeros(FRAMES * SAMPLE_RATE // 25, np.int16)))
    path = tmp_path / "film.mp4"
    make_video(sound, clip, path, fraction=1.0, sounds=True)
    return path


def test_a_whole_video_is_told_in_full(clip: Path, film: Path) -> None:
    assert prove(clip) == WholeVideo(FRAMES, pytest.approx(FRAMES / 25), has_sound=False)
    assert prove(film) == WholeVideo(FRAMES, pytest.approx(FRAMES / 25), has_sound=True)


def test_it_is_looked_into_in_a_child_as_well(film: Path) -> None:
    assert Reader().prove(film) == prove(film)


@pytest.mark.parametrize("part", [0.0, 0.001, 0.3, 0.6, 0.97])
def test_a_video_that_is_cut_off_is_not_whole(film: Path, part: float) -> None:
    data = film.read_bytes()
    film.write_bytes(data[: int(len(data) * part)])

    for look in (prove, Reader().prove):
        with pytest.raises(InvalidInput, match="not whole") as caught:
            look(film, field="clip")
        assert (caught.value.reason, caught.value.field) == (Reason.VIDEO_UNREADABLE, "clip")


def test_a_video_whose_end_is_noise_is_not_whole(film: Path) -> None:
    damage(film)

    with pytest.raises(InvalidInput, match="not whole"):
        Reader().prove(film)


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    sound = tmp_path / "sound.wav"
    sound.write_bytes(wav_bytes(np.zeros(SAMPLE_RATE, np.int16)))

    with pytest.raises(InvalidInput, match="it has no pictures"):
        prove(sound)
