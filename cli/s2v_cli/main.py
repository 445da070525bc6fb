"""The `s2v` command's entry point."""

import importlib.metadata
import os
from pathlib import Path
from typing import Annotated

import typer

from s2v_cli.commands.assets import assets
from s2v_cli.commands.batch import batch
from s2v_cli.commands.bug_report import bug_report
from s2v_cli.commands.cancel import cancel
from s2v_cli.commands.check import check
from s2v_cli.commands.config import config
from s2v_cli.commands.delete import delete
from s2v_cli.commands.doctor import doctor
from s2v_cli.commands.download import download
from s2v_cli.commands.engines import engines
from s2v_cli.commands.jobs import jobs
from s2v_cli.commands.keys import keys
from s2v_cli.commands.logs import logs
from s2v_cli.commands.make import make
from s2v_cli.commands.serve import serve
from s2v_cli.commands.status import status
from s2v_cli.commands.text import text
from s2v_cli.commands.top import top
from s2v_cli.commands.voices import voices
from s2v_cli.commands.watch import watch
from s2v_cli.connecting import Identity, identify
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


for _command in (
    make,
    batch,
    serve,
    watch,
    cancel,
    download,
    delete,
    assets,
    check,
    text,
    engines,
    status,
    top,
    logs,
    doctor,
    bug_report,
):
    app.command(cls=FailingCommand)(_command)
app.add_typer(jobs, name="jobs")
app.add_typer(voices, name="voices")
app.add_typer(keys, name="keys")
app.add_typer(config, name="config")


def main() -> None:
    """Run the command line."""
    try:
        app(prog_name="s2v")
    finally:
        finish_output()


if __name__ == "__main__":
    main()
