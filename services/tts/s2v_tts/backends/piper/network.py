"""Run a voice of Piper: phonemes in, sound and the exact length of each of them out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnxruntime

from s2v.onnx.models import only_output_of, with_output
from s2v_tts.backends.piper.voice_file import VoiceFile, bad_setting

_BEGIN, _END, _PAD = "^", "$", "_"
_SCALES = np.array([0.0, 1.0, 0.0], np.float32)
"""Noise of the sound, length, noise of the lengths: without noise equal texts sound the same."""


@dataclass(frozen=True, slots=True)
class PiperSound:
    """What a voice said: float mono at its own rate, and how long each symbol lasts.

    `seconds` has two entries more than there are symbols: the silence before and after them.
    """

    pcm: npt.NDArray[np.float32]
    seconds: npt.NDArray[np.float64]


class PiperNetwork:
    """A loaded voice; safe to use from several threads at once.

    Raises:
        InvalidInput: the file is no voice of Piper; `field` is the setting.
    """

    def __init__(self, voice: VoiceFile) -> None:
        self._voice = voice
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            model = voice.path.read_bytes()
            lengths = only_output_of(model, "Ceil")
            self._session = onnxruntime.InferenceSession(
                with_output(model, lengths), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise bad_setting(f"{voice.path} is no voice of Piper: {error}") from error

    def known(self, symbol: str) -> bool:
        """Tell whether the voice has a sound for a symbol."""
        return symbol in self._voice.ids

    def speak(self, symbols: Sequence[str]) -> PiperSound:
        """Speak symbols that the voice knows; equal symbols give equal sound."""
        groups = list(self._groups(symbols))
        ids = np.concatenate(groups)[np.newaxis]
        inputs = {
            "input": ids,
            "input_lengths": np.array([ids.shape[1]], np.int64),
            "scales": _SCALES,
        }
        if self._voice.several:
            inputs["sid"] = np.zeros(1, np.int64)
        sound, *_, frames = self._session.run(None, inputs)
        samples = np.asarray(frames, np.float64).ravel() * self._voice.hop_samples
        borders = np.cumsum([0, *map(len, groups)])
        lengths = np.add.reduceat(samples, borders[:-1]) / self._voice.sample_rate
        return PiperSound(np.asarray(sound, np.float32).ravel(), lengths)

    def _groups(self, symbols: Sequence[str]) -> Iterator[npt.NDArray[np.int64]]:
        """Yield the numbers of each symbol, the pad after it included."""
        ids = self._voice.ids
        for symbol in (_BEGIN, *symbols):
            yield np.array([*ids[symbol], *ids.get(_PAD, ())], np.int64)
        yield np.array(ids[_END], np.int64)
