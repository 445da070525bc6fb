"""How words shall be said, as a user tells it on the command line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from s2v.core.errors import InvalidInput, Reason
from s2v.core.lexicon import Lexicon, going_before
from s2v.text.normal.lexicon import MAX_CHARACTERS, check_lexicon
from s2v_cli.files import text_in_file

LexiconOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="How words are said: a file with WORD=SAID in each line; - is standard input.",
        show_default=False,
    ),
]
SayOption = Annotated[
    list[str],
    typer.Option(
        "--say",
        metavar="WORD=SAID",
        help="How a word is said, such as SQL=sequel; again for several.",
        show_default=False,
    ),
]

_LEXICON, _SAY = "--lexicon", "--say"
_MOST_CHARACTERS = 2 * MAX_CHARACTERS
"""Of a file, with what is around its entries."""


def wanted_lexicon(file: Path | None, entries: Sequence[str]) -> Lexicon:
    """Read how words shall be said; what `entries` say goes before the file.

    Raises:
        InvalidInput: the file cannot be read, or an entry says nothing or too much (FIELD_INVALID,
            TEXT_TOO_LONG); `field` is the option.
    """
    kept: dict[str, str] = {}
    if file is not None:
        written = text_in_file(file, _LEXICON, max_characters=_MOST_CHARACTERS)
        lines = [line for line in written.splitlines() if line.strip()]
        kept = _entries(lines, field=_LEXICON)
    return going_before(_entries(entries, field=_SAY), kept)


def _entries(entries: Sequence[str], *, field: str) -> dict[str, str]:
    lexicon = {}
    for entry in entries:
        written, equals, said = entry.partition("=")
        if not equals:
            problem = f'"{entry[:40]}" has no "="; write WORD=SAID, such as SQL=sequel'
            raise InvalidInput(Reason.FIELD_INVALID, problem, field=field)
        lexicon[written.strip()] = said.strip()
    check_lexicon(lexicon, field=field)
    return lexicon
