"""Find out what is said in the whole of a given sound, and when, stretch by stretch."""

from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Backend, Voice
from s2v.core.script import LipCues, Segment
from s2v.core.steps import Steps
from s2v.core.timebase import DEFAULT_FRAME_RATE
from s2v.media.pcm import let_go
from s2v.text.languages import speakers_of, voices_for
from s2v.text.limits import MAX_TRANSCRIPT_CHARACTERS, check_text
from s2v_tts.cutting import cut_audio
from s2v_tts.edges import shifted
from s2v_tts.listening.aligning import WORST_COST, Alignment, align
from s2v_tts.listening.listener import Heard, Listener
from s2v_tts.listening.parting import part_transcript
from s2v_tts.loudness import audible_range

Pcm = npt.NDArray[np.int16]

_EVERY_SOUND = Heard(LipCues.PHONEMES)
"""What is heard where nothing is said: nothing is missing."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a sound, samples `first_sample`..`end_sample`, and what is heard in it.

    Marks count from the start of the whole sound.
    """

    first_sample: int
    end_sample: int
    heard: Heard


@dataclass(frozen=True, slots=True)
class TextFit:
    """How well a text fits the whole of a sound; see `Alignment.cost`."""

    cost: float
    fits: bool


def heard_in(pcm: Pcm, listener: Listener, *, transcript: str) -> Generator[Stretch | None]:
    """Yield the stretches of a sound (mono int16 at 48 kHz) in order, None while one is at work.

    Args:
        pcm: a sound of up to an hour; no more than a stretch of it is held.
        listener: finds out what is said.
        transcript: what is said in it; empty where that is not known.

    Raises:
        InvalidInput: as `cut_audio`, and TEXT_EMPTY or TEXT_TOO_LONG for the transcript.
    """
    segments = cut_audio(pcm, frame_rate=DEFAULT_FRAME_RATE)
    if transcript:
        _check_transcript(transcript, "transcript")
        segments = yield from listener.part(transcript, pcm, segments)
    for segment in segments:
        heard = yield from listener.listen(_sound_of(segment, pcm), segment.text)
        yield _stretch(segment, heard)


def aligned_in(
    pcm: Pcm, text: str, backend: Backend, *, language: str
) -> Generator[Stretch | TextFit | None]:
    """Yield when a text sounds in the stretches of a sound, in order; last how well it fits.

    None comes while a stretch is at work. Marks are those of the text whether it fits or not.

    Args:
        pcm: a sound of up to an hour (mono int16 at 48 kHz); no more than a stretch of it is held.
        text: what is said in it.
        backend: its voices are compared with the sound.
        language: BCP 47, of which voices are taken; empty takes those of the text's.

    Raises:
        InvalidInput: as `cut_audio`, TEXT_EMPTY or TEXT_TOO_LONG for the text, or VOICE_UNKNOWN for
            the language.
    """
    _check_transcript(text, "text")
    voices = voices_of(language, text, backend)
    segments = cut_audio(pcm, frame_rate=DEFAULT_FRAME_RATE)
    segments = yield from part_transcript(text, pcm, segments, backend, voices[0].name)
    weighed: list[tuple[int, float]] = []
    for segment in segments:
        heard = yield from _aligned(_sound_of(segment, pcm), segment.text, backend, voices)
        yield _stretch(segment, heard)
        if heard.cost is not None:
            weighed.append((segment.end_sample - segment.first_sample, heard.cost))
    yield _fit(weighed)


def most_spoken(stretches: Sequence[Stretch]) -> str:
    """Return the language that most of the time is spoken; empty where none is known."""
    spoken: Counter[str] = Counter()
    for stretch in stretches:
        if stretch.heard.language:
            spoken[stretch.heard.language] += stretch.end_sample - stretch.first_sample
    return spoken.most_common(1)[0][0] if spoken else ""


def voices_of(language: str, text: str, backend: Backend) -> Sequence[Voice]:
    """Return a backend's voices of a language, of the text's where none is named.

    Raises:
        InvalidInput: it has none (VOICE_UNKNOWN).
    """
    if not language:
        return voices_for(backend.voices, text)
    voices = speakers_of(backend.voices, language)
    if voices:
        return voices
    spoken = ", ".join(sorted({voice.language for voice in backend.voices}))
    message = f"no voice speaks {language!r}; there are voices of: {spoken}"
    raise InvalidInput(Reason.VOICE_UNKNOWN, message, field="language")


def _aligned(pcm: Pcm, text: str, backend: Backend, voices: Sequence[Voice]) -> Steps[Heard]:
    if not text or audible_range(pcm) == (0, 0):
        return _EVERY_SOUND
    try:
        alignment = yield from align(pcm, text, backend, voices)
    except InvalidInput:
        alignment = Alignment((), (), cost=1.0)
    cues = LipCues.TRANSCRIPT if alignment.fits else LipCues.LOUDNESS
    return Heard(
        cues,
        alignment.words,
        alignment.phonemes,
        language=alignment.language,
        cost=alignment.cost,
    )


def _fit(weighed: Sequence[tuple[int, float]]) -> TextFit:
    if not weighed:
        return TextFit(1.0, fits=False)
    weights, costs = zip(*weighed, strict=True)
    return TextFit(float(np.average(costs, weights=weights)), max(costs) <= WORST_COST)


def _sound_of(segment: Segment, pcm: Pcm) -> Pcm:
    sound = np.array(pcm[segment.first_sample : segment.end_sample])
    let_go(pcm)
    return sound


def _stretch(segment: Segment, heard: Heard) -> Stretch:
    first = segment.first_sample
    moved = replace(
        heard, words=shifted(heard.words, first), phonemes=shifted(heard.phonemes, first)
    )
    return Stretch(first, segment.end_sample, moved)


def _check_transcript(text: str, field: str) -> None:
    check_text(text, what=field, field=field, max_characters=MAX_TRANSCRIPT_CHARACTERS)
