"""Pictures of real video files by number: any order, any rate, any way up."""

import random
import struct
from collections.abc import Callable
from contextlib import AbstractContextManager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from s2v.core.errors import InvalidInput, Reason
from s2v.media.confined.footage import ConfinedFootage
from s2v.media.confined.reading import Reader
from s2v.media.footage import Footage
from s2v.media.still import still

Opened = Callable[..., AbstractContextManager[Footage | ConfinedFootage]]

WIDTH, HEIGHT, COUNT = 96, 64, 40
STEP = 6
"""Every picture is lighter than the one before it by so much, which tells its number."""


def shade(number: int) -> npt.NDArray[np.uint8]:
    picture = np.full((HEIGHT, WIDTH, 3), 8 + STEP * number, np.uint8)
    picture[:16, :16] = (220, 30, 30)
    return picture


def write(
    path: Path,
    *,
    codec: str = "libx264",
    times: list[int] | None = None,
    unit: Fraction = Fraction(1, 25),
    aspect: Fraction | None = None,
) -> Path:
    """Write COUNT pictures with keyframes far apart and B-frames; `times` in `unit` seconds."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        h264 = {"crf": "10", "g": "15", "bf": "2"}
        stream.options = h264 if codec == "libx264" else {"crf": "10", "b": "0", "cpu-used": "8"}
        stream.codec_context.time_base = unit
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        for number in range(COUNT):
            frame = av.VideoFrame.from_ndarray(shade(number), format="rgb24")
            frame.pts, frame.time_base = (times or range(COUNT))[number], unit
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def turned(path: Path, degrees: int, *, mirrored: bool = False) -> Path:
    """Tell in an MP4's header to turn it clockwise, as telephones do, and then to mirror it."""
    clockwise = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}
    a, b, c, d = (value << 16 for value in clockwise[degrees])
    if mirrored:
        a, c = -a, -c
    data = bytearray(path.read_bytes())
    start = data.index(b"tkhd") + 44
    data[start : start + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


@pytest.fixture(params=["here", "in a child"])
def opened(request: pytest.FixtureRequest) -> Opened:
    return Footage if request.param == "here" else Reader().footage


def number_of(picture: npt.NDArray[np.uint8]) -> int:
    return round((float(picture[24:40, 24:60].mean()) - 8) / STEP)


def read(footage: Footage | ConfinedFootage, number: int) -> int:
    return number_of(footage.picture(number, WIDTH, HEIGHT))


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "libx264"), ("a.mov", "libx264"), ("a.webm", "libvpx-vp9"), ("b.webm", "libvpx")],
)
def test_pictures_come_by_number_in_any_order(
    opened: Opened, tmp_path: Path, name: str, codec: str
) -> None:
    with opened(write(tmp_path / name, codec=codec)) as footage:
        assert (footage.width, footage.height, len(footage.times)) == (WIDTH, HEIGHT, COUNT)
        assert footage.seconds == pytest.approx(COUNT / 25, abs=0.002)
        orders = [list(range(COUNT)), list(range(COUNT))[::-1], list(range(0, COUNT, 7))]
        orders.append(random.Random(1).sample(range(COUNT), COUNT))
        for order in orders:
            assert [read(footage, number) for number in order] == order


def test_few_pictures_stay_in_memory(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("s2v.media.footage.KEPT_BYTES", 0)
    with Footage(write(tmp_path / "a.mp4")) as footage:
        order = [*range(COUNT), *range(COUNT)[::-1]]
        assert [read(footage, number) for number in order] == order
        assert len(footage._kept) == 16


def test_times_are_the_file_s_own_whatever_the_rate(opened: Opened, tmp_path: Path) -> None:
    gaps = [random.Random(2).randint(10, 90) for _ in range(COUNT)]
    times = [sum(gaps[:number]) for number in range(COUNT)]
    path = write(tmp_path / "a.mp4", times=times, unit=Fraction(1, 1000))
    with opened(path) as footage:
        assert footage.times == pytest.approx(np.array(times) / 1000, abs=0.001)
        assert [read(footage, number) for number in (0, 39, 20, 5)] == [0, 39, 20, 5]


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_video_turned_or_mirrored_by_its_header_is_seen_as_meant(
    opened: Opened, tmp_path: Path, degrees: int, mirrored: bool
) -> None:
    path = turned(write(tmp_path / "a.mp4"), degrees, mirrored=mirrored)
    meant = np.rot90(shade(3), -degrees // 90)
    meant = meant[:, ::-1] if mirrored else meant
    with opened(path) as footage:
        assert (footage.height, footage.width) == meant.shape[:2]
        for picture in (footage.picture(3, footage.width, footage.height), still(path, "video/")):
            red = picture[..., 0].astype(int) - picture[..., 1]
            assert np.array_equal(red > 100, meant[..., 0].astype(int) - meant[..., 1] > 100)


def test_pixels_that_are_not_square_are_made_so(opened: Opened, tmp_path: Path) -> None:
    with opened(write(tmp_path / "a.mp4", aspect=Fraction(2, 1))) as footage:
        assert (footage.width, footage.height) == (2 * WIDTH, HEIGHT)


def test_pictures_are_scaled(opened: Opened, tmp_path: Path) -> None:
    with opened(write(tmp_path / "a.mp4")) as footage:
        small = footage.picture(7, 48, 32)
        assert small.shape == (32, 48, 3)
        assert abs(float(small[16:].mean()) - 8 - STEP * 7) < 3


def test_damaged_pictures_look_like_the_ones_before_them(opened: Opened, tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4")
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat")
    middle = start + (data.index(b"moov") - start) // 2
    data[middle : middle + 200] = bytes(200)
    path.write_bytes(data)
    with opened(path) as footage:
        assert all(read(footage, number) <= number + 2 for number in range(COUNT))


def test_what_is_no_video_is_refused(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"\0\0\0\x1cftypisom" + bytes(500))
    with (
        pytest.raises(InvalidInput) as caught,
        opened(tmp_path / "a.mp4", field="spec.reference"),
    ):
        pass
    assert caught.value.reason is Reason.VIDEO_UNREADABLE
    assert caught.value.field == "spec.reference"
    assert "export it again" in caught.value.message
