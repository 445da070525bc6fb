"""The `s2v` command's entry point."""

import importlib
import importlib.metadata
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.main import get_command, get_group

from s2v_cli.failing import FailingCommand, FailingGroup, finish_output
from s2v_cli.identity import Identity, identify

_COMMANDS = (
    "make",
    "batch",
    "serve",
    "watch",
    "cancel",
    "download",
    "delete",
    "assets",
    "check",
    "text",
    "engines",
    "status",
    "top",
    "logs",
    "doctor",
    "bug-report",
    "jobs",
    "voices",
    "keys",
    "config",
)
"""In the order of the help; each is what the module of its name calls so."""


class _Commands(Mapping[str, Any]):
    """The commands, each of which is imported when it is asked for."""

    def __getitem__(self, name: str) -> Any:
        """Return a command."""
        if name not in _COMMANDS:
            raise KeyError(name)
        attribute = name.replace("-", "_")
        command = getattr(importlib.import_module(f"s2v_cli.commands.{attribute}"), attribute)
        if isinstance(command, typer.Typer):
            return get_group(command)
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command(name, cls=FailingCommand)(command)
        return get_command(alone)

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        return iter(_COMMANDS)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(_COMMANDS)


class _Groups(FailingGroup):
    """Knows the commands by their names."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes | {"commands": _Commands()})


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"s2v {importlib.metadata.version('s2v')}")
        raise typer.Exit


app = typer.Typer(
    cls=_Groups,
    help="Speech to video: a talking film from a text or a sound and a portrait.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def s2v(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_show_version, help="Say which it is."),
    ] = False,
    ca: Annotated[
        Path | None,
        typer.Option(
            envvar="S2V_CA", help="Encrypt, and trust gateways of this authority (PEM file)."
        ),
    ] = None,
    cert: Annotated[
        Path | None,
        typer.Option(envvar="S2V_CERT", help="Your own certificate, where a gateway asks for one."),
    ] = None,
    key: Annotated[
        Path | None, typer.Option(envvar="S2V_KEY", help="The private key of it.")
    ] = None,
) -> None:
    """Take the options that come before a command."""
    # No option: whoever lists processes sees those.
    identify(Identity(os.environ.get("S2V_API_KEY", "").strip(), ca, cert, key))


def main() -> None:
    """Run the command line."""
    try:
        app(prog_name="s2v")
    finally:
        finish_output()


if __name__ == "__main__":
    main()
