"""The voices of Pico that the embedded backend offers."""

from collections.abc import Sequence
from importlib.util import find_spec

from s2v.core.ports import Utterance, Voice
from s2v.core.steps import Steps
from s2v.media.pcm import resample
from s2v.text.segmentation import is_speakable
from s2v_tts.backends.embedded.marking import phoneme_marks, word_marks
from s2v_tts.backends.embedded.pico import engine, library
from s2v_tts.backends.embedded.pico.languages import LANGUAGES
from s2v_tts.backends.embedded.pico.reading import owners, readable
from s2v_tts.backends.embedded.pico.timing import soundings
from s2v_tts.backends.embedded.pronouncing import Telling
from s2v_tts.backends.embedded.speaker import EmbeddedSpeaker, Spoken


def installed_pico() -> Sequence[EmbeddedSpeaker]:
    """Return the speaker if the extra `languages` is installed; loads nothing yet."""
    return (Pico(),) if find_spec(library.PACKAGE) else ()


class Pico:
    """Speaks five languages, two hundred times faster than real time."""

    def __init__(self) -> None:
        self._languages = {language.voice.name: language for language in LANGUAGES}

    @property
    def voices(self) -> Sequence[Voice]:
        """Every voice; one a language."""
        return [language.voice for language in LANGUAGES]

    def warm(self) -> None:
        """Load the library; there is nothing else to load."""
        library.library()

    def say(self, sentence: str, voice: str, telling: Telling) -> Steps[Spoken]:
        """Speak a sentence."""
        language = self._languages[voice]
        words = sentence.split()
        text = readable(sentence)
        if not is_speakable(text):
            return Spoken(words, [word for word in words if is_speakable(word)], ())
        said = yield from engine.speak(text, language.analysis, language.signal)
        owned = owners(words, said.written)
        sounds = soundings(said, language, owned)
        spoken = {owned[at] for at, phones in enumerate(said.words) if phones}
        silent = [w for at, w in enumerate(words) if is_speakable(w) and at not in spoken]
        if not sounds:
            return Spoken(words, silent, ())
        pcm = resample(said.pcm, engine.SAMPLE_RATE)
        utterance = Utterance(
            pcm,
            word_marks(words, sounds, samples=len(pcm)),
            phoneme_marks(sounds, samples=len(pcm)),
        )
        return Spoken(words, silent, (utterance,))
