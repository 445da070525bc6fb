"""How commands fail: a line or two that say what, where and what to do, and an exit code."""

import sys
from typing import Any

import typer
from typer.core import TyperGroup

from s2v.core.errors import Conflict, InvalidInput, NotFound, OutOfRange, S2VError
from s2v_cli.supervisor import ServiceFailed

FAILED = 1
BAD_INPUT = 2
INTERRUPTED = 130

_CALLERS_FAULT = (InvalidInput, NotFound, Conflict, OutOfRange)
_OPTIONS = {
    "spec.script.text": "--text",
    "spec.script.audio": "--audio",
    "spec.script.transcript": "--transcript",
    "spec.reference": "--reference",
    "spec.voice": "--voice",
    "spec.engine": "--engine",
    "spec.preset": "--preset",
    "spec.width_pixels": "--size",
    "spec.height_pixels": "--size",
    "spec.frame_rate": "--fps",
    "spec.seed": "--seed",
    "film": "FILM",
}


class FailingGroup(TyperGroup):
    """Ends the process with a plain message where a command raises one of our errors."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except S2VError as error:
            say(f"Error: {explained(error)}")
            raise typer.Exit(exit_code(error)) from error
        except (ServiceFailed, OSError) as error:
            say(f"Error: {error}")
            raise typer.Exit(exit_code(error)) from error
        except KeyboardInterrupt as error:
            raise typer.Exit(exit_code(error)) from error


def exit_code(error: BaseException) -> int:
    """Return the exit code of a command that ends with an error."""
    if isinstance(error, typer.Exit):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    return BAD_INPUT if isinstance(error, _CALLERS_FAULT) else FAILED


def explained(error: S2VError) -> str:
    """Spell an error for people, with the option to blame."""
    option = _OPTIONS.get(error.field, error.field)
    return f"{option}: {error.message}" if option else error.message


def say(line: str) -> None:
    """Tell the user something that is not the command's result."""
    print(line, file=sys.stderr, flush=True)
