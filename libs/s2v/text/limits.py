"""How long a text may be, wherever it is looked at."""

from s2v.core.errors import InvalidInput, Reason
from s2v.core.lexicon import Lexicon
from s2v.text.markup import read_marked
from s2v.text.normal.lexicon import replaced
from s2v.text.segmentation import is_speakable

MAX_TEXT_CHARACTERS = 20_000
"""The longest text, about 20 minutes of speech."""
MAX_TRANSCRIPT_CHARACTERS = 100_000
"""An hour of speech has about 45 000, of fast speech 60 000."""


def check_text(
    text: str,
    *,
    what: str,
    field: str,
    max_characters: int,
    remedy: str = "write at least one word",
    lexicon: Lexicon | None = None,
) -> None:
    """Refuse a text or transcript (`what`) that nobody can speak, with a lexicon or without.

    Raises:
        InvalidInput: no letter or digit in it (TEXT_EMPTY), or longer than `max_characters`
            (TEXT_TOO_LONG, metadata `limit_characters`).
    """
    check_text_length(text, what=what, field=field, max_characters=max_characters)
    check_has_words(text, what=what, field=field, remedy=remedy, lexicon=lexicon or {})


def check_text_length(text: str, *, what: str, field: str, max_characters: int) -> None:
    """Refuse a text or transcript (`what`) that is too long.

    Raises:
        InvalidInput: TEXT_TOO_LONG, metadata `limit_characters`.
    """
    if len(text) > max_characters:
        raise text_too_long(len(text), what=what, field=field, max_characters=max_characters)


def check_has_words(text: str, *, what: str, field: str, remedy: str, lexicon: Lexicon) -> None:
    """Refuse a text or transcript (`what`) of nothing that is said.

    Raises:
        InvalidInput: TEXT_EMPTY.
    """
    if not has_words(text, lexicon):
        problem = "is empty" if not text.strip() else "holds nothing that can be pronounced"
        raise InvalidInput(Reason.TEXT_EMPTY, f"the {what} {problem}; {remedy}", field=field)


def has_words(text: str, lexicon: Lexicon) -> bool:
    """Tell whether a text, marked or not, has a letter or a digit that is said."""
    return is_speakable(replaced(read_marked(text).spoken, lexicon))


def text_too_long(characters: int, *, what: str, field: str, max_characters: int) -> InvalidInput:
    """Return the error for a text or transcript of more characters than are allowed."""
    return InvalidInput(
        Reason.TEXT_TOO_LONG,
        f"the {what} has {characters} characters, at most {max_characters} are allowed; "
        "cut it into several jobs",
        field=field,
        metadata={"limit_characters": str(max_characters)},
    )
