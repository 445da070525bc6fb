"""A video of any origin is played at a constant rate, upright, in step with its sound."""

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from s2v.core.errors import InvalidInput, Reason
from s2v.media.colour import Rgb
from s2v.media.footage import Footage
from s2v.media.pcm import decode_audio, wav_bytes
from s2v.media.playback import average_rate, played
from s2v.media.still import still
from s2v.media.video import ClipEncoder, jpeg

HEIGHT, WIDTH = 64, 96
UNIT = Fraction(1, 48_000)


def grey(level: int) -> np.ndarray:
    picture = np.full((HEIGHT, WIDTH, 3), level, np.uint8)
    picture[: HEIGHT // 2, : WIDTH // 2] //= 2
    return picture


def video(
    path: Path,
    times: Sequence[float],
    *,
    rate: int = 25,
    sound_from: float | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """Write one grey picture at each time, each 8 levels brighter than the one before.

    Sound, if any, is a loud tone of half a second.
    """
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.options = options or {"bf": "0", "crf": "0"}
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.time_base = UNIT
        sound = container.add_stream("aac", rate=48_000) if sound_from is not None else None
        for at, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(grey(40 + 8 * at), format="rgb24")
            frame.pts, frame.time_base = round(time / UNIT), UNIT
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sound is not None and sound_from is not None:
            for first in range(0, 24_000, 1024):
                tone = 0.5 * np.sin(np.arange(first, first + 1024)[np.newaxis] * 0.1)
                piece = av.AudioFrame.from_ndarray(tone.astype(np.float32), "fltp", "mono")
                piece.sample_rate = 48_000
                piece.pts, piece.time_base = round(sound_from / UNIT) + first, UNIT
                container.mux(sound.encode(piece))
            container.mux(sound.encode(None))
    return path


def seen(path: Path, frame_rate: int = 25) -> list[int]:
    """Which pictures are played."""
    return [number(picture) for picture in played(path, frame_rate)]


def number(picture: Rgb) -> int:
    return round((int(picture[-8, -8, 0]) - 40) / 8)


def test_at_its_own_rate_every_picture_is_played_once(tmp_path: Path) -> None:
    path = video(tmp_path / "a.mp4", [at / 25 for at in range(12)])
    assert seen(path) == list(range(12))
    assert average_rate(path) == pytest.approx(25, abs=0.5)


def test_at_another_rate_pictures_are_left_out_or_repeated(tmp_path: Path) -> None:
    path = video(tmp_path / "a.mp4", [at / 50 for at in range(12)], rate=50)
    assert seen(path, 25) == [1, 3, 5, 7, 9, 11]
    slow = video(tmp_path / "b.mp4", [at / 10 for at in range(3)], rate=10)
    assert seen(slow, 20) == [0, 0, 1, 1, 2]


def test_uneven_times_are_kept(tmp_path: Path) -> None:
    path = video(tmp_path / "a.mp4", [0, 0.04, 0.2, 0.24])
    assert seen(path) == [0, 1, 1, 1, 1, 2, 3]


def test_late_pictures_are_waited_for(tmp_path: Path) -> None:
    late = video(tmp_path / "a.mp4", [0.2 + at / 25 for at in range(3)], sound_from=0.0)
    assert seen(late) == [0, 0, 0, 0, 0, 0, 1, 2]
    with Footage(late) as footage:
        assert footage.times == pytest.approx([0.2, 0.24, 0.28], abs=0.001)
        assert footage.seconds == pytest.approx(0.32, abs=0.001)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_late_sound_begins_with_silence(tmp_path: Path, suffix: str) -> None:
    late = video(tmp_path / f"a.{suffix}", [at / 25 for at in range(25)], sound_from=0.36)
    assert seen(late) == list(range(25))
    pcm = decode_audio(late)
    heard = np.flatnonzero(np.abs(pcm.astype(int)) > 3000)
    assert heard[0] / 48_000 == pytest.approx(0.36, abs=0.025)  # of which AAC needs 0.021
    assert len(pcm) / 48_000 == pytest.approx(0.36 + 0.5, abs=0.045)


def test_pictures_that_wait_for_later_ones_are_in_step(tmp_path: Path) -> None:
    """With B-frames the first picture is due some frames after the first packet."""
    path = tmp_path / "a.mkv"
    video(path, [at / 25 for at in range(12)], sound_from=0.0, options={"bf": "2", "crf": "0"})
    assert seen(path) == list(range(12))
    with Footage(path) as footage:
        assert footage.times == pytest.approx([at / 25 for at in range(12)], abs=0.002)


def test_what_an_edit_list_cuts_off_is_not_seen(tmp_path: Path) -> None:
    path = video(tmp_path / "a.mp4", [at / 25 for at in range(12)], sound_from=0.0)
    data = bytearray(path.read_bytes())
    entry = data.index(b"elst") + 12
    lasts, begins = struct.unpack_from(">Ii", data, entry)
    assert begins == 0
    struct.pack_into(">Ii", data, entry, lasts * 8 // 12, round(Fraction(4, 25) / UNIT))
    path.write_bytes(data)
    assert seen(path)[:8] == list(range(4, 12))
    with Footage(path) as footage:
        assert footage.times[0] == 0
        assert number(footage.picture(0, WIDTH, HEIGHT)) == 4


def test_a_file_that_is_cut_off_ends_where_it_was_cut(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (30, HEIGHT, WIDTH, 3), np.uint8)
    path, cut = tmp_path / "a.mkv", tmp_path / "b.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for picture in noise:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    whole = path.read_bytes()
    cut.write_bytes(whole[: len(whole) // 2])
    assert len(list(played(path, 25))) == 30
    assert 0 < len(list(played(cut, 25))) < 30


@pytest.mark.parametrize("content", ["nothing", "sound", "noise", "headless"])
def test_what_is_no_video_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "film"
    if content == "sound":
        path.write_bytes(wav_bytes(np.zeros(4800, np.int16)))
    elif content == "headless":
        clip = video(tmp_path / "a.mp4", [0, 0.04])
        path.write_bytes(clip.read_bytes()[:40])
    else:
        path.write_bytes(b"" if content == "nothing" else b"not a film" * 100)
    for look in (lambda: list(played(path, 25)), lambda: average_rate(path)):
        with pytest.raises(InvalidInput) as caught:
            look()
        assert caught.value.reason is Reason.VIDEO_UNREADABLE
        assert caught.value.field == "film"


def test_a_still_is_the_image_or_the_first_picture(tmp_path: Path) -> None:
    image, clip = tmp_path / "a.jpg", tmp_path / "a.mp4"
    image.write_bytes(jpeg(grey(120)))
    with ClipEncoder(clip, width=WIDTH, height=HEIGHT, frame_rate=25) as encoder:
        encoder.write(np.stack([grey(120), grey(200)]))
    for picture in (still(image, "image/jpeg"), still(clip, "video/mp4")):
        assert picture.shape == (HEIGHT, WIDTH, 3)
        assert abs(int(picture[-8, -8, 0]) - 120) <= 3
    image.write_bytes(b"no image")
    with pytest.raises(InvalidInput) as caught:
        still(image, "image/jpeg")
    assert caught.value.reason is Reason.IMAGE_UNREADABLE
