"""Where settings come from beside a service's own variables: shared ones, and a TOML file."""

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    TomlConfigSettingsSource,
)

from s2v.core.errors import InvalidInput, Reason

SECTIONS = ("gateway", "tts", "render", "compositor")
"""Of a settings file: one for each service."""


def shared_variable(field: FieldInfo) -> str:
    """Return the variable that sets a field for all services; "" where there is none."""
    extra = field.json_schema_extra
    return str(extra.get("shared", "")) if isinstance(extra, dict) else ""


class SharedSource(PydanticBaseSettingsSource):
    """Variables that tell every service the same, such as S2V_STORE_URL."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return what the environment says of a field; None for nothing."""
        variable = shared_variable(field)
        return (os.environ.get(variable) or None if variable else None), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return what the environment says."""
        fields = self.settings_cls.model_fields.items()
        told = {name: self.get_field_value(field, name)[0] for name, field in fields}
        return {name: value for name, value in told.items() if value is not None}


class SectionSource(TomlConfigSettingsSource):
    """One service's section of a settings file."""

    def __init__(self, kind: type[BaseSettings], file: Path | None, section: str) -> None:
        self._section = section
        super().__init__(kind, toml_file=file)

    def _read_file(self, file_path: Any) -> dict[str, Any]:
        return sections_of(Path(file_path))[self._section]


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
