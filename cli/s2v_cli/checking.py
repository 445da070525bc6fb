"""Listen to a film, look at it, and measure how well the two fit."""

from contextlib import closing
from pathlib import Path

from s2v.core.errors import InvalidInput, Reason
from s2v.core.job import LipSyncMeasurement
from s2v.core.script import LipCues
from s2v.core.steps import result
from s2v.core.timebase import FRAME_RATES
from s2v.lipsync.meter import measure
from s2v.media.confined.reading import Reader
from s2v.media.limits import MAX_AUDIO_SECONDS
from s2v.media.pcm import Pcm
from s2v_tts.backends.embedded.backend import EmbeddedBackend
from s2v_tts.listening.listener import Heard, Listener
from s2v_tts.wording import WordingBackend

_FILM, _TEXT, _REFERENCE = "FILM", "--text", "--reference"


def sound_of(film: Path) -> Pcm:
    """Return a film's sound.

    Raises:
        InvalidInput: there is none, or it cannot be decoded (AUDIO_UNREADABLE), or it is longer
            than an hour (AUDIO_TOO_LONG).
    """
    return Reader().decode_audio(film, max_seconds=MAX_AUDIO_SECONDS, field=_FILM)


def heard_in(pcm: Pcm, text: str) -> Heard:
    """Find out what sounds when; `text` is what is said, empty where that is not known.

    Raises:
        InvalidInput: there is no speech (AUDIO_SILENT), or its sounds cannot be told
            (FIELD_INVALID).
    """
    heard = result(Listener.installed(WordingBackend(EmbeddedBackend())).listen(pcm, text))
    if heard.phonemes:
        return heard
    if heard.cues is not LipCues.LOUDNESS:
        raise InvalidInput(Reason.AUDIO_SILENT, "nothing is said in the film", field=_FILM)
    if text:
        problem = "this is not what is said in the film; give it word for word, in English"
        raise InvalidInput(Reason.FIELD_INVALID, problem, field=_TEXT)
    raise InvalidInput(
        Reason.FIELD_INVALID,
        "what is said in the film is not known; give it here or with --script, or have it "
        "recognised: pip install 's2v[asr]' (English) or 's2v[multilingual]' (any language)",
        field=_TEXT,
    )


def measured(film: Path, heard: Heard, reference: Path | None) -> LipSyncMeasurement:
    """Measure a film.

    Raises:
        InvalidInput: it cannot be decoded, there is no face in it, or the reference is unreadable.
    """
    reader = Reader()
    rate = reader.average_rate(film, field=_FILM)
    frame_rate = min(FRAME_RATES, key=lambda known: abs(known - rate))
    portrait = None
    if reference is not None:
        media_type = reader.probe(reference, field=_REFERENCE).media_type
        portrait = reader.still(reference, media_type, field=_REFERENCE)
    with closing(reader.played(film, frame_rate, field=_FILM)) as pictures:
        return measure(pictures, heard.phonemes, frame_rate=frame_rate, reference=portrait)
