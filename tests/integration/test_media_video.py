"""Clips: colour, keyframes, determinism, previews."""

import io
import os
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from films import frame_times
from s2v.media.colour import Rgb
from s2v.media.film import read_clip
from s2v.media.video import H264, ClipEncoder, decode_frames, jpeg


def chart() -> Rgb:
    """64 patches of 32x32 pixels: the corners of the colour cube, then random colours."""
    colours = np.random.default_rng(0).integers(0, 256, (64, 3), np.uint8)
    colours[:8] = [[255 * (at >> bit & 1) for bit in range(3)] for at in range(8)]
    return np.kron(colours.reshape(8, 8, 3), np.ones((32, 32, 1), np.uint8)).astype(np.uint8)


def encode(path: Path, rgb: Rgb, *, frame_rate: int = 25, threads: int = 1) -> Path:
    _, height, width, _ = rgb.shape
    with ClipEncoder(
        path, width=width, height=height, frame_rate=frame_rate, threads=threads
    ) as encoder:
        for first in range(0, len(rgb), 7):
            encoder.write(rgb[first : first + 7])
    return path


def moving(frames: int) -> Rgb:
    noise = np.random.default_rng(1).integers(0, 256, (96, 64, 3), np.uint8)
    return np.stack([np.roll(noise, at, axis=0) for at in range(frames)])


def test_colours_survive_the_round_trip(tmp_path: Path) -> None:
    clip = encode(tmp_path / "a.mp4", np.repeat(chart()[None], 3, axis=0))
    wanted = chart()[16::32, 16::32].astype(int)
    for rgb in decode_frames(clip):
        assert np.abs(rgb[16::32, 16::32] - wanted).max() <= 2


def test_colour_is_tagged_as_limited_bt_709(tmp_path: Path) -> None:
    clip = encode(tmp_path / "a.mp4", chart()[None])
    with av.open(str(clip)) as container:
        frame = next(container.decode(video=0))
    tags = (frame.colorspace, frame.color_primaries, frame.color_trc, frame.color_range)
    assert [int(tag) for tag in tags] == [1, 1, 1, 1]
    assert frame.format.name == "yuv420p"


@pytest.mark.parametrize("frame_rate", [10, 25, 60])
def test_every_second_begins_with_a_keyframe_and_no_frame_is_reordered(
    tmp_path: Path, frame_rate: int
) -> None:
    frames = 2 * frame_rate + 3
    cuts = np.concatenate([moving(frames)[: frames // 2], 255 - moving(frames)[frames // 2 :]])
    clip = encode(tmp_path / "a.mp4", cuts, frame_rate=frame_rate)
    with av.open(str(clip)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    keys = [at for at, packet in enumerate(packets) if packet.is_keyframe]
    assert keys == [0, frame_rate, 2 * frame_rate]
    assert all(packet.pts == packet.dts for packet in packets)
    times = [at / frame_rate for at in range(frames)]
    assert frame_times(clip) == pytest.approx(times, abs=1e-9)


def test_equal_pictures_give_equal_bytes(tmp_path: Path) -> None:
    one = encode(tmp_path / "one.mp4", moving(40), threads=2)
    other = encode(tmp_path / "other.mp4", moving(40), threads=2)
    assert one.read_bytes() == other.read_bytes()
    assert b"Lavf" not in one.read_bytes()


def test_equal_pictures_give_equal_bytes_whatever_lay_in_memory_before(tmp_path: Path) -> None:
    # 45 macroblocks a row, a number that x264's fastest code does not come out even with.
    code = (
        "import sys; from pathlib import Path; import numpy as np; from PIL import Image; "
        "from s2v.media.video import ClipEncoder; "
        "photo = Image.open('libs/s2v/samples/portrait.jpg').convert('RGB').resize((754, 440)); "
        "x = np.asarray(photo); film = np.stack([x[:400, :714]] * 40); "
        "[np.copyto(film[i, 133:200, 238:357], x[133 + i % 9 : 200 + i % 9, 238:357]) "
        "for i in range(40)]; "
        "e = ClipEncoder(Path(sys.argv[1]), width=714, height=400, frame_rate=25); "
        "e.write(film); e.close()"
    )
    clips = []
    for fill in ("0", "1"):
        path = tmp_path / f"{fill}.mp4"
        environment = {**os.environ, "MALLOC_PERTURB_": fill}
        subprocess.run([sys.executable, "-c", code, str(path)], env=environment, check=True)
        clips.append(path.read_bytes())
    assert clips[0] == clips[1]


def test_the_decoder_setup_depends_on_neither_content_nor_threads(tmp_path: Path) -> None:
    one, frames = read_clip(encode(tmp_path / "one.mp4", moving(40)))
    other, _ = read_clip(encode(tmp_path / "other.mp4", 255 - moving(3), threads=2))
    assert one == other
    assert (one.width, one.height, int(one.frame_rate), frames) == (64, 96, 25, 40)


def test_a_smaller_crf_keeps_more(tmp_path: Path) -> None:
    sizes = []
    for crf in (10, 35):
        with ClipEncoder(
            tmp_path / "a.mp4", width=64, height=96, frame_rate=25, quality=H264(crf=crf)
        ) as encoder:
            encoder.write(moving(10))
        sizes.append((tmp_path / "a.mp4").stat().st_size)
    assert sizes[0] > 2 * sizes[1]


def test_odd_sides_and_wrong_shapes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="63x64"):
        ClipEncoder(tmp_path / "a.mp4", width=63, height=64, frame_rate=25)
    with pytest.raises(ValueError, match="frame rate 29"):
        ClipEncoder(tmp_path / "a.mp4", width=64, height=64, frame_rate=29)
    with ClipEncoder(tmp_path / "a.mp4", width=64, height=96, frame_rate=25) as encoder:
        with pytest.raises(ValueError, match="expected uint8"):
            encoder.write(moving(1).astype(np.float32))
        with pytest.raises(ValueError, match="expected uint8"):
            encoder.write(moving(1)[0])
        encoder.write(moving(1))
        assert encoder.frames == 1


def fail_while_encoding(path: Path) -> None:
    with ClipEncoder(path, width=64, height=96, frame_rate=25) as encoder:
        encoder.write(moving(30))
        raise KeyError("the engine failed")


def test_a_clip_whose_block_fails_is_removed(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="the engine failed"):
        fail_while_encoding(tmp_path / "a.mp4")
    assert not (tmp_path / "a.mp4").exists()


def test_a_preview_is_a_small_jpeg_of_the_same_shape() -> None:
    with Image.open(io.BytesIO(jpeg(chart(), max_width_pixels=100))) as image:
        assert (image.format, image.size) == ("JPEG", (100, 100))
    with Image.open(io.BytesIO(jpeg(chart()))) as image:
        assert image.size == (256, 256)
