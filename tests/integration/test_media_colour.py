"""Pictures look as they were meant to, whatever colours a camera or a program wrote them in."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from pngs import with_chunks
from s2v.core.errors import InvalidInput, Reason
from s2v.media.footage import Footage
from s2v.media.photo import read_photo
from s2v.media.playback import played
from s2v.media.probe import probe
from s2v.media.video import ClipEncoder, decode_frames

BT601, BT709, BT2020 = 6, 1, 9
PQ, HLG, UNSAID = 16, 18, 2
YCGCO = 8
WEIGHTS = {BT601: (0.299, 0.114), BT709: (0.2126, 0.0722), BT2020: (0.2627, 0.0593)}
"""Of red and blue in the luma: ITU-R BT.601, BT.709 and BT.2020."""
TO_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
"""Linear light of BT.709 in BT.2020 (ITU-R BT.2087)."""
WHITE, SKIN = (245, 245, 245), (210, 150, 120)


def linear(rgb: tuple[int, int, int]) -> np.ndarray:
    """The light of a display with a black that is black (ITU-R BT.1886)."""
    return (np.array(rgb) / 255) ** 2.4


def in_pq(light: np.ndarray) -> np.ndarray:
    """SMPTE ST 2084, with white at 203 candelas."""
    power = (light * 203 / 10_000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def in_hlg(light: float) -> float:
    """ARIB STD-B67 on a display of 1000 candelas: a grey of so much of 203."""
    scene = (light * 0.203) ** (1 / 1.2)
    if scene <= 1 / 12:
        return float(np.sqrt(3 * scene))
    return float(0.17883277 * np.log(12 * scene - 0.28466892) + 0.55991073)


def coded(rgb: np.ndarray, matrix: int) -> tuple[float, float, float]:
    """Y, Cb and Cr of R'G'B' in 0..1; the latter two in -0.5..0.5."""
    red, blue = WEIGHTS[matrix]
    luma = red * rgb[0] + (1 - red - blue) * rgb[1] + blue * rgb[2]
    return luma, (rgb[2] - luma) / (2 - 2 * blue), (rgb[0] - luma) / (2 - 2 * red)


def filmed(
    path: Path,
    *signals: np.ndarray,
    matrix: int,
    transfer: int,
    primaries: int,
    tagged_matrix: int | None = None,
    lines: int = 96,
) -> Path:
    """Write a video in ten bits whose pictures have one colour each, or a picture."""
    with ThreadPoolExecutor(1) as passing:  # libsvtav1 makes its caller a real-time thread
        wanted = matrix if tagged_matrix is None else tagged_matrix
        levels = [coded(signal, matrix) for signal in signals]
        passing.submit(_write, path, levels, (wanted, transfer, primaries), lines)
    return path


def _write(
    path: Path, colours: list[tuple[float, float, float]], tags: tuple[int, int, int], lines: int
) -> None:
    codec, container_format = ("libsvtav1", "avif") if path.suffix == ".avif" else ("libx264", None)
    with av.open(str(path), "w", format=container_format) as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = lines + 32, lines, "yuv420p10le"
        if codec == "libx264":
            stream.options = {"crf": "0"}
        _tag(stream.codec_context, tags)
        for number, yuv in enumerate(colours):
            frame = av.VideoFrame(lines + 32, lines, "yuv420p10le")
            levels = (64 + 876 * yuv[0], 512 + 896 * yuv[1], 512 + 896 * yuv[2])
            for plane, level in zip(frame.planes, levels, strict=True):
                size = plane.height * plane.line_size // 2
                plane.update(np.full(size, round(level), "<u2").tobytes())
            _tag(frame, tags)
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _tag(coded: av.VideoFrame | av.VideoCodecContext, tags: tuple[int, int, int]) -> None:
    coded.color_range = 1
    coded.colorspace, coded.color_trc, coded.color_primaries = tags


def seen_by_all(path: Path, number: int) -> list[np.ndarray]:
    """Pictures as the engine, the meter and the decoder see them, each in the middle."""
    with Footage(path) as footage:
        filmed = [footage.picture(i, footage.width, footage.height) for i in range(number)]
    views = [filmed, list(played(path, 25))[:number], list(decode_frames(path))]
    return [np.array([picture[40, 40] for picture in view], int) for view in views]


def assert_all_see(path: Path, *colours: tuple[int, int, int], within: int = 3) -> None:
    for seen in seen_by_all(path, len(colours)):
        assert np.abs(seen - colours).max() <= within, seen


def test_hdr_of_pq_looks_like_the_same_in_sdr_and_whatever_is_brighter_is_white(
    tmp_path: Path,
) -> None:
    signals = [in_pq(TO_BT2020 @ linear(colour)) for colour in (WHITE, SKIN)]
    brighter = in_pq(np.full(3, 1000 / 203))
    path = tmp_path / "a.mp4"
    filmed(path, *signals, brighter, matrix=BT2020, transfer=PQ, primaries=BT2020)
    assert_all_see(path, WHITE, SKIN, (255, 255, 255))


def test_hdr_of_hlg_looks_like_the_same_in_sdr(tmp_path: Path) -> None:
    greys = [(level, level, level) for level in (60, 128, 245)]
    signals = [np.full(3, in_hlg(float(linear(grey)[0]))) for grey in greys]
    path = filmed(tmp_path / "a.mp4", *signals, matrix=BT2020, transfer=HLG, primaries=BT2020)
    assert_all_see(path, *greys)


@pytest.mark.parametrize("matrix", [BT2020, UNSAID])
def test_wide_colours_in_sdr_are_brought_into_bt709(tmp_path: Path, matrix: int) -> None:
    path = filmed(
        tmp_path / "a.mp4",
        (TO_BT2020 @ linear(SKIN)) ** (1 / 2.4),
        matrix=BT2020,
        transfer=14,
        primaries=BT2020,
        tagged_matrix=matrix,
    )
    assert_all_see(path, SKIN)


@pytest.mark.parametrize(("lines", "matrix"), [(720, BT709), (480, BT601)])
def test_untagged_pictures_are_bt709_from_720_lines_on(
    tmp_path: Path, lines: int, matrix: int
) -> None:
    path = filmed(
        tmp_path / "a.mp4",
        np.array(SKIN) / 255,
        matrix=matrix,
        transfer=UNSAID,
        primaries=UNSAID,
        tagged_matrix=UNSAID,
        lines=lines,
    )
    assert_all_see(path, SKIN)


def test_the_curve_of_sdr_is_taken_as_players_take_it(tmp_path: Path) -> None:
    """Tags of BT.709, sRGB and none make no difference."""
    for transfer in (BT709, 13, UNSAID):
        path = tmp_path / f"{transfer}.mp4"
        signal = np.array(SKIN) / 255
        filmed(path, signal, matrix=BT709, transfer=transfer, primaries=BT709, lines=720)
        assert_all_see(path, SKIN)


@pytest.mark.parametrize("nonsense", [3, 200])
def test_tags_that_mean_nothing_are_taken_for_none(tmp_path: Path, nonsense: int) -> None:
    path = filmed(
        tmp_path / "a.mp4",
        np.array(SKIN) / 255,
        matrix=BT709,
        transfer=nonsense,
        primaries=nonsense,
        tagged_matrix=3,
        lines=720,
    )
    assert_all_see(path, SKIN)


def test_colours_that_cannot_be_told_are_refused(tmp_path: Path) -> None:
    path = filmed(
        tmp_path / "a.mp4",
        np.array(SKIN) / 255,
        matrix=BT709,
        transfer=BT709,
        primaries=BT709,
        tagged_matrix=YCGCO,
    )
    with Footage(path) as footage, pytest.raises(InvalidInput) as caught:
        footage.picture(0, 96, 96)
    assert caught.value.reason is Reason.VIDEO_UNREADABLE
    with pytest.raises(InvalidInput, match=r"colours .*export it with BT\.709") as caught:
        probe(path)
    assert caught.value.reason is Reason.VIDEO_UNREADABLE


def test_a_clip_of_ours_is_tagged_and_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with ClipEncoder(path, width=96, height=96, frame_rate=25) as encoder:
        encoder.write(np.full((1, 96, 96, 3), SKIN, np.uint8))
    assert_all_see(path, SKIN)
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    tags = (frame.colorspace, frame.color_trc, frame.color_primaries, frame.color_range)
    assert tags == (BT709, BT709, BT709, 1)


@pytest.mark.parametrize("colour", [WHITE, SKIN])
def test_a_photograph_in_hdr_looks_like_the_same_in_sdr(
    tmp_path: Path, colour: tuple[int, int, int]
) -> None:
    light = TO_BT2020 @ linear(colour)
    path = filmed(tmp_path / "a.avif", in_pq(light), matrix=BT2020, transfer=PQ, primaries=BT2020)
    assert np.abs(read_photo(path)[40, 40].astype(int) - colour).max() <= 6  # of eight bits


def test_a_png_says_in_which_colours_it_is(tmp_path: Path) -> None:
    signal = tuple(np.rint(255 * in_pq(TO_BT2020 @ linear(SKIN))).astype(int).tolist())
    path = tmp_path / "a.png"
    Image.new("RGB", (128, 96), signal).save(path)  # as the photographs above: made ready once
    path.write_bytes(with_chunks(path.read_bytes(), (b"cICP", bytes((BT2020, PQ, 0, 1)))))
    assert np.abs(read_photo(path)[40, 40].astype(int) - SKIN).max() <= 6  # of eight bits


def test_deep_and_printed_photographs_keep_their_colours(tmp_path: Path) -> None:
    deep = np.full((64, 64, 3), [257 * level for level in SKIN[::-1]], np.uint16)
    cv2.imwrite(str(tmp_path / "deep.png"), deep)
    Image.new("RGB", (64, 64), SKIN).convert("CMYK").save(tmp_path / "cmyk.jpg", quality=100)
    for name in ("deep.png", "cmyk.jpg"):
        assert np.abs(read_photo(tmp_path / name)[40, 40].astype(int) - SKIN).max() <= 3
