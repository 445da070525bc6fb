"""A mouth that is torn open in a video: its lips and chin come from where the mouth was shut."""

from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from s2v.core.ports import Frames, Take
from s2v.core.script import Mark
from s2v.core.timebase import samples_per_frame
from s2v.face import topology as topo
from s2v.face.arrays import Floats, Rgb
from s2v.face.detector import FaceDetector
from s2v.face.mesh import FaceMesh
from s2v.face.search import clearest
from s2v.lipsync.phones import REST, Mouth
from s2v.media.photo import read_photo
from s2v.media.video import H264, ClipEncoder
from s2v_render.engines.portrait.drawing import make_portrait
from s2v_render.engines.portrait.engine import PortraitEngine
from s2v_render.engines.portrait.motion import STILL
from s2v_render.engines.portrait.video import dubbing
from s2v_render.engines.portrait.video.resync import draw
from s2v_render.engines.portrait.video.shut_mouth import LENT_BELOW, lent
from s2v_render.engines.portrait.video.steadying import Sitting

FPS, SIDE = 25, 384
SHUT, TORN = 20, 24
"""How many pictures show a shut mouth, and how many then an open one."""
MIDDLE = slice(SHUT + 8, SHUT + TORN - 8)
WIDE_OPEN = Mouth(0.3)
DARK = (25, 12, 12)


def points_of(picture: Rgb) -> Floats:
    face = clearest(picture, FaceDetector())
    assert face
    return FaceMesh().locate(picture, face).points


def redness(picture: Rgb, where: Floats) -> float:
    """Return how much redder than grey the skin around a point is, 0..255."""
    x, y = where.round().astype(int)
    skin = picture[y - 3 : y + 4, x - 3 : x + 4].astype(float)
    return float((skin[..., 0] - skin[..., 1:].mean(axis=-1)).mean())


def upper_lip(points: Floats) -> Floats:
    middle: Floats = points[[topo.UPPER_RINGS[0][5], topo.UPPER_RINGS[-1][5]], :2].mean(axis=0)
    return middle


def darkest(picture: Rgb, where: Floats) -> int:
    """Return how bright the darkest is that an upper lip shows around its middle, 0..255."""
    x, y = where.round().astype(int)
    return int(picture[y - 8 : y + 1, x - 6 : x + 7].max(axis=-1).min())


@pytest.fixture(scope="module")
def pictures() -> list[Rgb]:
    """Somebody silent, then crying out, with stains below and on the lips as torn ones leave."""
    with as_file(files("s2v.samples") / "portrait.jpg") as path:
        photo = cv2.resize(read_photo(path), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    portrait = make_portrait(photo, points_of(photo), np.ones(photo.shape[:2], np.float32))
    shut, torn = np.empty_like(photo), np.empty_like(photo)
    portrait.draw(REST, STILL, shut)
    portrait.draw(WIDE_OPEN, STILL, torn)
    points = points_of(torn)
    below_lip = points[[topo.LOWER_RINGS[-1][5], 199], :2].mean(axis=0)
    cv2.circle(torn, below_lip.round().astype(int).tolist(), 8, (190, 40, 50), -1, cv2.LINE_AA)
    cv2.circle(torn, upper_lip(points).round().astype(int).tolist(), 5, DARK, -1, cv2.LINE_AA)
    return [shut] * SHUT + [torn] * TORN


@pytest.fixture(scope="module")
def video(pictures: list[Rgb], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("torn") / "torn.mp4"
    quality = H264("superfast", 12)
    with ClipEncoder(path, width=SIDE, height=SIDE, frame_rate=FPS, quality=quality) as clip:
        clip.write(np.stack(pictures))
    return path


@pytest.fixture(scope="module")
def silent(pictures: list[Rgb], video: Path) -> Rgb:
    """A film over that in which nothing is said."""
    return filmed(video, frames=len(pictures))


def filmed(path: Path, *, frames: int) -> Rgb:
    samples = frames * samples_per_frame(FPS)
    silence = (Mark("_", 0, samples),)
    take = Take(np.zeros(samples, np.int16), silence, path, path.name, "video/mp4", FPS, seed=0)
    made = PortraitEngine().render(take)
    return np.concatenate([out.rgb for out in made if isinstance(out, Frames)])


def test_no_stain_is_left_on_a_chin_whose_lips_are_shut_again(
    pictures: list[Rgb], silent: Rgb
) -> None:
    shut = points_of(silent[SHUT // 2])
    chin = shut[[topo.LOWER_RINGS[-1][5], 199], :2].mean(axis=0)
    as_shut = redness(silent[SHUT // 2], chin)
    below = [chin + np.array([0, y]) for y in range(-6, 40)]
    reddest = max(redness(frame, where) for frame in silent[MIDDLE] for where in below)
    stain = max(redness(pictures[SHUT], where) for where in below)
    assert stain > as_shut + 60
    assert reddest < as_shut + 25


def test_nothing_dark_is_left_on_the_upper_lip(pictures: list[Rgb], silent: Rgb) -> None:
    lip = upper_lip(points_of(silent[SHUT // 2]))
    as_shut = darkest(silent[SHUT // 2], lip)
    assert darkest(pictures[SHUT], upper_lip(points_of(pictures[0]))) < as_shut - 40
    assert min(darkest(frame, lip) for frame in silent[MIDDLE]) > as_shut - 20


def test_a_mouth_at_the_lower_edge_of_a_picture_is_no_fault(
    video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[float] = []

    def also_cut(sitting: Sitting, mouth: Mouth, *rest: Any) -> None:
        draw(sitting, mouth, *rest)
        assert sitting.held
        lip, unit = sitting.held.points[0, 1], sitting.held.head.eye_distance
        for below in (-0.6, -0.3, -0.15, 0, 0.15, 0.3):
            picture = np.ascontiguousarray(sitting.picture[: int(lip + below * unit)])
            draw(replace(sitting, picture=picture), mouth, *rest[:-1], np.empty_like(picture))
            tried.append(below)

    monkeypatch.setattr(dubbing, "draw", also_cut)
    filmed(video, frames=SHUT + TORN)
    assert len(tried) == 6 * (SHUT + TORN)


def test_what_is_lent_gets_the_light_of_the_face_and_ends_softly() -> None:
    mesh = np.zeros((468, 2))
    mesh[list(topo.LOWER_RINGS[0])] = np.c_[np.linspace(80, 120, 11), np.full(11, 60)]
    mesh[list(topo.LOWER_RINGS[-1])] = np.c_[np.linspace(80, 120, 11), np.full(11, 70)]
    mesh[list(topo.UPPER_RINGS[1])] = np.c_[np.linspace(80, 120, 11), np.full(11, 55)]
    mesh[list(topo.CHIN)] = np.c_[
        np.linspace(85, 115, len(topo.CHIN)), np.full(len(topo.CHIN), 100)
    ]
    jaw = np.linspace(0, np.pi, len(topo.JAWLINE))
    mesh[list(topo.JAWLINE)] = np.c_[100 + 80 * np.cos(jaw), 60 + 80 * np.sin(jaw)]
    mesh[list(topo.CHEEKS)] = (100.0, 60.0)
    own = np.full((160, 200, 3), 160, np.uint8)
    own[75:95, 90:110] = (190, 40, 50)
    other = np.full_like(own, 120)

    whole = lent(own, other, mesh, 1.0, LENT_BELOW, unit=100)
    half = lent(own, other, mesh, 0.5, LENT_BELOW, unit=100)

    assert np.abs(whole[78:92, 93:107].astype(int) - 160).max() <= 8
    assert abs(int(half[85, 100, 0]) - 175) <= 8
    assert np.array_equal(whole[150:], own[150:])
    assert np.array_equal(lent(own, other, mesh, 0.0, LENT_BELOW, unit=100), own)
