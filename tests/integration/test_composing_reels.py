"""A film that is composed of reels and clips is the same as one of clips alone."""

import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from s2v.core.artifact import MP4, Artifact
from s2v.core.errors import InvalidInput
from s2v.core.job import Reel
from s2v.core.timebase import samples_per_frame
from s2v.media.film import Fragment
from s2v.media.opening import open_media
from s2v.media.pcm import wav_bytes, wav_writer
from s2v.media.reels import ReelCutter
from s2v.media.video import ClipEncoder
from s2v_compositor.composing import FilmWriter

FRAME_RATE = 25
FRAME = samples_per_frame(FRAME_RATE)


class Spoken(NamedTuple):
    """A segment as the compositor is given it."""

    clip: Path
    speech: bytes
    frames: int


def segments(folder: Path, lengths: list[int]) -> list[Spoken]:
    random = np.random.default_rng(3)
    made = []
    for index, frames in enumerate(lengths):
        clip = folder / f"{index}.mp4"
        with ClipEncoder(clip, width=64, height=64, frame_rate=FRAME_RATE) as encoder:
            encoder.write(random.integers(0, 255, (frames, 64, 64, 3), np.uint8))
        pcm = random.integers(-9_000, 9_000, frames * FRAME, np.int16)
        made.append(Spoken(clip, wav_bytes(pcm), frames))
    return made


@pytest.mark.parametrize("fragment_seconds", [1, 2])
@pytest.mark.parametrize("carries_sound", [False, True])
def test_reels_give_the_bytes_of_the_whole_clips_and_sooner(
    tmp_path: Path, fragment_seconds: int, carries_sound: bool
) -> None:
    pieces = segments(tmp_path, [60, 9, 101])
    sound = np.random.default_rng(1).integers(-9_000, 9_000, (150 * FRAME, 2), np.int16)

    def given() -> io.BytesIO:
        target = io.BytesIO()
        with wav_writer(target, channels=2) as writer:
            writer.writeframes(sound.tobytes())
        return target

    def written(path: Path, reels: int) -> list[Fragment]:
        """Write the film, each segment after so many of its reels."""
        film_audio = given() if carries_sound else None
        with FilmWriter(
            path, FRAME_RATE, fragment_seconds=fragment_seconds, film_audio=film_audio
        ) as writer:
            fragments: list[Fragment] = []
            for piece in pieces:
                opened = io.BytesIO(piece.speech)
                for video, reel in reels_of(piece)[:reels]:
                    fragments += writer.add_reel(video, opened, reel)
                    whole = reel.end_frame // (fragment_seconds * FRAME_RATE)
                    assert fragments[-1].frames >= writer.frames + (
                        whole * fragment_seconds * FRAME_RATE
                    )
                fragments += writer.add(piece.clip, io.BytesIO(piece.speech), piece.frames)
            return fragments + list(writer.finish())

    expected = written(tmp_path / "whole.mp4", 0)
    for reels in (1, 4):
        assert written(tmp_path / f"reels-{reels}.mp4", reels) == expected
        film = (tmp_path / f"reels-{reels}.mp4").read_bytes()
        assert film == (tmp_path / "whole.mp4").read_bytes()
    assert expected[-1].frames == 170


def test_a_reel_out_of_order_is_refused_and_the_film_goes_on(tmp_path: Path) -> None:
    (piece,) = segments(tmp_path, [60])
    (first, reel), _ = reels_of(piece)
    with FilmWriter(tmp_path / "film.mp4", FRAME_RATE) as writer:
        opened = io.BytesIO(piece.speech)
        list(writer.add_reel(first, opened, reel))
        with pytest.raises(InvalidInput, match="first frame") as caught:
            writer.add_reel(first, opened, reel)
        assert caught.value.field == "segments[0].reel"
        with pytest.raises(InvalidInput, match="has reels and no clip"):
            list(writer.finish())
        list(writer.add(piece.clip, opened, 60))
        list(writer.finish())
        assert (writer.film.frames, writer.film.samples) == (60, 60 * FRAME)


def reels_of(piece: Spoken) -> list[tuple[Path, Reel]]:
    """Cut the reels of a segment's clip, as its encoder does."""
    folder = piece.clip.with_suffix("")
    folder.mkdir(exist_ok=True)
    cutter = ReelCutter(folder, FRAME_RATE)
    with open_media(piece.clip) as source:
        stream = source.streams.video[0]
        cutter.add(stream, [packet for packet in source.demux(stream) if packet.size])
    video = Artifact("0" * 64, 1, MP4)
    return [(reel.path, Reel(video, reel.first_frame, reel.frames)) for reel in cutter.take()]
