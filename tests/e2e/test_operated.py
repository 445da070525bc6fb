"""What an operator has done to every film, over the four real services."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from s2v.api.common.v1 import finish_pb2
from s2v.api.gateway.v1 import job_pb2
from s2v.media.credentials import read_credentials
from s2v.media.provenance import read_marking
from s2v.media.video import decode_frames

PORTRAIT = Path("libs/s2v/samples/portrait.jpg")


@pytest.fixture(scope="module")
def made(equipped: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[job_pb2.Job, Path]:
    """A film of an operator who signs films and restores faces, to a green."""
    path = tmp_path_factory.mktemp("operated") / "film.mp4"
    with equipped.installation.client() as client:
        spec = job_pb2.JobSpec(
            script=job_pb2.Script(text="Signed."),
            reference=client.upload(PORTRAIT).name,
            width_pixels=256,
            height_pixels=256,
            finish=finish_pb2.Finish(restore_faces=True),
        )
        *_, last = client.watch(client.create_job(spec).name)
        client.download(last.finished.film.asset, path)
    return last.finished, path


def test_an_operator_has_every_film_signed(made: tuple[job_pb2.Job, Path]) -> None:
    pytest.importorskip("c2pa")
    job, path = made
    found = read_credentials(path)
    assert found is not None
    assert (found.intact, found.self_made, found.source_type) == (True, True, "compositeSynthetic")
    assert read_marking(path) is not None
    assert len(list(decode_frames(path))) == job.film.frames


def test_an_operators_network_restores_every_face(
    equipped: Any, made: tuple[job_pb2.Job, Path]
) -> None:
    frames = list(decode_frames(made[1]))
    # The face is about (125, 115), the hair over it and the shoulders beside it are none of it.
    face, hair = (slice(100, 140), slice(110, 140)), (slice(35, 60), slice(100, 150))
    for frame in (frames[0], frames[len(frames) // 2], frames[-1]):
        assert np.abs(frame[face].astype(int) - equipped.paints).mean() < 12
        assert np.abs(frame[hair].astype(int) - equipped.paints).mean() > 40
