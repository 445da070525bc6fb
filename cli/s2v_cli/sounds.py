"""How given sound is bettered, a text is spoken, and a video fitted to either."""

from typing import Annotated

import typer

from s2v.api.gateway.v1 import job_pb2
from s2v.core.directing import MAX_LIVELINESS
from s2v.core.errors import InvalidInput, Reason
from s2v.core.lengths import VideoLonger, VideoShorter
from s2v.core.lexicon import Lexicon
from s2v.core.sound import (
    AS_GIVEN,
    FASTEST,
    LOUDEST_LUFS,
    QUIETEST_LUFS,
    SLOWEST,
    Enhancement,
    NoiseReduction,
)
from s2v.rpc.convert_sound import enhancement_to_proto

EnhanceOption = Annotated[
    NoiseReduction, typer.Option(help="How much noise to take out of --audio.")
]
LoudnessOption = Annotated[
    float | None,
    typer.Option(
        metavar="LUFS",
        help="Bring --audio to this loudness, such as -16. [default: as it is]",
        min=QUIETEST_LUFS,
        max=LOUDEST_LUFS,
        show_default=False,
    ),
]
TrimOption = Annotated[
    bool, typer.Option("--trim-silences", help="Make silences in --audio half a second long.")
]
LivelinessOption = Annotated[
    float | None,
    typer.Option(
        help="How much a photo's head and eyes move, 0 not at all. [default: 1]",
        min=0,
        max=MAX_LIVELINESS,
    ),
]
SpeedOption = Annotated[
    float | None,
    typer.Option(
        help="How fast to speak, at the same pitch. [default: 1]",
        min=SLOWEST,
        max=FASTEST,
        show_default=False,
    ),
]
ShorterOption = Annotated[
    VideoShorter,
    typer.Option(help="Where a video as --reference is shorter than the sound; engine portrait."),
]
LongerOption = Annotated[
    VideoLonger, typer.Option(help="Where it is longer; all but trim need --audio.")
]


def wished(
    script: job_pb2.Script,
    *,
    given: bool,
    enhance: NoiseReduction,
    loudness: float | None,
    trim_silences: bool,
    speed: float | None,
    lexicon: Lexicon,
) -> None:
    """Write into a script what is wished; `given` tells whether it is sound that is there already.

    Raises:
        InvalidInput: FIELD_INVALID, it is a wish for the other.
    """
    enhancement = Enhancement(enhance, loudness, trim_silences)
    if enhancement != AS_GIVEN and not given:
        problem = "these better --audio; give it, or leave them out"
        field = "--enhance, --loudness, --trim-silences"
        raise InvalidInput(Reason.FIELD_INVALID, problem, field=field)
    if speed is not None and given:
        problem = "is for --text and --script; given sound stays as fast as it is"
        raise InvalidInput(Reason.FIELD_INVALID, problem, field="--speed")
    if lexicon and given:
        problem = "are for --text and --script; given sound stays as it is"
        raise InvalidInput(Reason.FIELD_INVALID, problem, field="--lexicon, --say")
    message = job_pb2.Script(
        enhancement=enhancement_to_proto(enhancement), speed=speed or 0.0, lexicon=lexicon
    )
    script.MergeFrom(message)
