"""Deployment settings from the environment, refused when a key or a value is wrong."""

import os
import sys
from pathlib import Path
from typing import Literal, TypeVar

import fsspec
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SettingsT = TypeVar("SettingsT", bound="ServiceSettings")


def default_home() -> Path:
    """Return where everything is kept unless told otherwise: $S2V_HOME or ~/.local/share/s2v."""
    return Path(os.environ.get("S2V_HOME") or Path.home() / ".local" / "share" / "s2v")


class ServiceSettings(BaseSettings):
    """What every service can be told; each adds its own `env_prefix` and fields."""

    model_config = SettingsConfigDict(extra="forbid")

    listen: str = Field(description="host:port or unix:/path to listen on")
    store_url: str = Field(
        default_factory=lambda: (
            os.environ.get("S2V_STORE_URL") or str(default_home() / "artifacts")
        ),
        description="directory or fsspec URL of the artifact store that all services share; "
        "S2V_STORE_URL sets it for all of them",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    reflection: bool = Field(default=True, description="serve gRPC reflection")
    shutdown_grace_seconds: float = Field(default=10.0, ge=0)

    @field_validator("store_url")
    @classmethod
    def _is_a_store_that_can_be_opened(cls, url: str) -> str:
        protocol, colon, _ = url.partition("://")
        try:
            fsspec.get_filesystem_class(protocol if colon else "file")
        except (ImportError, ValueError) as error:
            raise ValueError(f"{error}; use a folder or a URL that fsspec knows") from error
        return url


def read_settings(kind: type[SettingsT]) -> SettingsT:
    """Read a service's settings, or end the process with a message that names the bad key."""
    prefix = str(kind.model_config["env_prefix"])
    known = {f"{prefix}{name}".upper() for name in kind.model_fields}
    unknown = sorted(
        key for key in os.environ if key.upper().startswith(prefix) and key.upper() not in known
    )
    if unknown:
        sys.exit(f"unknown setting {unknown[0]}; known are: {', '.join(sorted(known))}")
    try:
        return kind()  # type: ignore[call-arg]
    except ValidationError as error:
        first = error.errors()[0]
        key = f"{prefix}{first['loc'][0]}".upper() if first["loc"] else prefix
        problem = first["msg"].removeprefix("Value error, ")
        sys.exit(f"bad setting {key}: {problem} (got {first['input']!r})")
