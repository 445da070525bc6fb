"""Make the speech of one segment, from its text or from sound that was spoken already."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Backend, Notice, NoticeCode, Utterance, Voice, Working
from s2v.core.script import LipCues, Mark
from s2v.core.sound import FASTEST, SLOWEST
from s2v.core.steps import Steps
from s2v.core.timebase import frames_covering, samples_per_frame
from s2v.text.markup import Marked, Silence, read_marked
from s2v.text.reading import read
from s2v.text.sayable import is_heard, require_sayable, shortened, unsaid_in_source
from s2v_tts.foreign import foreign
from s2v_tts.joining import Stretches
from s2v_tts.listening.listener import Listener
from s2v_tts.pacing import delivered
from s2v_tts.runs import Labelling, runs_of

T = TypeVar("T")

_MOST_WORDS_TOLD = 5
_NO_SOUND = np.zeros(0, np.int16)


@dataclass(frozen=True, slots=True)
class SpokenSegment:
    """The finished speech: mono int16 at 48 kHz, whole frames long, and its marks in order."""

    pcm: npt.NDArray[np.int16]
    words: tuple[Mark, ...]
    phonemes: tuple[Mark, ...]
    cues: LipCues


SpeechEvent = Working | Notice | SpokenSegment


def speak_text(
    backend: Backend, text: str, *, voice: str, frame_rate: int, speed: float = 1.0
) -> Iterator[SpeechEvent]:
    """Speak a segment's text, stretch by stretch; the speech comes last.

    Marks in the text (`s2v.text.markup`) say how; words have the labels that are written, whatever
    is spoken in their place.

    Words that the voice cannot pronounce are left out, which a notice tells (WORDS_LEFT_OUT), as
    another does of a text in a language that the voice does not speak (LANGUAGE_MISMATCH). A
    stretch between pauses that is mostly made of such words is left out as a whole.
    The speech begins at most 50 ms before its first sound and lasts 300 ms after its last one,
    unless other pauses are marked there, then to the end of the frame. Closing the iterator stops
    the backend.

    Args:
        backend: the way to speak.
        text: of the segment, marked or not.
        voice: one of the backend's; empty takes its first.
        frame_rate: of the film, one of FRAME_RATES.
        speed: 0.5 to 2; what is marked as faster or slower is so beside this, within these bounds.

    Raises:
        InvalidInput: no such voice (VOICE_UNKNOWN), or the voice can say nothing, or less than
            half, of the text (TEXT_EMPTY).
    """
    found = find_voice(backend, voice)
    marked = read_marked(text)
    yield from map(markup_ignored, marked.problems)
    yield from foreign(marked.spoken, found, backend.voices)
    stretches = Stretches()
    left_out: list[str] = []
    for utterance in _said(backend, marked, found, speed):
        if isinstance(utterance, Silence):
            stretches.pause(utterance.seconds)
            continue
        stretches.add(utterance)
        left_out += utterance.left_out
        yield Working()
    if left_out:
        yield _words_left_out(left_out, found.name)
    whole = stretches.joined()
    yield SpokenSegment(_padded(whole.pcm, frame_rate), whole.words, whole.phonemes, backend.cues)


def _said(
    backend: Backend, marked: Marked, voice: Voice, speed: float
) -> Iterator[Utterance | Silence]:
    """Yield what the voice says of a text, and the pauses between."""
    require_sayable(marked, voice, field="spec.script.text")
    for run in runs_of(marked.pieces, voice):
        if isinstance(run, Silence):
            yield run
            continue
        reading = read(run.text, voice)
        if not is_heard(reading):
            unsaid = (shortened(run.text.strip()),) if unsaid_in_source(reading) else ()
            yield Utterance(_NO_SOUND, left_out=unsaid)
            continue
        pace = min(max(speed * run.rate, SLOWEST), FASTEST)
        labelling = Labelling(run)
        for utterance in delivered(
            backend, run.text, voice.name, speed=pace, pronunciations=run.pronunciations
        ):
            yield labelling.labelled(utterance)


def markup_ignored(problem: str) -> Notice:
    """Return the notice of a mark in a text that was not understood."""
    return Notice(NoticeCode.MARKUP_IGNORED, problem)


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
    heard = yield from working(listener.listen(pcm, transcript))
    yield from heard.notices
    yield SpokenSegment(_padded(pcm, frame_rate), heard.words, heard.phonemes, heard.cues)


def working(steps: Steps[T]) -> Generator[Working, None, T]:
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
    raise voice_unknown(name, voices)


def voice_unknown(name: str, names: Iterable[str]) -> InvalidInput:
    """Return the error for a voice that there is not; it names those that there are."""
    message = f'There is no voice "{name}"; choose one of: {", ".join(names)}.'
    return InvalidInput(Reason.VOICE_UNKNOWN, message, field="spec.voice")


def _words_left_out(words: Sequence[str], voice: str) -> Notice:
    told = ", ".join(f'"{word}"' for word in words[:_MOST_WORDS_TOLD])
    if len(words) > _MOST_WORDS_TOLD:
        told += f" and {len(words) - _MOST_WORDS_TOLD} more"
    message = (
        f'The voice "{voice}" cannot pronounce {told} and left it out. Write it in Latin letters '
        "as it is said, or choose a voice of that language."
    )
    return Notice(NoticeCode.WORDS_LEFT_OUT, message)


def _padded(pcm: npt.NDArray[np.int16], frame_rate: int) -> npt.NDArray[np.int16]:
    samples = frames_covering(len(pcm), frame_rate) * samples_per_frame(frame_rate)
    return np.pad(pcm, (0, samples - len(pcm)))
