"""Hear where in a recording somebody speaks."""

from functools import cache
from importlib.resources import files
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import onnxruntime
import soxr

from s2v.core.steps import Steps
from s2v.core.timebase import SAMPLE_RATE
from s2v.media.pcm import let_go, to_float
from s2v_tts.measuring import models

Pcm = npt.NDArray[np.int16]

_MODEL_RATE = 16_000
_WINDOW, _CONTEXT = 512, 64
"""What the network hears at once, and what it hears again of the window before."""
WINDOW_SAMPLES = _WINDOW * SAMPLE_RATE // _MODEL_RATE
"""The same at 48 kHz: 32 ms."""
SAMPLES_AT_ONCE = 200 * WINDOW_SAMPLES
"""Six seconds of sound."""
_SPEECH, _STILL_SPEECH = 0.5, 0.35
"""Speech begins above the one probability and ends below the other, as Silero's own code has it."""
_SHORTEST_SECONDS, _LONGEST_GAP_SECONDS = 0.25, 0.3


def spoken_windows(pcm: Pcm) -> Steps[npt.NDArray[np.bool_]]:
    """Tell of each window of WINDOW_SAMPLES of mono sound at 48 kHz whether somebody speaks.

    Sounds shorter than 250 ms are none; pauses shorter than 300 ms belong to the speech.
    """
    probabilities = yield from _probabilities(pcm)
    spoken = np.zeros(len(probabilities), bool)
    speaking = False
    for index, probability in enumerate(probabilities):
        speaking = probability >= (_STILL_SPEECH if speaking else _SPEECH)
        spoken[index] = speaking
    _flip_runs(spoken, value=False, shorter_than_seconds=_LONGEST_GAP_SECONDS)
    _flip_runs(spoken, value=True, shorter_than_seconds=_SHORTEST_SECONDS)
    return spoken


def _probabilities(pcm: Pcm) -> Steps[npt.NDArray[np.float32]]:
    network = _network()
    stream = soxr.ResampleStream(SAMPLE_RATE, _MODEL_RATE, 1, dtype="float32", quality="HQ")
    state = {name: np.zeros((1, 1, 128), np.float32) for name in ("h", "c")}
    rest = np.zeros(_CONTEXT, np.float32)
    found = []
    for first in range(0, len(pcm), SAMPLES_AT_ONCE):
        piece = to_float(pcm[first : first + SAMPLES_AT_ONCE])
        let_go(pcm)
        is_last = first + SAMPLES_AT_ONCE >= len(pcm)
        heard = np.concatenate([rest, stream.resample_chunk(piece, last=is_last)])
        count = (len(heard) - _CONTEXT) // _WINDOW
        if is_last:
            count = -(-(len(heard) - _CONTEXT) // _WINDOW)
            heard = np.pad(heard, (0, _CONTEXT + count * _WINDOW - len(heard)))
        if count:
            windows = np.lib.stride_tricks.sliding_window_view(heard, _CONTEXT + _WINDOW)[::_WINDOW]
            rows = np.ascontiguousarray(windows[:count])
            probabilities, state["h"], state["c"] = network.run(None, {"input": rows, **state})
            found.append(probabilities)
        rest = heard[count * _WINDOW :]
        yield
    return np.concatenate(found) if found else np.zeros(0, np.float32)


def _flip_runs(spoken: npt.NDArray[np.bool_], *, value: bool, shorter_than_seconds: float) -> None:
    """Turn short runs of a value into the other one; those at the edges of silence stay."""
    least = shorter_than_seconds * SAMPLE_RATE / WINDOW_SAMPLES
    edges = [0, *(np.flatnonzero(np.diff(spoken)) + 1), len(spoken)]
    for first, end in pairwise(edges):
        inside = value or (first > 0 and end < len(spoken))
        if end > first and spoken[first] == value and end - first < least and inside:
            spoken[first:end] = not value


@cache
def _network() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    data = (files(models) / "voice_activity.onnx").read_bytes()
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
