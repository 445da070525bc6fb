"""A measurement in words that a layman understands."""

from dataclasses import replace

import pytest

from s2v.core.job import LipSyncMeasurement
from s2v_cli.lips import summary, table, verdict

GOOD = LipSyncMeasurement(
    frames=200,
    face_share=1.0,
    opening_correlation=0.91,
    best_correlation=0.91,
    lag_milliseconds=0.3,
    chance_correlation=0.4,
    closures=12,
    closure_recall=1.0,
    rounded_over_wide=0.8,
)


def test_lips_in_time_follow_the_sound() -> None:
    assert verdict(GOOD) == "the lips follow the sound"
    assert summary(GOOD).splitlines() == [
        "the lips follow the sound",
        "agreement 0.91, in time, shut on 12 of 12 m, b, p",
    ]


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (80, "the lips follow the sound, but 80 ms late"),
        (-44, "the lips follow the sound"),
        (-110, "the lips follow the sound"),
        (-140, "the lips follow the sound, but 140 ms early"),
    ],
)
def test_a_lag_is_told_once_people_notice_it(milliseconds: float, words: str) -> None:
    late = replace(GOOD, opening_correlation=0.3, lag_milliseconds=milliseconds)
    assert verdict(late) == words


def test_people_whose_lips_agree_half_follow_the_sound() -> None:
    assert verdict(replace(GOOD, best_correlation=0.46)) == "the lips follow the sound"


def test_lips_that_agree_less_than_people_do_follow_roughly() -> None:
    assert verdict(replace(GOOD, best_correlation=0.35)) == "the lips follow the sound roughly"


def test_the_more_chance_may_reach_the_more_must_agree() -> None:
    short = replace(GOOD, best_correlation=0.46, chance_correlation=0.7)
    assert verdict(short) == "the lips follow the sound roughly"


def test_a_lag_that_nobody_expects_needs_more_proof() -> None:
    late = replace(GOOD, best_correlation=0.38, chance_correlation=0.46, lag_milliseconds=320)
    assert verdict(late) == "the lips do not follow the sound"


@pytest.mark.parametrize(
    ("flaw", "words"),
    [
        ({"mouth_colour_distance": 9.0}, "its colour inside is none of this face"),
        ({"mouth_sharpness_ratio": 1.6}, "it is sharper than the face"),
        ({"mouth_sharpness_ratio": 0.2}, "it is softer than the face"),
        ({"mouth_flicker": 0.2}, "its inside flickers"),
        ({"mouth_spill": 0.8}, "lips or teeth run over its edge"),
    ],
)
def test_a_mouth_that_looks_wrong_does_not_count_as_good(
    flaw: dict[str, float], words: str
) -> None:
    film = replace(GOOD, **flaw)  # type: ignore[arg-type]
    expected = f"the lips follow the sound, but the mouth does not look real: {words}"
    assert verdict(film) == expected


def test_widths_are_judged_by_how_far_they_are_from_peoples() -> None:
    def said(ratio: float) -> str:
        rows = {what: how for what, _, how in table(replace(GOOD, rounded_over_wide=ratio))}
        return rows["mouth width, oo over ee"]

    assert said(0.95) == said(0.75) == "people have 0.85 to 1.05"
    assert said(0.6).endswith("too much pursed")
    assert said(1.3).endswith("the wrong way round")


def test_lips_of_another_speech_do_not_follow_and_their_lag_means_nothing() -> None:
    wrong = replace(GOOD, opening_correlation=0.1, best_correlation=0.29, lag_milliseconds=120)
    assert verdict(wrong) == "the lips do not follow the sound"
    assert ("lips are", "-") in [row[:2] for row in table(wrong)]


def test_a_film_that_shows_hardly_any_face_is_not_judged() -> None:
    assert "only 20% of the frames" in verdict(replace(GOOD, face_share=0.2))


def test_the_table_has_a_row_for_everything_that_was_measured() -> None:
    whole = replace(GOOD, sharpness_ratio=0.95, identity_distance=0.2)
    assert [row[1] for row in table(whole)] == [
        *("0.91", "in time", "12 of 12", "0.80", "0.95", "0.20", "100%"),
    ]
    least = replace(GOOD, closures=0, closure_recall=0.0, rounded_over_wide=0.0)
    assert len(table(least)) == 3
