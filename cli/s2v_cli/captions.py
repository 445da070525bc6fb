"""Which captions a user asks for on the command line, and where they go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from s2v.api.gateway.v1 import job_pb2
from s2v.client import Client
from s2v.core.errors import InvalidInput, Reason
from s2v_cli.destination import CAPTIONS, Destination, destination

CaptionsOption = Annotated[
    list[str],
    typer.Option(
        "--captions",
        metavar="FILE|track|burn",
        help="Captions in a file.srt or file.vtt, as a track of the MP4 that players can show, or "
        "burnt into the pictures; again for several.",
        show_default=False,
    ),
]
LanguageOption = Annotated[
    str,
    typer.Option(
        "--captions-language",
        metavar="TAG",
        help="Language of the captions, such as en-US. [default: the voice's]",
        show_default=False,
    ),
]

_TRACK, _BURN = "track", "burn"


@dataclass(frozen=True, slots=True)
class WantedCaptions:
    """Captions that are asked for; `message` is what the gateway is told, None for no captions."""

    message: job_pb2.Captions | None
    files: tuple[Destination, ...]

    def fetch(self, client: Client, job: job_pb2.Job, *, lasting: bool, server: str) -> list[str]:
        """Put the captions of a job where they belong; return what to tell of each file.

        Raises:
            OSError: they cannot be put there.
        """
        told = []
        for to in self.files:
            if to.asset(job.film):
                to.fetch(client, job, lasting=lasting, server=server)
                told.append(f"{to.path}: the captions")
            else:
                told.append(f"{to.path}: not written, for nothing of what is said is known")
        return told


def wanted_captions(
    values: Sequence[str], language: str, *, force: bool, inputs: Mapping[str, Path | None]
) -> WantedCaptions:
    """Read the options, and make sure that the files can be put where they shall go.

    Raises:
        InvalidInput: FIELD_INVALID; `field` is the option.
    """
    if not values:
        if language:
            problem = "tells the language of captions; ask for some with --captions"
            raise InvalidInput(Reason.FIELD_INVALID, problem, field="--captions-language")
        return WantedCaptions(None, ())
    names = [value for value in values if value not in (_TRACK, _BURN)]
    for name in names:
        if not name.lower().endswith(CAPTIONS):
            problem = f"give {_TRACK}, {_BURN}, or a file.srt or file.vtt, not {name!r}"
            raise InvalidInput(Reason.FIELD_INVALID, problem, field="--captions")
    files = tuple(
        destination(name, force=force, inputs=inputs, option="--captions", endings=CAPTIONS)
        for name in names
    )
    message = job_pb2.Captions(track=_TRACK in values, burnt_in=_BURN in values, language=language)
    return WantedCaptions(message, files)
