"""Describe sound in a way that two voices saying the same words have in common."""

# Shapes: T frames, B mel bands.

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from s2v.core.steps import Steps
from s2v.core.timebase import SAMPLE_RATE
from s2v.media.pcm import let_go

Floats = npt.NDArray[np.float32]

HOP_SAMPLES = SAMPLE_RATE // 100
"""From one frame to the next: 10 ms."""

_WINDOW_SAMPLES = SAMPLE_RATE // 40
_BANDS = 40
_LOWEST_HZ, _HIGHEST_HZ = 80.0, 7600.0
_FRAMES_AT_ONCE = 500
_RANGE_DB = 55.0
"""Bands so much below the loud parts of the speech are all alike."""
_QUIET_DB = 42.0
"""A frame so much below the loud parts is a pause."""
_EVENING = 0.6
"""How much of a frame's loudness is left out of account."""
_CHANGE_WEIGHT = 1.5


@dataclass(frozen=True, slots=True)
class Spectra:
    """Mel spectra of sound in dB, shape [T, B], one every `hop_samples`, each centred there."""

    levels_db: Floats
    hop_samples: int

    def __len__(self) -> int:
        return len(self.levels_db)


@dataclass(frozen=True, slots=True)
class Likeness:
    """What to compare frames by: rows of length one, shape [T, 2B], and which are pauses, [T]."""

    rows: Floats
    quiet: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.rows)


def spectra(pcm: npt.NDArray[np.int16], *, hops: int = 1) -> Steps[Spectra]:
    """Return the spectra of mono sound at 48 kHz, each a mean over so many hops of 10 ms.

    Needs little memory besides the sound itself, however long it is.
    """
    count = max(-(-len(pcm) // (HOP_SAMPLES * hops)), 1)
    step = max(_FRAMES_AT_ONCE // hops, 1)
    parts: list[Floats] = []
    for first in range(0, count, step):
        parts.append(_powers(pcm, first, count=min(step, count - first), hops=hops))
        let_go(pcm)
        yield
    powers = np.concatenate(parts)
    return Spectra(10 * np.log10(powers + np.float32(1e-10)), HOP_SAMPLES * hops)


def coarser(sound: Spectra, hops: int) -> Spectra:
    """Return means over so many frames."""
    missing = -len(sound) % hops
    padded = np.pad(sound.levels_db, ((0, missing), (0, 0)), mode="edge")
    means = padded.reshape(-1, hops, padded.shape[1]).mean(axis=1)
    return Spectra(means, sound.hop_samples * hops)


def likeness(sound: Spectra) -> Likeness:
    """Even out what differs between recordings: loudness, the microphone, the voice's colour."""
    made, _ = _likeness(sound, speech_only=False)
    return made


def speech_likeness(sound: Spectra) -> tuple[Likeness, npt.NDArray[np.intp]]:
    """Return the same of what is no pause, and which frames these are."""
    return _likeness(sound, speech_only=True)


def quiet_frames(sound: Spectra) -> npt.NDArray[np.bool_]:
    """Tell which frames are pauses."""
    quiet, _ = _quiet_and_loud(sound)
    return quiet


def _quiet_and_loud(sound: Spectra) -> tuple[npt.NDArray[np.bool_], float]:
    """Tell which frames are pauses, and how loud the loud parts are, in dB."""
    loudness = sound.levels_db.max(axis=1)
    loud_db = float(np.percentile(loudness, 95))
    return np.asarray(loudness < loud_db - _QUIET_DB), loud_db


def _likeness(sound: Spectra, *, speech_only: bool) -> tuple[Likeness, npt.NDArray[np.intp]]:
    """Return likeness and which frames it is of; of an hour little more is held at once."""
    quiet, loud_db = _quiet_and_loud(sound)
    kept = ~quiet if speech_only else np.ones_like(quiet)
    count, bands = sound.levels_db.shape
    floor = np.float32(loud_db - _RANGE_DB)
    heard = sound.levels_db if quiet.all() else sound.levels_db[~quiet]
    mean = np.maximum(heard, floor).mean(axis=0)
    del heard
    rows = np.empty((np.count_nonzero(kept), 2 * bands), np.float32)
    done = 0
    for first in range(0, count, _FRAMES_AT_ONCE):
        end = min(first + _FRAMES_AT_ONCE, count)
        levels = np.maximum(sound.levels_db[max(first - 1, 0) : end + 1], floor) - mean
        evened = levels - _EVENING * levels.mean(axis=1, keepdims=True)
        evened = np.pad(evened, ((first == 0, end == count), (0, 0)), mode="edge")
        changes = (evened[2:] - evened[:-2]) / 2
        piece = np.concatenate([evened[1:-1], _CHANGE_WEIGHT * changes], axis=1)[kept[first:end]]
        piece /= np.maximum(np.linalg.norm(piece, axis=1, keepdims=True), np.float32(1e-6))
        rows[done : done + len(piece)] = piece
        done += len(piece)
    return Likeness(rows, quiet[kept]), np.flatnonzero(kept)


def _powers(pcm: npt.NDArray[np.int16], first: int, *, count: int, hops: int) -> Floats:
    """Return the mel powers of some frames, shape [count, B]; outside of the sound is silence."""
    inner = count * hops
    middle = first * hops * HOP_SAMPLES + HOP_SAMPLES // 2
    start = middle - _WINDOW_SAMPLES // 2
    end = start + (inner - 1) * HOP_SAMPLES + _WINDOW_SAMPLES
    piece = pcm[max(start, 0) : max(end, 0)].astype(np.float32) / 32768
    piece = np.pad(piece, (max(-start, 0), 0))
    piece = np.pad(piece, (0, end - start - len(piece)))
    windows = np.lib.stride_tricks.sliding_window_view(piece, _WINDOW_SAMPLES)[::HOP_SAMPLES]
    spectrum = np.fft.rfft(windows * _window(), axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    mel = power.astype(np.float32) @ _mel_bank()
    return np.asarray(mel.reshape(count, hops, -1).mean(axis=1), np.float32)


@cache
def _window() -> Floats:
    window = np.hanning(_WINDOW_SAMPLES + 2)[1:-1]
    return np.asarray(window / window.sum(), np.float32)


@cache
def _mel_bank() -> Floats:
    """Return triangles evenly spaced on the mel scale (O'Shaughnessy, 1987), shape [bins, B]."""
    bins = np.fft.rfftfreq(_WINDOW_SAMPLES, 1 / SAMPLE_RATE)
    mels = np.linspace(_mel(_LOWEST_HZ), _mel(_HIGHEST_HZ), _BANDS + 2)
    corners = 700 * (10 ** (mels / 2595) - 1)
    rising = (bins[:, None] - corners[:-2]) / (corners[1:-1] - corners[:-2])
    falling = (corners[2:] - bins[:, None]) / (corners[2:] - corners[1:-1])
    return np.clip(np.minimum(rising, falling), 0, None).astype(np.float32)


def _mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))
