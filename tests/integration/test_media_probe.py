"""What an upload is, and what is refused."""

import io
import struct
import zlib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from films import decode_sound
from s2v.core.errors import InvalidInput, Reason
from s2v.media.pcm import wav_bytes
from s2v.media.photo import read_photo
from s2v.media.probe import MediaInfo, probe
from s2v.media.sniffing import HEAD_BYTES, media_type_of, sniff


def picture(width: int = 80, height: int = 64) -> Image.Image:
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(noise)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds no pixels to speak of."""
    data = b"\x89PNG\r\n\x1a\n"
    content = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    for kind, body in ((b"IHDR", content), (b"IDAT", zlib.compress(b"\0")), (b"IEND", b"")):
        data += struct.pack(">I", len(body)) + kind + body
        data += struct.pack(">I", zlib.crc32(kind + body))
    return data


def webp_header(width: int, height: int) -> bytes:
    body = struct.pack("<I", 0) + (width - 1).to_bytes(3, "little")
    body += (height - 1).to_bytes(3, "little")
    chunk = b"VP8X" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def movie(path: Path, *, sound: bool, pictures: bool) -> Path:
    with av.open(str(path), "w") as container:
        codecs = ("libvpx", "libopus") if path.suffix == ".webm" else ("libx264", "aac")
        streams = []
        if pictures:
            video = container.add_stream(codecs[0], rate=Fraction(25))
            video.width, video.height, video.pix_fmt = 128, 96, "yuv420p"
            streams.append(video)
        if sound:
            streams.append(container.add_stream(codecs[1], rate=48_000, layout="mono"))
        for stream in streams:
            for at in range(10):
                if stream.type == "video":
                    frame = av.VideoFrame.from_ndarray(
                        np.zeros((96, 128, 3), np.uint8), format="rgb24"
                    )
                    frame.pts, frame.time_base = at, Fraction(1, 25)
                else:
                    silence = np.zeros((1, 1920), np.float32)
                    frame = av.AudioFrame.from_ndarray(silence, format="fltp", layout="mono")
                    frame.pts, frame.sample_rate = at * 1920, 48_000
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return path


def sound(path: Path, codec: str, rate: int) -> Path:
    """Half a second of a tone, without tags."""
    options = {"write_xing": "0", "id3v2_version": "0"} if path.suffix == ".mp3" else {}
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        tone = np.sin(np.arange(rate // 2) * 2 * np.pi * 440 / rate)
        samples = (tone * 8_000).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def refusal(path: Path, data: bytes, media_type: str = "") -> InvalidInput:
    path.write_bytes(data)
    with pytest.raises(InvalidInput) as caught:
        probe(path, media_type)
    return caught.value


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF"])
def test_images_are_known_by_their_content(tmp_path: Path, kind: str) -> None:
    (tmp_path / "a").write_bytes(saved(picture(), kind))
    expected = MediaInfo(f"image/{kind.lower()}", "image", 80, 64)
    assert probe(tmp_path / "a", "application/octet-stream") == expected


def test_a_picture_of_a_phone_is_measured_upright() -> None:
    heic = Path(__file__).parents[1] / "data" / "turned.heic"
    assert probe(heic) == MediaInfo("image/heic", "image", 64, 96)


@pytest.mark.parametrize(
    ("brands", "media_type"),
    [
        (b"avif\0\0\0\0mif1", "image/avif"),
        (b"mif1\0\0\0\0mif1avif", "image/avif"),
        (b"mif1\0\0\0\0mif1heic", "image/heic"),
        (b"heix\0\0\0\0mif1", "image/heic"),
        (b"mif1\0\0\0\0mif1jpeg", ""),
        (b"isom\0\0\0\0avc1", "video/mp4"),
    ],
)
def test_pictures_in_boxes_are_told_by_their_brands(brands: bytes, media_type: str) -> None:
    head = struct.pack(">I", 8 + len(brands)) + b"ftyp" + brands
    assert sniff(head + bytes(40)) == media_type


@pytest.mark.parametrize("lossless", [True, False])
def test_both_kinds_of_webp_are_read(tmp_path: Path, lossless: bool) -> None:
    (tmp_path / "a").write_bytes(saved(picture(200, 70), "WEBP", lossless=lossless))
    assert probe(tmp_path / "a").width_pixels == 200


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_a_picture_taken_sideways_is_measured_and_read_upright(tmp_path: Path, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "a").write_bytes(saved(picture(80, 64), kind, exif=exif))
    info = probe(tmp_path / "a")
    assert (info.width_pixels, info.height_pixels) == (64, 80)
    assert read_photo(tmp_path / "a").shape == (80, 64, 3)


@pytest.mark.parametrize("kind", ["BMP", "TIFF"])
def test_a_lossless_still_is_read_as_it_was_saved(tmp_path: Path, kind: str) -> None:
    (tmp_path / "a").write_bytes(saved(picture(), kind))
    assert np.array_equal(read_photo(tmp_path / "a"), np.asarray(picture()))


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_deflate", "jpeg", "packbits"])
def test_a_compressed_tiff_is_read(tmp_path: Path, compression: str) -> None:
    (tmp_path / "a").write_bytes(saved(picture(), "TIFF", compression=compression))
    assert probe(tmp_path / "a").media_type == "image/tiff"


def test_of_a_moving_gif_the_first_frame_is_taken(tmp_path: Path) -> None:
    red, blue = (Image.new("RGB", (80, 64), colour) for colour in ("red", "blue"))
    (tmp_path / "a").write_bytes(saved(red, "GIF", save_all=True, append_images=[blue, red]))
    assert probe(tmp_path / "a") == MediaInfo("image/gif", "image", 80, 64)
    assert tuple(read_photo(tmp_path / "a")[32, 40]) == (255, 0, 0)


def test_a_gif_whose_frame_is_larger_than_it_says_is_refused(tmp_path: Path) -> None:
    data = bytearray(saved(picture(), "GIF"))
    at = data.index(b"\x2c\0\0\0\0") + 5
    for side, reason in ((60_000, Reason.IMAGE_UNREADABLE), (9_000, Reason.IMAGE_SIZE_UNSUPPORTED)):
        data[at : at + 4] = struct.pack("<HH", side, side)
        assert refusal(tmp_path / "a", bytes(data)).reason is reason


def test_a_tiff_that_is_only_the_thumbnail_of_a_raw_file_is_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path / "a", saved(picture(), "TIFF", tiffinfo={254: 1}))
    assert error.reason is Reason.IMAGE_UNREADABLE
    assert "raw file" in error.message


def test_a_tiff_of_floating_point_numbers_is_refused(tmp_path: Path) -> None:
    depth = Image.fromarray(np.zeros((64, 80), np.float32))
    assert refusal(tmp_path / "a", saved(depth, "TIFF")).reason is Reason.IMAGE_UNREADABLE


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_image_is_refused(tmp_path: Path, kind: str, share: float) -> None:
    data = saved(picture(400, 300), kind)
    error = refusal(tmp_path / "a", data[: round(len(data) * share)])
    assert error.reason is Reason.IMAGE_UNREADABLE
    assert error.field == "asset"
    assert "save it again" in error.message


@pytest.mark.parametrize(
    "data",
    [
        saved(picture(1, 1), "PNG"),
        saved(picture(63, 400), "JPEG"),
        png_header(20_000, 20_000),
        png_header(8_193, 100),
        png_header(8_000, 8_000),
        webp_header(16_000, 16_000),
    ],
)
def test_an_image_of_an_unsupported_size_is_refused_from_its_header(
    tmp_path: Path, data: bytes
) -> None:
    error = refusal(tmp_path / "a", data)
    assert error.reason is Reason.IMAGE_SIZE_UNSUPPORTED
    assert "64 to 8192 pixels" in error.message
    assert "50 megapixels" in error.message


def test_a_huge_jpeg_is_refused_from_its_header(tmp_path: Path) -> None:
    data = bytearray(saved(picture(), "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", 20_000, 20_000)
    error = refusal(tmp_path / "a", bytes(data))
    assert error.reason is Reason.IMAGE_SIZE_UNSUPPORTED
    assert "20000x20000" in error.message


def test_sound_is_told_with_its_duration(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(wav_bytes(np.zeros(24_000, np.int16)))
    expected = MediaInfo("audio/wav", "audio", duration_seconds=0.5, has_audio=True)
    assert probe(tmp_path / "a") == expected


@pytest.mark.parametrize(
    ("name", "codec", "rate", "media_type"),
    [
        ("a.aac", "aac", 44_100, "audio/aac"),
        ("a.mp3", "mp3", 44_100, "audio/mpeg"),  # MPEG-1
        ("a.mp3", "mp3", 22_050, "audio/mpeg"),  # MPEG-2
        ("a.mp3", "mp3", 8_000, "audio/mpeg"),  # MPEG-2.5
        ("a.aiff", "pcm_s16be", 44_100, "audio/aiff"),
        ("a.flac", "flac", 44_100, "audio/flac"),
        ("a.ogg", "libopus", 48_000, "audio/ogg"),
        ("a.caf", "pcm_s16le", 44_100, "audio/x-caf"),
        ("a.wv", "wavpack", 44_100, "audio/x-wavpack"),
        ("a.au", "pcm_s16be", 44_100, "audio/basic"),
        ("a.mka", "ac3", 44_100, "video/x-matroska"),
    ],
)
def test_sound_without_tags_is_known_by_its_first_bytes(
    tmp_path: Path, name: str, codec: str, rate: int, media_type: str
) -> None:
    path = sound(tmp_path / name, codec, rate)
    head = path.read_bytes()[:HEAD_BYTES]
    assert not head.startswith(b"ID3")
    assert sniff(head) == media_type_of(head, "wrong.jpg") == media_type
    info = probe(path)
    assert (info.media_type, info.kind, info.has_audio) == (media_type, "audio", True)
    assert len(decode_sound(path)) > 0


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.mp4", "video/mp4"),
        ("a.mov", "video/quicktime"),
        ("a.webm", "video/webm"),
    ],
)
@pytest.mark.parametrize("sound", [True, False])
def test_video_is_told_with_size_rate_and_sound(
    tmp_path: Path, name: str, media_type: str, sound: bool
) -> None:
    info = probe(movie(tmp_path / name, sound=sound, pictures=True))
    assert (info.media_type, info.kind, info.has_audio) == (media_type, "video", sound)
    assert (info.width_pixels, info.height_pixels) == (128, 96)
    assert info.frame_rate == pytest.approx(25)
    assert info.duration_seconds == pytest.approx(0.4, abs=0.05)


@pytest.mark.parametrize(("name", "media_type"), [("a.mp4", "audio/mp4"), ("a.webm", "audio/webm")])
def test_a_movie_without_pictures_is_sound(tmp_path: Path, name: str, media_type: str) -> None:
    info = probe(movie(tmp_path / name, sound=True, pictures=False))
    assert (info.media_type, info.kind) == (media_type, "audio")


@pytest.mark.parametrize(
    ("media_type", "reason"),
    [
        ("", Reason.MEDIA_TYPE_UNSUPPORTED),
        ("text/plain", Reason.MEDIA_TYPE_UNSUPPORTED),
        ("image/png", Reason.IMAGE_UNREADABLE),
        ("audio/mpeg", Reason.AUDIO_UNREADABLE),
    ],
)
@pytest.mark.parametrize("data", [b"", b"words", b"%PDF-1.7" + bytes(52)])
def test_what_is_neither_is_refused_with_what_would_be_accepted(
    tmp_path: Path, data: bytes, media_type: str, reason: Reason
) -> None:
    error = refusal(tmp_path / "a", data, media_type)
    assert error.reason is reason
    assert "JPEG, PNG, WebP, AVIF, HEIC, GIF, BMP or TIFF image" in error.message


@pytest.mark.parametrize(
    ("data", "media_type", "reason"),
    [
        (b"ID3" + bytes(500), "", Reason.AUDIO_UNREADABLE),
        (b"RIFF\0\0\0\0WAVE", "", Reason.AUDIO_UNREADABLE),
        (b"fLaC" + bytes(100), "", Reason.AUDIO_UNREADABLE),
        (b"OggS" + bytes(100), "", Reason.AUDIO_UNREADABLE),
        (b"\0\0\0\x1cftypM4A " + bytes(52), "", Reason.AUDIO_UNREADABLE),
        (b"\0\0\0\x1cftypisom" + bytes(52), "audio/mp4", Reason.AUDIO_UNREADABLE),
        (b"\0\0\0\x1cftypisom" + bytes(52), "video/mp4", Reason.VIDEO_UNREADABLE),
    ],
)
def test_sound_and_video_that_only_begin_like_it_are_refused(
    tmp_path: Path, data: bytes, media_type: str, reason: Reason
) -> None:
    error = refusal(tmp_path / "a", data, media_type)
    assert error.reason is reason
    assert "plays in a player" in error.message


def test_the_field_to_blame_is_the_caller_s(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"words")
    with pytest.raises(InvalidInput) as caught:
        probe(tmp_path / "a", field="spec.reference")
    assert caught.value.field == "spec.reference"
