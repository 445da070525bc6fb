"""Better a recording of up to an hour, file to file, without ever holding it."""

import uuid
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from s2v.core.sound import AS_GIVEN, Enhancement, NoiseReduction, SoundMeasurement
from s2v.media.chain import Floats
from s2v.media.pcm import let_go, mapped_wav, to_float, to_int16, wav_writer
from s2v.store.space import full_disk_named
from s2v_tts.enhancing.level import gain_db, louder
from s2v_tts.enhancing.noise import denoised
from s2v_tts.enhancing.silence import joined_smoothly, kept_spans
from s2v_tts.measuring.sound import PIECE_SAMPLES, Shares, T, measured, pieces_of

Pcm = npt.NDArray[np.int16]

_PLACE = "the folder for given sound"
_NEAR_LU = 0.3
_MOST_TRIES = 3
"""Limiting takes loudness away again, which a second try makes up for."""


@dataclass(frozen=True, slots=True)
class Enhanced:
    """A WAV of bettered sound, and what was measured on it before and after."""

    wav: Path
    before: SoundMeasurement
    after: SoundMeasurement


def enhanced(wav: Path, enhancement: Enhancement, folder: Path) -> Shares[Enhanced]:
    """Better the sound of a WAV of ours; the file gives way to the one that is returned.

    Where nothing is asked for, that is the very same. The folder holds what is on its way, up to
    twice the room of the sound; an hour of it takes about four minutes, most of them against noise.

    Raises:
        Exhausted: there is no room in the folder (STORAGE_FULL).
    """
    sound = _Recording(wav, folder)
    try:
        before = yield from _part(measured(sound.pcm), 0.0, 0.05)
        if enhancement == AS_GIVEN:
            return Enhanced(wav, before, before)
        if enhancement.noise_reduction is not NoiseReduction.OFF:
            yield from _part(sound.denoise(enhancement.noise_reduction), 0.05, 0.8)
        if enhancement.trim_silences:
            yield from _part(sound.trim(), 0.8, 0.85)
        after = yield from _part(measured(sound.pcm), 0.85, 0.9)
        if enhancement.target_lufs is not None:
            after = yield from _part(sound.level(after, enhancement.target_lufs), 0.9, 1.0)
        return Enhanced(sound.wav, before, after)
    except BaseException:
        sound.wav.unlink(missing_ok=True)
        raise


class _Recording:
    """A recording on its way: each step writes a new file and removes the one before."""

    def __init__(self, wav: Path, folder: Path) -> None:
        self.wav = wav
        self.pcm = mapped_wav(wav)
        self._folder = folder

    def denoise(self, reduction: NoiseReduction) -> Shares[None]:
        with closing(denoised(self._floats(), reduction)) as clean:
            yield from self._replace(map(to_int16, clean), len(self.pcm))

    def trim(self) -> Shares[None]:
        spans = kept_spans(self.pcm)
        kept = sum(end - first for first, end in spans)
        yield from self._replace(joined_smoothly(self.pcm, spans, PIECE_SAMPLES), kept)

    def level(self, now: SoundMeasurement, target_lufs: float) -> Shares[SoundMeasurement]:
        """Reach the loudness; where peaks are in its way, come as near as they let it."""
        by_db = gain_db(now.integrated_lufs, target_lufs)
        for tried in range(_MOST_TRIES):
            done, left = tried / _MOST_TRIES, 0.5 / _MOST_TRIES
            pieces = louder(self._floats(), by_db, peak_dbtp=now.true_peak_dbtp)
            written = self._written(map(to_int16, pieces), len(self.pcm))
            made = yield from _part(written, done, done + left)
            after = yield from _part(self._measured(made), done + left, done + 2 * left)
            missing = gain_db(after.integrated_lufs, target_lufs)
            if abs(missing) <= _NEAR_LU or tried + 1 == _MOST_TRIES:
                break
            made.unlink()
            by_db += missing
        self._take(made)
        return after

    def _measured(self, made: Path) -> Shares[SoundMeasurement]:
        try:
            after = yield from measured(mapped_wav(made))
        except BaseException:
            made.unlink(missing_ok=True)
            raise
        return after

    def _floats(self) -> Iterator[Floats]:
        for _, piece in pieces_of(self.pcm):
            let_go(self.pcm)
            yield to_float(piece)

    def _replace(self, pieces: Iterable[Pcm], samples: int) -> Shares[None]:
        made = yield from self._written(pieces, samples)
        self._take(made)

    def _take(self, made: Path) -> None:
        self.wav.unlink()
        self.wav, self.pcm = made, mapped_wav(made)

    def _written(self, pieces: Iterable[Pcm], samples: int) -> Shares[Path]:
        target = self._folder / f"{uuid.uuid4().hex}.wav"
        done = 0
        try:
            with full_disk_named(_PLACE), target.open("wb") as file, wav_writer(file) as writer:
                for piece in pieces:
                    writer.writeframesraw(piece.astype("<i2", copy=False).tobytes())
                    done += len(piece)
                    yield done / max(samples, 1)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        return target


def _part(work: Shares[T], first: float, end: float) -> Shares[T]:
    """Do a part of the work, which takes the whole from one share to another."""
    with closing(work):
        while True:
            try:
                share = next(work)
            except StopIteration as stop:
                made: T = stop.value
                return made
            yield first + (end - first) * share
