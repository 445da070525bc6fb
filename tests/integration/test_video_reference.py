"""The portrait engine over videos: films of its own, which move and speak already."""

# ruff: noqa: RUF001

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from faces import mouth_openings
from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Frames, Notice, Size, Take
from s2v.core.script import Mark
from s2v.core.timebase import samples_per_frame
from s2v.face.arrays import Floats, Rgb
from s2v.face.detector import FaceDetector
from s2v.face.mesh import FaceMesh
from s2v.media.video import H264, ClipEncoder
from s2v_render.engines.portrait.engine import PortraitEngine

FPS = 25
SPF = samples_per_frame(FPS)
SIZE = Size(256, 256)
OWN_SOUNDS = [
    ("_", 4),
    ("ɑ", 6),
    ("i", 6),
    ("m", 3),
    ("ɑ", 8),
    ("u", 6),
    ("_", 4),
    ("ɑ", 8),
    ("_", 5),
]
LENGTH = sum(frames for _, frames in OWN_SOUNDS)
NEW_SOUNDS = [
    ("_", 9),
    ("ɑ", 6),
    ("p", 3),
    ("ɑ", 6),
    ("m", 3),
    ("i", 6),
    ("_", 5),
    ("ɑ", 7),
    ("_", 5),
]


def take_of(
    reference: Path, sounds: Sequence[tuple[str, int]], *, media_type: str = "video/mp4"
) -> Take:
    """Build a take from sounds and how many frames each lasts; "_" is silence."""
    marks, pcm, frame = [], [], 0
    noise = np.random.default_rng(0)
    for label, frames in sounds:
        level = 0 if label == "_" else 4000
        marks.append(Mark(label, frame * SPF, (frame + frames) * SPF))
        pcm.append((level * noise.normal(size=frames * SPF)).astype(np.int16))
        frame += frames
    digest = f"{reference}"
    return Take(np.concatenate(pcm), tuple(marks), reference, digest, media_type, FPS, seed=7)


def filmed(engine: PortraitEngine, take: Take) -> Rgb:
    return np.concatenate([out.rgb for out in engine.render(take) if isinstance(out, Frames)])


def write(path: Path, frames: Rgb, rate: int = FPS) -> Path:
    height, width = frames.shape[1:3]
    quality = H264("superfast", 16)
    with ClipEncoder(path, width=width, height=height, frame_rate=rate, quality=quality) as clip:
        clip.write(frames)
    return path


def numbered(frames: Rgb) -> Rgb:
    """Paint each picture's number as a shade of grey over its top."""
    marked = frames.copy()
    for number, picture in enumerate(marked):
        picture[:16] = 10 + 5 * number
    return marked


def numbers(film: Rgb) -> list[int]:
    return [round((float(picture[2:12].mean()) - 10) / 5) for picture in film]


@pytest.fixture(scope="module")
def engine() -> PortraitEngine:
    return PortraitEngine()


@pytest.fixture(scope="module")
def photo() -> Iterator[Path]:
    with as_file(files("s2v.samples") / "portrait.jpg") as path:
        yield path


@pytest.fixture(scope="module")
def pictures(engine: PortraitEngine, photo: Path) -> Rgb:
    """Somebody who moves and says something else."""
    take = replace(take_of(photo, OWN_SOUNDS, media_type="image/jpeg"), size=SIZE, seed=3)
    return filmed(engine, take)


@pytest.fixture(scope="module")
def video(pictures: Rgb, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("video") / "speaking.mp4", pictures)


@pytest.fixture(scope="module")
def still(pictures: Rgb, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("still") / "still.mp4"
    return write(path, np.repeat(pictures[:1], 30, axis=0))


@pytest.fixture(scope="module")
def speaking(engine: PortraitEngine, video: Path) -> Rgb:
    """The video with new words; not to be written to."""
    film = filmed(engine, take_of(video, NEW_SOUNDS))
    film.flags.writeable = False
    return film


def wanted(sounds: Sequence[tuple[str, int]]) -> Floats:
    """Return 1 in the middle of open vowels and 0 in that of shut lips, else NaN."""
    target = np.full(sum(frames for _, frames in sounds), np.nan)
    frame = 0
    for label, frames in sounds:
        middle = frame + frames // 2
        if label in "ɑmp":
            target[middle] = label == "ɑ"
        frame += frames
    return target


def test_the_mouth_says_the_new_words_whatever_it_said(speaking: Rgb, pictures: Rgb) -> None:
    assert speaking.shape == (LENGTH, 256, 256, 3)
    openings, target = mouth_openings(speaking), wanted(NEW_SOUNDS)
    assert openings[target == 1].min() > 0.08
    assert openings[target == 0].max() < 0.03
    assert mouth_openings(pictures)[target == 0].max() > 0.12


def test_what_is_not_near_the_mouth_is_the_video_s_own(
    engine: PortraitEngine, pictures: Rgb, video: Path, speaking: Rgb
) -> None:
    plain = filmed(engine, take_of(video, [("_", 24)]))  # two open vowels and what lies between
    changed = cv2.absdiff(speaking[:24], plain).max(axis=(0, 3))
    points = FaceMesh().locate(pictures[0], FaceDetector().find(pictures[0])[0]).points
    eyes, mouth = int(points[[33, 263], 1].mean()), int(points[13, 1])
    assert changed[:eyes].max() < 8
    assert changed[:, :20].max() == changed[:, -20:].max() == 0
    assert changed[mouth].max() > 60


def test_a_still_face_stays_still_while_it_is_silent(engine: PortraitEngine, still: Path) -> None:
    film = filmed(engine, take_of(still, [("_", 30)])).astype(np.float64)
    trembling = np.abs(np.diff(film[3:27], axis=0)).mean(axis=(0, 3))
    assert trembling.mean() < 0.2
    assert np.percentile(trembling, 99) < 2.5


def test_takes_that_meet_are_the_film_made_whole(engine: PortraitEngine, video: Path) -> None:
    whole = filmed(engine, take_of(video, [("_", 26)]))
    first = filmed(engine, take_of(video, [("_", 15)]))
    second = filmed(engine, replace(take_of(video, [("_", 11)]), first_frame=15))
    apart = np.abs(np.concatenate([first, second]).astype(int) - whole)
    assert apart.max() <= 48
    assert apart.mean() < 0.05


def test_a_video_shorter_than_the_speech_goes_on_backwards(
    engine: PortraitEngine, pictures: Rgb, tmp_path: Path
) -> None:
    short = write(tmp_path / "short.mp4", numbered(pictures[:20]))
    film = filmed(engine, take_of(short, [("_", 4), ("ɑ", 6), ("m", 3), ("ɑ", 10), ("_", 34)]))
    assert len(film) == 57
    assert numbers(film) == [*range(20), *range(18, 0, -1), *range(19)]
    openings = mouth_openings(film[:19])
    assert openings[7] > 0.08 < openings[18]
    assert openings[11] < 0.03


@pytest.mark.parametrize("rate", [24, 30, 60])
def test_the_video_keeps_its_pace_at_any_rate_of_its_own(
    engine: PortraitEngine, pictures: Rgb, tmp_path: Path, rate: int
) -> None:
    path = write(tmp_path / "video.mp4", numbered(pictures[:40]), rate)
    film = filmed(engine, take_of(path, [("_", 14)]))
    assert numbers(film) == [
        min(math.ceil((index + 0.5) / FPS * rate) - 1, 39) for index in range(14)
    ]


def test_pictures_without_a_face_are_shown_as_they_are(
    engine: PortraitEngine, pictures: Rgb, tmp_path: Path
) -> None:
    cut = pictures.copy()
    cut[20:27] = (30, 60, 30)
    path = write(tmp_path / "cut.mp4", cut)
    outputs = list(engine.render(take_of(path, [("_", 4), ("ɑ", 42), ("_", 4)])))
    *_, notice = outputs
    assert isinstance(notice, Notice)
    assert notice.code == "FACE_LOST"
    assert "no face" in notice.message
    film = np.concatenate([out.rgb for out in outputs if isinstance(out, Frames)])
    assert np.abs(film[20:27].astype(int) - (30, 60, 30)).max() < 12
    openings = mouth_openings(film[:35])
    assert min(openings[12], openings[34]) > 0.08


def test_a_film_of_another_shape_shows_the_face(
    engine: PortraitEngine, pictures: Rgb, tmp_path: Path
) -> None:
    wide = np.full((12, 256, 640, 3), 120, np.uint8)
    wide[:, :, :256] = pictures[:12]
    path = write(tmp_path / "wide.mp4", wide)
    film = filmed(engine, replace(take_of(path, [("ɑ", 12)]), size=Size(240, 256)))
    assert film.shape == (12, 256, 240, 3)
    assert mouth_openings(film)[6] > 0.06


def test_the_largest_of_several_faces_is_followed(
    engine: PortraitEngine, pictures: Rgb, tmp_path: Path
) -> None:
    two = np.full((12, 256, 448, 3), 200, np.uint8)
    two[:, :, 192:] = pictures[:12]
    for picture, person in zip(two, pictures, strict=False):
        small = Image.fromarray(person).resize((150, 150))
        picture[100:250, 20:170] = np.asarray(small)
    path = write(tmp_path / "two.mp4", two)
    outputs = list(engine.render(take_of(path, [("_", 2), ("ɑ", 8), ("_", 2)])))
    assert isinstance(outputs[0], Notice)
    assert outputs[0].code == "SEVERAL_FACES"
    film = np.concatenate([out.rgb for out in outputs if isinstance(out, Frames)])
    assert mouth_openings(film[:, :, 192:])[6] > 0.08


def test_a_video_without_any_face_is_refused(engine: PortraitEngine, tmp_path: Path) -> None:
    path = write(tmp_path / "empty.mp4", np.full((12, 128, 128, 3), 90, np.uint8))
    with pytest.raises(InvalidInput) as caught:
        next(engine.render(take_of(path, [("ɑ", 12)])))
    assert caught.value.reason is Reason.FACE_NOT_FOUND
    assert "use a video in which" in caught.value.message
    assert caught.value.field == "spec.reference"


def test_a_broken_video_is_refused(engine: PortraitEngine, tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"\0\0\0\x1cftypisom" + bytes(100))
    with pytest.raises(InvalidInput) as caught:
        next(engine.render(take_of(tmp_path / "broken.mp4", [("ɑ", 12)])))
    assert caught.value.reason is Reason.VIDEO_UNREADABLE
    assert caught.value.field == "spec.reference"


def test_equal_takes_give_equal_frames(engine: PortraitEngine, video: Path) -> None:
    take = take_of(video, NEW_SOUNDS[:3])
    first, second = filmed(engine, take), filmed(PortraitEngine(), take)
    assert np.array_equal(first, second)


def test_closing_the_generator_ends_the_take(engine: PortraitEngine, video: Path) -> None:
    rendering = engine.render(take_of(video, [("_", 2500)]))
    next(rendering)
    rendering.close()
    assert list(rendering) == []
