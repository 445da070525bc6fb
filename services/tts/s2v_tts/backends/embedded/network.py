"""Run hibari's acoustic network: phonemes in, sound and the exact length of each phoneme out."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from hibari import dsp, tts, voices

from s2v.onnx.models import with_output
from s2v_tts.backends.embedded.timbre import NATURAL, Timbre, recoloured

SAMPLE_RATE = 24_000
"""Of the sound that comes out; s2v's own is 48 kHz."""
SYMBOL_FRAME_SECONDS = 0.025
"""Durations come in whole frames of 600 samples."""
MAX_SYMBOLS = 400
"""The longest stretch that hibari itself sends through the network at once."""

_DURATIONS = "/Clip_output_0"
_PAD = 0
_SEED = 0
_GAIN = 1.4
"""hibari is quiet: -25 dBFS while it speaks, peaks up to 0.63."""
_HIGHEST_PEAK = 0.95


@dataclass(frozen=True, slots=True)
class Sound:
    """What the network said: float mono at 24 kHz, and how long each symbol lasts.

    `seconds` has two entries more than there are symbols: the silence before and after them.
    """

    pcm: npt.NDArray[np.float32]
    seconds: npt.NDArray[np.float64]


@cache
def _session() -> onnxruntime.InferenceSession:
    """Load the weights, once a process."""
    path = Path(voices.voice_path("heart", download_missing=False))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # a second thread gains a tenth and takes a renderer's core
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(
        with_output(path.read_bytes(), _DURATIONS), options, providers=["CPUExecutionProvider"]
    )


class Network:
    """The loaded network; safe to use from several threads at once."""

    def __init__(self) -> None:
        self._session = _session()
        vocabulary = Path(tts.ASSETS, "vocab.json").read_text(encoding="utf-8")
        self._ids: dict[str, int] = json.loads(vocabulary)

    @property
    def alphabet(self) -> frozenset[str]:
        """The symbols that can be spoken."""
        return frozenset(self._ids)

    def speak(self, symbols: str, timbre: Timbre = NATURAL) -> Sound:
        """Speak symbols of the alphabet; equal symbols give equal sound."""
        ids = [_PAD, *(self._ids[symbol] for symbol in symbols), _PAD]
        inputs = {"ids": np.asarray([ids], np.int64), "speed": np.ones(1, np.float32)}
        *spectra, frames = self._session.run(None, inputs)
        spectra = [spectrum[0] for spectrum in spectra]
        pcm = dsp.synth(*recoloured(spectra, timbre), np.random.default_rng(_SEED))
        pcm *= min(_GAIN, _HIGHEST_PEAK / max(float(np.abs(pcm).max()), 1e-6))
        return Sound(pcm, np.asarray(frames, np.float64).ravel() * SYMBOL_FRAME_SECONDS)
