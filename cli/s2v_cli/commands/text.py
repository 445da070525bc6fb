"""`s2v text`: tell how a text is said."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Voice
from s2v.text.languages import check_language
from s2v.text.normal.spans import Normalised
from s2v.text.reading import read_with_marks
from s2v_cli.failing import say
from s2v_cli.files import text_in_file
from s2v_cli.lexicons import LexiconOption, SayOption, wanted_lexicon

_INPUT = "the standard input"


def text(
    text: Annotated[str | None, typer.Option(help="What to read.")] = None,
    script: Annotated[
        Path | None, typer.Option(help="File with what to read, UTF-8; - is standard input.")
    ] = None,
    language: Annotated[
        str, typer.Option(help="Of the voice that shall say it, such as en-US.")
    ] = "en-US",
    lexicon: LexiconOption = None,
    entries: SayOption = [],  # noqa: B006 - typer's, which makes a new one
    spans: Annotated[
        bool, typer.Option("--spans", help="Print JSON: which characters say what, and why.")
    ] = False,
) -> None:
    """Tell how a text is said: numbers, formulas, dates and so on in words.

    Reads lines, by default from standard input, and prints each as it is said, also what the tags
    sub and say-as of SSML say; other tags stay. No service is needed. What is read how is written
    in docs/text.md.
    """
    check_language(language, field="--language")
    voice = Voice("", language, lexicon=wanted_lexicon(lexicon, entries))
    for number, line in enumerate(_lines(text, script), 1):
        reading = read_with_marks(line, voice)
        for warning in reading.warnings:
            say(f"note: line {number}: {warning.message}")
        if spans:
            print(json.dumps(_document(reading), ensure_ascii=False), flush=True)
        else:
            print(reading.spoken.replace("\n", " "), flush=True)


def _lines(text: str | None, script: Path | None) -> Iterator[str]:
    if text is not None and script is not None:
        raise InvalidInput(Reason.FIELD_INVALID, "give only one of --text and --script")
    if text is not None or script is not None:
        words = text if script is None else text_in_file(script, "--script")
        yield from (words or "").splitlines()
        return
    for line in sys.stdin.buffer:
        try:
            yield line.decode("utf-8-sig").rstrip("\r\n")
        except UnicodeDecodeError as error:
            problem = f"{_INPUT} is not UTF-8 text (byte {error.start} of a line)"
            raise InvalidInput(Reason.FIELD_INVALID, problem) from error


def _document(reading: Normalised) -> dict[str, object]:
    return {
        "source": reading.source,
        "spoken": reading.spoken,
        "spans": [
            {
                "source": reading.source[span.source_first : span.source_end],
                "spoken": reading.spoken[span.spoken_first : span.spoken_end],
                "source_range": [span.source_first, span.source_end],
                "spoken_range": [span.spoken_first, span.spoken_end],
                "class": span.speech_class.value,
                "rule": span.rule,
            }
            for span in reading.spans
        ],
        "warnings": [
            {
                "code": warning.code.value,
                "source_range": [warning.source_first, warning.source_end],
                "message": warning.message,
            }
            for warning in reading.warnings
        ],
    }
