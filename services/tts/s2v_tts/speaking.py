"""Make the speech of one segment, from its text or from sound that was spoken already."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Backend, Notice, NoticeCode, Utterance, Voice, Working
from s2v.core.script import LipCues, Mark
from s2v.core.steps import Steps
from s2v.core.timebase import SAMPLE_RATE, frames_covering, samples_per_frame
from s2v_tts.edges import ending_with_sound, faded, shifted, trimmed
from s2v_tts.listening.listener import Listener
from s2v_tts.loudness import audible_range

T = TypeVar("T")

LEAD_SAMPLES = SAMPLE_RATE // 20
"""Silence kept before the first sound: the mouth opens before it is heard."""
PAUSE_SAMPLES = SAMPLE_RATE * 3 // 10
"""Silence after the last sound, so that joined segments keep the rhythm of sentences."""

_MOST_WORDS_TOLD = 5


@dataclass(frozen=True, slots=True)
class SpokenSegment:
    """The finished speech: mono int16 at 48 kHz, whole frames long, and its marks in order."""

    pcm: npt.NDArray[np.int16]
    words: tuple[Mark, ...]
    phonemes: tuple[Mark, ...]
    cues: LipCues


SpeechEvent = Working | Notice | SpokenSegment


def speak_text(
    backend: Backend, text: str, *, voice: str, frame_rate: int
) -> Iterator[SpeechEvent]:
    """Speak a segment's text, stretch by stretch; the speech comes last.

    Words that the voice cannot pronounce are left out, which a notice tells (WORDS_LEFT_OUT).
    The speech begins at most 50 ms before its first sound and lasts 300 ms after its last one,
    then to the end of the frame. Closing the iterator stops the backend.

    Args:
        backend: the way to speak.
        text: of the segment.
        voice: one of the backend's; empty takes its first.
        frame_rate: of the film, one of FRAME_RATES.

    Raises:
        InvalidInput: no such voice (VOICE_UNKNOWN), or nothing to pronounce (TEXT_EMPTY).
    """
    name = find_voice(backend, voice).name
    stretches: list[npt.NDArray[np.int16]] = []
    words: list[Mark] = []
    phonemes: list[Mark] = []
    left_out: list[str] = []
    samples = marked_end = 0
    for utterance in backend.speak(text, name):
        stretch = utterance if samples else _without_lead(utterance)
        marked_end = samples + max((mark.end_sample for mark in stretch.phonemes), default=0)
        heard = ending_with_sound(stretch)
        words += shifted(heard.words, samples)
        phonemes += shifted(heard.phonemes, samples)
        left_out += stretch.left_out
        stretches.append(stretch.pcm)
        samples += len(stretch.pcm)
        yield Working()
    if left_out:
        yield _words_left_out(left_out, name)
    pcm = _padded(_with_pause(np.concatenate(stretches), marked_end), frame_rate)
    yield SpokenSegment(pcm, tuple(words), tuple(phonemes), backend.cues)


def speak_audio(
    pcm: npt.NDArray[np.int16], listener: Listener, *, transcript: str, frame_rate: int
) -> Iterator[SpeechEvent]:
    """Tell of a segment of given sound (mono int16 at 48 kHz) and what is heard in it.

    The speech, padded to whole frames, comes last. Nothing is faded or added inside: segments that
    follow each other join without a seam.

    Args:
        pcm: the segment's sound.
        listener: finds out when it makes which sounds.
        transcript: what is said in it; empty where that is not known.
        frame_rate: of the film, one of FRAME_RATES.
    """
    heard = yield from _working(listener.listen(pcm, transcript))
    yield from heard.notices
    yield SpokenSegment(_padded(pcm, frame_rate), heard.words, heard.phonemes, heard.cues)


def _working(steps: Steps[T]) -> Generator[Working, None, T]:
    """Do the work, telling after each step that it goes on."""
    with closing(steps):
        while True:
            try:
                next(steps)
            except StopIteration as end:
                made: T = end.value
                return made
            yield Working()


def find_voice(backend: Backend, name: str) -> Voice:
    """Return a backend's voice by name; the first one where the name is empty.

    Raises:
        InvalidInput: no such voice (VOICE_UNKNOWN).
    """
    voices = {voice.name: voice for voice in backend.voices}
    if not name:
        return backend.voices[0]
    if name in voices:
        return voices[name]
    message = f'There is no voice "{name}"; choose one of: {", ".join(voices)}.'
    raise InvalidInput(Reason.VOICE_UNKNOWN, message, field="spec.voice")


def _words_left_out(words: Sequence[str], voice: str) -> Notice:
    told = ", ".join(f'"{word}"' for word in words[:_MOST_WORDS_TOLD])
    if len(words) > _MOST_WORDS_TOLD:
        told += f" and {len(words) - _MOST_WORDS_TOLD} more"
    message = (
        f'The voice "{voice}" cannot pronounce {told} and left it out. Write it in Latin letters '
        "as it is said, or choose a voice of that language."
    )
    return Notice(NoticeCode.WORDS_LEFT_OUT, message)


def _without_lead(utterance: Utterance) -> Utterance:
    return trimmed(utterance, before_samples=LEAD_SAMPLES, after_samples=len(utterance.pcm))


def _with_pause(pcm: npt.NDArray[np.int16], marked_end: int) -> npt.NDArray[np.int16]:
    """Return the sound with exactly PAUSE_SAMPLES of silence after its last sound.

    How long a voice says that its last sound lasts belongs to the rhythm, heard or not.
    """
    _, audible_end = audible_range(pcm)
    end = max(audible_end, marked_end)
    spoken = faded(pcm[: end + PAUSE_SAMPLES])
    return np.pad(spoken, (0, end + PAUSE_SAMPLES - len(spoken)))


def _padded(pcm: npt.NDArray[np.int16], frame_rate: int) -> npt.NDArray[np.int16]:
    samples = frames_covering(len(pcm), frame_rate) * samples_per_frame(frame_rate)
    return np.pad(pcm, (0, samples - len(pcm)))
