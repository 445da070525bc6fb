"""The portrait engine, from a take to frames that an independent tracker looks at."""

# ruff: noqa: RUF001

from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faces import eye_openings, mouth_openings
from s2v.core.directing import FaceChoice
from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Frames, Notice, Size, Take
from s2v.core.script import Mark
from s2v.core.timebase import samples_per_frame
from s2v.face.arrays import Rgb
from s2v.face.detector import FaceDetector
from s2v.face.matte import PersonMatte
from s2v.face.mesh import FaceMesh
from s2v.lipsync.phones import PHONES, REST
from s2v.media.photo import read_photo
from s2v_render.engines.portrait.drawing import Portrait, make_portrait
from s2v_render.engines.portrait.engine import PortraitEngine
from s2v_render.engines.portrait.motion import STILL, Motion
from s2v_render.engines.portrait.upscaling.enlarging import can_enlarge
from s2v_render.engines.reference.fitting import fitted

FPS = 25
SPF = samples_per_frame(FPS)
SMALL = Size(256, 256)


@pytest.fixture(scope="module")
def engine() -> PortraitEngine:
    return PortraitEngine()


@pytest.fixture(scope="module")
def photo() -> Iterator[Path]:
    with as_file(files("s2v.samples") / "portrait.jpg") as path:
        yield path


@pytest.fixture(scope="module")
def portrait(photo: Path) -> Portrait:
    picture = fitted(read_photo(photo), Size(384, 384))
    landmarks = FaceMesh().locate(picture, FaceDetector().find(picture)[0])
    return make_portrait(picture, landmarks.points, PersonMatte().cut(picture))


def silent_take(photo: Path, frames: int, first_frame: int = 0, seed: int = 7) -> Take:
    return Take(
        pcm=np.zeros(frames * SPF, np.int16),
        phonemes=(),
        reference=photo,
        reference_sha256="portrait",
        reference_media_type="image/jpeg",
        frame_rate=FPS,
        size=SMALL,
        first_frame=first_frame,
        seed=seed,
    )


def spoken_take(photo: Path, sounds: Sequence[tuple[str, int]], first_frame: int = 0) -> Take:
    """Build a take from sounds and how many frames each lasts; "_" is silence."""
    marks, pcm, frame = [], [], 0
    noise = np.random.default_rng(0)
    for label, frames in sounds:
        level = 0 if label == "_" else 4000
        marks.append(Mark(label, frame * SPF, (frame + frames) * SPF))
        pcm.append((level * noise.normal(size=frames * SPF)).astype(np.int16))
        frame += frames
    return Take(
        pcm=np.concatenate(pcm),
        phonemes=tuple(marks),
        reference=photo,
        reference_sha256="portrait",
        reference_media_type="image/jpeg",
        frame_rate=FPS,
        size=SMALL,
        first_frame=first_frame,
        seed=7,
    )


def frames_of(engine: PortraitEngine, take: Take) -> Rgb:
    return np.concatenate([out.rgb for out in engine.render(take) if isinstance(out, Frames)])


def drawn(portrait: Portrait, sound: str = "", motion: Motion = STILL) -> Rgb:
    out = np.empty_like(portrait.picture)
    portrait.draw(PHONES[sound].mouth if sound else REST, motion, out)
    return out


def test_a_take_has_exactly_its_frames_in_batches(engine: PortraitEngine, photo: Path) -> None:
    batches = list(engine.render(silent_take(photo, 19)))
    assert all(isinstance(batch, Frames) for batch in batches)
    assert [len(batch.rgb) for batch in batches if isinstance(batch, Frames)] == [8, 8, 3]
    assert isinstance(batches[0], Frames)
    assert batches[0].rgb.shape == (8, 256, 256, 3)
    assert batches[0].rgb.dtype == np.uint8


def test_equal_seeds_give_equal_frames_from_any_engine(engine: PortraitEngine, photo: Path) -> None:
    sounds = [("_", 2), ("h", 2), ("ɛ", 3), ("l", 2), ("O", 4), ("_", 2)]
    first = frames_of(engine, spoken_take(photo, sounds))
    assert np.array_equal(first, frames_of(PortraitEngine(), spoken_take(photo, sounds)))
    other = silent_take(photo, 15, seed=8)
    assert not np.array_equal(frames_of(engine, silent_take(photo, 15)), frames_of(engine, other))


def test_segments_rendered_apart_are_the_film_rendered_whole(
    engine: PortraitEngine, photo: Path
) -> None:
    whole = frames_of(engine, silent_take(photo, 30))
    first = frames_of(engine, silent_take(photo, 13))
    second = frames_of(engine, silent_take(photo, 17, first_frame=13))
    assert np.array_equal(np.concatenate([first, second]), whole)


def test_speech_meets_its_neighbours_without_a_jump(engine: PortraitEngine, photo: Path) -> None:
    take = spoken_take(photo, [("ɑ", 10), ("i", 10)], first_frame=40)
    spoken = frames_of(engine, take)
    silence = frames_of(engine, silent_take(photo, 20, first_frame=40))
    assert np.array_equal(spoken[0], silence[0])
    assert np.array_equal(spoken[-1], silence[-1])
    assert not np.array_equal(spoken[8], silence[8])


def test_a_still_portrait_moves_nothing_in_silence(engine: PortraitEngine, photo: Path) -> None:
    take = replace(silent_take(photo, 30), liveliness=0.0)
    frames = frames_of(engine, take)
    assert np.array_equal(frames, np.repeat(frames[:1], 30, axis=0))
    assert not np.array_equal(frames[:1], frames_of(engine, silent_take(photo, 30))[9:10])


def test_closing_the_generator_ends_the_take(engine: PortraitEngine, photo: Path) -> None:
    rendering = engine.render(silent_take(photo, 2500))
    next(rendering)
    rendering.close()
    assert list(rendering) == []


def test_the_mouth_opens_for_an_open_vowel_and_shuts_for_m(
    engine: PortraitEngine, photo: Path
) -> None:
    sounds = [("_", 4), ("m", 3), ("ɑ", 6), ("m", 3), ("ɑ", 6), ("p", 2), ("_", 5)]
    openings = mouth_openings(frames_of(engine, spoken_take(photo, sounds)))
    assert openings[:4].max() < 0.03
    assert openings[9:11].min() > 0.09
    assert openings[13:16].min() < 0.03
    assert openings[18:20].min() > 0.09
    assert openings[-4:].max() < 0.03


def test_without_phonemes_the_mouth_still_moves_with_the_sound(
    engine: PortraitEngine, photo: Path
) -> None:
    take = spoken_take(photo, [("_", 6), ("ɑ", 8), ("_", 6)])
    blind = Take(take.pcm, (), photo, "portrait", "image/jpeg", FPS, SMALL)
    openings = mouth_openings(frames_of(engine, blind))
    assert openings[8:12].min() > 0.05
    assert openings[:4].max() < 0.03


def test_sounds_look_like_themselves(portrait: Portrait) -> None:
    shapes = [drawn(portrait, sound) for sound in ("ɑ", "i", "u", "m")]
    wide, narrow = lip_width(shapes[1]), lip_width(shapes[2])
    openings = mouth_openings(shapes)
    assert openings[0] > openings[1] + 0.02 > openings[3] + 0.05
    assert narrow < 0.85 * wide


def test_a_blink_shuts_the_eyes_and_leaves_the_mouth_alone(portrait: Portrait) -> None:
    still, shut = drawn(portrait), drawn(portrait, motion=Motion(blink=1.0))
    openings = eye_openings([still, shut])
    assert openings[1] < 0.45 * openings[0]
    half = still.shape[0] // 2
    assert np.array_equal(still[half:], shut[half:])


def test_nothing_outside_of_the_person_moves(portrait: Portrait) -> None:
    alpha = PersonMatte().cut(portrait.picture)
    unit = portrait.rig.head.eye_distance
    reach = int(0.30 * unit)
    window = np.lib.stride_tricks.sliding_window_view(
        np.pad(alpha > 0, reach), (2 * reach + 1, 2 * reach + 1)
    )
    away = ~window.any(axis=(2, 3))
    moved = drawn(portrait, "ɑ", Motion(yaw=0.06, pitch=0.03, roll=0.03, shift_x=0.02))
    assert away.mean() > 0.1
    assert np.array_equal(moved[away], portrait.picture[away])


def test_a_head_at_rest_is_the_photo_but_for_the_mouth(portrait: Portrait) -> None:
    error = np.abs(drawn(portrait).astype(int) - portrait.picture)
    upper = error[: int(portrait.rig.head.origin[1] - 0.6 * portrait.rig.head.eye_distance)]
    assert upper.mean() < 1.0
    assert np.percentile(upper, 99) <= 6


def test_several_faces_are_noticed_and_the_largest_one_speaks(
    engine: PortraitEngine, photo: Path, tmp_path: Path
) -> None:
    group = Image.new("RGB", (400, 256), (210, 205, 215))
    person = Image.open(photo)
    group.paste(person.resize((256, 256)), (0, 0))
    group.paste(person.resize((140, 140)), (260, 116))
    group.save(tmp_path / "group.png")
    take = spoken_take(tmp_path / "group.png", [("_", 2), ("ɑ", 6), ("_", 2)])
    take = Take(take.pcm, take.phonemes, take.reference, "group", "image/jpeg", FPS)
    outputs = list(engine.render(take))
    assert isinstance(outputs[0], Notice)
    assert outputs[0].code == "SEVERAL_FACES"
    frames = np.concatenate([out.rgb for out in outputs if isinstance(out, Frames)])
    assert frames.shape == (10, 256, 400, 3)
    assert np.array_equal(frames[5][:, 300:], np.asarray(group)[:, 300:])
    assert mouth_openings([frames[5][:, :256]])[0] > 0.09


def test_another_face_speaks_where_it_is_chosen(
    engine: PortraitEngine, photo: Path, tmp_path: Path
) -> None:
    pair = Image.new("RGB", (448, 256), (210, 205, 215))
    person = Image.open(photo)
    pair.paste(person.resize((256, 256)), (0, 0))
    pair.paste(person.resize((192, 192)), (256, 0))
    pair.save(tmp_path / "pair.png")
    take = spoken_take(tmp_path / "pair.png", [("_", 2), ("ɑ", 6), ("_", 2)])
    take = Take(take.pcm, take.phonemes, take.reference, "pair", "image/jpeg", FPS)
    for choice in (FaceChoice(2), FaceChoice(area=(0.6, 0.0, 1.0, 0.9))):
        notice, *frames = engine.render(replace(take, face=choice))
        assert isinstance(notice, Notice)
        assert "2 faces; number 2 in reading order speaks, as chosen" in notice.message
        rgb = np.concatenate([out.rgb for out in frames if isinstance(out, Frames)])
        assert np.array_equal(rgb[5][:, :180], np.asarray(pair)[:, :180])
        assert mouth_openings([np.ascontiguousarray(rgb[5][:192, 256:])])[0] > 0.09
    with pytest.raises(InvalidInput, match="no face 3; choose 1 to 2") as caught:
        list(engine.render(replace(take, face=FaceChoice(3))))
    assert caught.value.field == "spec.face.number"


def test_a_reference_without_a_face_is_refused(engine: PortraitEngine, tmp_path: Path) -> None:
    y, x = np.mgrid[0:240, 0:320]
    gradient = np.dstack([x * 255 // 319, y * 255 // 239, (x + y) % 256]).astype(np.uint8)
    for name, pixels in (("gradient", gradient), ("blank", np.full_like(gradient, 255))):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
        error = refusal(engine, tmp_path / f"{name}.png")
        assert error.reason == Reason.FACE_NOT_FOUND
        assert "use a photo" in error.message


def test_tiny_pictures_are_refused_and_not_stumbled_over(
    engine: PortraitEngine, tmp_path: Path
) -> None:
    for size in ((1, 1), (2, 300), (300, 3)):
        Image.new("RGB", size, "tan").save(tmp_path / "tiny.png")
        assert refusal(engine, tmp_path / "tiny.png").reason == Reason.FACE_NOT_FOUND


def test_a_face_that_is_too_small_is_refused(
    engine: PortraitEngine, photo: Path, tmp_path: Path
) -> None:
    Image.open(photo).save(tmp_path / "small.png")
    error = refusal(engine, tmp_path / "small.png", Size(120, 120))
    assert error.reason == Reason.FACE_UNSUITABLE
    assert "pixels apart" in error.message
    assert "use a larger photo" in error.message
    assert ("install s2v[sr]" in error.message) is not can_enlarge()


@pytest.mark.parametrize(
    ("degrees", "fault"), [(90, "lie on its side"), (180, "upside down"), (270, "lie on its side")]
)
def test_a_photo_that_lies_is_refused_until_it_is_turned_upright(
    engine: PortraitEngine, photo: Path, tmp_path: Path, degrees: int, fault: str
) -> None:
    Image.open(photo).rotate(degrees).save(tmp_path / "lying.png")
    error = refusal(engine, tmp_path / "lying.png")
    assert error.reason == Reason.FACE_UNSUITABLE
    assert fault in error.message
    assert "turn the photo upright" in error.message


def test_a_tilted_head_is_not_taken_for_a_lying_one(
    engine: PortraitEngine, photo: Path, tmp_path: Path
) -> None:
    for degrees in (-30, 30):
        Image.open(photo).rotate(degrees).save(tmp_path / "tilted.png")
        take = Take(
            np.zeros(SPF, np.int16), (), tmp_path / "tilted.png", str(degrees), "image/jpeg", FPS
        )
        assert len(frames_of(engine, take)) == 1


def test_a_face_cut_by_the_edge_is_refused(
    engine: PortraitEngine, photo: Path, portrait: Portrait, tmp_path: Path
) -> None:
    person = Image.open(photo)
    nose = int(portrait.rig.head.origin[0] / 384 * person.width)
    person.crop((nose - 10, 0, person.width, person.height)).save(tmp_path / "half.png")
    error = refusal(engine, tmp_path / "half.png")
    assert error.reason == Reason.FACE_UNSUITABLE
    assert "the whole face" in error.message


@pytest.mark.parametrize(("size", "place"), [((1600, 400), (600, 0)), ((400, 1600), (0, 0))])
def test_the_matte_of_a_wide_or_tall_picture_is_that_of_its_portrait(
    photo: Path, size: tuple[int, int], place: tuple[int, int]
) -> None:
    person = Image.open(photo).convert("RGB").resize((400, 400))
    picture = Image.new("RGB", size, (150, 150, 150))
    picture.paste(person, place)
    whole = np.asarray(picture)
    points = FaceMesh().locate(whole, FaceDetector().find(whole)[0]).points
    alpha = PersonMatte().cut_around(whole, points, float(np.ptp(points[[33, 263], 0])))
    left, top = place
    alone = PersonMatte().cut(np.asarray(person))
    assert np.abs(alpha[top : top + 400, left : left + 400] - alone).mean() < 0.1


def test_a_crop_follows_the_face_and_a_film_too_narrow_for_it_is_refused(
    engine: PortraitEngine, photo: Path, tmp_path: Path
) -> None:
    wide = Image.new("RGB", (1000, 400), (150, 150, 150))
    wide.paste(Image.open(photo).resize((400, 400)), (0, 0))
    wide.save(tmp_path / "wide.png")
    take = Take(
        np.zeros(SPF, np.int16),
        (),
        tmp_path / "wide.png",
        "wide",
        "image/jpeg",
        FPS,
        Size(400, 400),
    )
    assert frames_of(engine, take).shape == (1, 400, 400, 3)
    narrow = Take(np.zeros(SPF, np.int16), (), photo, "narrow", "image/jpeg", FPS, Size(64, 1280))
    with pytest.raises(InvalidInput) as caught:
        next(engine.render(narrow))
    assert caught.value.reason == Reason.SIZE_UNSUPPORTED
    assert caught.value.field == "spec.width_pixels"
    assert "too narrow for the face" in caught.value.message


def test_refusals_name_the_field_and_are_not_remembered(
    engine: PortraitEngine, photo: Path, tmp_path: Path
) -> None:
    (tmp_path / "portrait.jpg").write_bytes(b"no picture")
    error = refusal(engine, tmp_path / "portrait.jpg")
    assert error.reason == Reason.IMAGE_UNREADABLE
    (tmp_path / "portrait.jpg").write_bytes(photo.read_bytes())
    take = Take(
        np.zeros(SPF, np.int16), (), tmp_path / "portrait.jpg", "x", "image/jpeg", FPS, SMALL
    )
    assert len(frames_of(engine, take)) == 1


def test_the_engine_knows_what_it_can_do_without_loading_anything() -> None:
    capabilities = PortraitEngine().capabilities
    assert FPS in capabilities.frame_rates
    assert capabilities.continuity == "independent"
    assert {"image/webp", "image/avif", "image/heic"} <= set(capabilities.reference_media_types)


def lip_width(picture: Rgb) -> float:
    points = FaceMesh().locate(picture, FaceDetector().find(picture)[0]).points
    return float(np.linalg.norm(points[61, :2] - points[291, :2]))


def refusal(engine: PortraitEngine, reference: Path, size: Size | None = None) -> InvalidInput:
    take = Take(np.zeros(SPF, np.int16), (), reference, "x", "image/jpeg", FPS, size)
    with pytest.raises(InvalidInput) as caught:
        next(engine.render(take))
    assert caught.value.field == "spec.reference"
    return caught.value
