"""`s2v config`: which settings count, where they came from, and what is wrong with them."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer

from s2v.rpc.settings import BadSettings
from s2v.rpc.settings_file import settings_file
from s2v_cli.configuring import ToldSetting, every_setting
from s2v_cli.documents import JsonOption
from s2v_cli.failing import BAD_INPUT, FailingCommand, FailingGroup, say

config = typer.Typer(
    cls=FailingGroup,
    help="Print and check the settings of the services on this machine.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class ServiceName(StrEnum):
    """A service whose settings are asked for."""

    GATEWAY = "gateway"
    TTS = "tts"
    RENDER = "render"
    COMPOSITOR = "compositor"


ServicesArgument = Annotated[
    list[ServiceName] | None,
    typer.Argument(metavar="[SERVICE]...", help="Of these alone. [default: all four]"),
]


@config.command(name="print", cls=FailingCommand)
def print_settings(services: ServicesArgument = None, as_json: JsonOption = False) -> None:
    """Print every setting with its value, what set it and what it is.

    As a settings file that sets the same: what nobody set is a comment, and so is what is secret,
    as ***.
    """
    settings = _read(services)
    if as_json:
        print(json.dumps([_document(setting) for setting in settings], indent=2))
        return
    for line in _file_lines(settings):
        print(line)


@config.command(cls=FailingCommand)
def validate(services: ServicesArgument = None) -> None:
    """Say what is wrong with the settings, all of it; the exit code is 2 if anything is."""
    _read(services)
    print(f"the settings are in order (file: {settings_file() or 'none'})")


def _read(services: list[ServiceName] | None) -> list[ToldSetting]:
    try:
        return every_setting([name.value for name in services or ServiceName])
    except BadSettings as error:
        for problem in error.problems:
            say(problem)
        raise typer.Exit(BAD_INPUT) from error


def _file_lines(settings: Iterable[ToldSetting]) -> Iterable[str]:
    section = ""
    for setting in settings:
        if setting.service != section:
            yield from ("",) if section else ()
            section = setting.service
            yield f"[{section}]"
        yield f"# {setting.description}"
        # JSON's other values are TOML's, too.
        value = json.dumps(setting.value) if setting.value.startswith("{") else setting.value
        value = "(none)" if value == "null" else value
        line = f"{setting.name} = {value}  # {setting.origin or 'default'}"
        yield line if setting.origin and "***" not in value else f"# {line}"


def _document(setting: ToldSetting) -> dict[str, object]:
    return {**asdict(setting), "value": json.loads(setting.value)}
