"""Notice a text in a language that its voice does not speak."""

from collections.abc import Iterator, Sequence

from s2v.core.ports import Notice, NoticeCode, Voice
from s2v.text.languages import language_of, primary, speakers_of

_IN_THE_EXTRA = frozenset(("de", "en", "es", "fr", "it"))


def foreign(text: str, voice: Voice, voices: Sequence[Voice]) -> Iterator[Notice]:
    """Yield a notice (LANGUAGE_MISMATCH) if the text is surely in another language than the voice.

    Args:
        text: of a segment.
        voice: the one that speaks it.
        voices: those that could.
    """
    language = language_of(text)
    if language is None or language.code == primary(voice.language):
        return
    fitting = [f'"{other.name}"' for other in speakers_of(voices, language.code)]
    if fitting:
        remedy = f"Choose the voice {' or '.join(fitting)}."
    elif language.code in _IN_THE_EXTRA:
        remedy = "A voice of that language comes with: pip install 's2v[languages]'."
    else:
        remedy = "No voice here speaks it; give the script as sound that was spoken already."
    message = (
        f'The text, at least in part, is {language.name}, but the voice "{voice.name}" speaks '
        f"{voice.language} and reads it as such. {remedy}"
    )
    yield Notice(NoticeCode.LANGUAGE_MISMATCH, message)
