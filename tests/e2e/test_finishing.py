"""Finished films over the four real services, from the request to what lies beside the film."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from s2v.api.common.v1 import finish_pb2
from s2v.api.gateway.v1 import generation_service_pb2, job_pb2
from s2v.client import Client
from s2v.core.errors import InvalidInput
from s2v.face.tracking import FaceTracker
from s2v.media.provenance import read_marking
from s2v.media.video import decode_frames

PORTRAIT = Path("libs/s2v/samples/portrait.jpg")
TEXT = "Good morning. This film was finished as somebody wished."
COLOUR = (32, 64, 127)


@pytest.fixture(scope="module")
def logo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("logo") / "logo.png"
    Image.new("RGBA", (100, 100), (255, 0, 0, 255)).save(path)
    return path


@pytest.fixture(scope="module")
def made(installation: Any, logo: Path) -> tuple[list[Any], Path, Path]:
    """What Generate sent for a finished film, the film, and what came live."""
    with installation.client() as client:
        finish = finish_pb2.Finish(
            sharpen=True,
            aspect=finish_pb2.ASPECT_TALL,
            height_pixels=640,
            watermark=finish_pb2.Watermark(
                image=client.upload(logo).name, corner=finish_pb2.CORNER_TOP_LEFT, opacity=1.0
            ),
            background=finish_pb2.Background(colour="#20407f"),
            thumbnail_seconds=0.0,
            sprites=True,
        )
        spec = job_pb2.JobSpec(width_pixels=320, height_pixels=320, finish=finish)
        config = generation_service_pb2.GenerateConfig(spec=spec)
        responses = list(client.generate(config, text=[TEXT], reference=PORTRAIT))
        film = installation.home / "finished.mp4"
        client.download(responses[-1].finished.film.asset, film)
        live = installation.home / "live.mp4"
        pieces = [r.media.data for r in responses if r.WhichOneof("event") == "media"]
        live.write_bytes(b"".join(pieces))
        return responses, film, live


def test_the_film_has_the_shape_the_mark_and_the_background(
    made: tuple[list[Any], Path, Path],
) -> None:
    film = made[0][-1].finished.film
    assert (film.width_pixels, film.height_pixels) == (360, 640)
    frames = list(decode_frames(made[1]))
    assert len(frames) == film.frames
    for frame in (frames[0], frames[-1]):
        assert frame.shape == (640, 360, 3)
        assert np.abs(frame[30:70, 20:60].astype(int) - (255, 0, 0)).mean() < 12
        assert np.abs(frame[20:60, 330:355].astype(int) - COLOUR).mean() < 12
        found = FaceTracker().find(frame)
        assert found is not None
        assert found.points[:, 0].min() >= 0
        assert found.points[:, 0].max() <= 360
    assert read_marking(made[1]) is not None


def test_the_live_media_carries_the_finished_pictures(made: tuple[list[Any], Path, Path]) -> None:
    for live, film in zip(decode_frames(made[2]), decode_frames(made[1]), strict=True):
        assert (live == film).all()


def test_pictures_of_the_film_lie_beside_it(
    made: tuple[list[Any], Path, Path], client: Client, tmp_path: Path
) -> None:
    film = made[0][-1].finished.film
    client.download(film.thumbnail_asset, tmp_path / "one.jpg")
    client.download(film.sprites_asset, tmp_path / "all.jpg")
    client.download(film.sprites_index_asset, tmp_path / "all.vtt")
    first = next(decode_frames(made[1]))
    thumbnail = np.asarray(Image.open(io.BytesIO((tmp_path / "one.jpg").read_bytes())))
    assert np.abs(thumbnail.astype(int) - first).mean() < 5
    tiles = (tmp_path / "all.vtt").read_text().count("sprites.jpg#xywh=")
    assert tiles >= int(film.duration_seconds)
    assert Image.open(io.BytesIO((tmp_path / "all.jpg").read_bytes())).width == 90 * min(tiles, 10)


def test_restored_faces_cannot_be_asked_for_without_a_network_that_does_it(client: Client) -> None:
    spec = job_pb2.JobSpec(
        script=job_pb2.Script(text="Signed."),
        reference=client.upload(PORTRAIT).name,
        finish=finish_pb2.Finish(restore_faces=True),
    )
    with pytest.raises(InvalidInput, match="S2V_COMPOSITOR_FACE_RESTORER") as refused:
        client.create_job(spec)
    assert refused.value.field == "spec.finish.restore_faces"
