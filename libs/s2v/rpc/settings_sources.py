"""Where settings come from beside a service's own variables: shared ones, and a TOML file."""

import os
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    TomlConfigSettingsSource,
)

from s2v.rpc.settings_file import sections_of


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
