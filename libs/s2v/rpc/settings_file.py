"""The settings file, which says what no variable says."""

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from s2v.core.errors import InvalidInput, Reason
from s2v.rpc.home import default_home, expanded

FILE_NAME = "s2v.toml"
SECTIONS = ("gateway", "tts", "render", "compositor")
"""Of a settings file: one for each service."""


def settings_file(
    home: Path | None = None, environment: Mapping[str, str] = os.environ
) -> Path | None:
    """Return the settings file that counts: S2V_CONFIG, or s2v.toml of the home if it is there.

    An empty S2V_CONFIG means none.

    Args:
        home: where to look; by default where everything is kept.
        environment: what may have S2V_CONFIG.

    Raises:
        InvalidInput: FIELD_INVALID, there is no file that S2V_CONFIG names.
    """
    named = environment.get("S2V_CONFIG")
    if named is not None:
        path = expanded(Path(named), field="S2V_CONFIG").absolute()
        if named and not path.is_file():
            problem = f"there is no file {path}; mend it, or unset it"
            raise InvalidInput(Reason.FIELD_INVALID, problem, field="S2V_CONFIG")
        return path if named else None
    try:
        path = (home or default_home()).absolute() / FILE_NAME
    except InvalidInput:
        return None  # what needs a home says so itself
    return path if path.is_file() else None


def layered_environment(
    home: Path | None = None, environment: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return an environment with what the settings file says below it.

    Args:
        home: where the file lies unless S2V_CONFIG names one; by default the usual one.
        environment: what counts more than the file.

    Raises:
        InvalidInput: FIELD_INVALID, the file cannot be read.
    """
    file = settings_file(home, environment)
    return {**(as_environment(sections_of(file)) if file else {}), **environment}


def sections_of(file: Path) -> dict[str, dict[str, Any]]:
    """Return what a settings file says of each service.

    A value `{file = "PATH"}` is what stands in that file, without white space around it.

    Raises:
        InvalidInput: FIELD_INVALID, it cannot be read, is no TOML, or has something beside the
            sections; a file that it names cannot be read.
    """
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _bad(f"cannot be read: {error}", field=str(file)) from error
    known = ", ".join(f"[{name}]" for name in SECTIONS)
    for name, section in document.items():
        if not isinstance(section, dict):
            problem = f"{name} stands in no section; put it into one of {known}"
            raise _bad(problem, field=str(file))
        if name not in SECTIONS:
            raise _bad(f"unknown section [{name}]; there are {known}", field=str(file))
    return {
        section: {
            name: _value(value, field=f"[{section}] {name} of {file}")
            for name, value in document.get(section, {}).items()
        }
        for section in SECTIONS
    }


def as_environment(sections: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return what a settings file says as the variables that say the same."""
    return {
        f"S2V_{section}_{name}".upper(): _spelt(value)
        for section, settings in sections.items()
        for name, value in settings.items()
    }


def _value(value: Any, *, field: str) -> Any:
    named = value.get("file") if isinstance(value, dict) and len(value) == 1 else None
    if not isinstance(named, str):
        return value
    try:
        return Path(named).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise _bad(f"cannot be read: {error}", field=field) from error


def _spelt(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ",".join(map(str, value))
    return json.dumps(value)


def _bad(problem: str, *, field: str) -> InvalidInput:
    return InvalidInput(Reason.FIELD_INVALID, problem, field=field)
