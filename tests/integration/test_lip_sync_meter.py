"""The lip-sync meter tells right sound from wrong, late from in time, speech from flapping."""

import weakref
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from s2v.core.errors import InvalidInput, Reason
from s2v.core.script import Mark
from s2v.core.timebase import samples_per_frame
from s2v.face.arrays import Rgb
from s2v.lipsync.meter import Observed, judge, measure, observe
from s2v.media.playback import played
from s2v.media.still import still

FPS = 25
HALF_A_FRAME = 20.0
PORTRAIT = Path("libs/s2v/samples/portrait.jpg")


@pytest.fixture(scope="module")
def portrait() -> Rgb:
    return still(PORTRAIT, "image/jpeg")


@pytest.fixture(scope="module")
def observed(filmed: Any) -> Observed:
    return observe(played(filmed.path, FPS), frame_rate=FPS)


@pytest.fixture(scope="module")
def right(observed: Observed, spoken: Any) -> float:
    return judge(observed, spoken.phonemes).opening_correlation


def shifted(phonemes: tuple[Mark, ...], frames: int) -> list[Mark]:
    by = frames * samples_per_frame(FPS)
    return [
        replace(mark, first_sample=mark.first_sample + by, end_sample=mark.end_sample + by)
        for mark in phonemes
    ]


def test_lips_that_form_the_sounds_measure_well(observed: Observed, spoken: Any) -> None:
    found = judge(observed, spoken.phonemes)
    assert found.frames == len(spoken.pcm) // samples_per_frame(FPS)
    assert found.face_share == 1.0
    assert found.opening_correlation >= 0.8
    assert found.best_correlation == found.opening_correlation
    assert abs(found.lag_milliseconds) < HALF_A_FRAME
    assert found.closures >= 10
    assert found.closure_recall == 1.0
    assert 0.5 < found.rounded_over_wide <= 0.9
    assert found.sharpness_ratio is None
    assert found.identity_distance is None


@pytest.mark.parametrize("frames", [-6, -3, -2, 2, 3, 6])
def test_sound_that_is_shifted_is_found_out(
    frames: int, observed: Observed, spoken: Any, right: float
) -> None:
    found = judge(observed, shifted(spoken.phonemes, frames))
    assert abs(found.lag_milliseconds + frames * 40) < HALF_A_FRAME
    assert found.best_correlation >= 0.8
    assert found.opening_correlation < right - (0.3 if abs(frames) == 2 else 0.5)


def test_other_words_do_not_fit_the_lips(
    observed: Observed, spoken: Any, other_words: Any, right: float
) -> None:
    found = judge(observed, other_words.phonemes)
    assert found.opening_correlation <= 0.4
    assert found.opening_correlation <= right - 0.4
    assert found.best_correlation < 0.45
    assert found.closure_recall < 0.9


def test_lips_that_flap_with_the_loudness_do_not_pass_for_speech(
    flapping: Any, spoken: Any, right: float
) -> None:
    found = measure(played(flapping.path, FPS), spoken.phonemes, frame_rate=FPS)
    assert found.opening_correlation < right - 0.2
    assert found.closure_recall <= 0.8
    assert found.rounded_over_wide > 0.9


def test_a_face_that_stands_still_agrees_with_nothing(filmed: Any, spoken: Any) -> None:
    picture = next(played(filmed.path, FPS))
    found = measure([picture] * 60, spoken.phonemes, frame_rate=FPS)
    assert found.face_share == 1.0
    assert abs(found.opening_correlation) < 0.1
    assert abs(found.best_correlation) < 0.1


def test_the_portrait_itself_is_sharp_and_the_same_person(portrait: Rgb) -> None:
    found = observe([portrait], frame_rate=FPS, reference=portrait).likeness
    assert found.sharpness_ratio == pytest.approx(1.0)
    assert found.identity_distance is not None, "the extra `identity` is part of `dev`"
    assert found.identity_distance < 0.01


def test_a_film_keeps_the_face_and_most_of_its_detail(filmed: Any, portrait: Rgb) -> None:
    pictures = islice(played(filmed.path, FPS), 1)
    found = observe(pictures, frame_rate=FPS, reference=portrait).likeness
    assert found.sharpness_ratio is not None
    assert found.identity_distance is not None
    assert 0.6 < found.sharpness_ratio < 1.4
    assert found.identity_distance < 0.45


def test_a_blurred_face_is_told_from_a_sharp_one(portrait: Rgb) -> None:
    blurred = cv2.GaussianBlur(portrait, (0, 0), 3.0)
    found = observe([blurred], frame_rate=FPS, reference=portrait).likeness
    assert found.sharpness_ratio is not None
    assert found.sharpness_ratio < 0.5


def test_a_face_is_compared_with_its_own_among_several(portrait: Rgb) -> None:
    """The largest of them is another, blurred one."""
    other = cv2.GaussianBlur(np.ascontiguousarray(portrait[:, ::-1]), (0, 0), 4.0)
    small = cv2.resize(portrait, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    height = len(other) - len(small)
    beside = cv2.copyMakeBorder(small, 0, height, 0, 0, cv2.BORDER_REPLICATE)
    found = observe([small], frame_rate=FPS, reference=np.hstack([other, beside])).likeness
    assert found.sharpness_ratio == pytest.approx(1.0, abs=0.1)
    assert found.identity_distance is not None
    assert found.identity_distance < 0.2


def test_a_reference_without_a_face_is_compared_with_nothing(portrait: Rgb) -> None:
    found = observe([portrait], frame_rate=FPS, reference=np.full_like(portrait, 128)).likeness
    assert found.sharpness_ratio is None
    assert found.identity_distance is None


def test_a_film_without_a_face_is_refused(spoken: Any) -> None:
    grey = np.full((96, 96, 3), 128, np.uint8)
    with pytest.raises(InvalidInput, match="no face") as caught:
        measure([grey] * 3, spoken.phonemes, frame_rate=FPS)
    assert caught.value.reason is Reason.FACE_NOT_FOUND


def test_a_film_without_pictures_is_refused(spoken: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        measure([], spoken.phonemes, frame_rate=FPS)
    assert caught.value.reason is Reason.VIDEO_UNREADABLE


def test_frames_without_a_face_are_left_out(filmed: Any, spoken: Any) -> None:
    grey = np.full((384, 384, 3), 128, np.uint8)
    start = islice(played(filmed.path, FPS), 100)
    pictures = (grey if 40 <= at < 60 else picture for at, picture in enumerate(start))
    found = measure(pictures, spoken.phonemes, frame_rate=FPS)
    assert found.face_share == pytest.approx(0.8, abs=0.02)
    assert found.opening_correlation >= 0.75


def test_only_one_picture_is_held_at_a_time(filmed: Any) -> None:
    alive: list[weakref.ref[Any]] = []
    most = 0

    def watched() -> Iterator[Rgb]:
        nonlocal most
        for picture in islice(played(filmed.path, FPS), 12):
            own = picture.copy()
            alive.append(weakref.ref(own))
            most = max(most, sum(one() is not None for one in alive))
            yield own

    observe(watched(), frame_rate=FPS)
    assert most <= 3
