"""The vendored networks see what MediaPipe sees.

tests/data/portrait_landmarks.npy holds what MediaPipe 0.10.21 (`FaceMesh`, refined landmarks, the
third of three looks at the same picture) finds in the sample portrait: float32 [478, 2], pixels.
"""

from hashlib import sha256
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import pytest

from s2v.face import models
from s2v.face import topology as topo
from s2v.face.arrays import Rgb
from s2v.face.detector import FaceDetector
from s2v.face.matte import PersonMatte, background_plate
from s2v.face.mesh import FaceMesh, Landmarks
from s2v.media.photo import read_photo

STORED = Path(__file__).parents[1] / "data" / "portrait_landmarks.npy"


@pytest.fixture(scope="module")
def photo() -> Rgb:
    with as_file(files("s2v.samples") / "portrait.jpg") as path:
        return read_photo(path)


@pytest.fixture(scope="module")
def found(photo: Rgb) -> Landmarks:
    return FaceMesh().locate(photo, FaceDetector().find(photo)[0])


def test_landmarks_agree_with_mediapipe_to_a_hundredth_of_the_eye_distance(
    found: Landmarks,
) -> None:
    stored = np.load(STORED)
    unit = np.linalg.norm(stored[topo.LEFT_EYE_OUTER] - stored[topo.RIGHT_EYE_OUTER])
    errors = np.linalg.norm(found.points[:, :2] - stored, axis=1) / unit
    assert errors.mean() < 0.01
    assert errors[list(topo.REFINED_LIPS)].mean() < 0.01
    assert errors[topo.RIGHT_IRIS].mean() < 0.01
    assert errors[topo.LEFT_IRIS].mean() < 0.01
    assert found.score > 0.9


def test_following_a_face_stays_where_locating_it_came_out(photo: Rgb, found: Landmarks) -> None:
    again = FaceMesh().follow(photo, found)
    assert np.abs(again.points[:, :2] - found.points[:, :2]).max() < 1.5


def test_the_matte_keeps_the_face_and_drops_the_backdrop(photo: Rgb, found: Landmarks) -> None:
    alpha = PersonMatte().cut(photo)
    x, y = found.points[topo.NOSE_BRIDGE, :2].astype(int)
    assert alpha.shape == photo.shape[:2]
    assert alpha[y, x] == 1
    assert alpha[:40, -40:].max() == 0
    assert 0.2 < alpha.mean() < 0.8


def test_the_networks_are_the_ones_that_their_readme_names() -> None:
    readme = (files(models) / "README.md").read_text()
    listed = dict(line.split()[::-1] for line in readme.split("```")[1].strip().splitlines())
    digests = {
        entry.name: sha256(entry.read_bytes()).hexdigest()
        for entry in files(models).iterdir()
        if entry.name.endswith(".onnx")
    }
    assert digests == listed


def test_a_pattern_goes_on_behind_the_persons_edge() -> None:
    stripes = np.where(np.arange(200) // 5 % 2, 230, 60).astype(np.uint8)
    picture = np.repeat(stripes[:, None, None], 160, axis=1).repeat(3, axis=2)
    alpha = np.zeros((200, 160), np.float32)
    alpha[20:180, 60:100] = 1
    plate = background_plate(
        np.where(alpha[..., None] > 0, 10, picture).astype(np.uint8), alpha, 80
    )
    behind = np.abs(plate[60:140, 61:66].astype(int) - picture[60:140, 61:66])
    assert np.median(behind) < 25
