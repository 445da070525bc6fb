"""What is said about a picture, damaged or not, is no reason to refuse the picture."""

import io
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pngs import chunk, with_chunks
from s2v.media.photo import read_photo
from s2v.media.probe import probe

PICTURE = Image.fromarray(
    np.kron(
        np.random.default_rng(0).integers(0, 255, (8, 10, 3), np.uint8),
        np.ones((8, 8, 1), np.uint8),
    )
)
DAMAGED = {
    "nothing": b"",
    "a zero": b"\0",
    "only a head": b"Exif\0\0",
    "text": b"parameters: a portrait, 20 steps",
    "far away": b"MM\0*\0\0\xff\xff" + b"\xff" * 40,
    "endless": b"II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\xff\xff\xff\x7f\xff\xff\xff\x7f",
    "noise": bytes(range(256)) * 20,
}
PNG_CHUNKS = (
    *("eXIf", "iCCP", "zTXt", "iTXt", "tEXt", "gAMA", "cHRM", "sRGB", "pHYs", "tIME", "cICP"),
    *("sBIT", "bKGD", "acTL", "fcTL", "fdAT", "hIST", "abCd"),
)

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


def saved(kind: str, **options: object) -> bytes:
    target = io.BytesIO()
    PICTURE.save(target, kind, **options)
    return target.getvalue()


def assert_read(path: Path, data: bytes, *, exactly: bool = True) -> None:
    path.write_bytes(data)
    found = probe(path)
    assert (found.width_pixels, found.height_pixels) == PICTURE.size
    difference = np.abs(read_photo(path).astype(int) - np.asarray(PICTURE)).mean()
    assert difference <= (0 if exactly else 12)


@pytest.mark.parametrize("damage", DAMAGED)
@pytest.mark.parametrize("kind", PNG_CHUNKS)
def test_a_png_is_read_whatever_its_metadata_hold(tmp_path: Path, kind: str, damage: str) -> None:
    odd = (kind.encode(), DAMAGED[damage])
    png = saved("PNG")
    assert_read(tmp_path / "a.png", with_chunks(png, odd))
    end = png.index(b"IEND") - 4
    assert_read(tmp_path / "a.png", png[:end] + chunk(*odd) + png[end:])


@pytest.mark.parametrize("kind", PNG_CHUNKS)
def test_a_png_is_read_where_its_metadata_have_a_wrong_checksum(tmp_path: Path, kind: str) -> None:
    data = bytearray(with_chunks(saved("PNG"), (kind.encode(), b"II*\0")))
    data[data.index(kind.encode()) + 8] ^= 255
    assert_read(tmp_path / "a.png", bytes(data))


@pytest.mark.parametrize("kind", ["zTXt", "iTXt", "iCCP"])
def test_metadata_that_unpack_to_very_much_are_left_packed(tmp_path: Path, kind: str) -> None:
    head = b"a\0\1\0\0\0" if kind == "iTXt" else b"a\0\0"
    body = head + zlib.compress(bytes(100_000_000))
    assert_read(tmp_path / "a.png", with_chunks(saved("PNG"), (kind.encode(), body)))


def test_very_many_notes_are_passed_over(tmp_path: Path) -> None:
    notes = [(b"tEXt", b"k\0" + bytes(1000))] * 70_000
    assert_read(tmp_path / "a.png", with_chunks(saved("PNG"), *notes))


def test_pixels_in_pieces_are_put_together(tmp_path: Path) -> None:
    png = saved("PNG")
    start = png.index(b"IDAT") - 4
    size = int.from_bytes(png[start : start + 4])
    pixels = png[start + 8 : start + 8 + size]
    pieces = [chunk(b"IDAT", pixels[at : at + 7]) for at in range(0, size, 7)]
    assert_read(tmp_path / "a.png", png[:start] + b"".join(pieces) + png[start + 12 + size :])


def test_what_is_no_metadata_is_not_passed_over(tmp_path: Path) -> None:
    png = saved("PNG")
    damaged = bytearray(png)
    damaged[png.index(b"IDAT") + 40] ^= 255
    cut = png[: len(png) // 2]
    for number, data in enumerate((bytes(damaged), cut)):
        path = tmp_path / f"{number}.png"
        path.write_bytes(data)
        with pytest.raises(Exception, match="could not be read"):
            read_photo(path)


@pytest.mark.parametrize("damage", [name for name in DAMAGED if name != "nothing"])
@pytest.mark.parametrize("place", ["exif", "icc_profile", "xmp"])
@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_other_pictures_are_read_whatever_their_metadata_hold(
    tmp_path: Path, kind: str, place: str, damage: str
) -> None:
    data = saved(kind, **{place: DAMAGED[damage]})
    assert_read(tmp_path / f"a.{kind.lower()}", data, exactly=False)
