"""Photos as people have them: turned, transparent, grey, deep, in printing colours, broken."""

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from s2v.core.errors import InvalidInput, Reason
from s2v.media.photo import read_photo

RED = (200, 30, 40)
HEIC = Path(__file__).parents[1] / "data" / "turned.heic"
"""96x64, its left half RED, the rest white, with an EXIF that turns it a quarter clockwise."""
STORED_AS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How a camera that was held so stores what is upright."""
P3_COLOURS = {
    b"rXYZ": (0.51512, 0.24120, -0.00105),
    b"gXYZ": (0.29198, 0.69225, 0.04189),
    b"bXYZ": (0.15710, 0.06657, 0.78407),
}


def close(actual: np.ndarray, colour: tuple[int, int, int], tolerance: int = 6) -> bool:
    return bool((np.abs(actual.astype(int) - colour) <= tolerance).all())


def corners() -> Image.Image:
    """A picture that is another one however it is turned."""
    image = Image.new("RGB", (48, 32), "white")
    image.paste(RED, (0, 0, 24, 16))
    image.paste((20, 60, 200), (24, 16, 48, 32))
    return image


def display_p3() -> bytes:
    """The profile that phones put into their photos: sRGB with other primary colours."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    (count,) = struct.unpack_from(">I", data, 128)
    for tag in range(count):
        name, offset, _ = struct.unpack_from(">4sII", data, 132 + 12 * tag)
        if name in P3_COLOURS:
            values = (round(value * 65536) for value in P3_COLOURS[name])
            struct.pack_into(">3i", data, offset + 8, *values)
    return bytes(data).replace("sRGB".encode("utf-16-be"), "Wide".encode("utf-16-be"))


@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "tiff"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_upright_as_its_exif_says(
    tmp_path: Path, orientation: int, kind: str
) -> None:
    how = STORED_AS[orientation]
    image = corners() if how is None else corners().transpose(how)
    exif = image.getexif()
    exif[0x0112] = orientation
    image.save(tmp_path / f"turned.{kind}", exif=exif, quality=95)
    photo = read_photo(tmp_path / f"turned.{kind}")
    assert photo.shape == (32, 48, 3)
    assert close(photo[3:13, 3:21], RED, 16)
    assert close(photo[19:29, 27:45], (20, 60, 200), 16)
    assert close(photo[3:13, 27:45], (255, 255, 255), 16)


def test_a_photo_of_a_phone_is_read_and_turned() -> None:
    photo = read_photo(HEIC)
    assert photo.shape == (96, 64, 3)
    assert close(photo[2:46], RED, 12)
    assert close(photo[50:94], (255, 255, 255), 12)


@pytest.mark.parametrize("options", [{"progressive": True}, {"subsampling": 0, "optimize": True}])
def test_every_kind_of_jpeg_is_read(tmp_path: Path, options: dict[str, bool]) -> None:
    corners().save(tmp_path / "photo.jpg", quality=95, **options)
    assert close(read_photo(tmp_path / "photo.jpg")[3:13, 3:21], RED, 16)


@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "avif"])
def test_wide_colours_are_brought_into_srgb(tmp_path: Path, kind: str) -> None:
    Image.new("RGB", (32, 32), (200, 60, 60)).save(
        tmp_path / f"wide.{kind}", icc_profile=display_p3(), quality=95
    )
    red, green, blue = read_photo(tmp_path / f"wide.{kind}")[16, 16].astype(int)
    assert red > 210
    assert green < 50
    assert blue < 60


def test_a_profile_that_makes_no_sense_is_ignored(tmp_path: Path) -> None:
    corners().save(tmp_path / "odd.png", icc_profile=b"no profile at all")
    assert close(read_photo(tmp_path / "odd.png")[3:13, 3:21], RED)


def test_wide_colours_keep_their_transparency(tmp_path: Path) -> None:
    image = Image.new("RGBA", (16, 16), (200, 60, 60, 0))
    image.paste((200, 60, 60, 255), (0, 0, 8, 16))
    image.save(tmp_path / "wide.png", icc_profile=display_p3())
    photo = read_photo(tmp_path / "wide.png")
    assert photo[8, 4, 0] > 210
    assert close(photo[:, 8:], (255, 255, 255))


@pytest.mark.parametrize("kind", ["webp", "png", "avif"])
def test_of_a_moving_picture_the_first_frame_is_taken(tmp_path: Path, kind: str) -> None:
    others = [Image.new("RGB", (48, 32), colour) for colour in ("green", "blue")]
    corners().save(
        tmp_path / f"moving.{kind}", save_all=True, append_images=others, duration=100, quality=95
    )
    assert close(read_photo(tmp_path / f"moving.{kind}")[3:13, 3:21], RED, 16)


@pytest.mark.parametrize("kind", ["gif", "bmp", "tiff"])
def test_stills_of_old_kinds_are_read_whatever_they_are_called(tmp_path: Path, kind: str) -> None:
    corners().save(tmp_path / f"photo.{kind}")
    photo = read_photo((tmp_path / f"photo.{kind}").rename(tmp_path / "photo.png"))
    assert close(photo[3:13, 3:21], RED)
    assert close(photo[3:13, 27:45], (255, 255, 255))


@pytest.mark.parametrize("kind", ["ppm", "ico", "tga"])
def test_other_kinds_are_refused_whatever_they_are_called(tmp_path: Path, kind: str) -> None:
    corners().save(tmp_path / f"photo.{kind}")
    disguised = (tmp_path / f"photo.{kind}").rename(tmp_path / "photo.png")
    error = refusal(disguised)
    assert error.reason == Reason.IMAGE_UNREADABLE
    assert "JPEG, PNG, WebP, AVIF, HEIC, GIF, BMP or TIFF" in error.message


@pytest.mark.parametrize("name", ["clear.png", "clear.webp", "clear.avif"])
def test_what_is_transparent_lies_on_white(tmp_path: Path, name: str) -> None:
    image = Image.new("RGBA", (16, 16), (*RED, 0))
    image.paste((*RED, 255), (0, 0, 8, 16))
    image.save(tmp_path / name, lossless=True, quality=100)
    photo = read_photo(tmp_path / name)
    assert close(photo[:, :7], RED, 12)
    assert close(photo[:, 9:], (255, 255, 255), 12)


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


def test_sixteen_bits_a_colour_are_read(tmp_path: Path) -> None:
    deep = np.broadcast_to(np.array(RED[::-1], np.uint16) * 257, (8, 8, 3))
    cv2.imwrite(str(tmp_path / "deep.png"), deep)
    assert close(read_photo(tmp_path / "deep.png"), RED)


def test_grey_with_transparency_lies_on_white(tmp_path: Path) -> None:
    image = Image.new("LA", (16, 16), (100, 255))
    image.paste((100, 0), (8, 0, 16, 16))
    image.save(tmp_path / "grey.png")
    photo = read_photo(tmp_path / "grey.png")
    assert close(photo[:, :8], (100, 100, 100))
    assert close(photo[:, 8:], (255, 255, 255))


def test_printing_colours_are_read(tmp_path: Path) -> None:
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "print.jpg", quality=95)
    photo = read_photo(tmp_path / "print.jpg")
    assert close(photo, (255, 0, 0), 40)


@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "avif", "heic"])
def test_a_truncated_photo_is_refused(tmp_path: Path, kind: str) -> None:
    data = HEIC.read_bytes()
    if kind != "heic":
        noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
        Image.fromarray(noise).save(tmp_path / f"whole.{kind}")
        data = (tmp_path / f"whole.{kind}").read_bytes()
    (tmp_path / "half").write_bytes(data[: len(data) // 2])
    assert refusal(tmp_path / "half").reason == Reason.IMAGE_UNREADABLE


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"hello", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBPVP8 "),
        *(b"\0\0\0\x1cftyp" + brand + bytes(52) for brand in (b"avif", b"heic", b"mif1")),
    ],
)
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
