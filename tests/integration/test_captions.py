"""Captions in films: the text track, the burnt pictures, and what stays as it was."""

import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from disks import small_disk_at
from films import decode_sound, frame_times
from s2v.captions.files import subrip, webvtt
from s2v.core.captions import Caption
from s2v.core.errors import Exhausted, InvalidInput, Reason
from s2v.core.finishing import PLAIN
from s2v.core.timebase import samples_per_frame
from s2v.media.film import Fragment
from s2v.media.pcm import wav_bytes
from s2v.media.video import ClipEncoder, decode_frames
from s2v.testing.fakes_store import InMemoryStore
from s2v_compositor.composing import FilmWriter
from s2v_compositor.finishing.pictures import Finisher, Images

WIDTH, HEIGHT, FRAME_RATE = 320, 180, 25
FRAME = samples_per_frame(FRAME_RATE)
LENGTHS = (60, 30, 45)
CAPTIONS = (
    (Caption(("Hello, I am", "a photograph."), 2 * FRAME, 40 * FRAME),),
    (),
    (
        Caption(("Ça va? 100 %",), 90 * FRAME, 110 * FRAME),
        Caption(("مرحبا بكم",), 112 * FRAME, 133 * FRAME),
    ),
)
ALL = [caption for captions in CAPTIONS for caption in captions]


def clip(path: Path, frames: int) -> Path:
    """A clip of a slanting ramp that moves, so that pictures differ."""
    ramp = np.add.outer(np.arange(HEIGHT), np.arange(WIDTH))
    with ClipEncoder(path, width=WIDTH, height=HEIGHT, frame_rate=FRAME_RATE) as encoder:
        for number in range(frames):
            grey = ((ramp + 3 * number) % 512 // 4 + 60).astype(np.uint8)
            encoder.write(np.repeat(grey[None, :, :, None], 3, axis=3))
    return path


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("clips")
    return [clip(folder / f"{index}.mp4", frames) for index, frames in enumerate(LENGTHS)]


def sound(frames: int) -> io.BytesIO:
    times = np.arange(frames * FRAME) / 48_000
    return io.BytesIO(wav_bytes(np.rint(9_000 * np.sin(2_000 * times)).astype(np.int16)))


def composed(path: Path, clips: list[Path], *, language: str | None) -> tuple[Path, list[Fragment]]:
    fragments: list[Fragment] = []
    with FilmWriter(path, FRAME_RATE, caption_language=language) as writer:
        for piece, frames, captions in zip(clips, LENGTHS, CAPTIONS, strict=True):
            fragments += writer.add(piece, sound(frames), frames, captions)
        fragments += writer.finish()
    return path, fragments


def burner() -> Finisher:
    return Finisher(PLAIN, Images(InMemoryStore()), captions_burnt_in=True, frame_rate=FRAME_RATE)


def burnt_clips(folder: Path, clips: list[Path]) -> list[Path]:
    made, first, finisher = [], 0, burner()
    for index, (piece, captions) in enumerate(zip(clips, CAPTIONS, strict=True)):
        target = folder / f"burnt-{index}.mp4"
        steps = finisher.finished(piece, target, captions, first_frame=first, field="clip")
        assert list(steps)
        made.append(target)
        first += LENGTHS[index]
    return made


def packets(path: Path, kind: str) -> list[tuple[int, bytes]]:
    with av.open(str(path)) as film:
        stream = getattr(film.streams, kind)[0]
        return [(p.pts, bytes(p)) for p in film.demux(stream) if p.size]


def texts(path: Path) -> Iterator[tuple[Fraction, Fraction, str]]:
    """Yield when which text is shown, as FFmpeg decodes it from a film or a file of captions."""
    with av.open(str(path)) as opened:
        for packet in opened.demux(subtitles=0):
            shown = [sub.dialogue.decode() for sub in packet.decode()] if packet.size else []
            if "".join(shown):
                start = packet.pts * packet.time_base
                yield start, start + packet.duration * packet.time_base, "\n".join(shown)


def expected() -> list[tuple[Fraction, Fraction, str]]:
    return [
        (Fraction(c.first_sample, 48_000), Fraction(c.end_sample, 48_000), "\n".join(c.lines))
        for c in ALL
    ]


def test_the_track_has_every_caption_at_its_time_in_its_language(
    tmp_path: Path, clips: list[Path]
) -> None:
    film, _ = composed(tmp_path / "film.mp4", clips, language="fra")
    assert list(texts(film)) == expected()
    with av.open(str(film)) as opened:
        track = opened.streams.subtitles[0]
        assert (track.codec_context.name, track.language) == ("mov_text", "fra")
        assert track.time_base == Fraction(1, 48_000)


def test_a_track_changes_neither_pictures_nor_sound_nor_the_stream(
    tmp_path: Path, clips: list[Path]
) -> None:
    plain, stream = composed(tmp_path / "plain.mp4", clips, language=None)
    tracked, tracked_stream = composed(tmp_path / "tracked.mp4", clips, language="eng")
    assert stream == tracked_stream
    assert packets(plain, "video") == packets(tracked, "video")
    assert packets(plain, "audio") == packets(tracked, "audio")
    assert not any(s.type == "subtitle" for s in av.open(str(plain)).streams)
    assert frame_times(tracked) == frame_times(plain)
    assert (decode_sound(tracked) == decode_sound(plain)).all()


def test_captions_that_nobody_asked_for_change_no_byte(tmp_path: Path, clips: list[Path]) -> None:
    given, _ = composed(tmp_path / "given.mp4", clips, language=None)
    with FilmWriter(tmp_path / "none.mp4", FRAME_RATE) as writer:
        for piece, frames in zip(clips, LENGTHS, strict=True):
            list(writer.add(piece, sound(frames), frames))
        list(writer.finish())
    assert given.read_bytes() == (tmp_path / "none.mp4").read_bytes()


def test_the_same_captions_give_the_same_bytes(tmp_path: Path, clips: list[Path]) -> None:
    films = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        made = burnt_clips(folder, clips)
        films.append(composed(folder / "film.mp4", made, language="eng")[0].read_bytes())
    assert films[0] == films[1]


def test_burnt_captions_are_in_the_pictures_while_they_last_and_nowhere_else(
    tmp_path: Path, clips: list[Path]
) -> None:
    film, _ = composed(tmp_path / "film.mp4", burnt_clips(tmp_path, clips), language=None)
    plain, _ = composed(tmp_path / "plain.mp4", clips, language=None)
    shown = {n for c in ALL for n in range(c.first_sample // FRAME, c.end_sample // FRAME)}
    frames = 0
    for number, (with_captions, without) in enumerate(
        zip(decode_frames(film), decode_frames(plain), strict=True)
    ):
        difference = np.abs(with_captions.astype(int) - without).max(axis=2)
        upper, lower = difference[: HEIGHT * 7 // 10], difference[HEIGHT * 7 // 10 :]
        assert np.percentile(upper, 99) <= 6
        assert (lower.max() > 100) == (number in shown)
        frames += 1
    assert frames == sum(LENGTHS)
    assert packets(film, "audio") == packets(plain, "audio")


def test_burning_into_what_is_no_clip_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no clip")
    target = tmp_path / "burnt.mp4"
    with pytest.raises(InvalidInput) as refused:
        list(burner().finished(broken, target, ALL, first_frame=0, field="segments[0].clip"))
    assert refused.value.field == "segments[0].clip"
    assert not target.exists()


def test_burning_that_is_given_up_leaves_nothing(tmp_path: Path, clips: list[Path]) -> None:
    target = tmp_path / "burnt.mp4"
    steps = burner().finished(clips[0], target, ALL, first_frame=0, field="clip")
    next(steps)
    steps.close()
    assert not target.exists()


def test_burning_onto_a_full_disk_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (50, 256, 256, 3), np.uint8)
    loud = tmp_path / "noise.mp4"
    with ClipEncoder(loud, width=256, height=256, frame_rate=FRAME_RATE) as encoder:
        encoder.write(noise)
    (tmp_path / "disk").mkdir()
    with small_disk_at(tmp_path / "disk", mebibytes=1) as disk:
        target = disk.folder / "burnt.mp4"
        with pytest.raises(Exhausted) as full:
            list(burner().finished(loud, target, ALL, first_frame=0, field="clip"))
        assert not target.exists()
    assert full.value.reason is Reason.STORAGE_FULL


@pytest.mark.parametrize(("spell", "ending"), [(subrip, "srt"), (webvtt, "vtt")])
def test_files_are_read_back_as_they_were_written(
    spell: object, ending: str, tmp_path: Path
) -> None:
    path = tmp_path / f"captions.{ending}"
    path.write_text(spell(ALL), encoding="utf-8")  # type: ignore[operator]
    assert list(texts(path)) == expected()
