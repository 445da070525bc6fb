"""Faces that a network restores: they lie where they were, and bad networks are refused."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import restorers
from s2v.api.common.v1 import finish_pb2
from s2v.api.compositor.v1 import compositor_service_pb2, compositor_service_pb2_grpc
from s2v.core.errors import InvalidInput, Reason
from s2v.core.finishing import Finish
from s2v.face import topology as topo
from s2v.face.arrays import Floats, Rgb
from s2v.face.tracking import FaceTracker
from s2v.media.photo import read_photo
from s2v.media.video import ClipEncoder
from s2v.rpc.channel import connect
from s2v.rpc.errors import from_rpc_error
from s2v.rpc.server import Server
from s2v.testing.fakes_store import InMemoryStore
from s2v_compositor.finishing.faces import TEMPLATE, Restores, Restoring
from s2v_compositor.finishing.pictures import Finisher, Images
from s2v_compositor.finishing.restorer import FaceRestorer
from s2v_compositor.servicer import CompositorServicer

SETTING = "S2V_COMPOSITOR_FACE_RESTORER"
PORTRAIT = read_photo(Path("libs/s2v/samples/portrait.jpg"))
GREEN = (16, 200, 64)
FIELD = "spec.finish.restore_faces"


def turned(degrees: float, scale: float) -> Rgb:
    """The portrait turned and scaled, with its face not in the middle."""
    turn = cv2.getRotationMatrix2D((256, 256), degrees, scale)
    turn[:, 2] += (30, 60)
    return cv2.warpAffine(PORTRAIT, turn, (600, 640), borderMode=cv2.BORDER_REPLICATE)


PICTURES = [turned(0, 1.0), turned(20, 0.5), turned(-30, 1.5)]


def restored(picture: Rgb, restorer: Restores) -> Rgb:
    (result,) = Restoring(restorer).restored(iter([picture]))
    return result


def landmarks(picture: Rgb) -> Floats:
    found = FaceTracker().find(picture)
    assert found is not None
    return found.points[:, :2]


def inside_face(picture: Rgb) -> Floats:
    """How far each pixel is within the outline of the face, in pixels; negative outside of it."""
    hull = cv2.convexHull(landmarks(picture).astype(np.float32))
    inside = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillConvexPoly(inside, hull.astype(np.int32), 1)
    within = cv2.distanceTransform(inside, cv2.DIST_L2, 5)
    return np.where(inside > 0, within, -cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5))


@pytest.mark.parametrize("picture", PICTURES)
def test_a_network_that_changes_nothing_leaves_the_picture(picture: Rgb, tmp_path: Path) -> None:
    result = restored(picture, FaceRestorer(restorers.identity(tmp_path / "same.onnx")))
    change = np.abs(result.astype(int) - picture)
    within = inside_face(picture)
    assert change[within < -2].max() == 0
    # What it takes to enlarge the face and to make it small again.
    assert change[within > 0].mean() < 4


@pytest.mark.parametrize("picture", PICTURES)
def test_the_painted_face_is_where_the_face_is_and_nowhere_else(
    picture: Rgb, tmp_path: Path
) -> None:
    before = picture.copy()
    result = restored(picture, FaceRestorer(restorers.of_colour(tmp_path / "green.onnx", GREEN)))
    within = inside_face(picture)
    assert (result[within < -2] == picture[within < -2]).all()
    eyes = landmarks(picture)[[topo.RIGHT_EYE_OUTER, topo.LEFT_EYE_OUTER]]
    feather = 0.3 * np.linalg.norm(eyes[1] - eyes[0])
    assert np.abs(result[within > feather].astype(int) - GREEN).max() <= 1
    assert (picture == before).all()


@pytest.mark.parametrize("picture", PICTURES)
def test_eyes_and_mouth_come_to_lie_where_the_network_was_taught(
    picture: Rgb, tmp_path: Path
) -> None:
    points = landmarks(picture)
    parts = [
        points[[33, 133]].mean(axis=0),
        points[[362, 263]].mean(axis=0),
        points[topo.RIGHT_CORNER],
    ]
    # A red, a green and a blue dot.
    levels = np.full(restorers.SHAPE, -1, np.float32)
    for channel, place in enumerate(TEMPLATE[[0, 1, 3]]):
        x, y = round(place.real), round(place.imag)
        levels[0, channel, y - 6 : y + 7, x - 6 : x + 7] = 1
    dots = restored(picture, FaceRestorer(restorers.painter(tmp_path / "dots.onnx", levels)))
    eyes = float(np.linalg.norm(parts[1] - parts[0]))
    seen = (dots > 128) & (inside_face(picture) > 0.2 * eyes)[..., None]
    for channel, part in enumerate(parts):
        rows, columns = np.nonzero(seen[..., channel])
        # No face is the mean face.
        assert np.linalg.norm(np.array([columns.mean(), rows.mean()]) - part) < 0.2 * eyes


def test_a_picture_without_a_face_stays_as_it_is(tmp_path: Path) -> None:
    grey = np.full((240, 320, 3), 90, np.uint8)
    network = FaceRestorer(restorers.of_colour(tmp_path / "green.onnx", GREEN))
    assert (restored(grey, network) == grey).all()


@pytest.mark.parametrize(("number", "sides"), [(restorers.FLOAT, ()), (restorers.DOUBLE, (1,))])
def test_a_second_number_is_given_as_fidelity(
    tmp_path: Path, number: int, sides: tuple[int, ...]
) -> None:
    path = restorers.weighted(tmp_path / "w.onnx", number=number, sides=sides)
    face = FaceRestorer(path).restored(np.zeros((512, 512, 3), np.uint8))
    assert (face == 191).all()  # a half of -1..1


def test_open_sides_are_taken(tmp_path: Path) -> None:
    path = restorers.identity(tmp_path / "open.onnx", shape=("n", 3, "h", "w"))
    face = np.random.default_rng(0).integers(0, 256, (512, 512, 3), dtype=np.uint8)
    assert (FaceRestorer(path).restored(face) == face).all()


def no_network(path: Path) -> Path:
    path.write_bytes(b"no network")
    return path


@pytest.mark.parametrize(
    ("write", "problem"),
    [
        (no_network, "ONNX Runtime cannot load it"),
        (lambda path: restorers.identity(path, shape=(1, 3, 256, 256)), "it takes input"),
        (lambda path: restorers.identity(path, shape=(1, 512)), "it takes input"),
        (lambda path: restorers.weighted(path, sides=(512,)), r"it takes .*weight"),
        (
            lambda path: restorers.weighted(path, number=restorers.FLOAT, sides=restorers.SHAPE),
            r"it takes .*weight",
        ),
        (restorers.halving, r"it gives float32 \[1, 3, 256, 256\], not a float picture"),
        (restorers.noisy, "export it with its noise fixed"),
        (restorers.without_numbers, "it gives what are no numbers"),
    ],
)
def test_other_files_are_refused(
    tmp_path: Path, write: Callable[[Path], Path], problem: str
) -> None:
    with pytest.raises(InvalidInput, match=problem) as refused:
        FaceRestorer(write(tmp_path / "bad.onnx"))
    assert (refused.value.reason, refused.value.field) == (Reason.FIELD_INVALID, "face_restorer")
    assert "bad.onnx is no network that restores faces" in refused.value.message


@pytest.mark.parametrize(
    ("content", "problem"),
    [(None, "does not point to a file"), (b"no network", "is no network that restores faces")],
)
def test_the_service_says_which_setting_is_wrong(
    tmp_path: Path, content: bytes | None, problem: str
) -> None:
    path = tmp_path / "bad.onnx"
    if content:
        path.write_bytes(content)
    ended = subprocess.run(
        [sys.executable, "-m", "s2v_compositor.main"],
        env={**os.environ, SETTING: str(path), "S2V_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"bad setting {SETTING}: ")
    assert problem in ended.stderr


class Counting:
    """Restores nothing, and counts."""

    def __init__(self) -> None:
        self.faces = 0

    def restored(self, face: Rgb) -> Rgb:
        self.faces += 1
        return face


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    with ClipEncoder(path, width=256, height=256, frame_rate=25) as encoder:
        small = cv2.resize(PORTRAIT, (256, 256), interpolation=cv2.INTER_AREA)
        encoder.write(np.repeat(small[None], 12, axis=0))
    return path


def finisher(finish: Finish, restorer: Restores | None) -> Finisher:
    return Finisher(
        finish, Images(InMemoryStore()), captions_burnt_in=False, frame_rate=25, restorer=restorer
    )


def test_every_picture_of_a_clip_is_restored_and_work_can_end_between_two(
    clip: Path, tmp_path: Path
) -> None:
    counting = Counting()
    finish = Finish(restore_faces=True, width_pixels=320, sharpen=True)
    target = tmp_path / "finished.mp4"
    work = finisher(finish, counting).finished(clip, target, (), first_frame=0, field="clip")
    next(work)
    begun = counting.faces
    work.close()
    assert not target.exists()
    assert begun < 4
    counting.faces = 0
    list(finisher(finish, counting).finished(clip, target, (), first_frame=0, field="clip"))
    assert counting.faces == 12


def test_nothing_is_restored_unless_it_is_asked_for(clip: Path, tmp_path: Path) -> None:
    counting = Counting()
    work = finisher(Finish(sharpen=True), counting)
    list(work.finished(clip, tmp_path / "finished.mp4", (), first_frame=0, field="clip"))
    assert counting.faces == 0


def test_without_a_network_nobody_can_ask_for_it() -> None:
    with pytest.raises(InvalidInput, match=SETTING) as refused:
        finisher(Finish(restore_faces=True), None)
    assert refused.value.field == FIELD


@pytest.fixture(params=[None, Counting()], ids=["without", "with"])
async def compositor(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    server = Server("127.0.0.1:0", ["s2v.api.compositor.v1.CompositorService"])
    servicer = CompositorServicer(InMemoryStore(), tmp_path, restorer=request.param)
    compositor_service_pb2_grpc.add_CompositorServiceServicer_to_server(servicer, server.grpc)
    await server.start()
    async with connect(server.address) as channel:
        stub = compositor_service_pb2_grpc.CompositorServiceStub(channel)
        yield stub, request.param is not None
    await server.stop(0)


async def test_a_compositor_tells_whether_it_restores_faces_and_refuses_where_it_does_not(
    compositor: Any, tmp_path: Path
) -> None:
    stub, able = compositor
    asked = compositor_service_pb2.GetCapabilitiesRequest()
    assert (await stub.GetCapabilities(asked)).restores_faces == able
    config = compositor_service_pb2.ComposeConfig(
        frame_rate=25, finish=finish_pb2.Finish(restore_faces=True)
    )
    with pytest.raises(Exception) as ended:  # noqa: PT011 - read below
        async for _ in stub.Compose(iter([compositor_service_pb2.ComposeRequest(config=config)])):
            pass
    error = from_rpc_error(ended.value)
    # With one, what is missing are the segments.
    assert error.field == ("segments" if able else FIELD)
