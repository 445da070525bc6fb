"""Given sound is bettered as asked, and not touched where nothing is asked."""

import errno
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from noisy import si_sdr_db, with_noise
from s2v.core.errors import Exhausted, InvalidInput, Reason
from s2v.core.sound import AS_GIVEN, Enhancement, NoiseReduction
from s2v.core.timebase import SAMPLE_RATE
from s2v.media.pcm import Pcm, mapped_wav, wav_bytes
from s2v_tts.enhancing import noise
from s2v_tts.enhancing.enhancing import Enhanced, enhanced
from s2v_tts.enhancing.silence import kept_spans
from s2v_tts.measuring.sound import Shares, T, measured

TONE = (np.sin(np.arange(SAMPLE_RATE) * 2 * np.pi * 300 / SAMPLE_RATE) * 9_000).astype(np.int16)


def done(work: Shares[T]) -> T:
    while True:
        try:
            assert 0 <= next(work) <= 1
        except StopIteration as end:
            made: T = end.value
            return made


def bettered(pcm: Pcm, enhancement: Enhancement, folder: Path) -> tuple[Enhanced, Pcm]:
    wav = folder / "given.wav"
    wav.write_bytes(wav_bytes(pcm))
    made = done(enhanced(wav, enhancement, folder))
    assert list(folder.iterdir()) == [made.wav]
    return made, mapped_wav(made.wav)


def test_sound_for_which_nothing_is_asked_is_the_very_same(tmp_path: Path) -> None:
    sound = np.random.default_rng(0).integers(-32768, 32767, SAMPLE_RATE, np.int16)
    made, pcm = bettered(sound, AS_GIVEN, tmp_path)
    assert np.array_equal(pcm, sound)
    assert made.before == made.after


@pytest.mark.parametrize(("level", "gain_db"), [("light", 6.0), ("strong", 9.0)])
def test_noise_is_taken_away_and_the_speech_stays_where_it_was(
    spoken: Any, level: str, gain_db: float, tmp_path: Path
) -> None:
    noisy = with_noise(spoken.pcm, 5.0)
    made, pcm = bettered(noisy, Enhancement(NoiseReduction(level)), tmp_path)
    assert len(pcm) == len(noisy)
    assert si_sdr_db(spoken.pcm, pcm) > si_sdr_db(spoken.pcm, noisy) + gain_db
    assert made.before.snr_db is not None
    assert made.after.snr_db is not None
    assert made.after.snr_db > made.before.snr_db + gain_db


@pytest.mark.parametrize("target_lufs", [-30.0, -16.0])
def test_speech_becomes_as_loud_as_asked_and_its_peaks_stay_under_the_limit(
    spoken: Any, target_lufs: float, tmp_path: Path
) -> None:
    made, pcm = bettered(spoken.pcm, Enhancement(target_lufs=target_lufs), tmp_path)
    assert len(pcm) == len(spoken.pcm)
    assert made.after.integrated_lufs == pytest.approx(target_lufs, abs=0.5)
    assert made.after.true_peak_dbtp is not None
    assert made.after.true_peak_dbtp <= -1.0
    assert si_sdr_db(spoken.pcm, pcm) > 15


def test_sound_that_is_too_quiet_to_measure_keeps_its_loudness(tmp_path: Path) -> None:
    hiss = np.random.default_rng(0).integers(-3, 3, SAMPLE_RATE, np.int16)
    made, pcm = bettered(hiss, Enhancement(target_lufs=-16.0), tmp_path)
    assert made.before.integrated_lufs is None
    assert np.array_equal(pcm, hiss)


def test_long_silences_become_half_a_second_long_and_short_ones_stay(tmp_path: Path) -> None:
    long, short = np.zeros(3 * SAMPLE_RATE, np.int16), np.zeros(SAMPLE_RATE // 2, np.int16)
    sound = np.concatenate([long, TONE, short, TONE, long, TONE, long])
    made, pcm = bettered(sound, Enhancement(trim_silences=True), tmp_path)
    kept = len(TONE) * 3 + len(short) + SAMPLE_RATE // 2 + 2 * (SAMPLE_RATE // 4)
    assert abs(len(pcm) - kept) <= 4 * SAMPLE_RATE // 100
    assert made.after.duration_seconds == len(pcm) / SAMPLE_RATE
    assert np.abs(np.diff(pcm.astype(np.int32))).max() <= np.abs(np.diff(sound.astype(int))).max()


def test_silence_under_loud_noise_is_left_alone(spoken: Any) -> None:
    sound = np.concatenate([np.zeros(2 * SAMPLE_RATE, np.int16), spoken.pcm])
    noisy = with_noise(sound, 5.0)
    assert kept_spans(noisy) == [(0, len(noisy))]


def test_what_is_given_up_leaves_nothing(spoken: Any, tmp_path: Path) -> None:
    wav = tmp_path / "given.wav"
    wav.write_bytes(wav_bytes(np.tile(spoken.pcm, 4)))
    work = enhanced(wav, Enhancement(NoiseReduction.STRONG, -16.0), tmp_path)
    shares = [next(work)]
    while len(list(tmp_path.iterdir())) == 1:
        shares.append(next(work))
    assert shares == sorted(shares)
    work.close()
    assert list(tmp_path.iterdir()) == []


def test_noise_is_not_reduced_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noise, "find_spec", lambda name: None)
    noise.check_noise_reduction(NoiseReduction.OFF, field="enhancement")
    with pytest.raises(InvalidInput, match=r"pip install 's2v\[enhance\]'") as refused:
        noise.check_noise_reduction(NoiseReduction.LIGHT, field="enhancement")
    assert refused.value.reason is Reason.FIELD_INVALID
    assert refused.value.field == "enhancement.noise_reduction"


def test_a_full_disk_leaves_nothing(
    spoken: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    wav = tmp_path / "given.wav"
    wav.write_bytes(wav_bytes(spoken.pcm))
    monkeypatch.setattr(wave.Wave_write, "writeframesraw", full)
    with pytest.raises(Exhausted) as refused:
        done(enhanced(wav, Enhancement(target_lufs=-16.0), tmp_path))
    assert refused.value.reason is Reason.STORAGE_FULL
    assert list(tmp_path.iterdir()) == []


def test_what_is_at_the_end_of_the_scale_counts_as_clipped(spoken: Any) -> None:
    assert done(measured(spoken.pcm)).clipped_share == 0
    loud = np.clip(spoken.pcm.astype(np.int32) * 4, -32768, 32767).astype(np.int16)
    assert done(measured(loud)).clipped_share > 0.001


def test_speech_takes_its_share_of_the_time(spoken: Any) -> None:
    silence = np.zeros(len(spoken.pcm), np.int16)
    alone = done(measured(spoken.pcm)).speech_share
    assert alone > 0.7
    half = done(measured(np.concatenate([silence, spoken.pcm]))).speech_share
    assert half == pytest.approx(alone / 2, abs=0.02)
    nothing = done(measured(silence))
    assert (nothing.speech_share, nothing.snr_db, nothing.true_peak_dbtp) == (0.0, None, None)
