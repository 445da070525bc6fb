"""Photos as people have them: turned, transparent, grey, deep, in printing colours, broken."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from s2v.core.errors import InvalidInput, Reason
from s2v_render.engines.portrait.reference import read_photo

RED = (200, 30, 40)


def close(actual: np.ndarray, colour: tuple[int, int, int], tolerance: int = 6) -> bool:
    return bool((np.abs(actual.astype(int) - colour) <= tolerance).all())


def test_a_photo_is_turned_upright_as_its_exif_says(tmp_path: Path) -> None:
    image = Image.new("RGB", (40, 20), "white")
    image.paste(RED, (0, 0, 10, 20))
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(tmp_path / "turned.jpg", exif=exif, quality=95)
    photo = read_photo(tmp_path / "turned.jpg")
    assert photo.shape == (40, 20, 3)
    assert close(photo[2:6, 5:15], RED, 12)
    assert close(photo[-6:-2, 5:15], (255, 255, 255), 12)


@pytest.mark.parametrize("name", ["clear.png", "clear.webp"])
def test_what_is_transparent_lies_on_white(tmp_path: Path, name: str) -> None:
    image = Image.new("RGBA", (16, 16), (*RED, 0))
    image.paste((*RED, 255), (0, 0, 8, 16))
    image.save(tmp_path / name, lossless=True)
    photo = read_photo(tmp_path / name)
    assert close(photo[:, :8], RED)
    assert close(photo[:, 8:], (255, 255, 255))


def test_palette_transparency_lies_on_white(tmp_path: Path) -> None:
    image = Image.new("P", (8, 8), 0)
    image.putpalette([10, 20, 30, 200, 30, 40])
    image.putpixel((0, 0), 1)
    image.save(tmp_path / "palette.png", transparency=0)
    photo = read_photo(tmp_path / "palette.png")
    assert close(photo[0, 0], RED)
    assert close(photo[4, 4], (255, 255, 255))


def test_grey_is_read_in_eight_and_in_sixteen_bits(tmp_path: Path) -> None:
    Image.new("L", (8, 8), 100).save(tmp_path / "grey.png")
    Image.fromarray(np.full((8, 8), 100 * 257, np.uint16)).save(tmp_path / "deep.png")
    assert close(read_photo(tmp_path / "grey.png"), (100, 100, 100))
    assert close(read_photo(tmp_path / "deep.png"), (100, 100, 100))


def test_printing_colours_are_read(tmp_path: Path) -> None:
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "print.jpg", quality=95)
    photo = read_photo(tmp_path / "print.jpg")
    assert close(photo, (255, 0, 0), 40)


def test_a_truncated_photo_is_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "whole.jpg")
    data = (tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "half.jpg").write_bytes(data[: len(data) // 2])
    assert refusal(tmp_path / "half.jpg").reason == Reason.IMAGE_UNREADABLE


@pytest.mark.parametrize("data", [b"", b"hello", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_photo_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "file").write_bytes(data)
    error = refusal(tmp_path / "file")
    assert error.reason == Reason.IMAGE_UNREADABLE
    assert "export it again" in error.message


def test_a_photo_of_too_many_pixels_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    Image.new("1", (20_000, 20_000)).save(tmp_path / "huge.png")
    assert refusal(tmp_path / "huge.png").reason == Reason.IMAGE_SIZE_UNSUPPORTED


def refusal(path: Path) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        read_photo(path)
    assert caught.value.field == "spec.reference"
    return caught.value
