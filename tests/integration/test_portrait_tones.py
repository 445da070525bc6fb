"""What is painted into a mouth belongs to its picture: in colour, blacks, softness and grain."""

# ruff: noqa: RUF001

from importlib.resources import as_file, files

import cv2
import numpy as np
import pytest

from s2v.core.ports import Size
from s2v.face import topology as topo
from s2v.face.arrays import Floats, Rgb
from s2v.face.detector import FaceDetector
from s2v.face.mesh import FaceMesh
from s2v.lipsync.phones import PHONES
from s2v.media.photo import read_photo
from s2v_render.engines.portrait.drawing import Portrait, make_portrait
from s2v_render.engines.portrait.motion import STILL
from s2v_render.engines.portrait.mouth.surface import blur_at
from s2v_render.engines.portrait.mouth.tones import MouthSeen, skin_of, typical
from s2v_render.engines.reference.fitting import fitted

LUMA = np.array([0.299, 0.587, 0.114])
OPEN = PHONES["ɑ"].mouth


@pytest.fixture(scope="module")
def sample() -> tuple[Rgb, Floats]:
    """A smile with its landmarks."""
    with as_file(files("s2v.samples") / "portrait.jpg") as path:
        picture = fitted(read_photo(path), Size(320, 320))
    return picture, FaceMesh().locate(picture, FaceDetector().find(picture)[0]).points


def portrait_of(picture: Rgb, points: Floats) -> Portrait:
    return make_portrait(picture, points, np.ones(picture.shape[:2], np.float32))


def opened(portrait: Portrait) -> tuple[Rgb, Floats]:
    """Return the picture with its mouth open, and which of its pixels lie between the lips."""
    out = np.empty_like(portrait.picture)
    portrait.draw(OPEN, STILL, out)
    rig = portrait.rig
    targets = rig.targets(portrait.shape.with_mouth(OPEN), rig.pose(STILL))
    outline = targets[[*topo.UPPER_INNER, *topo.LOWER_INNER[::-1]]]
    inside = np.zeros(out.shape[:2], np.uint8)
    cv2.fillPoly(inside, [np.round(outline).astype(np.int32)], 1)
    return out, cv2.erode(inside, np.ones((3, 3), np.uint8)) > 0


def chroma(pixels: Rgb) -> float:
    lab = cv2.cvtColor(pixels.reshape(-1, 1, 3).astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return float(np.hypot(lab[..., 1], lab[..., 2]).mean())


def test_a_grey_picture_gets_a_grey_mouth(sample: tuple[Rgb, Floats]) -> None:
    picture, points = sample
    grey = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    out, _ = opened(portrait_of(grey, points))
    assert np.ptp(out.astype(int), axis=2).max() <= 3


@pytest.mark.parametrize("colourful", [0.4, 1.0, 1.5])
def test_a_mouth_is_as_colourful_as_its_picture(
    sample: tuple[Rgb, Floats], colourful: float
) -> None:
    picture, points = sample
    grey = picture @ LUMA
    tinted = grey[..., None] + colourful * (picture - grey[..., None])
    tinted = np.clip(tinted + 0.5, 0, 255).astype(np.uint8)
    out, _ = opened(portrait_of(tinted, points))
    lips = points[[*topo.UPPER_RINGS[-1], *topo.LOWER_RINGS[-1][::-1]], :2]
    mouth = np.zeros(out.shape[:2], np.uint8)
    cv2.fillPoly(mouth, [np.round(lips).astype(np.int32)], 1)
    assert 0.8 < chroma(out[mouth > 0]) / chroma(tinted[mouth > 0]) < 1.3


def test_a_hazy_picture_gets_no_black_hole(sample: tuple[Rgb, Floats]) -> None:
    picture, points = sample
    hazy = (110 + 0.5 * picture).astype(np.uint8)
    plain, hazed = portrait_of(picture, points), portrait_of(hazy, points)

    def darkest(portrait: Portrait) -> float:
        out, inside = opened(portrait)
        skin = skin_of(portrait.picture, points, portrait.rig.head.eye_distance) @ LUMA
        return float(np.percentile(out[inside] @ LUMA, 5) / skin)

    assert darkest(plain) < 0.35
    assert darkest(hazed) > 0.5


def test_a_soft_picture_gets_a_soft_mouth(sample: tuple[Rgb, Floats]) -> None:
    picture, points = sample
    soft = cv2.GaussianBlur(picture, (0, 0), 3.0)

    def steepest(portrait: Portrait) -> float:
        out, inside = opened(portrait)
        light = cv2.cvtColor(out, cv2.COLOR_RGB2GRAY).astype(np.float32)
        steep = np.hypot(cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1))
        near = cv2.dilate(inside.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        return float(np.percentile(steep[near], 98))

    assert steepest(portrait_of(soft, points)) < 0.6 * steepest(portrait_of(picture, points))


@pytest.mark.parametrize("sigma", [1.5, 3.0])
def test_how_soft_a_face_is_is_measured_in_pixels(sample: tuple[Rgb, Floats], sigma: float) -> None:
    picture, points = sample
    unit = portrait_of(picture, points).rig.head.eye_distance
    own = blur_at(picture, points, unit)
    soft = blur_at(cv2.GaussianBlur(picture, (0, 0), sigma), points, unit)
    assert own < 1.3
    assert soft == pytest.approx(np.hypot(own, sigma), rel=0.3)


def test_a_grainy_picture_gets_a_grainy_mouth(sample: tuple[Rgb, Floats]) -> None:
    picture, points = sample
    noise = np.random.default_rng(0).normal(0, 8, picture.shape[:2])[..., None]
    grainy = np.clip(picture + noise, 0, 255).astype(np.uint8)

    def grain(portrait: Portrait) -> float:
        out, inside = opened(portrait)
        light = cv2.cvtColor(out, cv2.COLOR_RGB2GRAY).astype(np.float32)
        fine = light - cv2.medianBlur(light, 3)
        return float(np.abs(fine[inside]).mean())

    assert grain(portrait_of(grainy, points)) > 1.5 * grain(portrait_of(picture, points))


def test_what_several_pictures_show_of_a_mouth_is_known_together() -> None:
    dark, light = np.full(3, 0.3), np.full(3, 0.6)
    assert typical([]) is None
    together = typical([MouthSeen(light, 0.8), MouthSeen(dark, None), MouthSeen(dark, 1.1)])
    assert together == MouthSeen(dark, 1.1)
    shut_lips = typical([MouthSeen(dark, None)])
    assert shut_lips == MouthSeen(dark, None)
    never = typical([MouthSeen(dark, None), MouthSeen(light, None)])
    assert never is not None
    assert never.teeth is not None
    assert never.teeth < 0.5
