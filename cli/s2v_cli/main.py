"""The `s2v` command's entry point."""

import importlib.metadata
from typing import Annotated

import typer

from s2v_cli.commands.assets import assets
from s2v_cli.commands.cancel import cancel
from s2v_cli.commands.check import check
from s2v_cli.commands.delete import delete
from s2v_cli.commands.doctor import doctor
from s2v_cli.commands.download import download
from s2v_cli.commands.engines import engines
from s2v_cli.commands.jobs import jobs
from s2v_cli.commands.make import make
from s2v_cli.commands.serve import serve
from s2v_cli.commands.status import status
from s2v_cli.commands.voices import voices
from s2v_cli.commands.watch import watch
from s2v_cli.failing import FailingCommand, FailingGroup, finish_output


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"s2v {importlib.metadata.version('s2v')}")
        raise typer.Exit


app = typer.Typer(
    cls=FailingGroup,
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
) -> None:
    """Take the options that come before a command."""


for _command in (
    make,
    serve,
    jobs,
    watch,
    cancel,
    download,
    delete,
    assets,
    check,
    voices,
    engines,
    status,
    doctor,
):
    app.command(cls=FailingCommand)(_command)


def main() -> None:
    """Run the command line."""
    try:
        app(prog_name="s2v")
    finally:
        finish_output()


if __name__ == "__main__":
    main()
