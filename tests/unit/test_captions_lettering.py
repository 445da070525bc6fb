"""Captions as they are drawn: where, how large, in every script."""
# ruff: noqa: RUF001 - the foreign commas here are meant

from itertools import combinations

import numpy as np
import pytest

from s2v.captions.lettering import Letterer, Stamp, undrawable

LINES = ("My father bought a big balloon, and he", "carried it all the way up to the hilltop.")

SCRIPTS = {
    "Latin": "Ça va? Größe, señor — “łódź”",
    "Greek": "Καλημέρα κόσμε",
    "Cyrillic": "Доброе утро, мир",
    "Arabic": "صباح الخير يا عالم",
    "Hebrew": "בוקר טוב עולם",
    "Devanagari": "सुप्रभात दुनिया",
    "Thai": "สวัสดีชาวโลก",
    "Chinese": "早上好，世界。臺灣",
    "Japanese": "おはよう、カタカナ漢字",
    "Korean": "좋은 아침, 세계",
}


def stamp(width: int, height: int, *lines: str) -> Stamp:
    drawn = Letterer(width, height).stamp(lines)
    assert drawn is not None
    return drawn


@pytest.mark.parametrize(
    ("width", "height"), [(512, 512), (1280, 720), (720, 1280), (1920, 1080), (64, 64), (1080, 400)]
)
def test_captions_stay_within_the_title_safe_area_at_the_bottom(width: int, height: int) -> None:
    drawn = stamp(width, height, *LINES)
    high, wide = drawn.opacity.shape
    assert drawn.left >= 0.05 * width - 1
    assert drawn.left + wide <= 0.95 * width + 1
    assert drawn.top + high <= 0.95 * height
    assert drawn.top + high >= 0.85 * height
    assert abs(drawn.left + wide / 2 - width / 2) <= 0.03 * width


def test_lines_of_a_wide_film_are_those_of_the_caption() -> None:
    two, one = stamp(1280, 720, *LINES), stamp(1280, 720, LINES[0])
    assert 1.8 < two.opacity.shape[0] / one.opacity.shape[0] < 2.6


def test_a_tall_film_has_larger_letters_in_more_lines() -> None:
    tall, wide = stamp(720, 1280, *LINES), stamp(720, 400, *LINES)
    assert tall.opacity.shape[0] > 2 * wide.opacity.shape[0]


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_offered_script_is_drawn_and_no_letter_is_a_box(script: str) -> None:
    text = SCRIPTS[script]
    assert undrawable(text) == ""
    letterer = Letterer(512, 512)
    drawn = {c: letterer.stamp([c]) for c in dict.fromkeys(text) if c.isalpha()}
    drawn["box"] = letterer.stamp(["ᚠ"])
    pairs = combinations([one.opacity for one in drawn.values() if one], 2)
    alike = sum(a.shape == b.shape and bool((a == b).all()) for a, b in pairs)
    assert alike == 0


def test_letters_that_no_font_has_are_named_and_other_signs_are_passed_over() -> None:
    assert undrawable("Hi 😀 ᚠᚢᚠ") == "ᚠᚢ"
    with_emoji, without = stamp(512, 512, "Hello 😀 world"), stamp(512, 512, "Hello world")
    assert (with_emoji.opacity == without.opacity).all()
    assert Letterer(512, 512).stamp(["😀"]) is None


def test_letters_are_white_with_a_black_edge_and_nothing_else_changes() -> None:
    picture = np.full((360, 640, 3), (200, 30, 90), np.uint8)
    before = picture.copy()
    drawn = stamp(640, 360, *LINES)
    drawn.onto(picture)
    changed = (picture != before).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert rows.min() >= drawn.top
    assert columns.min() >= drawn.left
    assert (picture == 255).all(axis=2).sum() > 200
    assert (picture == 0).all(axis=2).sum() > 200
