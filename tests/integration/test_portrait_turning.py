"""The head of a portrait turns as a solid one would, and nothing around it moves."""

# ruff: noqa: RUF001

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import pytest

from s2v.core.ports import Frames, Size, Take
from s2v.core.timebase import samples_per_frame
from s2v.face import topology as topo
from s2v.face.arrays import Floats, Rgb
from s2v.face.detector import FaceDetector
from s2v.face.matte import PersonMatte
from s2v.face.mesh import FaceMesh
from s2v.lipsync.phones import PHONES, REST
from s2v.media.photo import read_photo
from s2v_render.engines.portrait.drawing import Portrait, make_portrait
from s2v_render.engines.portrait.engine import PortraitEngine
from s2v_render.engines.portrait.expression import face_shape
from s2v_render.engines.portrait.head import head_of, neck_pivot, pose_of
from s2v_render.engines.portrait.motion import STILL, Motion
from s2v_render.engines.portrait.rig import Rig
from s2v_render.engines.reference.fitting import fitted

NOSE_TIP = 1
FAR = np.radians(8.6)
EXTREMES = (
    Motion(yaw=FAR, pitch=0.10, roll=0.08, shift_x=-0.03, shift_y=0.02),
    Motion(yaw=-FAR, pitch=-0.10, roll=-0.08, shift_x=0.03, shift_y=-0.02),
    Motion(yaw=FAR, pitch=-0.10, roll=-0.08, shift_x=0.03, shift_y=0.02),
)


@pytest.fixture(scope="module")
def photo() -> Iterator[Path]:
    with as_file(files("s2v.samples") / "portrait.jpg") as path:
        yield path


@pytest.fixture(scope="module")
def picture(photo: Path) -> Rgb:
    return fitted(read_photo(photo), Size(384, 384))


@pytest.fixture(scope="module")
def points(picture: Rgb) -> Floats:
    return FaceMesh().locate(picture, FaceDetector().find(picture)[0]).points


@pytest.fixture(scope="module")
def portrait(picture: Rgb, points: Floats) -> Portrait:
    return make_portrait(picture, points, PersonMatte().cut(picture))


def rig_of(points: Floats, size: tuple[int, int] = (384, 384)) -> Rig:
    head = head_of(points)
    return Rig(points, head, face_shape(head.to_local(points)), size)


def places(points: Floats, motion: Motion) -> Floats:
    rig = rig_of(points)
    return rig.targets(rig.head.to_local(points)[:468], rig.pose(motion))


def turned(points: Floats, degrees: float) -> Floats:
    """Return the landmarks of the same face looking to the side."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    middle = points[[topo.RIGHT_EAR, topo.LEFT_EAR]].mean(axis=0)
    about_y = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    return (points - middle) @ about_y.T + middle


def test_in_a_turn_the_nose_passes_before_the_cheeks(points: Floats) -> None:
    unit = head_of(points).eye_distance
    for yaw in (-FAR, FAR):
        shift = (places(points, Motion(yaw=yaw)) - places(points, STILL))[:, 0] / unit
        ears = shift[[topo.RIGHT_EAR, topo.LEFT_EAR]]
        assert np.abs(shift[NOSE_TIP]) > np.abs(ears).max() + 0.05
        assert np.sign(shift[NOSE_TIP]) == -np.sign(yaw)


def test_in_a_turn_the_far_cheek_narrows_and_the_near_one_widens(points: Floats) -> None:
    def cheeks(motion: Motion) -> tuple[float, float]:
        x = places(points, motion)[:, 0]
        return x[NOSE_TIP] - x[topo.RIGHT_EAR], x[topo.LEFT_EAR] - x[NOSE_TIP]

    still, moved = cheeks(STILL), cheeks(Motion(yaw=FAR))
    assert moved[0] < 0.95 * still[0]
    assert moved[1] > 1.05 * still[1]


def test_a_face_that_is_turned_away_turns_further_by_less(points: Floats) -> None:
    for degrees in (-25, 25):
        head = head_of(turned(points, degrees))
        pivot = neck_pivot(head.to_local(points))
        away = -np.sign(head.yaw_degrees) * FAR
        further = pose_of(Motion(yaw=away), head, pivot=pivot).turn
        back = pose_of(Motion(yaw=-away), head, pivot=pivot).turn
        assert np.abs(further[0, 2]) < 0.6 * np.abs(back[0, 2])


@pytest.mark.parametrize("degrees", [-30, -20, 0, 20, 30])
def test_no_part_of_the_picture_folds_over_another(points: Floats, degrees: float) -> None:
    rig = rig_of(turned(points, degrees))
    shut = face_shape(rig.head.to_local(turned(points, degrees)))
    for motion in EXTREMES:
        pose = rig.pose(motion)
        targets = rig.targets(shut.with_mouth(REST), pose)
        for layer in (rig.upper, rig.lower):
            sources = rig.field(layer, targets, rig.anchor_shifts(pose, 0.0)).sources[1:-1, 1:-1]
            assert np.diff(sources[..., 0], axis=1).min() > 0.1 * rig.cell
            assert np.diff(sources[..., 1], axis=0).min() > 0.1 * rig.cell


def test_a_head_that_the_picture_cuts_hardly_tilts(points: Floats) -> None:
    free = rig_of(points + np.array((400, 400, 0)), (1184, 1184)).pose(Motion(roll=0.08)).turn[1, 0]
    top = points[:, 1].min()
    cut = rig_of(points - np.array((0, top, 0))).pose(Motion(roll=0.08)).turn[1, 0]
    assert free == pytest.approx(np.sin(0.08))
    assert 0 < cut < 0.5 * free


def test_the_border_of_what_is_bent_never_moves(portrait: Portrait) -> None:
    still = inside(portrait, STILL)
    for motion in EXTREMES:
        difference = np.abs(inside(portrait, motion) - still).max(axis=-1)
        for edge in (difference[0], difference[-1], difference[:, 0], difference[:, -1]):
            assert edge.max() <= 3


def inside(portrait: Portrait, motion: Motion) -> Floats:
    """Return what is drawn in the region that is bent."""
    out = np.empty_like(portrait.picture)
    portrait.draw(PHONES["ɑ"].mouth, motion, out)
    return out[portrait.rig.region.rows, portrait.rig.region.columns].astype(float)


def test_nobody_moves_out_of_what_is_drawn(portrait: Portrait) -> None:
    """A frame that is drawn whole is the one that is drawn where the person may be."""
    region = portrait.rig.region
    whole = replace(portrait, strips=(replace(region, left=0, top=0),))
    for motion in EXTREMES:
        frames = [np.empty_like(portrait.picture) for _ in range(2)]
        portrait.draw(REST, motion, frames[0])
        whole.draw(REST, motion, frames[1])
        assert np.abs(frames[0].astype(int) - frames[1]).max() <= 1


def test_a_long_take_keeps_its_sound_in_memory_and_not_its_pictures(photo: Path) -> None:
    engine = PortraitEngine()
    _, short, long = (peak_bytes(engine, photo, frames) for frames in (16, 16, 208))
    assert long - short < 0.12 * 192 * 192 * 192 * 3


def peak_bytes(engine: PortraitEngine, photo: Path, frames: int) -> int:
    samples = np.zeros(frames * samples_per_frame(25), np.int16)
    take = Take(samples, (), photo, "portrait", "image/jpeg", 25, Size(192, 192))
    tracemalloc.start()
    for out in engine.render(take):
        assert isinstance(out, Frames)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak
