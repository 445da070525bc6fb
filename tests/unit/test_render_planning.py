from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2v.core.choices import check_frame_rate
from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Capabilities, Continuity, DigitalSourceType, Preset, Size, Sizing
from s2v_render.areas import official_size, size_in_area
from s2v_render.engines.portrait.presets import PRESETS
from s2v_render.planning import (
    check_media_type,
    find_engine,
    find_preset,
    plan_size,
)

CAPABILITIES = Capabilities(
    continuity=Continuity.INDEPENDENT,
    frame_rates=(24, 25),
    min_size=Size(64, 64),
    max_size=Size(1920, 1920),
    reference_media_types=("image/png",),
    digital_source_type=DigitalSourceType.COMPOSITE_SYNTHETIC,
    presets=PRESETS,
)
AREA = replace(
    CAPABILITIES,
    size_step_pixels=16,
    least_area_pixels=832 * 480,
    presets=(
        Preset("low", "Small.", 1920, 1920, max_area_pixels=832 * 480, sizing=Sizing.AREA),
        Preset("high", "Large.", 1920, 1920, max_area_pixels=1280 * 720, sizing=Sizing.AREA),
    ),
)
LOW, LARGE = AREA.presets
OFFICIAL = replace(LOW, max_area_pixels=320 * 240, sizing=Sizing.OFFICIAL)
STANDARD, DRAFT, HIGH = PRESETS
KEEP = Size(0, 0)
SIDES = st.integers(64, 8192)
EVEN_SIDES = st.integers(32, 960).map(lambda half: 2 * half)


def test_no_engine_named_is_the_default_one() -> None:
    both = {"other": CAPABILITIES, "portrait": CAPABILITIES}

    name, _ = find_engine("", both, default="portrait", withheld={})

    assert name == "portrait"


def test_an_unknown_engine_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidInput) as refusal:
        find_engine("magic", {"portrait": CAPABILITIES}, default="portrait", withheld={})

    assert refusal.value.reason == Reason.ENGINE_UNKNOWN
    assert refusal.value.field == "spec.engine"
    assert "magic" in refusal.value.message
    assert "portrait" in refusal.value.message


def test_an_engine_that_is_withheld_is_refused_with_what_it_needs() -> None:
    with pytest.raises(InvalidInput, match="wan needs a checkpoint") as refusal:
        find_engine(
            "wan",
            {"portrait": CAPABILITIES},
            default="portrait",
            withheld={"wan": "wan needs a checkpoint"},
        )

    assert refusal.value.reason == Reason.ENGINE_UNKNOWN


def test_presets_are_found_by_name_and_the_first_is_the_default() -> None:
    assert find_preset("", CAPABILITIES, engine="some") is STANDARD
    assert find_preset("", AREA, engine="some") is LOW
    found = [find_preset(preset.name, CAPABILITIES, engine="some") for preset in PRESETS]
    assert found == [STANDARD, DRAFT, HIGH]


def test_an_unknown_preset_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidInput) as refusal:
        find_preset("ultra", CAPABILITIES, engine="some")

    assert refusal.value.reason == Reason.PRESET_UNKNOWN
    assert refusal.value.field == "spec.preset"
    assert all(preset.name in refusal.value.message for preset in PRESETS)


@pytest.mark.parametrize("frame_rate", [-25, 0, 23, 26, 1000])
def test_a_frame_rate_that_the_engine_has_not_is_refused(frame_rate: int) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_frame_rate(frame_rate, CAPABILITIES.frame_rates, engine="some")

    assert refusal.value.reason == Reason.FRAME_RATE_UNSUPPORTED
    assert refusal.value.field == "spec.frame_rate"
    assert "24, 25" in refusal.value.message


def test_a_portrait_of_another_type_is_refused() -> None:
    check_media_type("image/png", CAPABILITIES)
    with pytest.raises(InvalidInput) as refusal:
        check_media_type("video/mp4", CAPABILITIES)

    assert refusal.value.reason == Reason.MEDIA_TYPE_UNSUPPORTED
    assert refusal.value.field == "spec.reference"


@pytest.mark.parametrize(
    ("reference", "preset", "expected"),
    [
        (Size(640, 480), STANDARD, Size(640, 480)),
        (Size(641, 481), STANDARD, Size(640, 480)),
        (Size(3840, 2160), STANDARD, Size(1920, 1080)),
        (Size(2160, 3840), HIGH, Size(1080, 1920)),
        (Size(3000, 3000), HIGH, Size(1080, 1080)),
        (Size(1920, 1080), DRAFT, Size(640, 360)),
        (Size(480, 640), DRAFT, Size(480, 640)),
    ],
)
def test_a_film_keeps_the_size_of_the_portrait_up_to_the_bounds_of_the_preset(
    reference: Size, preset: object, expected: Size
) -> None:
    assert plan_size(reference, KEEP, preset, CAPABILITIES, engine="some") == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("requested", "expected"),
    [
        (Size(500, 400), Size(500, 400)),
        (Size(1280, 0), Size(1280, 960)),
        (Size(0, 240), Size(320, 240)),
        (Size(802, 0), Size(802, 602)),
    ],
)
def test_what_is_requested_wins_over_the_preset_and_a_missing_side_follows(
    requested: Size, expected: Size
) -> None:
    assert plan_size(Size(640, 480), requested, DRAFT, CAPABILITIES, engine="some") == expected


@pytest.mark.parametrize(
    ("requested", "side"),
    [
        (Size(301, 400), "width"),
        (Size(300, 401), "height"),
        (Size(62, 400), "width"),
        (Size(1922, 400), "width"),
        (Size(400, 4000), "height"),
        (Size(-2, 400), "width"),
        (Size(400, -400), "height"),
        (Size(0, 33), "height"),
        (Size(0, 1920), "height"),
    ],
)
def test_a_size_that_cannot_be_is_refused_and_names_the_side(requested: Size, side: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        plan_size(Size(640, 480), requested, STANDARD, CAPABILITIES, engine="some")

    assert refusal.value.reason == Reason.SIZE_UNSUPPORTED
    assert refusal.value.field == f"spec.{side}_pixels"
    assert "64 to 1920" in refusal.value.message


@pytest.mark.parametrize("reference", [Size(64, 8000), Size(70, 70)])
def test_a_portrait_too_small_or_too_long_for_the_engine_is_refused(reference: Size) -> None:
    capable = replace(CAPABILITIES, min_size=Size(100, 100))

    with pytest.raises(InvalidInput) as refusal:
        plan_size(reference, KEEP, STANDARD, capable, engine="some")

    assert refusal.value.reason == Reason.IMAGE_SIZE_UNSUPPORTED
    assert refusal.value.field == "spec.reference"


@given(SIDES, SIDES, st.sampled_from(PRESETS), st.sampled_from(["none", "width", "height"]))
def test_a_planned_size_is_even_in_range_and_nearly_undistorted(
    width: int, height: int, preset: object, given_side: str
) -> None:
    requested = {"none": KEEP, "width": Size(640, 0), "height": Size(0, 640)}[given_side]
    try:
        size = plan_size(Size(width, height), requested, preset, CAPABILITIES, engine="some")  # type: ignore[arg-type]
    except InvalidInput:
        return
    assert size.width % 2 == size.height % 2 == 0
    assert 64 <= min(size.width, size.height) <= max(size.width, size.height) <= 1920
    # Each side is off by less than two pixels from where the aspect ratio would have it.
    assert abs(size.width * height - size.height * width) <= 2 * (width + height)


@given(EVEN_SIDES, EVEN_SIDES, SIDES, SIDES)
def test_two_even_sides_in_range_are_taken_as_they_are(
    width: int, height: int, reference_width: int, reference_height: int
) -> None:
    requested = Size(width, height)

    assert plan_size(
        Size(reference_width, reference_height), requested, DRAFT, CAPABILITIES, engine="some"
    ) == (requested)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        (Size(1080, 1920), Size(192, 384)),
        (Size(1920, 1080), Size(384, 192)),
        (Size(512, 512), Size(256, 256)),
        (Size(100, 90), Size(128, 128)),
    ],
)
def test_an_official_preset_has_official_sizes(reference: Size, expected: Size) -> None:
    assert plan_size(reference, KEEP, OFFICIAL, AREA, engine="some") == expected


@pytest.mark.parametrize(
    ("reference", "preset", "expected"),
    [
        (Size(1080, 1920), LARGE, Size(720, 1280)),
        (Size(1080, 1920), LOW, Size(464, 832)),
        (Size(3000, 4000), LOW, Size(528, 704)),
        (Size(900, 900), LARGE, Size(896, 896)),
        (Size(100, 90), LARGE, Size(640, 576)),
    ],
)
def test_a_film_has_the_shape_and_the_area_of_the_portrait_within_bounds(
    reference: Size, preset: Preset, expected: Size
) -> None:
    assert plan_size(reference, KEEP, preset, AREA, engine="some") == expected


@given(st.integers(64, 8192), st.floats(1 / 3, 3))
def test_next_to_nothing_of_a_portrait_is_cut_off(width: int, shape: float) -> None:
    reference = Size(width, max(64, round(width / shape)))
    for preset in (LOW, LARGE):
        size = plan_size(reference, KEEP, preset, AREA, engine="some")
        scale = max(size.width / reference.width, size.height / reference.height)
        shown = size.width * size.height / (reference.width * reference.height * scale**2)
        assert shown > 0.98
        assert size.width * size.height >= 0.9 * AREA.least_area_pixels


@pytest.mark.parametrize(
    ("requested", "expected"),
    [
        (Size(832, 480), Size(832, 480)),
        (Size(832, 0), Size(832, 624)),
        (Size(0, 448), Size(592, 448)),
    ],
)
def test_a_side_that_follows_comes_in_whole_steps(requested: Size, expected: Size) -> None:
    assert plan_size(Size(640, 480), requested, LOW, AREA, engine="some") == expected


@pytest.mark.parametrize(
    ("requested", "side"), [(Size(832, 472), "height"), (Size(66, 0), "width")]
)
def test_a_size_between_two_steps_is_refused(requested: Size, side: str) -> None:
    with pytest.raises(InvalidInput, match="a multiple of 16 and from 64 to 1920") as refusal:
        plan_size(Size(640, 480), requested, LOW, AREA, engine="some")

    assert refusal.value.reason == Reason.SIZE_UNSUPPORTED
    assert refusal.value.field == f"spec.{side}_pixels"


@pytest.mark.parametrize("reference", [Size(64, 8000), Size(30, 20_000)])
def test_a_portrait_too_long_for_an_engine_of_areas_is_refused(reference: Size) -> None:
    with pytest.raises(InvalidInput, match="crop it") as refusal:
        plan_size(reference, KEEP, LARGE, AREA, engine="some")

    assert refusal.value.reason == Reason.IMAGE_SIZE_UNSUPPORTED
    assert refusal.value.field == "spec.reference"


@given(SIDES, SIDES, st.integers(64 * 64, 1280 * 720))
def test_a_size_in_an_area_is_whole_steps_within_it(width: int, height: int, area: int) -> None:
    official = official_size(Size(width, height), area_pixels=area, step_pixels=64)
    own = size_in_area(Size(width, height), least_pixels=0, area_pixels=area, step_pixels=16)

    for size, step in ((official, 64), (own, 16)):
        assert size.width % step == size.height % step == 0
        assert 0 <= size.width * size.height <= area
