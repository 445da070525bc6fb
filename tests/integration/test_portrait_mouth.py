"""The portrait's mouth: what it does for each sound, whatever mouth the photo shows."""

# ruff: noqa: RUF001

from dataclasses import replace
from importlib.resources import as_file, files

import numpy as np
import pytest

from faces import mouth_openings
from s2v.face import topology as topo
from s2v.face.arrays import Floats, Rgb
from s2v.face.detector import FaceDetector
from s2v.face.matte import PersonMatte
from s2v.face.mesh import FaceMesh
from s2v.face.search import clearest
from s2v.lipsync.phones import PHONES, REST, Mouth
from s2v.media.photo import read_photo
from s2v_render.engines.portrait.drawing import Portrait, make_portrait
from s2v_render.engines.portrait.expression import face_shape, jaw_drop
from s2v_render.engines.portrait.head import head_of
from s2v_render.engines.portrait.motion import STILL
from s2v_render.engines.portrait.mouth.parting import edged, parted, uncrossed

MIDDLE_UPPER, MIDDLE_LOWER = topo.UPPER_INNER[5], topo.LOWER_INNER[5]
CORNERS = [topo.UPPER_INNER[0], topo.UPPER_INNER[-1]]
ROUNDING = 1e-9
"""What processors may differ by where lips meet."""
WIDE_OPEN = Mouth(0.22)
SOUNDS = "mɑiuofθls"


@pytest.fixture(scope="module")
def smiling() -> Portrait:
    """The sample: a smile that shows the upper teeth."""
    with as_file(files("s2v.samples") / "portrait.jpg") as path:
        return portrait_of(read_photo(path))


@pytest.fixture(scope="module")
def shut(smiling: Portrait) -> Portrait:
    """The same person with the mouth shut."""
    return portrait_of(drawn(smiling, REST))


@pytest.fixture(scope="module")
def wide_open(smiling: Portrait) -> Portrait:
    """The same person, crying out."""
    return portrait_of(drawn(smiling, WIDE_OPEN))


def test_lips_part_by_the_gap_that_a_sound_asks_for(smiling: Portrait) -> None:
    for sound in SOUNDS:
        mouth = PHONES[sound].mouth
        points = smiling.shape.with_mouth(mouth)
        parted = points[MIDDLE_LOWER, 1] - points[MIDDLE_UPPER, 1]
        least, most = mouth.gap - 0.03 * mouth.rounding, mouth.gap + 0.045
        assert least - ROUNDING <= parted < most + ROUNDING, sound


def test_lips_that_part_alone_leave_the_jaw_where_it_is() -> None:
    hissing = PHONES["s"].mouth
    vowel = Mouth(hissing.gap)
    assert jaw_drop(hissing) < 0.7 * jaw_drop(vowel)
    assert jaw_drop(Mouth(0.03, upper_raise=0.01, lower_drop=0.02)) < 0.012


def test_a_shut_mouth_without_a_smile_stays_as_it_is_in_the_photo(smiling: Portrait) -> None:
    once = face_shape(smiling.shape.shut)
    assert once.photo_gap < 0.01
    assert np.abs(once.with_mouth(REST) - smiling.shape.shut).max() < 1e-6


def test_a_smile_relaxes_at_rest_and_more_when_rounded(smiling: Portrait) -> None:
    photo = local_points(smiling.picture)
    shape = smiling.shape
    rest, rounded = shape.with_mouth(REST), shape.with_mouth(PHONES["u"].mouth)
    assert width(rest) < 0.94 * width(photo)
    assert width(rounded) < 0.75 * width(photo)
    assert width(shape.with_mouth(PHONES["i"].mouth)) > 1.1 * width(rest)
    assert smile(rest) < 0.8 * smile(photo)
    assert smile(rounded) < smile(rest)


def test_the_cheeks_go_with_the_corners_of_the_mouth(smiling: Portrait) -> None:
    rest = smiling.shape.with_mouth(REST)
    rounded = smiling.shape.with_mouth(PHONES["u"].mouth)
    corner = rounded[topo.LEFT_CORNER, 0] - rest[topo.LEFT_CORNER, 0]
    beside = (rounded - rest)[[427, 425], 0]
    assert corner < -0.05
    assert (beside < 0.1 * corner).all()
    assert (beside > 0.6 * corner).all()


def test_a_corner_at_the_edge_of_a_turned_face_moves_less_than_the_other(
    smiling: Portrait,
) -> None:
    local = np.array(smiling.shape.shut)
    jaw = [vertex for vertex in topo.JAWLINE if local[vertex, 0] < -0.1]
    local[jaw, 0] *= 0.55
    rest, rounded = (face_shape(local).with_mouth(mouth) for mouth in (REST, PHONES["u"].mouth))
    near = abs(rounded[topo.LEFT_CORNER, 0] - rest[topo.LEFT_CORNER, 0])
    far = abs(rounded[topo.RIGHT_CORNER, 0] - rest[topo.RIGHT_CORNER, 0])
    assert far < 0.7 * near


@pytest.mark.parametrize("source", ["smiling", "shut", "wide_open"])
def test_every_photo_shuts_opens_and_rounds_its_mouth(
    source: str, request: pytest.FixtureRequest
) -> None:
    portrait: Portrait = request.getfixturevalue(source)
    frames = {sound: drawn(portrait, PHONES[sound].mouth) for sound in "mɑiu"}
    openings = dict(zip(frames, mouth_openings(frames.values()), strict=True))
    assert openings["m"] < 0.02
    assert mouth_openings([drawn(portrait, REST)])[0] < 0.02
    assert openings["ɑ"] > 0.11
    assert openings["i"] > 0.05
    assert tracked_width(frames["u"]) < 0.85 * tracked_width(frames["i"])


def test_an_open_rounded_vowel_is_seen_to_be_open(smiling: Portrait) -> None:
    tongue_down = drawn(smiling, PHONES["ɔ"].mouth)
    assert mouth_openings([tongue_down])[0] > 0.08


def test_the_teeth_of_a_smile_are_the_photos_own(smiling: Portrait) -> None:
    between = inner_mouth(smiling.picture)
    bright = between[luma(between) > np.percentile(luma(between), 60)].mean(axis=0)
    teeth = smiling.inside.upper.rgba
    solid = teeth[..., :3][teeth[..., 3] > 0.99]
    own = solid[luma(solid) > np.percentile(luma(solid), 60)].mean(axis=0)
    assert np.abs(own - bright).max() < 25
    spoken = inner_mouth(drawn(smiling, PHONES["i"].mouth))
    assert np.percentile(luma(spoken), 90) > 0.85 * np.percentile(luma(between), 90)


def test_a_hissing_mouth_shows_both_rows_of_teeth(shut: Portrait) -> None:
    hissing, vowel = (low_in_mouth(shut, PHONES[sound].mouth) for sound in "sʌ")
    assert hissing > 1.3 * vowel


def test_round_lips_hide_the_teeth(smiling: Portrait) -> None:
    spread, rounded = (mouth_rows(smiling, PHONES[sound].mouth) for sound in "iu")
    assert rounded.max() < 0.75 * spread.max()


def test_one_side_of_the_mouth_may_do_more_than_the_other(shut: Portrait) -> None:
    even, skew = (shut.shape.with_mouth(replace(WIDE_OPEN, skew=skew)) for skew in (0.0, 0.8))
    right, left = topo.LOWER_INNER[3], topo.LOWER_INNER[-4]
    assert skew[left, 1] > even[left, 1] + 0.005
    assert skew[right, 1] < even[right, 1] - 0.005
    assert np.allclose(skew[MIDDLE_LOWER], even[MIDDLE_LOWER], atol=0.005)


def test_teeth_that_the_mesh_lays_on_the_lip_are_found(smiling: Portrait) -> None:
    picture = smiling.picture
    points = FaceMesh().locate(picture, FaceDetector().find(picture)[0]).points
    mistaken = points.copy()
    mistaken[list(topo.LOWER_INNER)] = points[list(topo.UPPER_INNER)]
    found = parted(picture, mistaken, head_of(points))
    moved = np.linalg.norm((found - mistaken)[MIDDLE_LOWER]) / head_of(points).eye_distance
    assert 0.02 < moved < 0.06
    assert np.array_equal(parted(picture, points, head_of(points)), points)


def test_the_chin_lies_below_the_lower_lip(wide_open: Portrait) -> None:
    picture = wide_open.picture
    points = FaceMesh().locate(picture, FaceDetector().find(picture)[0]).points
    head = head_of(points)
    crossed = points.copy()
    crossed[[18, 83, 313]] -= 0.15 * head.eye_distance * head.axes[:, 1]
    local = head.to_local(uncrossed(crossed, head))
    assert (local[[18, 83, 313], 1] > local[[17, 84, 314], 1] + 0.04).all()


@pytest.mark.parametrize("off", [-0.03, 0.03])
def test_an_open_lip_ends_where_the_dark_begins(smiling: Portrait, off: float) -> None:
    picture = drawn(smiling, WIDE_OPEN)
    points = FaceMesh().locate(picture, FaceDetector().find(picture)[0]).points
    head = head_of(points)
    right = edged(picture, points, head)
    middle = list(topo.LOWER_INNER[4:-4])
    mistaken = right.copy()
    mistaken[list(topo.LOWER_INNER[1:-1])] += off * head.eye_distance * head.axes[:, 1]
    found = edged(picture, mistaken, head)
    left = np.linalg.norm((found - right)[middle, :2], axis=1) / head.eye_distance
    assert left.max() < 0.6 * abs(off)


def test_shut_lips_are_left_where_they_are(shut: Portrait) -> None:
    points = FaceMesh().locate(shut.picture, FaceDetector().find(shut.picture)[0]).points
    assert np.array_equal(edged(shut.picture, points, head_of(points)), points)


def test_the_skin_between_lip_and_chin_gives_way_all_over(wide_open: Portrait) -> None:
    picture = wide_open.picture
    points = FaceMesh().locate(picture, FaceDetector().find(picture)[0]).points
    local = head_of(points).to_local(points)
    risen = (local[:468] - face_shape(local).shut)[:, 1]
    assert risen[17] > risen[18] > risen[200] > risen[topo.CHIN_TIP]
    assert risen[18] > 0.5 * (risen[17] + risen[topo.CHIN_TIP])


def test_what_is_in_the_mouth_goes_with_the_lips(smiling: Portrait) -> None:
    inside, shape = smiling.inside, smiling.shape
    way = np.array([0.01, 0.05, 0.0])
    moved = inside.behind(replace(shape, shut=shape.shut + way))
    assert np.allclose(inside.behind(shape).middle, inside.middle)
    assert np.allclose(moved.middle - inside.middle, way)
    assert np.allclose(moved.upper.place - inside.upper.place, way)
    assert np.allclose(moved.lower.place - inside.lower.place, way)


def test_a_crack_between_teeth_is_no_black_bar(smiling: Portrait) -> None:
    points = FaceMesh().locate(smiling.picture, FaceDetector().find(smiling.picture)[0]).points
    (x, top), (_, bottom) = points[[MIDDLE_UPPER, MIDDLE_LOWER], :2].round().astype(int)
    cracked = smiling.picture.copy()
    cracked[top:bottom, x : x + 2] = 30
    rgba = portrait_of(cracked).inside.upper.rgba
    rows = rgba[: len(rgba) // 3]
    solid = (rows[..., 3] > 0.99).all(axis=0)
    light = luma(rows[..., :3]).mean(axis=0)[solid]
    middle = light[len(light) // 4 : -len(light) // 4]
    assert middle.min() > 0.6 * np.median(middle)


def test_a_shut_mouth_gets_teeth_that_are_no_greener_than_teeth_are(shut: Portrait) -> None:
    rgba = shut.inside.upper.rgba
    red, green, blue = rgba[..., :3][rgba[..., 3] > 0.99].mean(axis=0)
    assert blue < green < 0.96 * red


def test_a_photo_with_its_mouth_shut_is_its_own_resting_frame(shut: Portrait) -> None:
    moved = np.abs(drawn(shut, REST).astype(int) - shut.picture).max(axis=2)
    assert np.percentile(moved, 99.5) <= 5


def test_equal_mouths_give_equal_frames(wide_open: Portrait) -> None:
    mouth = replace(PHONES["ð"].mouth, widening=0.2)
    assert np.array_equal(drawn(wide_open, mouth), drawn(wide_open, mouth))


def mouth_rows(portrait: Portrait, mouth: Mouth) -> Floats:
    """Return the luma in the middle of a drawn mouth from the upper lip to the lower one."""
    rig = portrait.rig
    targets = rig.targets(portrait.shape.with_mouth(mouth), rig.pose(STILL))
    (x, top), (_, bottom) = targets[[MIDDLE_UPPER, MIDDLE_LOWER]]
    reach = max(2, round(0.06 * rig.head.eye_distance))
    rows = slice(round(float(top)) + 1, round(float(bottom)))
    return luma(drawn(portrait, mouth)[rows, int(x) - reach : int(x) + reach]).mean(axis=1)


def low_in_mouth(portrait: Portrait, mouth: Mouth) -> float:
    rows = mouth_rows(portrait, mouth)
    return float(rows[-max(2, len(rows) // 3) :].mean())


def portrait_of(picture: Rgb) -> Portrait:
    face = clearest(picture, FaceDetector())
    assert face
    points = FaceMesh().locate(picture, face).points
    return make_portrait(picture, points, PersonMatte().cut(picture))


def drawn(portrait: Portrait, mouth: Mouth) -> Rgb:
    out = np.empty_like(portrait.picture)
    portrait.draw(mouth, STILL, out)
    return out


def local_points(picture: Rgb) -> Floats:
    points = FaceMesh().locate(picture, FaceDetector().find(picture)[0]).points
    return head_of(points).to_local(points)


def width(points: Floats) -> float:
    return float(points[CORNERS[1], 0] - points[CORNERS[0], 0])


def smile(points: Floats) -> float:
    """Return how far the corners of the mouth stand over the middle of the lips."""
    middle = points[[MIDDLE_UPPER, MIDDLE_LOWER], 1].mean()
    return float(middle - points[CORNERS, 1].mean())


def tracked_width(picture: Rgb) -> float:
    return width(local_points(picture))


def luma(pixels: Floats) -> Floats:
    return pixels @ np.array([0.299, 0.587, 0.114])


def inner_mouth(picture: Rgb) -> Floats:
    """Return the pixels along the middle of the mouth, from lip to lip, [n, 3]."""
    points = FaceMesh().locate(picture, FaceDetector().find(picture)[0]).points
    pixels = []
    for upper, lower in zip(topo.UPPER_INNER[3:8], topo.LOWER_INNER[3:8], strict=True):
        for share in np.linspace(0.25, 0.75, 9):
            x, y = (1 - share) * points[upper, :2] + share * points[lower, :2]
            pixels.append(picture[round(float(y)), round(float(x))].astype(np.float64))
    return np.array(pixels)
