"""Captions over the four real services, against what the voice really says."""

import re
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from s2v.api.gateway.v1 import generation_service_pb2, job_pb2
from s2v.client import Client
from s2v.media.video import decode_frames

PORTRAIT = Path("libs/s2v/samples/portrait.jpg")
TEXT = (
    "“Dr. Smith,” she said, “paid $1,250 for 12 km of cable!” Nobody believed it; but it was true. "
    "What a wonderful view that was, and how far away the people looked in 2024!"
)


@pytest.fixture(scope="module")
def made(installation: Any) -> tuple[list[Any], Path]:
    """Everything that Generate sent for TEXT with captions, and the film that the job made."""
    with installation.client() as client:
        spec = job_pb2.JobSpec(
            width_pixels=320,
            height_pixels=320,
            frame_rate=25,
            captions=job_pb2.Captions(track=True, burnt_in=True),
        )
        config = generation_service_pb2.GenerateConfig(spec=spec)
        responses = list(client.generate(config, text=[TEXT], reference=PORTRAIT))
        path = installation.home / "captioned.mp4"
        client.download(responses[-1].finished.film.asset, path)
        return responses, path


def shown(responses: list[Any]) -> list[Any]:
    segments = [r.captions for r in responses if r.WhichOneof("event") == "captions"]
    return [caption for segment in segments for caption in segment.captions]


def test_every_word_is_told_as_it_was_written(made: tuple[list[Any], Path]) -> None:
    lines = [line for caption in shown(made[0]) for line in caption.lines]
    assert " ".join(lines).split() == TEXT.split()
    assert max(map(len, lines)) <= 42


def test_captions_come_before_the_pictures_that_they_belong_to(
    made: tuple[list[Any], Path],
) -> None:
    kinds = [response.WhichOneof("event") for response in made[0]]
    assert kinds.index("captions") < kinds.index("media")


def test_captions_follow_the_sound(made: tuple[list[Any], Path]) -> None:
    """In the pauses between sentences nothing sounds, and there captions change."""
    with av.open(str(made[1])) as film:
        sound = np.concatenate([f.to_ndarray()[0] for f in film.decode(audio=0)])
    # The encoder's priming comes first.
    levels = np.abs(sound[1024:]).astype(np.float64)
    starts = [caption.start_seconds for caption in shown(made[0])]
    assert starts[0] <= 0.1
    ends = [c.end_seconds for c in shown(made[0])]
    assert ends[-1] <= len(levels) / 48_000
    first_words = [next(iter(c.lines[0].split())) for c in shown(made[0])]
    for start, word in zip(starts[1:], first_words[1:], strict=True):
        if word in ("Nobody", "What"):
            before = levels[int((start - 0.2) * 48_000) : int((start - 0.02) * 48_000)]
            after = levels[int((start + 0.05) * 48_000) : int((start + 0.4) * 48_000)]
            assert before.mean() < 0.3 * after.mean()


def test_the_track_and_the_files_say_what_was_told(
    made: tuple[list[Any], Path], client: Client, tmp_path: Path
) -> None:
    film = made[0][-1].finished.film
    expected = [
        (round(c.start_seconds, 3), round(c.end_seconds, 3), "\n".join(c.lines))
        for c in shown(made[0])
    ]
    client.download(film.subrip_asset, tmp_path / "film.srt")
    client.download(film.webvtt_asset, tmp_path / "film.vtt")
    for path in (made[1], tmp_path / "film.srt", tmp_path / "film.vtt"):
        assert texts(path) == expected
    with av.open(str(made[1])) as opened:
        assert opened.streams.subtitles[0].language == "eng"


def texts(path: Path) -> list[tuple[float, float, str]]:
    found = []
    with av.open(str(path)) as opened:
        for packet in opened.demux(subtitles=0):
            said = [sub.dialogue.decode() for sub in packet.decode()] if packet.size else []
            if "".join(said):
                start = float(packet.pts * packet.time_base)
                end = float((packet.pts + packet.duration) * packet.time_base)
                found.append((round(start, 3), round(end, 3), "\n".join(said)))
    return found


def test_the_pictures_show_them_at_the_bottom(made: tuple[list[Any], Path]) -> None:
    frames = list(decode_frames(made[1]))
    assert len(frames) == made[0][-1].finished.film.frames
    caption = shown(made[0])[0]
    during = frames[round(25 * (caption.start_seconds + caption.end_seconds) / 2)]
    bottom = during[320 * 3 // 4 :].astype(int)
    white = (bottom > 235).all(axis=2)
    assert white.sum() > 300
    assert re.search("Smith", " ".join(caption.lines))
