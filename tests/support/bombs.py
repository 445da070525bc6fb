"""Small files that claim much, or reach for what is not theirs."""

import io
import struct
import zlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image

from media_kinds import write_video


def png(width: int, height: int) -> bytes:
    """Return a PNG of zeros, of which the first rows are there."""
    packer = zlib.compressobj(1)
    rows = bytes((3 * width + 1) * 100)
    pixels = b"".join(packer.compress(rows) for _ in range(5)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def odd_exif() -> bytes:
    """Return a good PNG whose EXIF chunk is text, as programs that paint write it."""
    file = io.BytesIO()
    Image.new("RGB", (96, 64), "teal").save(file, "PNG", exif=b"masterpiece, best quality")
    return file.getvalue()


def gif(frames: int) -> bytes:
    file = io.BytesIO()
    Image.new("P", (100, 100)).save(file, "GIF")
    data = file.getvalue()
    first = data.index(b",")
    return data[:first] + data[first:-1] * frames + b";"


def scans(count: int) -> bytes:
    """Return a progressive JPEG whose last scan is said again and again, without data."""
    file = io.BytesIO()
    Image.new("RGB", (4000, 3000)).save(file, "JPEG", progressive=True)
    data = file.getvalue()
    last = data.rindex(b"\xff\xda")
    length = 2 + int.from_bytes(data[last + 2 : last + 4])
    return data[:-2] + data[last : last + length] * count + b"\xff\xd9"


def webp_of_two_sizes() -> bytes:
    """Return a WebP whose header says 100x100 and whose picture has 100 megapixels."""
    file = io.BytesIO()
    Image.new("RGB", (10_000, 10_000)).save(file, "WEBP", method=0)
    picture = file.getvalue()[12:]
    head = b"VP8X" + struct.pack("<II", 10, 0) + (99).to_bytes(3, "little") * 2
    return b"RIFF" + struct.pack("<I", 4 + len(head) + len(picture)) + b"WEBP" + head + picture


FLAC_OF_1_HZ = bytes.fromhex(
    "664c614380000022ffffffff0000000000000bb800f00001770000000000000000000000000000000000"
    "fff87d0800fffe00010300e0c03a61fff87d0801fffe000161001f40151cfff87d0802fffe0001c700e0"
    "c06683"
)
"""A few samples that claim to last for days."""


def mp4(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(change(write_video(path.with_suffix(".mp4")).read_bytes()))

    return write


def many_tracks(data: bytes) -> bytes:
    moov = data.index(b"moov") - 4
    end = moov + int.from_bytes(data[moov : moov + 4])
    first = data.index(b"trak") - 4
    track = data[first : first + int.from_bytes(data[first : first + 4])]
    body = data[moov + 8 : end].replace(track, track * 10_000)
    return data[:moov] + struct.pack(">I4s", len(body) + 8, b"moov") + body + data[end:]


def long_index(data: bytes) -> bytes:
    """Claim 50 million samples of one size."""
    at = data.index(b"stsz") + 8
    return data[:at] + struct.pack(">II", 1, 50_000_000) + data[at + 8 :]


def unknown_coding(data: bytes) -> bytes:
    return data.replace(b"avc1", b"zzz1")


def external_data(data: bytes) -> bytes:
    return data.replace(b"url \0\0\0\1", b"alis\0\0\0\0")


def hidden_pictures(path: Path) -> None:
    """Write VP8 of which no picture is meant to be shown."""
    film = write_video(path.with_suffix(".webm"), codec="libvpx", frames=100)
    data, at = bytearray(film.read_bytes()), 0
    with av.open(str(film)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    for packet in packets:
        at = data.index(packet, at)
        data[at] &= ~0x10
        at += len(packet)
    path.write_bytes(data)


def _bytes(data: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(data) and None


BOMBS: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "30 000 x 30 000 PNG": (
        lambda path: path.write_bytes(png(30_000, 30_000)),
        "IMAGE_SIZE_UNSUPPORTED",
        "limit_side_pixels",
    ),
    "JPEG of 12 000 scans": (
        lambda path: path.write_bytes(scans(12_000)),
        "IMAGE_UNREADABLE",
        "limit_scans",
    ),
    "WebP of two sizes": (
        lambda path: path.write_bytes(webp_of_two_sizes()),
        "IMAGE_UNREADABLE",
        "",
    ),
    "MP4 of 50 million samples": (mp4(long_index), "VIDEO_UNREADABLE", "limit_index_entries"),
    "MP4 of 10 000 tracks": (mp4(many_tracks), "VIDEO_UNREADABLE", "limit_streams"),
    "MP4 of an unknown coding": (mp4(unknown_coding), "VIDEO_UNREADABLE", ""),
    "VP8 of hidden pictures": (hidden_pictures, "VIDEO_UNREADABLE", ""),
    "pixels 100 times as wide": (
        lambda path: write_video(path.with_suffix(".mp4"), aspect=Fraction(100)).rename(path),
        "IMAGE_SIZE_UNSUPPORTED",
        "limit_side_pixels",
    ),
    "FLAC of 1 Hz": (_bytes(FLAC_OF_1_HZ), "AUDIO_UNREADABLE", "limit_sample_rate"),
    "playlist": (_bytes(b"#EXTM3U\n#EXTINF:10,\n/etc/passwd\n"), "MEDIA_TYPE_UNSUPPORTED", ""),
    "list of files": (
        _bytes(b"ffconcat version 1.0\nfile /etc/passwd\n"),
        "MEDIA_TYPE_UNSUPPORTED",
        "",
    ),
    "session description": (
        _bytes(b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n"),
        "MEDIA_TYPE_UNSUPPORTED",
        "",
    ),
    "nothing": (_bytes(b""), "MEDIA_TYPE_UNSUPPORTED", ""),
}
"""How each is written, why it is refused, and which limit it breaks."""

HARMLESS: dict[str, Callable[[Path], object]] = {
    "GIF of 100 000 frames": lambda path: path.write_bytes(gif(100_000)),
    "PNG with odd EXIF": lambda path: path.write_bytes(odd_exif()),
    "MP4 with its data elsewhere": mp4(external_data),
}
"""Those that can be used: of a moving picture the first frame, of a reference nothing."""
