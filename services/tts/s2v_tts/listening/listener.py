"""Find out when given sound makes which speech sounds, in the best way that works."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from s2v.core.errors import InvalidInput
from s2v.core.ports import Backend, Notice, NoticeCode
from s2v.core.script import LipCues, Mark, Segment
from s2v.core.steps import Steps
from s2v.text.languages import primary
from s2v_tts.listening.aligning import Alignment, align, could_be_said
from s2v_tts.listening.parting import part_transcript
from s2v_tts.listening.recognising import (
    SoundRecogniser,
    WordRecogniser,
    installed_sound_recogniser,
    installed_word_recogniser,
)
from s2v_tts.loudness import audible_range

Pcm = npt.NDArray[np.int16]

_SPEECH_DBFS = -40.0
"""What stays quieter moves no lips."""

_INSTEAD = {
    LipCues.WORDS: "the words recognised in the sound move the lips instead",
    LipCues.SOUNDS: "the speech sounds recognised in it move the lips instead, less exactly",
    LipCues.LOUDNESS: "only its loudness moves the lips instead",
}


@dataclass(frozen=True, slots=True)
class Heard:
    """Where the marks of given sound come from, the marks, and what the user should know of it.

    `language` (BCP 47) and `cost` are those of the alignment, where words were aligned.
    """

    cues: LipCues
    words: tuple[Mark, ...] = ()
    phonemes: tuple[Mark, ...] = ()
    notices: tuple[Notice, ...] = ()
    language: str = ""
    cost: float | None = None


class Listener:
    """Listens to given sound.

    Args:
        backend: the voice that sounds are compared with.
        words: recognises words; None if the extra `asr` is not installed.
        sounds: recognises speech sounds; None if the extra `multilingual` is not installed.

    Attributes:
        backend: the voice that sounds are compared with.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        words: WordRecogniser | None,
        sounds: SoundRecogniser | None,
    ) -> None:
        self.backend = backend
        self._words = words
        self._sounds = sounds

    @classmethod
    def installed(cls, backend: Backend) -> "Listener":
        """Return a listener that uses the extras that are installed; loads nothing yet."""
        return cls(backend, words=installed_word_recogniser(), sounds=installed_sound_recogniser())

    def comparing_with(self, backend: Backend) -> "Listener":
        """Return a listener that compares sounds with another voice."""
        return Listener(backend, words=self._words, sounds=self._sounds)

    def reads(self, language: str) -> bool:
        """Tell whether a text in a language (BCP 47) can be aligned with sound."""
        return primary(language) in {primary(voice.language) for voice in self.backend.voices}

    def part(
        self, transcript: str, pcm: Pcm, segments: Sequence[Segment]
    ) -> Steps[tuple[Segment, ...]]:
        """Give each segment of a sound the words that are said in it; see `part_transcript`."""
        parted = yield from part_transcript(transcript, pcm, segments, self.backend)
        return parted

    def listen(self, pcm: Pcm, transcript: str) -> Steps[Heard]:
        """Return when mono sound at 48 kHz makes which sounds.

        Args:
            pcm: a segment of speech.
            transcript: what is said in it; empty where that is not known.
        """
        if audible_range(pcm) == (0, 0):
            return _nothing_to_say()
        alignment = yield from self._aligned(pcm, transcript)
        if alignment is not None:
            return _heard(LipCues.TRANSCRIPT, alignment)
        heard = yield from self._recognised(pcm)
        if heard is None and audible_range(pcm, _SPEECH_DBFS) == (0, 0):
            return _nothing_to_say()
        heard = heard or Heard(LipCues.LOUDNESS)
        notices = self._notices(heard.cues, mismatch=bool(transcript))
        return replace(heard, notices=tuple(notices))

    def _recognised(self, pcm: Pcm) -> Steps[Heard | None]:
        heard = yield from self._by_words(pcm)
        if heard is None:
            heard = yield from self._by_sounds(pcm)
        return heard

    def _by_words(self, pcm: Pcm) -> Steps[Heard | None]:
        if self._words is None:
            return None
        text = yield from self._words.words(pcm)
        alignment = yield from self._aligned(pcm, text)
        if alignment is None:
            return None
        return _heard(LipCues.WORDS, alignment)

    def _by_sounds(self, pcm: Pcm) -> Steps[Heard | None]:
        if self._sounds is None:
            return None
        phonemes = yield from self._sounds.sounds(pcm)
        return Heard(LipCues.SOUNDS, phonemes=phonemes) if phonemes else None

    def _aligned(self, pcm: Pcm, text: str) -> Steps[Alignment | None]:
        """Align the text; None if it is not what is said, cannot be pronounced, or is empty."""
        if not text or not could_be_said(text, pcm):
            return None
        try:
            alignment = yield from align(pcm, text, self.backend)
        except InvalidInput:
            return None
        return alignment if alignment.fits else None

    def _notices(self, used: LipCues, *, mismatch: bool) -> Iterator[Notice]:
        if mismatch:
            message = (
                "The transcript does not fit the sound, or cannot be pronounced, at least in part: "
                f"{_INSTEAD[used]}. Give word for word what is said, in a language of the voices."
            )
            yield Notice(NoticeCode.TRANSCRIPT_MISMATCH, message)
        if used is LipCues.LOUDNESS:
            message = (
                "Only the loudness of the sound moves the lips, at least in part: they open and "
                f"shut but form no sounds. {self._remedy(mismatch=mismatch)}"
            )
            yield Notice(NoticeCode.LOUDNESS_ONLY, message)

    def _remedy(self, *, mismatch: bool) -> str:
        missing = [
            f"pip install 's2v[{extra}]' ({what})"
            for extra, what, part in (
                ("asr", "English", self._words),
                ("multilingual", "any language", self._sounds),
            )
            if part is None
        ]
        given = "Correct the transcript" if mismatch else "Give a transcript of what is said"
        if not missing:
            return f"No speech was recognised in it. {given}, if there is some."
        return f"{given}, or have it recognised: {' or '.join(missing)}."


def _heard(cues: LipCues, alignment: Alignment) -> Heard:
    return Heard(
        cues,
        alignment.words,
        alignment.phonemes,
        language=alignment.language,
        cost=alignment.cost,
    )


def _nothing_to_say() -> Heard:
    """Return what is heard in silence: the lips have nothing to miss, so it is as good as any."""
    return Heard(LipCues.PHONEMES)
