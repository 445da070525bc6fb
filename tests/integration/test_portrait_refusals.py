"""Which pictures the portrait engine refuses, and which odd ones it takes all the same."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import as_file, files

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from s2v.core.errors import InvalidInput, Reason
from s2v.face import topology as topo
from s2v.face.arrays import Floats, Rgb
from s2v.face.detector import FaceDetector
from s2v.face.matte import PersonMatte
from s2v.face.mesh import FaceMesh, Landmarks
from s2v.face.search import is_person
from s2v.face.tracking import FacesTracker
from s2v.lipsync.phones import Mouth
from s2v.media.photo import read_photo
from s2v_render.engines.portrait.drawing import Portrait, make_portrait
from s2v_render.engines.portrait.head import head_of
from s2v_render.engines.portrait.motion import Motion
from s2v_render.engines.portrait.suitability.hidden_mouth import mouth_is_hidden
from s2v_render.engines.portrait.suitability.speaker import DEFAULT_SUITABILITY, find_speaker
from s2v_render.engines.portrait.suitability.trial import check_follows

MASK = (197, 50, 93, 58, 172, 136, 149, 152, 378, 365, 397, 288, 323, 280)
BEARD = (205, 58, 172, 136, 149, 152, 378, 365, 397, 288, 425, 326, 2, 97)
LIPS = (*topo.UPPER_RINGS[-1], *topo.LOWER_RINGS[-1][::-1])


@dataclass(frozen=True, slots=True)
class Networks:
    """What finds faces and persons."""

    detector: FaceDetector
    mesh: FaceMesh
    matte: PersonMatte

    def landmarks(self, picture: Rgb) -> Landmarks:
        return self.mesh.locate(picture, self.detector.find(picture)[0])

    def tried(self, picture: Rgb) -> None:
        """Do with a picture what the engine does before its first frame."""
        speaker = find_speaker(picture, self.detector, self.mesh, suitability=DEFAULT_SUITABILITY)
        points = speaker.landmarks.points
        alpha = self.matte.cut_around(picture, points, head_of(points).eye_distance)
        check_follows(make_portrait(picture, points, alpha), speaker.landmarks, self.mesh)


@pytest.fixture(scope="module")
def networks() -> Networks:
    return Networks(FaceDetector(), FaceMesh(), PersonMatte())


@pytest.fixture(scope="module")
def photo() -> Iterator[Rgb]:
    with as_file(files("s2v.samples") / "portrait.jpg") as path:
        yield read_photo(path)


@pytest.fixture(scope="module")
def points(networks: Networks, photo: Rgb) -> Floats:
    return networks.landmarks(photo).points[:, :2]


def laid(
    picture: Rgb,
    outline: Floats,
    colour: tuple[float, float, float],
    *,
    opacity: float = 1.0,
    grain: float = 5,
    hole: Floats | None = None,
) -> Rgb:
    """Lay something soft-edged and grainy over a picture."""
    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], 255)
    if hole is not None:
        cv2.fillPoly(mask, [np.round(hole).astype(np.int32)], 0)
    share = cv2.GaussianBlur(mask, (0, 0), 1.5).astype(np.float32)[..., None] / 255 * opacity
    noise = np.random.default_rng(0).normal(0, grain, picture.shape).astype(np.float32)
    layer = np.array(colour, np.float32) + cv2.GaussianBlur(noise, (0, 0), 1)
    return np.clip(picture * (1 - share) + layer * share, 0, 255).astype(np.uint8)


def disc(points: Floats, radius: float) -> Floats:
    """A circle before the mouth, its radius in eye distances."""
    angles = np.linspace(0, 2 * np.pi, 60)
    unit = np.linalg.norm(points[topo.LEFT_EYE_OUTER] - points[topo.RIGHT_EYE_OUTER])
    middle = (points[13] + points[14]) / 2
    return middle + radius * unit * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def drawn_face(mouth: str) -> Rgb:
    """A child's drawing of a face: "arc" smiles, "zigzag" is unsure, "" has no mouth."""
    image = Image.new("RGB", (512, 512), (200, 220, 240))
    pen = ImageDraw.Draw(image)
    pen.ellipse((60, 30, 452, 420), fill=(80, 50, 30))
    pen.ellipse((95, 80, 417, 480), fill=(245, 205, 170), outline=(40, 30, 20), width=4)
    for x in (184, 328):
        pen.ellipse((x - 34, 215, x + 34, 262), fill="white", outline=(40, 30, 20), width=3)
        pen.ellipse((x - 15, 222, x + 15, 255), fill=(70, 90, 40))
    if mouth == "arc":
        pen.polygon([(256, 260), (232, 318), (280, 318)], fill=(210, 170, 140))
        pen.arc((180, 330, 332, 400), 20, 160, fill=(120, 30, 30), width=5)
    if mouth == "zigzag":
        corners = [(185, 380), (215, 395), (245, 375), (275, 395), (305, 375), (330, 385)]
        pen.line(corners, fill=(120, 30, 30), width=5)
    return np.asarray(image.filter(ImageFilter.GaussianBlur(1)))


def refusal(networks: Networks, picture: Rgb) -> str:
    with pytest.raises(InvalidInput) as caught:
        networks.tried(picture)
    assert caught.value.reason == Reason.FACE_UNSUITABLE
    assert caught.value.field == "spec.reference"
    return caught.value.message


@pytest.mark.parametrize("mouth", ["arc", "zigzag"])
def test_a_drawing_whose_mouth_does_not_follow_is_refused(networks: Networks, mouth: str) -> None:
    message = refusal(networks, drawn_face(mouth))
    assert "does not look like a human face that can be animated" in message
    assert "use a photo" in message


def test_a_face_without_a_mouth_is_refused(networks: Networks) -> None:
    message = refusal(networks, drawn_face(""))
    assert "mouth in the reference is covered, or it is no person" in message


class Stubborn:
    """A portrait whose mouth stays as it is."""

    def __init__(self, portrait: Portrait) -> None:
        self._portrait = portrait
        self.rig, self.shape, self.picture = portrait.rig, portrait.shape, portrait.picture

    def draw(self, mouth: Mouth, motion: Motion, out: Rgb) -> None:
        np.copyto(out, self.picture)


def test_a_portrait_that_does_not_do_what_it_is_told_is_refused(
    networks: Networks, photo: Rgb
) -> None:
    landmarks = networks.landmarks(photo)
    portrait = make_portrait(photo, landmarks.points, networks.matte.cut(photo))
    check_follows(portrait, landmarks, networks.mesh)
    with pytest.raises(InvalidInput, match="animated"):
        check_follows(Stubborn(portrait), landmarks, networks.mesh)  # type: ignore[arg-type]


def test_paintings_and_statues_may_speak(networks: Networks, photo: Rgb) -> None:
    painted = cv2.stylization(photo, sigma_s=40, sigma_r=0.35)
    smoothed = cv2.cvtColor(cv2.bilateralFilter(photo, 9, 40, 9), cv2.COLOR_RGB2GRAY)
    stone = np.clip(smoothed[..., None] * 0.6 + np.array([90, 88, 82]), 0, 255).astype(np.uint8)
    for picture in (painted, stone):
        networks.tried(picture)


@pytest.mark.parametrize(
    ("what", "colour"),
    [
        ("mask", (150, 190, 215)),
        ("mask", (235, 235, 232)),
        ("mask", (35, 35, 38)),
        ("hand", (205, 150, 125)),
        ("microphone", (25, 25, 28)),
    ],
)
def test_a_covered_mouth_is_refused(
    networks: Networks, photo: Rgb, points: Floats, what: str, colour: tuple[int, int, int]
) -> None:
    outline = {"mask": points[list(MASK)], "hand": disc(points, 0.45)}.get(what, disc(points, 0.3))
    message = refusal(networks, laid(photo, outline, colour))
    assert "mouth in the reference is covered, or it is no person" in message
    assert "use a photo of a person without" in message


@pytest.mark.parametrize("opacity", [0.4, 0.85])
@pytest.mark.parametrize("colour", [(45, 35, 30), (150, 145, 140)])
def test_a_beard_is_not_taken_for_a_cover(
    networks: Networks,
    photo: Rgb,
    points: Floats,
    colour: tuple[int, int, int],
    opacity: float,
) -> None:
    outline = cv2.convexHull(points[list(BEARD)].astype(np.float32))[:, 0]
    lips = points[list(LIPS)]
    bearded = laid(photo, outline, colour, opacity=opacity, grain=60, hole=lips)
    assert not mouth_is_hidden(bearded, networks.landmarks(bearded).points)


@pytest.mark.parametrize("colour", [(70, 15, 35), (190, 20, 40), (205, 160, 140)])
def test_painted_lips_are_not_taken_for_a_cover(
    networks: Networks, photo: Rgb, points: Floats, colour: tuple[int, int, int]
) -> None:
    inside = points[[*topo.UPPER_INNER, *topo.LOWER_INNER[::-1]]]
    made_up = laid(photo, points[list(LIPS)], colour, opacity=0.7, hole=inside)
    assert not mouth_is_hidden(made_up, networks.landmarks(made_up).points)


def test_light_and_quality_are_not_taken_for_a_cover(networks: Networks, photo: Rgb) -> None:
    grey = np.repeat(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    dim = (photo * 0.3).astype(np.uint8)
    blue = np.clip(photo * np.array([0.75, 0.95, 1.2]), 0, 255).astype(np.uint8)
    soft = cv2.GaussianBlur(photo, (0, 0), 4)
    poor = cv2.imdecode(cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, 15])[1], 1)
    small = cv2.resize(photo, (190, 190), interpolation=cv2.INTER_AREA)
    for picture in (grey, dim, blue, soft, poor, small):
        assert not mouth_is_hidden(picture, networks.landmarks(picture).points)


def test_a_mouth_that_is_wide_open_is_named_as_the_reason(networks: Networks, photo: Rgb) -> None:
    landmarks = networks.landmarks(photo)
    portrait = make_portrait(photo, landmarks.points, networks.matte.cut(photo))
    points = landmarks.points.copy()
    points[list(topo.LOWER_INNER[4:7]), 1] += 0.3 * portrait.rig.head.eye_distance
    with pytest.raises(InvalidInput, match="wide open") as caught:
        check_follows(Stubborn(portrait), Landmarks(points, 1.0), networks.mesh)  # type: ignore[arg-type]
    assert "does not shout" in caught.value.message


def test_a_person_is_told_from_what_only_resembles_one(networks: Networks, photo: Rgb) -> None:
    found = networks.landmarks(photo)
    assert is_person(photo, found, networks.detector)
    small = cv2.resize(photo, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    smaller = Landmarks(found.points * 0.3, 1.0)
    assert is_person(grey, smaller, networks.detector)
    owl = np.full_like(small, 150)
    for eye in (topo.RIGHT_EYE_OUTER, topo.LEFT_EYE_OUTER):
        x, y = smaller.points[eye, :2].round().astype(int)
        cv2.circle(owl, (int(x), int(y)), 6, (20, 20, 20), -1)
    assert not is_person(owl, smaller, networks.detector)


def test_faces_keep_their_numbers_while_one_is_out_of_sight(photo: Rgb) -> None:
    person = cv2.resize(photo, (256, 256), interpolation=cv2.INTER_AREA)
    both = np.hstack([person, person])
    gone = both.copy()
    gone[:, :256] = 128
    tracker = FacesTracker()
    seen = [tracker.find(picture) for picture in (both, both, gone, both)]
    assert [[one is not None for one in faces] for faces in seen][:2] == [[True, True]] * 2
    left = min((0, 1), key=lambda number: seen[0][number].points[1, 0])  # type: ignore[union-attr]
    assert seen[2][left] is None
    assert seen[2][1 - left] is not None
