"""`s2v check`: tell how well the lips of a film fit its sound."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from s2v.core.errors import InvalidInput, Reason
from s2v.core.script import LipCues
from s2v.core.timebase import SAMPLE_RATE
from s2v.media.credentials import can_sign, read_credentials
from s2v.media.provenance import read_marking
from s2v_cli.failing import say
from s2v_cli.files import as_file, text_in_file, usable_media
from s2v_cli.lips import credentials_rows, marking_row, table, verdict
from s2v_cli.spelling import duration

_NOTES = {
    LipCues.WORDS: "the words were recognised in the sound; --text is more exact",
    LipCues.SOUNDS: "only single sounds were recognised, which lowers all numbers; give --text",
}


def check(
    context: typer.Context,
    film: Annotated[
        Path, typer.Argument(metavar="FILM", help="A video with sound, made by whatever.")
    ],
    text: Annotated[str | None, typer.Option(help="What is said in it.")] = None,
    script: Annotated[Path | None, typer.Option(help="File with what is said, UTF-8.")] = None,
    reference: Annotated[
        Path | None, typer.Option(help="The portrait it was made of: compare the face, too.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure how well the lips of a film fit its sound, and tell whether it is marked and signed.

    Nothing is downloaded and no service is needed. The numbers are explained in docs/lip_sync.md.
    """
    words = _said(text, script)
    named, film = film, as_file(context, film, "FILM")
    usable_media(film, "FILM", "video")
    if reference is not None:
        reference = as_file(context, reference, "--reference")
        usable_media(reference, "--reference", "image", "video")
    # Loads the networks that listen and look.
    from s2v_cli.checking import heard_in, measured, sound_of

    pcm = sound_of(film)
    say(f"measuring {duration(len(pcm) / SAMPLE_RATE)} of film")
    heard = heard_in(pcm, words)
    if words and heard.cues is not LipCues.TRANSCRIPT:
        say("note: the text is not what is said in the film")
    if heard.cues in _NOTES:
        say(f"note: {_NOTES[heard.cues]}")
    found = measured(film, heard, reference)
    marking = read_marking(film)
    credentials = read_credentials(film) if can_sign() else None
    if as_json:
        facts = {
            "verdict": verdict(found),
            "sounds_from": heard.cues.value,
            "marked_as": marking,
            "credentials": asdict(credentials) if credentials else None,
        }
        print(json.dumps(facts | asdict(found), indent=2))
        return
    print(f"{named}: {verdict(found)}")
    worth = credentials_rows(credentials) if can_sign() else []
    for what, value, meaning in [*table(found), *worth, marking_row(marking)]:
        print(f"  {what:<26}{value:>12}   {meaning}")


def _said(text: str | None, script: Path | None) -> str:
    if text is not None and script is not None:
        raise InvalidInput(Reason.FIELD_INVALID, "give only one of --text and --script")
    words = text if script is None else text_in_file(script, "--script")
    if words is not None and not words.strip():
        field = "--text" if script is None else "--script"
        raise InvalidInput(Reason.TEXT_EMPTY, "there is nothing said in it", field=field)
    return words or ""
