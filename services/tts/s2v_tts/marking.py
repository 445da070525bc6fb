"""Find the marks of speech whose voice does not tell when it makes which sound."""

from collections.abc import Iterator
from dataclasses import replace

from s2v.core.ports import Notice, NoticeCode, Voice
from s2v.core.script import LipCues
from s2v.text.markup import read_marked
from s2v_tts.listening.listener import Listener
from s2v_tts.runs import Labelling, whole_run
from s2v_tts.speaking import SpeechEvent, SpokenSegment, working


def with_marks(
    events: Iterator[SpeechEvent], listener: Listener, *, text: str, voice: Voice
) -> Iterator[SpeechEvent]:
    """Pass events on, the speech with the marks that are found in its sound where it has none.

    The text, as its marks (`s2v.text.markup`) have it spoken, is aligned with the sound if the
    listener reads the voice's language; otherwise, and where that fails, words or speech sounds are
    recognised as in given sound. If only loudness is left, a notice says so (LOUDNESS_ONLY).
    """
    run = whole_run(read_marked(text).pieces, voice)
    for event in events:
        if not isinstance(event, SpokenSegment) or event.cues is not LipCues.LOUDNESS:
            yield event
            continue
        said = run.text if listener.reads(voice.language) else ""
        heard = yield from working(listener.listen(event.pcm, said))
        if heard.cues is LipCues.LOUDNESS:
            yield _loudness_only(voice)
        words = Labelling(run).written(heard.words)
        yield replace(event, words=words, phonemes=heard.phonemes, cues=heard.cues)


def _loudness_only(voice: Voice) -> Notice:
    message = (
        f'The voice "{voice.name}" does not tell when it makes which sound, and it could not be '
        "found out: only the loudness of what it says moves the lips, at least in part. If they "
        "matter, take a voice of the embedded backend, or install what hears speech sounds of any "
        "language: pip install 's2v[multilingual]'."
    )
    return Notice(NoticeCode.LOUDNESS_ONLY, message)
