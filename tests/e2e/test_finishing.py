"""Finished films over the four real services, from the request to what lies beside the film."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import restorers
from installations import Installation, installed
from s2v.api.common.v1 import finish_pb2
from s2v.api.gateway.v1 import generation_service_pb2, job_pb2
from s2v.client import Client
from s2v.core.errors import InvalidInput
from s2v.face.tracking import FaceTracker
from s2v.media.credentials import read_credentials
from s2v.media.provenance import read_marking
from s2v.media.video import decode_frames

PORTRAIT = Path("libs/s2v/samples/portrait.jpg")
TEXT = "Good morning. This film was finished as somebody wished."
COLOUR = (32, 64, 127)
GREEN = (16, 200, 64)


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


def restored_face(client: Client) -> job_pb2.JobSpec:
    """What asks for a short film whose face is restored."""
    return job_pb2.JobSpec(
        script=job_pb2.Script(text="Signed."),
        reference=client.upload(PORTRAIT).name,
        width_pixels=256,
        height_pixels=256,
        finish=finish_pb2.Finish(restore_faces=True),
    )


@pytest.fixture(scope="module")
def operated(tmp_path_factory: pytest.TempPathFactory) -> tuple[job_pb2.Job, Path]:
    """A film of an operator who signs films and restores faces, to a green."""
    pytest.importorskip("c2pa")
    folder = tmp_path_factory.mktemp("operated")
    (folder / "home").mkdir()
    settings = {
        "S2V_COMPOSITOR_SIGN_FILMS": "true",
        "S2V_COMPOSITOR_FACE_RESTORER": str(restorers.of_colour(folder / "green.onnx", GREEN)),
    }
    with (
        installed(folder / "home", **settings) as installation,
        installation.client() as client,
    ):
        *_, last = client.watch(client.create_job(restored_face(client)).name)
        client.download(last.finished.film.asset, folder / "film.mp4")
    return last.finished, folder / "film.mp4"


def test_an_operator_has_every_film_signed(operated: tuple[job_pb2.Job, Path]) -> None:
    job, path = operated
    found = read_credentials(path)
    assert found is not None
    assert (found.intact, found.self_made, found.source_type) == (True, True, "compositeSynthetic")
    assert read_marking(path) is not None
    assert len(list(decode_frames(path))) == job.film.frames


def test_an_operators_network_restores_every_face(operated: tuple[job_pb2.Job, Path]) -> None:
    frames = list(decode_frames(operated[1]))
    # The face is about (125, 115), the hair over it and the shoulders beside it are none of it.
    face, hair = (slice(100, 140), slice(110, 140)), (slice(35, 60), slice(100, 150))
    for frame in (frames[0], frames[len(frames) // 2], frames[-1]):
        assert np.abs(frame[face].astype(int) - GREEN).mean() < 12
        assert np.abs(frame[hair].astype(int) - GREEN).mean() > 40


def test_without_such_a_network_faces_cannot_be_asked_for(
    installation: Installation, client: Client
) -> None:
    with pytest.raises(InvalidInput, match="S2V_COMPOSITOR_FACE_RESTORER") as refused:
        client.create_job(restored_face(client))
    assert refused.value.field == "spec.finish.restore_faces"
