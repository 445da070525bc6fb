"""Deployment settings from the environment, refused when a key or a value is wrong."""

import os
import pwd
import sys
from dataclasses import fields
from pathlib import Path
from typing import Literal, TypeVar

import fsspec
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from s2v.core.errors import InvalidInput, Reason, S2VError
from s2v.rpc.limits import NORMAL_LIMITS, CallLimits

SettingsT = TypeVar("SettingsT", bound="ServiceSettings")


def default_home() -> Path:
    """Return where everything is kept unless told otherwise: $S2V_HOME or ~/.local/share/s2v.

    Raises:
        InvalidInput: FIELD_INVALID, nobody says where, and this user has no home directory.
    """
    given = os.environ.get("S2V_HOME")
    if given:
        return expanded(Path(given), field="S2V_HOME")
    # An empty HOME would be taken for the root directory.
    own = os.environ.get("HOME") or _listed_home()
    if not own:
        problem = "this user has no home directory; set S2V_HOME to a folder of yours"
        raise InvalidInput(Reason.FIELD_INVALID, problem, field="S2V_HOME")
    return Path(own) / ".local" / "share" / "s2v"


def expanded(path: Path, *, field: str) -> Path:
    """Return a path with its `~` replaced by a home directory.

    Raises:
        InvalidInput: FIELD_INVALID, there is none; `field` is what gave the path.
    """
    try:
        return path.expanduser()
    except RuntimeError as error:
        problem = f"{path}: there is no such home directory; write the path in full"
        raise InvalidInput(Reason.FIELD_INVALID, problem, field=field) from error


def _listed_home() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return ""


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
    max_calls: int = Field(default=NORMAL_LIMITS.max_calls, ge=1, description="calls at once")
    max_calls_per_connection: int = Field(
        default=NORMAL_LIMITS.max_calls_per_connection,
        ge=1,
        description="calls at once of one TCP connection",
    )
    max_arriving_calls: int = Field(
        default=NORMAL_LIMITS.max_arriving_calls,
        ge=1,
        description="calls of which not all messages have arrived; times max_message_bytes it is "
        "the memory that half-sent messages can take",
    )
    max_message_bytes: int = Field(
        default=NORMAL_LIMITS.max_message_bytes,
        ge=1 << 16,
        description="bytes of one message that arrives",
    )
    max_connections: int = Field(
        default=NORMAL_LIMITS.max_connections, ge=1, description="connections at once"
    )
    request_seconds: float = Field(
        default=NORMAL_LIMITS.request_seconds,
        gt=0,
        description="time for the one message of a call to arrive",
    )

    @property
    def call_limits(self) -> CallLimits:
        """How much may be asked of the service at once."""
        return CallLimits(**{field.name: getattr(self, field.name) for field in fields(CallLimits)})

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
    except S2VError as error:
        sys.exit(f"bad setting {error.field}: {error.message}")
    except ValidationError as error:
        first = error.errors()[0]
        key = f"{prefix}{first['loc'][0]}".upper() if first["loc"] else prefix
        problem = first["msg"].removeprefix("Value error, ")
        sys.exit(f"bad setting {key}: {problem} (got {first['input']!r})")
