"""Speech sounds become mouths: shut when they must be, open when they must be, then at rest."""

# ruff: noqa: RUF001

import numpy as np
import pytest

from s2v.core.script import Mark
from s2v.core.timebase import FRAME_RATES, SAMPLE_RATE
from s2v.lipsync.loudness import loudness
from s2v.lipsync.phones import PHONES, REST
from s2v.lipsync.visemes import mouths_of_loudness, mouths_of_phonemes

EVEN = np.ones(400)


def marks(*sounds: tuple[str, float, float]) -> list[Mark]:
    return [Mark(s, round(a * SAMPLE_RATE), round(b * SAMPLE_RATE)) for s, a, b in sounds]


def test_lips_meet_on_the_frame_nearest_to_a_closure_however_short_it_is() -> None:
    for start in np.arange(0.40, 0.48, 0.007):
        sounds = marks(("ɑ", 0.1, start), ("b", start, start + 0.024), ("ɑ", start + 0.024, 0.9))
        mouths = mouths_of_phonemes(sounds, EVEN, frames=25, frame_rate=25)
        nearest = int((start + 0.012) * 25)
        assert mouths[nearest].gap == 0
        assert mouths[nearest].lower_drop == 0
        assert mouths[nearest].press >= 0.6


@pytest.mark.parametrize("frame_rate", FRAME_RATES)
def test_an_open_vowel_opens_the_mouth_at_every_frame_rate(frame_rate: int) -> None:
    sounds = marks(("m", 0.2, 0.3), ("ɑ", 0.3, 0.6), ("m", 0.6, 0.7))
    mouths = mouths_of_phonemes(sounds, EVEN, frames=frame_rate, frame_rate=frame_rate)
    assert len(mouths) == frame_rate
    assert mouths[int(0.45 * frame_rate)].gap > 0.10
    assert mouths[int(0.25 * frame_rate)].gap == 0


def test_a_take_begins_and_ends_at_rest_even_when_sound_is_cut_off() -> None:
    sounds = marks(("ɑ", 0.0, 0.5), ("u", 0.5, 1.0))
    mouths = mouths_of_phonemes(sounds, EVEN, frames=25, frame_rate=25)
    assert mouths[0] == mouths[-1] == REST
    assert mouths[6].gap > 0.1
    loud = mouths_of_loudness(EVEN, frames=25, frame_rate=25)
    assert loud[0] == loud[-1] == REST


def test_the_mouth_is_shut_where_nothing_is_marked() -> None:
    sounds = marks(("ɑ", 0.2, 0.4), ("ɑ", 1.4, 1.6))
    mouths = mouths_of_phonemes(sounds, EVEN, frames=50, frame_rate=25)
    assert max(mouth.gap for mouth in mouths[18:28]) < 0.01


def test_stress_opens_the_vowel_that_follows_it() -> None:
    plain = mouths_of_phonemes(marks(("ɛ", 0.3, 0.6)), EVEN, frames=25, frame_rate=25)
    sounds = marks(("ˈ", 0.28, 0.3), ("ɛ", 0.3, 0.6))
    stressed = mouths_of_phonemes(sounds, EVEN, frames=25, frame_rate=25)
    joined = mouths_of_phonemes(marks(("ˈɛ", 0.3, 0.6)), EVEN, frames=25, frame_rate=25)
    assert stressed[11].gap > 1.1 * plain[11].gap
    assert joined[11].gap == pytest.approx(stressed[11].gap, abs=0.01)


def test_a_label_of_several_symbols_is_shared_out_evenly() -> None:
    apart = marks(("m", 0.2, 0.3), ("ɑ", 0.3, 0.4), ("p", 0.4, 0.5))
    together = marks(("mɑp", 0.2, 0.5))
    first = mouths_of_phonemes(apart, EVEN, frames=25, frame_rate=25)
    second = mouths_of_phonemes(together, EVEN, frames=25, frame_rate=25)
    assert [m.gap for m in first] == pytest.approx([m.gap for m in second], abs=1e-3)


def test_a_diphthong_ends_narrower_and_rounder_than_it_begins() -> None:
    mouths = mouths_of_phonemes(marks(("W", 0.2, 0.7)), EVEN, frames=25, frame_rate=25)
    assert mouths[7].gap > mouths[15].gap
    assert mouths[15].rounding > mouths[7].rounding


def test_biting_sounds_tuck_the_lip_and_hardly_open() -> None:
    sounds = marks(("ɑ", 0.1, 0.4), ("f", 0.4, 0.5), ("ɑ", 0.5, 0.9))
    mouths = mouths_of_phonemes(sounds, EVEN, frames=25, frame_rate=25)
    assert mouths[11].tuck > 0.9
    assert mouths[11].gap <= 0.02


def test_the_tongue_is_quick_enough_for_an_l_between_vowels() -> None:
    sounds = marks(("ɑ", 0.1, 0.4), ("l", 0.4, 0.46), ("ɑ", 0.46, 0.9))
    mouths = mouths_of_phonemes(sounds, EVEN, frames=25, frame_rate=25)
    assert mouths[10].tongue > 0.65
    assert max(mouths[8].tongue, mouths[14].tongue) < 0.4


def test_lips_protrude_before_the_corners_spread() -> None:
    def reached(sound: str, part: str) -> int:
        sounds = marks(("ɑ", 0.0, 0.5), (sound, 0.5, 0.8))
        mouths = mouths_of_phonemes(sounds, EVEN, frames=100, frame_rate=100)
        values = [getattr(mouth, part) for mouth in mouths]
        return next(frame for frame, value in enumerate(values) if value > 0.3 * max(values))

    assert reached("u", "rounding") < reached("i", "widening") - 1


def test_quiet_speech_goes_less_far_with_the_lips() -> None:
    sounds = marks(("u", 0.2, 0.5), ("i", 0.5, 0.8))
    loud, quiet = (
        mouths_of_phonemes(sounds, level * EVEN, frames=25, frame_rate=25) for level in (1.0, 0.3)
    )
    assert max(m.rounding for m in quiet) < 0.9 * max(m.rounding for m in loud)
    assert max(m.widening for m in quiet) < 0.9 * max(m.widening for m in loud)


def test_teeth_are_bared_by_wide_lips_and_hidden_by_round_ones() -> None:
    assert PHONES["i"].mouth.bared == PHONES["s"].mouth.bared == 1
    assert PHONES["u"].mouth.bared == PHONES["o"].mouth.bared == 0
    assert 0.5 < PHONES["ɑ"].mouth.bared < 0.9


def test_what_the_lips_open_alone_is_part_of_the_gap() -> None:
    for symbol, phone in PHONES.items():
        assert phone.mouth.upper_raise + phone.mouth.lower_drop <= phone.mouth.gap, symbol


def test_a_sound_said_to_last_into_silence_does_not_keep_the_mouth_open() -> None:
    sounds = marks(("ɑ", 0.1, 0.4), ("t", 0.4, 0.9))
    sounding = np.where(np.arange(100) < 42, 1.0, 0.0)
    mouths = mouths_of_phonemes(sounds, sounding, frames=25, frame_rate=25)
    held = mouths_of_phonemes(sounds, EVEN, frames=25, frame_rate=25)
    assert mouths[8].gap > 0.7 * held[8].gap
    assert mouths[17].gap < 0.5 * held[17].gap


def test_a_short_stop_inside_speech_keeps_the_mouth_open() -> None:
    sounds = marks(("ɛ", 0.1, 0.4), ("t", 0.4, 0.48), ("ɛ", 0.48, 0.8))
    stopped = np.where((np.arange(100) >= 40) & (np.arange(100) < 48), 0.0, 1.0)
    mouths = mouths_of_phonemes(sounds, stopped, frames=25, frame_rate=25)
    assert mouths[10].gap > 0.035


def test_unknown_symbols_and_marks_past_the_end_do_no_harm() -> None:
    sounds = marks(("ʘ", 0.1, 0.2), ("?", 0.2, 0.3), ("ɑ", 0.9, 1.4), ("", 1.4, 1.5))
    mouths = mouths_of_phonemes(sounds, EVEN, frames=25, frame_rate=25)
    assert len(mouths) == 25
    assert all(np.isfinite(mouth.gap) for mouth in mouths)


def test_a_take_of_one_frame_is_at_rest() -> None:
    assert mouths_of_phonemes(marks(("ɑ", 0, 0.04)), EVEN, frames=1, frame_rate=25) == [REST]


def test_the_table_knows_every_sound_once_and_closes_only_bilabials() -> None:
    assert {symbol for symbol, phone in PHONES.items() if phone.closes} == set("mbp")
    assert all(0 <= phone.mouth.gap <= 0.16 for phone in PHONES.values())


def test_without_phonemes_the_mouth_follows_the_loudness() -> None:
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    tone = 8000 * np.sin(2 * np.pi * 200 * time) * ((time > 0.3) & (time < 0.7))
    mouths = mouths_of_loudness(loudness(tone.astype(np.int16)), frames=25, frame_rate=25)
    assert mouths[12].gap > 0.06
    assert mouths[4].gap < 0.005
    assert mouths[21].gap < 0.005


def test_silence_has_no_loudness_however_faint_its_noise() -> None:
    noise = np.random.default_rng(0).normal(0, 30, SAMPLE_RATE).astype(np.int16)
    assert loudness(noise).max() == 0
    assert loudness(np.zeros(10, np.int16)).max() == 0
