"""`s2v voices`: list voices, make them of recordings, hear and drop them."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from s2v.api.gateway.v1 import voice_service_pb2
from s2v.client import Client
from s2v.client.publishing import partial_path, publish
from s2v.core.errors import InvalidInput, Reason
from s2v.core.lexicon import going_before
from s2v_cli.background import call, signals_as_ctrl_c
from s2v_cli.connecting import ServerOption, any_gateway, running_gateway
from s2v_cli.destination import ForceOption
from s2v_cli.documents import JsonOption, print_document
from s2v_cli.failing import FailingCommand, FailingGroup, say
from s2v_cli.files import as_file, text_in_file, usable_media
from s2v_cli.lexicons import LexiconOption, SayOption, wanted_lexicon
from s2v_cli.naming import bare, voice_name

_LONGEST_FILE_NAME = 256

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="See `s2v voices`.")]


class _ListingGroup(FailingGroup):
    """Lists where no other command is named."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the name of the command before its options."""
        asks_for_help = bool(set(args) & set(ctx.help_option_names))
        if not asks_for_help and (not args or args[0].startswith("-")):
            args = ["list", *args]
        return super().parse_args(ctx, args)


voices = typer.Typer(
    cls=_ListingGroup,
    help="List voices (the default), or make them of recordings, hear and drop them.",
    rich_markup_mode=None,
)


@voices.command(name="list", cls=FailingCommand)
def list_voices(as_json: JsonOption = False, server: ServerOption = "") -> None:
    """List voices: the built-in ones, the default one first, then your own.

    Where no gateway runs the services are started for the moment.
    """
    with signals_as_ctrl_c(), any_gateway(server, say, span="for the moment") as reached:
        found = list(reached.client.voices())
    if as_json:
        print_document(voice_service_pb2.ListVoicesResponse(voices=found))
        return
    for voice in found:
        print(f"{bare(voice.name)}  {voice.language}  {voice.description}".rstrip())


@voices.command(cls=FailingCommand)
def create(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="For the voice: a-z, 0-9 and hyphens.")
    ],
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A recording, or a video with sound.")
    ],
    language: Annotated[str, typer.Option(help="What is spoken in it, such as en-US.")],
    consent: Annotated[str, typer.Option(help="Who agreed to what, in your words.")],
    consent_date: Annotated[
        str, typer.Option(metavar="YYYY-MM-DD", help="The day on which they agreed.")
    ],
    transcript: Annotated[
        str, typer.Option(metavar="FILE|TEXT", help="What is said in it, word for word.")
    ] = "",
    description: Annotated[str, typer.Option(help="How it sounds, in a sentence.")] = "",
    backend: Annotated[str, typer.Option(help="That speaks with it.", show_default=False)] = "",
    lexicon: LexiconOption = None,
    entries: SayOption = [],  # noqa: B006 - typer's, which makes a new one
    start: Annotated[float, typer.Option(help="Second at which the sample begins.", min=0)] = 0.0,
    end: Annotated[
        float, typer.Option(help="Second at which it ends. [default: the end]", min=0)
    ] = 0.0,
    as_json: JsonOption = False,
    server: ServerOption = "",
) -> None:
    """Make a voice of a recording of somebody who agreed to it; say what could be better."""
    recording = as_file(context, file, "FILE")
    usable_media(recording, "FILE", "audio", "video")
    voice = voice_service_pb2.Voice(
        name=voice_name(name),
        language=language,
        description=description,
        backend=backend,
        transcript=_transcript(transcript),
        consent=voice_service_pb2.VoiceConsent(statement=consent, date=consent_date),
        lexicon=wanted_lexicon(lexicon, entries),
    )
    with signals_as_ctrl_c(), running_gateway(server) as client:
        made = call(client, lambda: _created(client, voice, recording, start=start, end=end))
    if as_json:
        print_document(made)
        return
    _show(made)


@voices.command(cls=FailingCommand)
def show(name: NameArgument, as_json: JsonOption = False, server: ServerOption = "") -> None:
    """Show a voice: what was measured on its sample, and whose consent there is."""
    with running_gateway(server) as client:
        voice = call(client, lambda: client.voice(voice_name(name)))
    if as_json:
        print_document(voice)
        return
    _show(voice)


@voices.command(cls=FailingCommand)
def update(
    name: NameArgument,
    language: Annotated[str | None, typer.Option(help="What is spoken in its sample.")] = None,
    transcript: Annotated[
        str | None, typer.Option(metavar="FILE|TEXT", help="What is said in its sample.")
    ] = None,
    description: Annotated[str | None, typer.Option(help="How it sounds, in a sentence.")] = None,
    backend: Annotated[str | None, typer.Option(help="That speaks with it.")] = None,
    lexicon: LexiconOption = None,
    entries: SayOption = [],  # noqa: B006 - typer's, which makes a new one
    as_json: JsonOption = False,
    server: ServerOption = "",
) -> None:
    """Change what is known of a voice of yours; its sample and the consent stay.

    Words given by --say are added to the voice's lexicon; those of --lexicon take its place.
    """
    told = {
        "language": language,
        "transcript": transcript,
        "description": description,
        "backend": backend,
        "lexicon": lexicon or entries or None,
    }
    fields = [field for field, value in told.items() if value is not None]
    if not fields:
        raise InvalidInput(Reason.FIELD_INVALID, "say what shall be new, such as --description")
    changed = voice_service_pb2.Voice(
        name=voice_name(name),
        language=language or "",
        transcript=_transcript(transcript or ""),
        description=description or "",
        backend=backend or "",
        lexicon=wanted_lexicon(lexicon, entries),
    )
    with running_gateway(server) as client:
        made = call(client, lambda: _updated(client, changed, fields, adding=lexicon is None))
    if as_json:
        print_document(made)
        return
    _show(made)


@voices.command(cls=FailingCommand)
def delete(name: NameArgument, server: ServerOption = "") -> None:
    """Delete a voice of yours with its sample. Nothing is asked; it is gone for good."""
    with running_gateway(server) as client:
        call(client, lambda: client.delete_voice(voice_name(name)))
    print(f"deleted {voice_name(name)}")


@voices.command(cls=FailingCommand)
def preview(
    name: NameArgument,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where the WAV goes; - is standard output.")
    ],
    text: Annotated[str, typer.Option(help="What to say. [default: a sentence]")] = "",
    force: ForceOption = False,
    server: ServerOption = "",
) -> None:
    """Hear how a voice says a short text."""
    with signals_as_ctrl_c(), any_gateway(server, say, span="for the moment") as reached:
        client = reached.client
        sound = call(client, lambda: client.preview_voice(voice_name(name), text))
    if str(output) == "-":
        sys.stdout.buffer.write(sound)
        return
    partial = partial_path(output)
    try:
        partial.write_bytes(sound)
        publish(partial, output, replace=force)
    finally:
        partial.unlink(missing_ok=True)
    print(f"{output}: {len(sound) / 96_000:.2f} s")


def _transcript(given: str) -> str:
    is_file = 0 < len(given) <= _LONGEST_FILE_NAME and Path(given).is_file()
    return text_in_file(Path(given), "--transcript") if is_file else given


def _created(
    client: Client, voice: voice_service_pb2.Voice, recording: Path, *, start: float, end: float
) -> voice_service_pb2.Voice:
    try:
        asset = client.upload(recording).name
    except InvalidInput as error:
        error.field = "FILE"
        raise
    made = client.create_voice(voice, asset, start_seconds=start, end_seconds=end)
    say(f"the recording is kept, too: `s2v delete {asset}` drops it")
    return made


def _updated(
    client: Client, changed: voice_service_pb2.Voice, fields: Sequence[str], *, adding: bool
) -> voice_service_pb2.Voice:
    if adding and "lexicon" in fields:
        words = going_before(changed.lexicon, client.voice(changed.name).lexicon)
        changed.lexicon.update(words)
    return client.update_voice(changed, *fields)


def _show(voice: voice_service_pb2.Voice) -> None:
    print(f"{bare(voice.name)}  {voice.language}  {voice.description}".rstrip())
    if voice.backend:
        print(f"  spoken by {voice.backend}")
    if voice.HasField("sample"):
        sample = voice.sample
        print(
            f"  sample of {sample.duration_seconds:.1f} s, {sample.speech_seconds:.1f} s spoken, "
            f"{sample.signal_to_noise_db:.0f} dB over the noise"
        )
    if voice.HasField("consent"):
        print(f"  consent of {voice.consent.date}: {voice.consent.statement}")
    for written, said in sorted(voice.lexicon.items()):
        print(f"  says {written} as {said}")
    for notice in voice.notices:
        print(f"  {notice.message}")
