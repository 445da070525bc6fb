"""How loud speech is over its noise, told of speech in noise of a known level."""

from functools import cache

import numpy as np
import pytest

from s2v.core.errors import InvalidInput, Reason
from s2v.core.steps import result
from s2v.core.timebase import SAMPLE_RATE
from s2v_tts.measuring.activity import WINDOW_SAMPLES, spoken_windows
from s2v_tts.measuring.sound import measured
from s2v_tts.samples.judging import DEFAULT_SAMPLE_LIMITS
from s2v_tts.samples.taking import Span, TakenSample, take_sample
from sounds import Pcm, hum, music, noise, silence, speech


@cache
def clean(*, pauses: bool) -> tuple[np.ndarray, float]:
    """Return two voices, one after the other, and their power while they speak.

    Without pauses they are only where they speak.
    """
    said = np.concatenate([speech(), silence(1), speech("oak")])
    if not pauses:
        said = said[spoken_samples(said)]
    sound = said * 0.4
    sound.flags.writeable = False
    return sound, float(np.mean(sound[spoken_samples(said)] ** 2))


def spoken_samples(pcm: Pcm) -> np.ndarray:
    return np.repeat(result(spoken_windows(pcm)), WINDOW_SAMPLES)[: len(pcm)]


def in_noise(snr_db: float, *, white: bool, pauses: bool = True) -> Pcm:
    """Put noise to speech, so much quieter than the speech is while it lasts."""
    sound, power = clean(pauses=pauses)
    behind = noise(len(sound), white=white).astype(np.float64)
    behind *= np.sqrt(power / np.mean(behind**2)) * 10 ** (-snr_db / 20)
    return np.clip(np.rint(sound + behind), -32_768, 32_767).astype(np.int16)


def snr_db(pcm: Pcm) -> float | None:
    return result(measured(pcm)).snr_db


@pytest.mark.parametrize("white", [True, False], ids=["white", "pink"])
@pytest.mark.parametrize("told", [0, 5, 10, 15, 20, 25, 30])
def test_noise_is_told_as_loud_as_it_is(told: float, white: bool) -> None:
    assert snr_db(in_noise(told, white=white)) == pytest.approx(told, abs=1)


@pytest.mark.parametrize("white", [True, False], ids=["white", "pink"])
@pytest.mark.parametrize("told", [5, 10, 20, 30])
def test_it_is_told_of_speech_without_a_pause(told: float, white: bool) -> None:
    assert snr_db(in_noise(told, white=white, pauses=False)) == pytest.approx(told, abs=2)


def test_digital_silence_between_words_is_as_clean_as_can_be() -> None:
    assert snr_db(np.concatenate([silence(2), speech(), silence(2)])) == 60


@pytest.mark.parametrize("pcm", [silence(3), noise(5 * SAMPLE_RATE), music(5), hum(5), silence(0)])
def test_where_nobody_speaks_there_is_no_speech_to_compare(pcm: Pcm) -> None:
    found = result(measured(pcm))
    assert (found.snr_db, found.speech_share) == (None, 0.0)


def taken(pcm: Pcm) -> TakenSample:
    return result(take_sample(pcm, Span(), DEFAULT_SAMPLE_LIMITS))


@pytest.mark.parametrize("white", [True, False], ids=["white", "pink"])
def test_samples_of_voices_are_held_to_the_level_that_is_told(white: bool) -> None:
    assert taken(in_noise(12, white=white)).measures.snr_db == pytest.approx(12, abs=1.5)
    with pytest.raises(InvalidInput, match="at least 10 are needed") as refusal:
        taken(in_noise(8, white=white))
    assert refusal.value.reason is Reason.SAMPLE_UNSUITABLE
