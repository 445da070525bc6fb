"""What is to be said in a film, or was said: a text, or a sound and its transcript."""

import os
from pathlib import Path

from s2v.api.gateway.v1 import job_pb2
from s2v.core.errors import InvalidInput, Reason
from s2v_cli.files import STDIN, text_in_file, usable_media

_LONGEST_FILE_NAME = 256


def wanted_script(
    *, text: str | None, script: Path | None, audio: Path | None, transcript: str | None
) -> job_pb2.JobSpec:
    """Return a spec with the script alone; sound is only looked at here.

    Raises:
        InvalidInput: it is not given exactly once, or cannot be read or used; `field` is the
            option.
    """
    if sum(source is not None for source in (text, script, audio)) != 1:
        raise InvalidInput(Reason.FIELD_INVALID, "give exactly one of --text, --script and --audio")
    if audio is None and transcript is not None:
        problem = "tells what is said in --audio; without it use --text or --script"
        raise InvalidInput(Reason.FIELD_INVALID, problem, field="--transcript")
    if audio is not None:
        usable_media(audio, "--audio", "audio", "video")
        return job_pb2.JobSpec(script=job_pb2.Script(transcript=_transcript(transcript)))
    words = text if script is None else text_in_file(script, "--script")
    field = "--text" if script is None else "--script"
    return job_pb2.JobSpec(script=job_pb2.Script(text=_not_blank(words, field)))


def _transcript(given: str | None) -> str:
    """Return a transcript that is given as such, or as the name of a file that holds it."""
    if given is None:
        return ""
    is_name = len(given) < _LONGEST_FILE_NAME and "\n" not in given
    # A pipe is no less a file; asked in this way no name is too long.
    is_there = os.path.exists(given) and not os.path.isdir(given)
    is_file = given == str(STDIN) or (is_name and (given.lower().endswith(".txt") or is_there))
    words = text_in_file(Path(given), "--transcript") if is_file else given
    return _not_blank(words, "--transcript")


def _not_blank(words: str | None, field: str) -> str:
    if not words or not words.strip():
        raise InvalidInput(Reason.TEXT_EMPTY, "there is nothing to say in it", field=field)
    return words
