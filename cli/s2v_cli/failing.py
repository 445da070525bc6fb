"""How commands fail: a line or two that say what, where and what to do, and an exit code."""

import contextlib
import os
import sys
from contextvars import ContextVar
from typing import Any, TextIO

import typer
from typer.core import TyperCommand, TyperGroup

from s2v.core.errors import Conflict, InvalidInput, NotFound, OutOfRange, S2VError
from s2v_cli.output import ServiceFailed

FAILED = 1
BAD_INPUT = 2
INTERRUPTED = 130
BROKEN_PIPE = 141
"""Whoever read the output has enough of it; as a shell says of a program that SIGPIPE ended."""

_CALLERS_FAULT = (InvalidInput, NotFound, Conflict, OutOfRange)
_PARAMETERS = {
    "asset": ("FILE",),
    "end_seconds": ("--end",),
    "film": ("FILM",),
    "name": ("JOB", "NAME"),
    "page_size": ("--limit",),
    "spec.captions.burnt_in": ("--captions",),
    "spec.captions.language": ("--captions-language",),
    "spec.display_name": ("--output",),
    "spec.engine": ("--engine",),
    "spec.face": ("--face",),
    "spec.face.area": ("--face",),
    "spec.face.number": ("--face",),
    "spec.finish.aspect": ("--aspect",),
    "spec.finish.background": ("--background",),
    "spec.finish.background.colour": ("--background",),
    "spec.finish.background.image": ("--background",),
    "spec.finish.bits_per_second": ("--bitrate",),
    "spec.finish.fragment_seconds": ("--fragments",),
    "spec.finish.height_pixels": ("--scale",),
    "spec.finish.thumbnail_seconds": ("--thumbnail-at",),
    "spec.finish.watermark": ("--watermark",),
    "spec.finish.watermark.image": ("--watermark",),
    "spec.finish.watermark.opacity": ("--watermark-opacity",),
    "spec.finish.watermark.text": ("--watermark",),
    "spec.finish.width_pixels": ("--scale",),
    "spec.frame_rate": ("--fps",),
    "spec.height_pixels": ("--size",),
    "spec.liveliness": ("--liveliness",),
    "spec.negative_prompt": ("--negative-prompt",),
    "spec.pose": ("--pose",),
    "spec.preset": ("--preset",),
    "spec.priority": ("--priority",),
    "spec.prompt": ("--prompt",),
    "spec.reference": ("--reference",),
    "spec.sampling.between": ("--between",),
    "spec.sampling.guidance": ("--guidance",),
    "spec.sampling.shift": ("--shift",),
    "spec.sampling.solver": ("--solver",),
    "spec.sampling.steps": ("--steps",),
    "spec.sampling.window_frames": ("--window-frames",),
    "spec.script.audio": ("--audio",),
    "spec.script.lexicon": ("--lexicon", "--say"),
    "spec.script.text": ("--text", "--script"),
    "spec.script.transcript": ("--transcript",),
    "spec.seed": ("--seed",),
    "spec.timeout": ("--timeout",),
    "spec.voice": ("--voice",),
    "spec.language": ("--language",),
    "spec.width_pixels": ("--size",),
    "start_seconds": ("--start",),
    "text": ("--text",),
    "voice.backend": ("--backend",),
    "voice.consent.date": ("--consent-date",),
    "voice.consent.statement": ("--consent",),
    "voice.description": ("--description",),
    "voice.language": ("--language",),
    "voice.lexicon": ("--lexicon", "--say"),
    "voice.name": ("NAME",),
    "voice.transcript": ("--transcript",),
}
"""What people call a field of a request: the options and arguments that it may come from."""

_running: ContextVar[typer.Context | None] = ContextVar("running", default=None)


class FailingGroup(TyperGroup):
    """Says in plain words which value an option cannot have."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = _plain(error)
            raise


class FailingCommand(TyperCommand):
    """Ends the process with a plain message where it raises one of our errors."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        running = _running.set(ctx)
        try:
            try:
                return super().invoke(ctx)
            finally:
                _flush()
        except S2VError as error:
            say(f"Error: {explained(error)}")
            raise typer.Exit(exit_code(error)) from error
        except BrokenPipeError as error:
            _discard(sys.stdout)
            raise typer.Exit(BROKEN_PIPE) from error
        except OSError as error:
            say(f"Error: {_spelt(error)}")
            raise typer.Exit(exit_code(error)) from error
        except ServiceFailed as error:
            say(f"Error: {error}")
            raise typer.Exit(exit_code(error)) from error
        except KeyboardInterrupt as error:
            raise typer.Exit(exit_code(error)) from error
        finally:
            _running.reset(running)


def exit_code(error: BaseException) -> int:
    """Return the exit code of a command that ends with an error."""
    if isinstance(error, typer.Exit):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    return BAD_INPUT if isinstance(error, _CALLERS_FAULT) else FAILED


def explained(error: S2VError) -> str:
    """Spell an error for people, with the option to blame."""
    blamed = _blamed(error.field)
    return f"{blamed}: {error.message}" if blamed else error.message


def say(line: str) -> None:
    """Tell the user something that is not the command's result, as long as anybody listens."""
    with contextlib.suppress(BrokenPipeError):
        print(line, file=sys.stderr, flush=True)


def finish_output() -> None:
    """Write what is left, or let go of it where nobody reads any more."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            _discard(stream)


def _flush() -> None:
    """Write what was printed, while there is somebody to tell that it cannot be."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError as error:
        _discard(sys.stdout)
        error.filename = "standard output"
        raise


def _discard(stream: TextIO) -> None:
    """Let the interpreter's end not fail to write what nobody takes."""
    with contextlib.suppress(OSError, ValueError):
        number, nowhere = stream.fileno(), os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)


def _spelt(error: OSError) -> str:
    if error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return error.strerror or str(error)


def _blamed(field: str) -> str:
    """Return the option or argument that a field came from, of this command or of `make`.

    Of several the one that was given; none where no command has one.
    """
    names = _PARAMETERS.get(field, (field,))
    own = _own_parameters()
    for name in sorted(names, key=lambda name: not own.get(name)):
        if name in own or name.startswith("--") or field not in _PARAMETERS:
            return name
    return ""


def _own_parameters() -> dict[str, object]:
    """Return the running command's options and arguments by what people call them."""
    context = _running.get()
    if context is None:
        return {}
    found: dict[str, object] = {}
    for parameter in context.command.params:
        value = context.params.get(parameter.name or "")
        is_option = parameter.param_type_name == "option"
        for name in parameter.opts if is_option else [(parameter.name or "").upper()]:
            found[name] = value
    return found


def _plain(error: typer.BadParameter) -> str:
    """Spell in plain words what a type of typer's says in pydantic's."""
    if not isinstance(error.__cause__, ValueError):
        return error.message
    problem, colon, wanted = error.message.partition("Input should be")
    if not colon:
        return problem.removeprefix("Value error, ").rstrip(".")
    return f"must be{wanted.partition(', unable to')[0]}"
