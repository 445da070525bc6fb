"""Blinks and brows of the sample portrait, as pixels and as an independent tracker see them."""

from functools import cache
from importlib.resources import as_file, files

import cv2
import numpy as np
import pytest

from faces import eye_openings
from s2v.core.ports import Size
from s2v.face import topology as topo
from s2v.face.arrays import Floats, Rgb
from s2v.face.detector import FaceDetector
from s2v.face.matte import PersonMatte
from s2v.face.mesh import FaceMesh, Landmarks
from s2v.lipsync.phones import REST
from s2v.media.photo import read_photo
from s2v_render.engines.portrait.drawing import Portrait, make_portrait
from s2v_render.engines.portrait.eyes.eyelids import are_drawn
from s2v_render.engines.portrait.motion import Motion
from s2v_render.engines.reference.fitting import fitted

EYES = (*topo.RIGHT_EYE_UPPER, *topo.RIGHT_EYE_LOWER, *topo.LEFT_EYE_UPPER, *topo.LEFT_EYE_LOWER)
LIPS = (*topo.UPPER_RINGS[-1], *topo.LOWER_RINGS[-1])
UPRIGHT, TURNED = Motion(), Motion(yaw=0.1, roll=0.07)


def located(picture: Rgb) -> Landmarks:
    return FaceMesh().locate(picture, FaceDetector().find(picture)[0])


@cache
def sitter(side: int) -> tuple[Portrait, Floats]:
    with as_file(files("s2v.samples") / "portrait.jpg") as path:
        picture = fitted(read_photo(path), Size(side, side))
    points = located(picture).points
    return make_portrait(picture, points, PersonMatte().cut(picture)), points


@pytest.fixture(scope="module")
def sample() -> tuple[Portrait, Floats]:
    return sitter(512)


def drawn(portrait: Portrait, *, blink: float = 0, brow: float = 0, head: Motion = UPRIGHT) -> Rgb:
    out = np.empty_like(portrait.picture)
    motion = Motion(yaw=head.yaw, roll=head.roll, blink=blink, brow=brow)
    portrait.draw(REST, motion, out)
    return out


def iris_mask(points: Floats, shape: tuple[int, ...]) -> Rgb:
    """Mark what of the irises the lids of the photo leave to be seen."""
    seen: Rgb = np.zeros(shape[:2], np.uint8)
    for iris, upper, lower in (
        (topo.RIGHT_IRIS, topo.RIGHT_EYE_UPPER, topo.RIGHT_EYE_LOWER),
        (topo.LEFT_IRIS, topo.LEFT_EYE_UPPER, topo.LEFT_EYE_LOWER),
    ):
        disc, opening = np.zeros_like(seen), np.zeros_like(seen)
        hull = cv2.convexHull(points[iris, :2].astype(np.float32))
        cv2.fillConvexPoly(disc, np.round(hull).astype(np.int32), 1)
        edge = np.r_[points[list(upper), :2], points[list(lower)[::-1], :2]]
        cv2.fillPoly(opening, [np.round(edge).astype(np.int32)], 1)
        seen |= disc & opening
    return seen


@pytest.mark.parametrize("side", [176, 256, 512, 1024])
@pytest.mark.parametrize("head", [UPRIGHT, TURNED])
def test_a_full_blink_shuts_the_eyes_at_any_size(side: int, head: Motion) -> None:
    portrait, _ = sitter(side)
    amounts = (0.0, 0.5, 1.0)
    openings = eye_openings([drawn(portrait, blink=amount, head=head) for amount in amounts])
    assert openings[0] > openings[1] > openings[2]
    assert openings[2] < 0.4 * openings[0]


def test_nothing_of_the_iris_is_seen_through_a_full_blink(
    sample: tuple[Portrait, Floats],
) -> None:
    portrait, points = sample
    still, shut = drawn(portrait).astype(int), drawn(portrait, blink=1.0).astype(int)
    iris = iris_mask(points, still.shape) > 0
    unit = portrait.rig.head.eye_distance
    x, y = points[topo.NOSE_BRIDGE, :2].astype(int)
    reach = int(0.06 * unit)
    skin = np.median(still[y : y + reach, x - reach : x + reach].reshape(-1, 3), axis=0)
    dark = np.abs(still[iris] - skin).sum(axis=1)
    assert np.median(dark) > 200
    left = np.abs(shut[iris] - skin).sum(axis=1)
    lash_line = 0.25
    assert np.quantile(left, 1 - lash_line) < 0.7 * np.median(dark)


def test_a_blink_changes_nothing_but_the_surroundings_of_the_eyes(
    sample: tuple[Portrait, Floats],
) -> None:
    portrait, points = sample
    unit = portrait.rig.head.eye_distance
    for head in (UPRIGHT, TURNED):
        still, shut = drawn(portrait, head=head), drawn(portrait, blink=1.0, head=head)
        rows, columns = np.nonzero((still != shut).any(axis=2))
        places = located(still).points[list(EYES), :2] if head.yaw else points[list(EYES), :2]
        changed = np.stack([columns, rows], axis=1)
        far = np.linalg.norm(changed[:, None] - places[None], axis=2).min(axis=1)
        assert far.max() < 0.25 * unit


def test_lashes_beside_an_eye_do_not_stay_up_when_it_shuts(
    sample: tuple[Portrait, Floats],
) -> None:
    portrait, points = sample
    unit = portrait.rig.head.eye_distance
    outer = points[topo.RIGHT_EYE_OUTER, :2]
    tip = outer + unit * np.array([-0.03, -0.045])
    picture = portrait.picture.copy()
    ends = (tuple(int(value) for value in place.round()) for place in (outer, tip))
    cv2.line(picture, *ends, (25, 20, 20), max(2, round(0.015 * unit)), cv2.LINE_AA)
    lashed = make_portrait(picture, points, PersonMatte().cut(picture))
    x, y = (int(value) for value in (outer + 0.7 * (tip - outer)).round())
    still, shut = (drawn(lashed, blink=blink)[y, x].astype(int).sum() for blink in (0, 1))
    skin = portrait.picture[y, x].astype(int).sum()
    assert still < 0.5 * skin
    assert shut > 0.75 * skin


def test_a_lid_begins_its_way_where_the_photo_has_it(sample: tuple[Portrait, Floats]) -> None:
    portrait, _ = sample
    still = drawn(portrait).astype(int)
    steps = [drawn(portrait, blink=amount).astype(int) for amount in (0.02, 0.05, 0.1)]
    changes = [np.abs(step - still).mean() for step in steps]
    whole = np.abs(drawn(portrait, blink=1.0).astype(int) - still).mean()
    assert changes[0] < changes[1] < changes[2] < 0.35 * whole
    assert changes[0] < 0.1 * whole


def test_raised_brows_move_up_and_take_neither_eyes_nor_lips_along(
    sample: tuple[Portrait, Floats],
) -> None:
    portrait, _ = sample
    unit = portrait.rig.head.eye_distance
    rest, raised = (located(drawn(portrait, brow=brow)).points for brow in (0.0, 1.0))
    moved = (rest - raised)[:, 1] / unit
    brows = moved[[*topo.RIGHT_BROW, *topo.LEFT_BROW]]
    assert 0.012 < brows.mean() < 0.05
    assert np.abs(moved[list(EYES)]).mean() < 0.008
    assert np.abs(moved[list(LIPS)]).mean() < 0.008


def test_raised_brows_leave_the_lower_half_of_the_face_alone(
    sample: tuple[Portrait, Floats],
) -> None:
    portrait, points = sample
    below = int(points[list(topo.RIGHT_EYE_LOWER), 1].max() + 0.3 * portrait.rig.head.eye_distance)
    change = np.abs(drawn(portrait).astype(int) - drawn(portrait, brow=1.0))
    assert change[below:].max() <= 8
    assert change[:below].max() > 40


def test_the_irises_go_where_the_eyes_look_and_the_lids_stay(
    sample: tuple[Portrait, Floats],
) -> None:
    portrait, points = sample
    unit = portrait.rig.head.eye_distance
    still = drawn(portrait)
    between_lids = np.zeros(still.shape[:2], np.uint8)
    for ring in (
        (*topo.RIGHT_EYE_UPPER, *topo.RIGHT_EYE_LOWER[::-1]),
        (*topo.LEFT_EYE_UPPER, *topo.LEFT_EYE_LOWER[::-1]),
    ):
        cv2.fillPoly(between_lids, [np.round(points[list(ring), :2]).astype(np.int32)], 1)
    between_lids = cv2.dilate(between_lids, np.ones((7, 7), np.uint8))
    for gaze in (-0.015, 0.015):
        out = np.empty_like(portrait.picture)
        portrait.draw(REST, Motion(gaze_x=gaze), out)
        moved = (located(out).points - located(still).points)[:, 0] / unit
        irises = np.r_[moved[topo.RIGHT_IRIS], moved[topo.LEFT_IRIS]].mean()
        assert 0.4 < irises / gaze < 1.3
        change = np.abs(out.astype(int) - still).max(axis=2)
        assert change.max() > 40
        assert change[between_lids == 0].max() <= 4


def test_the_upper_lid_follows_the_gaze_up_and_down(sample: tuple[Portrait, Floats]) -> None:
    portrait, _ = sample
    unit = portrait.rig.head.eye_distance
    up, down = np.empty_like(portrait.picture), np.empty_like(portrait.picture)
    portrait.draw(REST, Motion(gaze_y=-0.015), up)
    portrait.draw(REST, Motion(gaze_y=0.015), down)
    lids = [*topo.RIGHT_EYE_UPPER[2:-2], *topo.LEFT_EYE_UPPER[2:-2]]
    lowered = (located(down).points - located(up).points)[lids, 1].mean() / unit
    assert 0.006 < lowered < 0.03


def test_drawn_eyes_do_not_blink_and_peoples_do(sample: tuple[Portrait, Floats]) -> None:
    portrait, points = sample
    assert portrait.blinks
    drawn_eyes, larger = portrait.picture.copy(), points.copy()
    for upper, lower in ((159, 145), (386, 374)):
        x, y = points[lower, :2].astype(int)
        radius = int(0.13 * portrait.rig.head.eye_distance)
        cv2.circle(drawn_eyes, (int(x), int(y)), radius, (40, 30, 30), -1)
        larger[upper, 1] -= 0.03 * portrait.rig.head.eye_distance
    assert are_drawn(drawn_eyes, larger, portrait.rig.head.eye_distance)
