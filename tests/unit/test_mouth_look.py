"""A mouth that drips, glows, flickers or is too sharp is told from one that does not."""

import cv2
import numpy as np
import pytest

from s2v.face import topology as topo
from s2v.face.arrays import Floats, Rgb
from s2v.face.mesh import Landmarks
from s2v.lipsync.mouth_look import MouthLook, MouthWatcher

SIDE, UNIT = 240, 80.0
SKIN, LIPS, INSIDE, GREY_SKIN = (205, 165, 140), (170, 95, 90), (70, 35, 35), (165, 165, 165)
MIDDLE = np.array([120.0, 150.0])


def landmarks(opening: float = 0.12) -> Landmarks:
    """A face whose mouth is in the middle of its lower half; what is not looked at is skin."""
    points = np.tile(np.array([120.0, 90.0, 0.0]), (478, 1))
    points[topo.RIGHT_EYE_OUTER, :2], points[topo.LEFT_EYE_OUTER, :2] = (80, 90), (160, 90)
    points[topo.NOSE_BRIDGE, :2], points[topo.CHIN_TIP, :2] = (120, 85), (120, 215)
    for upper, lower, lip in zip(
        topo.UPPER_RINGS, topo.LOWER_RINGS, (0.0, 2.0, 4.0, 6.0), strict=True
    ):
        across = np.linspace(-22 - lip, 22 + lip, 11)
        bulge = np.sqrt(np.maximum(1 - (across / (22.0 + lip)) ** 2, 0))
        for ring, side in ((upper, -1), (lower, 1)):
            points[list(ring), 0] = MIDDLE[0] + across
            points[list(ring), 1] = MIDDLE[1] + side * bulge * (opening * UNIT / 2 + lip)
    for lids, x in (
        ((topo.RIGHT_EYE_UPPER, topo.RIGHT_EYE_LOWER), 92),
        ((topo.LEFT_EYE_UPPER, topo.LEFT_EYE_LOWER), 148),
    ):
        for lid, side in zip(lids, (-1, 1), strict=True):
            points[list(lid), 0] = np.linspace(x - 12, x + 12, 9)
            points[list(lid), 1] = 90 + side * 5 * np.sin(np.linspace(0, np.pi, 9))
    points[[50, 280, 205, 425, 101, 330, 151], :2] = [
        *((75, 130), (165, 130), (80, 140), (160, 140), (90, 125), (150, 125), (120, 60)),
    ]
    points[[10, 234, 454], :2] = (120, 20), (40, 110), (200, 110)
    return Landmarks(points, 1.0)


def drawn(
    found: Landmarks, *, skin: tuple[int, ...] = SKIN, inside: tuple[int, ...] = INSIDE
) -> Rgb:
    picture = np.full((SIDE, SIDE, 3), skin, np.uint8)
    lips = LIPS if skin == SKIN else (110, 110, 110)
    filled(picture, found, (*topo.UPPER_RINGS[-1], *topo.LOWER_RINGS[-1][::-1]), lips)
    filled(picture, found, (*topo.UPPER_INNER, *topo.LOWER_INNER[::-1]), inside)
    for upper, lower in (
        (topo.RIGHT_EYE_UPPER, topo.RIGHT_EYE_LOWER),
        (topo.LEFT_EYE_UPPER, topo.LEFT_EYE_LOWER),
    ):
        filled(picture, found, (*upper, *lower[::-1]), (60, 50, 50))
    return cv2.GaussianBlur(picture, (0, 0), 1.0)


def filled(picture: Rgb, found: Landmarks, ids: tuple[int, ...], colour: tuple[int, ...]) -> None:
    outline: Floats = found.points[list(ids), :2]
    cv2.fillPoly(picture, [np.round(outline).astype(np.int32)], colour)


def watched(pictures: list[Rgb], found: Landmarks) -> MouthLook:
    watcher = MouthWatcher()
    for picture in pictures:
        watcher.add(picture, found)
    return watcher.look()


def test_a_mouth_like_any_other_is_within_peoples_range() -> None:
    found = landmarks()
    look = watched([drawn(found)] * 8, found)
    assert look.colour_distance is not None
    assert look.colour_distance < 4
    assert look.flicker == pytest.approx(0.0)
    assert look.spill == pytest.approx(0.0)


def test_a_red_mouth_in_a_grey_picture_is_found_out() -> None:
    found = landmarks()
    look = watched([drawn(found, skin=GREY_SKIN, inside=(120, 40, 45))] * 8, found)
    assert look.colour_distance is not None
    assert look.colour_distance > 10


def test_a_mouth_that_flickers_is_found_out() -> None:
    found = landmarks()
    dark, light = drawn(found), drawn(found, inside=(180, 170, 160))
    look = watched([dark, light] * 5, found)
    assert look.flicker is not None
    assert look.flicker > 0.3


def test_a_lip_that_drips_down_the_chin_now_and_then_is_found_out() -> None:
    found = landmarks()
    clean, dripping = drawn(found), drawn(found)
    cv2.rectangle(dripping, (114, 160), (127, 185), LIPS, -1)
    look = watched([*[clean] * 20, dripping, dripping], found)
    assert look.spill is not None
    assert look.spill > 0.7


def test_what_hides_the_whole_chin_is_no_drip() -> None:
    found = landmarks()
    clean, hidden = drawn(found), drawn(found)
    hidden[160:] = LIPS
    look = watched([*[clean] * 20, hidden, hidden], found)
    assert look.spill is not None
    assert look.spill < 0.3


def test_a_sharp_mouth_on_a_soft_face_is_found_out() -> None:
    found = landmarks()
    sharp = drawn(found)
    soft = cv2.GaussianBlur(sharp, (0, 0), 4)
    soft[135:170, 85:155] = sharp[135:170, 85:155]
    usual, odd = watched([sharp] * 5, found), watched([soft] * 5, found)
    assert usual.sharpness_ratio is not None
    assert odd.sharpness_ratio is not None
    assert odd.sharpness_ratio > 2 * usual.sharpness_ratio


def test_of_a_mouth_that_is_shut_too_small_or_not_seen_little_is_told() -> None:
    shut = landmarks(0.0)
    assert watched([drawn(shut)] * 8, shut).colour_distance is None
    small = Landmarks(landmarks().points * 0.3, 1.0)
    assert watched([cv2.resize(drawn(landmarks()), (72, 72))] * 8, small) == MouthLook()
    watcher = MouthWatcher()
    watcher.add(drawn(shut), None)
    assert watcher.look() == MouthLook()
