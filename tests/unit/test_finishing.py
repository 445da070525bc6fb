"""What may be asked of a film's end, how large it gets, and what of the pictures it shows."""

import numpy as np
import pytest

from s2v.core.errors import InvalidInput
from s2v.core.finishing import PLAIN, Aspect, Backdrop, Corner, Finish, Watermark, check_finish
from s2v.core.finishing import finished_size as sized
from s2v.core.ports import Size
from s2v.face import topology as topo
from s2v.face.arrays import Floats
from s2v.rpc.convert_finish import finish_from_proto, finish_to_proto
from s2v_compositor.finishing.faces import steadied
from s2v_compositor.finishing.view import FaceBounds, view_of

EVERYTHING = Finish(
    denoise=True,
    sharpen=True,
    aspect=Aspect.TALL,
    height_pixels=1280,
    bits_per_second=2_000_000,
    watermark=Watermark(image="assets/1", corner=Corner.CENTRE, opacity=0.25),
    backdrop=Backdrop(colour="#20407f"),
    fragment_seconds=4,
    thumbnail_seconds=0.0,
    sprites=True,
    hls=True,
    restore_faces=True,
)


@pytest.mark.parametrize(
    ("finish", "size"),
    [
        (PLAIN, (640, 480)),
        (Finish(aspect=Aspect.WIDE), (640, 360)),
        (Finish(aspect=Aspect.TALL), (270, 480)),
        (Finish(aspect=Aspect.SQUARE), (480, 480)),
        (Finish(aspect=Aspect.TALL, height_pixels=1920), (1080, 1920)),
        (Finish(width_pixels=320), (320, 240)),
        (Finish(height_pixels=100), (134, 100)),
        (Finish(width_pixels=200, height_pixels=400), (200, 400)),
    ],
)
def test_sides_follow_from_what_is_given(finish: Finish, size: tuple[int, int]) -> None:
    assert sized(Size(640, 480), finish) == Size(*size)


def test_a_finish_of_files_alone_leaves_the_pictures_as_they_are() -> None:
    assert not Finish(
        fragment_seconds=4, thumbnail_seconds=1.0, sprites=True, hls=True
    ).changes_pictures
    assert not PLAIN.changes_pictures
    assert EVERYTHING.changes_pictures


@pytest.mark.parametrize(
    ("finish", "field"),
    [
        (Finish(width_pixels=101), "f.width_pixels"),
        (Finish(height_pixels=4000), "f.height_pixels"),
        (Finish(aspect=Aspect.WIDE, width_pixels=200, height_pixels=100), "f.aspect"),
        (Finish(bits_per_second=10), "f.bits_per_second"),
        (Finish(fragment_seconds=-1), "f.fragment_seconds"),
        (Finish(thumbnail_seconds=float("nan")), "f.thumbnail_seconds"),
        (Finish(thumbnail_seconds=-0.5), "f.thumbnail_seconds"),
        (Finish(watermark=Watermark()), "f.watermark"),
        (Finish(watermark=Watermark(text="a", image="b")), "f.watermark"),
        (Finish(watermark=Watermark(text="a\nb")), "f.watermark.text"),
        (Finish(watermark=Watermark(text="a" * 101)), "f.watermark.text"),
        (Finish(watermark=Watermark(text="a", opacity=0.0)), "f.watermark.opacity"),
        (Finish(watermark=Watermark(text="a", opacity=float("nan"))), "f.watermark.opacity"),
        (Finish(backdrop=Backdrop()), "f.background"),
        (Finish(backdrop=Backdrop(colour="#123456", blur=True)), "f.background"),
        (Finish(backdrop=Backdrop(colour="green")), "f.background.colour"),
    ],
)
def test_what_no_film_can_have_is_refused_by_name(finish: Finish, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_finish(finish, field="f")
    assert refused.value.field == field


@pytest.mark.parametrize(
    "finish",
    [
        EVERYTHING,
        Finish(watermark=Watermark(text="a")),
        Finish(backdrop=Backdrop(blur=True)),
        Finish(backdrop=Backdrop(image="assets/2")),
    ],
)
def test_a_finish_crosses_the_wire(finish: Finish) -> None:
    check_finish(finish, field="f")
    message = finish_to_proto(finish)
    assert message is not None
    back = finish_from_proto(type(message).FromString(message.SerializeToString()), field="f")
    assert back == finish


def test_unknown_numbers_are_refused() -> None:
    message = finish_to_proto(EVERYTHING)
    assert message is not None
    message.watermark.corner = 99  # type: ignore[assignment]
    with pytest.raises(InvalidInput, match="no corner number 99"):
        finish_from_proto(message, field="f")
    message.aspect = 99  # type: ignore[assignment]
    with pytest.raises(InvalidInput, match="no aspect number 99"):
        finish_from_proto(message, field="f")


WIDE, TALL = Size(1280, 720), Size(404, 720)


@pytest.mark.parametrize("middle", [100, 640, 1200])
def test_the_face_stays_in_the_picture_wherever_it_is(middle: float) -> None:
    face = FaceBounds(middle - 80, 200, middle + 80, 420)
    left, top, right, bottom = view_of(WIDE, TALL, face).box
    assert left <= face.left
    assert face.right <= right
    assert 0 <= left < right <= 1280
    assert (top, bottom) == (0, 720)


def test_the_head_has_room_above_where_a_low_part_is_cut_out() -> None:
    face = FaceBounds(200, 300, 320, 460)
    view = view_of(Size(512, 900), Size(512, 288), face)
    assert view.box[1] <= 300 - 60
    assert view.box[3] >= 460
    assert not view.whole


def test_without_a_face_the_middle_is_shown() -> None:
    assert view_of(WIDE, TALL, None).box == (438, 0, 842, 720)


def test_a_face_that_has_no_room_is_shown_whole_in_the_whole_picture() -> None:
    face = FaceBounds(300, 100, 900, 700)
    assert view_of(WIDE, TALL, face).whole


def landmarks(x: float = 0.0) -> Floats:
    """Landmarks whose eyes are 100 pixels apart, shifted to the right."""
    points = np.zeros((478, 2))
    points[topo.LEFT_EYE_OUTER, 0] = 100
    points[:, 0] += x
    return points


def shifts(given: list[float | None]) -> list[float | None]:
    """How far landmarks are shifted that are steadied."""
    picture = np.zeros((2, 2, 3), np.uint8)
    tracked = [(picture, None if x is None else landmarks(x)) for x in given]
    return [None if points is None else float(points[0, 0]) for _, points in steadied(tracked)]


def test_landmarks_that_tremble_are_steadied_and_follow_what_moves() -> None:
    trembling = shifts([-1.0, 1.0] * 10)
    assert all(x is not None and abs(x) < 0.4 for x in trembling)
    moving = shifts([3.0 * n for n in range(20)])
    assert moving[2:-2] == pytest.approx([3.0 * n for n in range(2, 18)])


def test_landmarks_are_steadied_neither_over_a_cut_nor_where_there_is_no_face() -> None:
    assert shifts([0.0] * 4 + [300.0] * 4) == [0.0] * 4 + [300.0] * 4
    assert shifts([0.0, None, 0.0, None]) == [0.0, None, 0.0, None]
    assert shifts([]) == []
