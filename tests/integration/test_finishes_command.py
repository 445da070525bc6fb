"""Finishes on the command line: what is asked for, and where the files go."""

from pathlib import Path

import pytest
from typer.testing import Result

from command_line import PHOTO, s2v
from s2v.api.common.v1 import finish_pb2
from s2v.testing.fakes_gateway import FakeGateway
from s2v.testing.fakes_gateway_memory import (
    FRAGMENTS,
    PLAYLIST,
    SPRITES,
    SPRITES_INDEX,
    THUMBNAIL,
)


def make(gateway: FakeGateway, photo: Path, output: Path, *arguments: object) -> Result:
    fixed = ("make", "--text", "Hello.", "--reference", photo, "-o", output)
    return s2v(*fixed, *arguments, gateway=gateway)


def finish_of(gateway: FakeGateway) -> finish_pb2.Finish:
    (job,) = gateway.jobs.values()
    return job.spec.finish


def test_every_option_is_told_to_the_gateway(
    gateway: FakeGateway, photo: Path, tmp_path: Path
) -> None:
    result = make(
        gateway,
        photo,
        tmp_path / "f.mp4",
        *(
            "--sharpen",
            "--denoise",
            "--restore-faces",
            "--aspect",
            "9:16",
            "--scale",
            "x1920",
            "--bitrate",
            "1.5M",
        ),
        *("--fragments", 4, "--watermark", "S2V", "--watermark-corner", "top-left"),
        *("--watermark-opacity", 0.5, "--background", "#20407f"),
    )
    assert result.exit_code == 0, result.output
    assert finish_of(gateway) == finish_pb2.Finish(
        denoise=True,
        sharpen=True,
        restore_faces=True,
        aspect=finish_pb2.ASPECT_TALL,
        height_pixels=1920,
        bits_per_second=1_500_000,
        watermark=finish_pb2.Watermark(text="S2V", corner=finish_pb2.CORNER_TOP_LEFT, opacity=0.5),
        background=finish_pb2.Background(colour="#20407f"),
        fragment_seconds=4,
    )


def test_images_are_uploaded(gateway: FakeGateway, photo: Path, tmp_path: Path) -> None:
    logo = tmp_path / "logo.jpg"
    logo.write_bytes(PHOTO)
    result = make(gateway, photo, tmp_path / "f.mp4", "--watermark", logo, "--background", "blur")
    assert result.exit_code == 0, result.output
    finish = finish_of(gateway)
    assert finish.watermark.image.startswith("assets/")
    assert finish.background.blur


def test_pictures_are_put_beside_the_film(
    gateway: FakeGateway, photo: Path, tmp_path: Path
) -> None:
    picture, small = tmp_path / "film.jpg", tmp_path / "line.jpg"
    result = make(
        gateway,
        photo,
        tmp_path / "f.mp4",
        *("--thumbnail", picture, "--thumbnail-at", 1.5, "--sprites", small),
        *("--hls", tmp_path / "web"),
    )
    assert result.exit_code == 0, result.output
    assert (picture.read_bytes(), small.read_bytes()) == (THUMBNAIL, SPRITES)
    assert (tmp_path / "web" / "index.m3u8").read_bytes() == PLAYLIST
    assert (tmp_path / "web" / "fragments.mp4").read_bytes() == FRAGMENTS
    index = (tmp_path / "line.vtt").read_bytes()
    assert index == SPRITES_INDEX.replace(b"sprites.jpg", b"line.jpg")
    assert f"{picture}: a picture of it" in result.stdout
    assert finish_of(gateway) == finish_pb2.Finish(thumbnail_seconds=1.5, sprites=True, hls=True)


def test_make_asks_for_no_finish_by_itself(
    gateway: FakeGateway, photo: Path, tmp_path: Path
) -> None:
    make(gateway, photo, tmp_path / "f.mp4")
    (job,) = gateway.jobs.values()
    assert not job.spec.HasField("finish")


def test_download_fetches_the_picture_of_a_job(
    gateway: FakeGateway, photo: Path, tmp_path: Path
) -> None:
    make(gateway, photo, tmp_path / "f.mp4", "--thumbnail", tmp_path / "one.jpg")
    (job,) = gateway.jobs.values()
    result = s2v("download", job.name, "-o", tmp_path / "two.jpg", gateway=gateway)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "two.jpg").read_bytes() == THUMBNAIL


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--scale", "wide"), "--scale: must be such as 1080x1920"),
        (("--scale", "101x200"), "--scale: width_pixels is 101; it must be even"),
        (("--bitrate", "fast"), "--bitrate: must be bits a second such as 800k or 2M"),
        (("--bitrate", "1"), "--bitrate: it is 1; it must be from 50000"),
        (("--background", "green"), "--background: it is 'green'; write it like #20407f"),
        (("--watermark", "there.png.png"), "--watermark: there is no file there.png.png"),
        (("--watermark", "a", "--watermark-opacity", "0"), "--watermark-opacity: it is 0"),
        (("--thumbnail", "x.png"), "--thumbnail: it is a JPEG; give a file.jpg"),
        (("--thumbnail", "there.jpg"), "--thumbnail: there.jpg exists; replace it with --force"),
        (("--aspect", "1:1", "--scale", "100x200"), "--aspect: width_pixels and height_pixels"),
    ],
)
def test_make_refuses_what_cannot_be_before_any_work(
    gateway: FakeGateway,
    photo: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there.jpg").write_text("precious")

    result = make(gateway, photo, tmp_path / "f.mp4", *arguments)

    assert result.exit_code == 2
    assert message in result.stderr
    assert gateway.calls == []
    assert Path("there.jpg").read_text() == "precious"
