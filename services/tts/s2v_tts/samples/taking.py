"""Take the sample of a voice out of a recording: find the speech, judge it, cut it out."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Notice
from s2v.core.steps import Steps
from s2v.core.timebase import SAMPLE_RATE, seconds
from s2v.core.voice import SampleMeasures
from s2v_tts.edges import faded
from s2v_tts.loudness import SILENCE_DBFS, audible_range
from s2v_tts.measuring.activity import WINDOW_SAMPLES, spoken_windows
from s2v_tts.samples.judging import (
    FIELD,
    SampleLimits,
    advice,
    check_length,
    check_quality,
    check_speech,
    too_long,
)
from s2v_tts.samples.measuring import measured_sample

Pcm = npt.NDArray[np.int16]

_AROUND_WINDOWS = 10
"""Kept around the speech: 0.32 seconds."""
_ADVISED_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Span:
    """Which part of a recording is meant, in seconds from its start; an end of 0 is its end."""

    start_seconds: float = 0.0
    end_seconds: float = 0.0

    def check(self) -> None:
        """Refuse times that no recording has.

        Raises:
            InvalidInput: FIELD_INVALID.
        """
        if not (math.isfinite(self.start_seconds) and self.start_seconds >= 0):
            raise _bad_time("start_seconds", f"is {self.start_seconds}; give 0 or more")
        after = self.end_seconds == 0 or self.end_seconds > self.start_seconds
        if not (math.isfinite(self.end_seconds) and after):
            problem = f"is {self.end_seconds}; give more than start_seconds, or 0 for the end"
            raise _bad_time("end_seconds", problem)

    def of(self, pcm: Pcm) -> Pcm:
        """Return the part of a recording.

        Raises:
            InvalidInput: FIELD_INVALID, it begins where the recording has ended already.
        """
        length = seconds(len(pcm))
        if self.start_seconds >= length:
            problem = f"is {self.start_seconds:g}, and the recording ends at {length:.2f}"
            raise _bad_time("start_seconds", problem)
        end_seconds = min(self.end_seconds or length, length)
        return pcm[round(self.start_seconds * SAMPLE_RATE) : round(end_seconds * SAMPLE_RATE)]


@dataclass(frozen=True, slots=True)
class TakenSample:
    """The speech of a recording, mono int16 at 48 kHz, what was measured on it, and advice."""

    pcm: Pcm
    measures: SampleMeasures
    notices: tuple[Notice, ...]


def take_sample(recording: Pcm, span: Span, limits: SampleLimits) -> Steps[TakenSample]:
    """Cut the speech out of a part of a recording, mono int16 at 48 kHz.

    Raises:
        InvalidInput: no voice can be made of it (FIELD_INVALID, AUDIO_SILENT, AUDIO_TOO_SHORT,
            AUDIO_TOO_LONG, SAMPLE_UNSUITABLE).
    """
    part = span.of(recording)
    if audible_range(part) == (0, 0):
        raise _silent()
    check_length(seconds(len(part)), limits)
    spoken = yield from spoken_windows(part)
    speech_seconds = float(spoken.sum()) * WINDOW_SAMPLES / SAMPLE_RATE
    check_speech(speech_seconds, seconds(len(part)), limits)
    around = _around_speech(spoken)
    first = around.start * WINDOW_SAMPLES
    end = min(around.stop * WINDOW_SAMPLES, len(part))
    length = seconds(end - first)
    check_length(length, limits)
    if length > limits.max_seconds:
        raise too_long(
            f"the speech lasts {length:.1f} s", limits.max_seconds, _better(spoken, span, limits)
        )
    kept = part[first:end]
    found = measured_sample(kept, spoken[around])
    check_quality(found)
    return TakenSample(faded(np.array(kept)), found, tuple(advice(found)))


def _around_speech(spoken: npt.NDArray[np.bool_]) -> slice:
    """Return the windows that are kept."""
    (windows,) = np.nonzero(spoken)
    first, end = int(windows[0]) - _AROUND_WINDOWS, int(windows[-1]) + 1 + _AROUND_WINDOWS
    return slice(max(first, 0), min(end, len(spoken)))


def _better(spoken: npt.NDArray[np.bool_], span: Span, limits: SampleLimits) -> str:
    """Say which part has the most speech and begins and ends in pauses, if one does."""
    changes = np.diff(spoken.astype(np.int8), prepend=0, append=0)
    firsts, ends = np.flatnonzero(changes == 1), np.flatnonzero(changes == -1)
    most = round(min(_ADVISED_SECONDS, limits.max_seconds) * SAMPLE_RATE / WINDOW_SAMPLES)
    sums = np.concatenate([[0], np.cumsum(spoken)])
    parts = [
        (int(sums[end] - sums[first]), int(first), int(end))
        for first in firsts
        for end in ends[(ends > first) & (ends - first <= most)][-1:]
    ]
    if not parts:
        return "give start_seconds and end_seconds of a part of it"
    _, first, end = max(parts, key=lambda part: (part[0], -part[1]))
    start = span.start_seconds + first * WINDOW_SAMPLES / SAMPLE_RATE
    stop = span.start_seconds + end * WINDOW_SAMPLES / SAMPLE_RATE
    return (
        f"give a part of it, such as start_seconds {max(start - 0.2, 0):.1f} and end_seconds "
        f"{stop + 0.2:.1f}, and its own transcript"
    )


def _silent() -> InvalidInput:
    return InvalidInput(
        Reason.AUDIO_SILENT,
        f"the recording is silent: nothing in it is louder than {SILENCE_DBFS:g} dB of full scale; "
        "send one with speech in it",
        field=FIELD,
    )


def _bad_time(field: str, problem: str) -> InvalidInput:
    return InvalidInput(Reason.FIELD_INVALID, f"{field} {problem}", field=field)
