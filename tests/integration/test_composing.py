"""The compositor's core: what a film and its fragments hold, read by decoding them."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from disks import small_disk_at
from films import decode_sound, frame_times
from s2v.core.errors import Exhausted, InvalidInput, Reason
from s2v.core.ports import DigitalSourceType
from s2v.core.timebase import SAMPLE_RATE, samples_per_frame
from s2v.media.boxes import walk
from s2v.media.colour import Rgb
from s2v.media.film import Fragment
from s2v.media.live_type import live_media_type
from s2v.media.opening import open_media
from s2v.media.pcm import Pcm, wav_bytes
from s2v.media.provenance import read_marking
from s2v.media.video import H264, ClipEncoder, decode_frames
from s2v_compositor.composing import FilmWriter, WrittenFilm

SIZE = 64
FRAME_RATE = 25
FRAME = samples_per_frame(FRAME_RATE)


@dataclass(frozen=True, slots=True)
class Piece:
    """A segment as the compositor is given it."""

    clip: Path
    speech: bytes
    frames: int


def grey(levels: list[int]) -> Rgb:
    flat = np.array(levels, np.uint8)[:, None, None, None]
    return np.broadcast_to(flat, (len(levels), SIZE, SIZE, 3))


def encode(path: Path, rgb: Rgb, *, frame_rate: int = FRAME_RATE, crf: int = 18) -> Path:
    _, height, width, _ = rgb.shape
    quality = H264(preset="veryfast", crf=crf)
    with ClipEncoder(
        path, width=width, height=height, frame_rate=frame_rate, quality=quality
    ) as encoder:
        encoder.write(rgb)
    return path


def flashes(folder: Path, lengths: list[int], *, frame_rate: int = FRAME_RATE) -> list[Piece]:
    """Segments in which, 3 frames in and then every 20, one white frame meets one click."""
    pieces = []
    frame = samples_per_frame(frame_rate)
    for index, frames in enumerate(lengths):
        lit = range(min(3, frames - 1), frames, 20)
        levels = [255 if at in lit else 0 for at in range(frames)]
        pcm = np.zeros(frames * frame, np.int16)
        for at in lit:
            pcm[at * frame : at * frame + 96] = 20_000
        clip = encode(folder / f"{index}.mp4", grey(levels), frame_rate=frame_rate)
        pieces.append(Piece(clip, wav_bytes(pcm), frames))
    return pieces


def tone(folder: Path, lengths: list[int]) -> list[Piece]:
    """One unbroken 330 Hz tone cut into segments."""
    total = sum(lengths) * FRAME
    sound = np.rint(12_000 * np.sin(2 * np.pi * 330 * np.arange(total) / SAMPLE_RATE))
    pieces = []
    first = 0
    for index, frames in enumerate(lengths):
        clip = encode(folder / f"{index}.mp4", grey([index * 8] * frames))
        part = sound[first : first + frames * FRAME].astype(np.int16)
        pieces.append(Piece(clip, wav_bytes(part), frames))
        first += frames * FRAME
    return pieces


def compose(
    path: Path,
    pieces: list[Piece],
    *,
    frame_rate: int = FRAME_RATE,
    marking: DigitalSourceType | None = DigitalSourceType.COMPOSITE_SYNTHETIC,
) -> tuple[WrittenFilm, list[Fragment]]:
    with FilmWriter(path, frame_rate, marking=marking) as writer:
        fragments = compose_into(writer, pieces)
        return writer.film, fragments


def compose_into(writer: FilmWriter, pieces: list[Piece]) -> list[Fragment]:
    fragments: list[Fragment] = []
    for piece in pieces:
        fragments += writer.add(piece.clip, io.BytesIO(piece.speech), piece.frames)
    return fragments + list(writer.finish())


def lit_seconds(path: Path) -> list[float]:
    times = frame_times(path)
    levels = [int(rgb.mean()) for rgb in decode_frames(path)]
    return [time for time, level in zip(times, levels, strict=True) if level > 128]


def click_seconds(path: Path) -> list[float]:
    loud = np.abs(decode_sound(path).astype(np.int32)) > 8_000
    found: list[float] = []
    for at in np.flatnonzero(loud) / SAMPLE_RATE:
        if not found or at - found[-1] > 0.02:
            found.append(float(at))
    return found


LENGTHS = {1: [60], 3: [26, 1, 51], 12: [13, 26, 1, 1, 51, 25, 7, 30, 2, 25, 50, 9]}


@pytest.mark.parametrize("segments", [1, 3, 12])
def test_flashes_and_clicks_meet_in_the_film_and_in_its_stream(
    tmp_path: Path, segments: int
) -> None:
    lengths = LENGTHS[segments]
    film, fragments = compose(tmp_path / "film.mp4", flashes(tmp_path, lengths))
    stream = tmp_path / "stream.mp4"
    stream.write_bytes(b"".join(fragment.data for fragment in fragments))

    expected = []
    first = 0
    for frames in lengths:
        expected += [(first + at) / FRAME_RATE for at in range(min(3, frames - 1), frames, 20)]
        first += frames
    for path in (film.path, stream):
        assert lit_seconds(path) == pytest.approx(expected, abs=1e-6)
        assert click_seconds(path) == pytest.approx(expected, abs=0.001)


@pytest.mark.parametrize("frame_rate", [10, 24, 30, 50, 60])
def test_picture_and_sound_are_equally_long_at_every_frame_rate(
    tmp_path: Path, frame_rate: int
) -> None:
    lengths = [frame_rate + 3, 2, 17]
    pieces = flashes(tmp_path, lengths, frame_rate=frame_rate)
    film, fragments = compose(tmp_path / "film.mp4", pieces, frame_rate=frame_rate)
    stream = tmp_path / "stream.mp4"
    stream.write_bytes(b"".join(fragment.data for fragment in fragments))

    assert film.frames == sum(lengths)
    assert film.samples == sum(lengths) * samples_per_frame(frame_rate)
    for path in (film.path, stream):
        times = frame_times(path)
        assert times == pytest.approx([at / frame_rate for at in range(film.frames)], abs=1e-6)
        length = len(decode_sound(path))
        assert abs(length - film.samples) < samples_per_frame(frame_rate), path


def test_the_sound_goes_on_unbroken_over_the_joins(tmp_path: Path) -> None:
    film, fragments = compose(tmp_path / "film.mp4", tone(tmp_path, LENGTHS[12]))
    stream = tmp_path / "stream.mp4"
    stream.write_bytes(b"".join(fragment.data for fragment in fragments))
    wanted = 12_000 * np.sin(2 * np.pi * 330 * np.arange(film.samples) / SAMPLE_RATE)
    for path in (film.path, stream):
        heard = decode_sound(path).astype(np.float64)
        inner = slice(2048, film.samples - 2048)
        assert np.abs(heard[inner] - wanted[inner]).max() < 400


def test_the_stream_and_the_film_hold_the_same_pictures_and_sound(tmp_path: Path) -> None:
    film, fragments = compose(tmp_path / "film.mp4", flashes(tmp_path, LENGTHS[3]))
    stream = tmp_path / "stream.mp4"
    stream.write_bytes(b"".join(fragment.data for fragment in fragments))
    for one, other in zip(decode_frames(film.path), decode_frames(stream), strict=True):
        assert np.array_equal(one, other)
    assert np.array_equal(decode_sound(film.path), decode_sound(stream))


def test_every_prefix_of_the_stream_is_decodable(tmp_path: Path) -> None:
    _, fragments = compose(tmp_path / "film.mp4", flashes(tmp_path, LENGTHS[3]))
    assert [fragment.index for fragment in fragments] == list(range(len(fragments)))
    assert [box.path for box in walk(fragments[0].data)][:2] == ["ftyp", "moov"]
    prefix = tmp_path / "prefix.mp4"
    data = fragments[0].data
    for fragment in fragments[1:]:
        data += fragment.data
        prefix.write_bytes(data)
        assert len(frame_times(prefix)) == fragment.frames
        if fragment.frames > 2:
            assert len(decode_sound(prefix)) > (fragment.frames - 2) * FRAME - 2048


def test_the_pictures_of_a_segment_are_out_before_the_next_one_comes(tmp_path: Path) -> None:
    pieces = flashes(tmp_path, [30, 10])
    with FilmWriter(tmp_path / "film.mp4", FRAME_RATE) as writer:
        fragments = list(writer.add(pieces[0].clip, io.BytesIO(pieces[0].speech), 30))
        assert [fragment.frames for fragment in fragments] == [0, 25, 30]


def test_the_first_fragment_names_the_codecs(tmp_path: Path) -> None:
    _, fragments = compose(tmp_path / "film.mp4", flashes(tmp_path, [10]))
    head = fragments[0].data
    assert re.fullmatch(
        r'video/mp4; codecs="avc1\.[0-9a-f]{6}, mp4a\.40\.2"', live_media_type(head)
    )
    profile = live_media_type(head).partition("avc1.")[2][:2]
    assert profile in ("42", "4d", "64")  # Baseline, Main, High


def test_the_index_comes_before_the_media_and_the_edit_list_skips_the_priming(
    tmp_path: Path,
) -> None:
    film, _ = compose(tmp_path / "film.mp4", flashes(tmp_path, LENGTHS[3]))
    data = film.path.read_bytes()
    found = list(walk(data))
    top = [box.path for box in found if "/" not in box.path]
    assert top.index("moov") < top.index("mdat")
    edits = [
        tuple(np.frombuffer(data[box.body + 8 : box.body + 16], ">u4"))
        for box in found
        if box.path.endswith("elst")
    ]
    assert edits == [(film.samples, 0), (film.samples, 1024)]


def test_the_same_segments_give_the_same_bytes(tmp_path: Path) -> None:
    pieces = flashes(tmp_path, LENGTHS[3])
    one, first = compose(tmp_path / "one.mp4", pieces)
    other, second = compose(tmp_path / "other.mp4", pieces)
    assert one.path.read_bytes() == other.path.read_bytes()
    assert first == second


def test_the_film_says_what_it_holds(tmp_path: Path) -> None:
    film, _ = compose(tmp_path / "film.mp4", flashes(tmp_path, [26, 4]))
    assert film == WrittenFilm(tmp_path / "film.mp4", SIZE, SIZE, FRAME_RATE, 30, 30 * FRAME)


@pytest.mark.parametrize("marking", DigitalSourceType)
def test_the_film_and_its_stream_say_how_their_pictures_came_to_be(
    tmp_path: Path, marking: DigitalSourceType
) -> None:
    pieces = flashes(tmp_path, LENGTHS[3])
    film, fragments = compose(tmp_path / "film.mp4", pieces, marking=marking)
    stream = tmp_path / "stream.mp4"
    stream.write_bytes(b"".join(fragment.data for fragment in fragments))
    beginning = tmp_path / "beginning.mp4"
    beginning.write_bytes(fragments[0].data)
    for path in (film.path, stream, beginning):
        assert read_marking(path) is marking
    for path in (film.path, stream):
        with open_media(path) as container:
            assert "AI-generated" in container.metadata["comment"]
            assert container.metadata["description"].endswith(f"digitalsourcetype/{marking}")
            assert sum(1 for _ in container.decode(video=0)) == film.frames


def test_a_marking_changes_neither_pictures_nor_sound(tmp_path: Path) -> None:
    pieces = flashes(tmp_path, LENGTHS[3])
    marked, _ = compose(tmp_path / "marked.mp4", pieces)
    plain, _ = compose(tmp_path / "plain.mp4", pieces, marking=None)
    assert read_marking(plain.path) is None
    assert mdat(plain.path) == mdat(marked.path)
    top = [box.path for box in walk(marked.path.read_bytes()) if "/" not in box.path]
    assert top == ["ftyp", "moov", "free", "mdat", "uuid"]


def mdat(path: Path) -> bytes:
    data = path.read_bytes()
    return next(data[box.body : box.end] for box in walk(data) if box.path == "mdat")


def test_a_film_that_is_not_finished_is_deleted(tmp_path: Path) -> None:
    pieces = flashes(tmp_path, [30])
    path = tmp_path / "film.mp4"
    writer = FilmWriter(path, FRAME_RATE)
    appending = writer.add(pieces[0].clip, io.BytesIO(pieces[0].speech), 30)
    next(appending)
    appending.close()
    writer.close()
    writer.close()
    assert not path.exists()


def other_clips(folder: Path) -> Iterator[tuple[str, Path]]:
    yield "size", encode(folder / "size.mp4", np.zeros((10, 48, 64, 3), np.uint8))
    yield "frame rate", encode(folder / "rate.mp4", grey([0] * 10), frame_rate=30)
    yield "H.264 setup", encode(folder / "crf.mp4", grey([0] * 10), crf=30)
    yield "number of frames", encode(folder / "long.mp4", grey([0] * 11))
    broken = folder / "broken.mp4"
    broken.write_bytes(b"no clip at all")
    yield "not usable", broken


def test_a_clip_that_does_not_fit_is_refused_and_the_film_goes_on(tmp_path: Path) -> None:
    pieces = flashes(tmp_path, [10, 10])
    with FilmWriter(tmp_path / "film.mp4", FRAME_RATE) as writer:
        list(writer.add(pieces[0].clip, io.BytesIO(pieces[0].speech), 10))
        for wrong, clip in other_clips(tmp_path):
            with pytest.raises(InvalidInput, match=wrong) as refusal:
                writer.add(clip, io.BytesIO(pieces[1].speech), 10)
            assert refusal.value.field == "segments[1].clip"
        list(writer.add(pieces[1].clip, io.BytesIO(pieces[1].speech), 10))
        list(writer.finish())
        assert writer.film.frames == 20


def test_speech_of_another_length_is_refused(tmp_path: Path) -> None:
    pieces = flashes(tmp_path, [10])
    short: Pcm = np.zeros(10 * FRAME - 1, np.int16)
    with FilmWriter(tmp_path / "film.mp4", FRAME_RATE) as writer:
        with pytest.raises(InvalidInput, match="19199 where 19200") as refusal:
            writer.add(pieces[0].clip, io.BytesIO(wav_bytes(short)), 10)
        assert refusal.value.field == "segments[0].speech"
        with pytest.raises(InvalidInput, match="WAV"):
            writer.add(pieces[0].clip, io.BytesIO(b"no sound"), 10)


def test_a_film_without_segments_is_refused(tmp_path: Path) -> None:
    with (
        FilmWriter(tmp_path / "film.mp4", FRAME_RATE) as writer,
        pytest.raises(InvalidInput, match="at least one segment"),
    ):
        list(writer.finish())
    assert not (tmp_path / "film.mp4").exists()


def test_a_segment_has_to_be_taken_whole_before_the_next(tmp_path: Path) -> None:
    pieces = flashes(tmp_path, [10])
    with FilmWriter(tmp_path / "film.mp4", FRAME_RATE) as writer:
        writer.add(pieces[0].clip, io.BytesIO(pieces[0].speech), 10)
        with pytest.raises(RuntimeError, match="take every fragment"):
            list(writer.finish())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "disk").mkdir()
    with small_disk_at(tmp_path / "disk") as disk:
        yield disk.folder


def test_a_full_disk_is_said_and_nothing_is_left(tmp_path: Path, small_disk: Path) -> None:
    path = small_disk / "film.mp4"
    noise = np.random.default_rng(0).integers(0, 256, (60, 256, 256, 3), np.uint8)
    clip = encode(tmp_path / "noise.mp4", noise, crf=1)
    speech = wav_bytes(np.zeros(60 * FRAME, np.int16))
    writer = FilmWriter(path, FRAME_RATE)
    with pytest.raises(Exhausted) as refusal:
        compose_into(writer, [Piece(clip, speech, 60)] * 4)
    assert refusal.value.reason is Reason.STORAGE_FULL
    writer.close()
    assert not path.exists()
