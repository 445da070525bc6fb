"""Deployment settings, from the environment and a settings file below it."""

import difflib
import os
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, TypeVar

import fsspec
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from s2v.core.errors import InvalidInput, S2VError
from s2v.core.urls import untold
from s2v.rpc.channel import is_closed_to_others
from s2v.rpc.home import default_home
from s2v.rpc.limits import NORMAL_LIMITS, CallLimits
from s2v.rpc.metrics import metrics_address
from s2v.rpc.settings_file import sections_of, settings_file
from s2v.rpc.settings_sources import SectionSource, SharedSource, shared_variable
from s2v.rpc.trust import read_token

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

SettingsT = TypeVar("SettingsT", bound="ServiceSettings")


class ServiceSettings(BaseSettings):
    """What every service can be told; each adds its own `env_prefix` and fields."""

    model_config = SettingsConfigDict(extra="forbid", coerce_numbers_to_str=True)

    listen: str = Field(description="host:port or unix:/path to listen on")
    store_url: str = Field(
        default_factory=lambda: str(default_home() / "artifacts"),
        description="directory or fsspec URL of the artifact store that all services share",
        json_schema_extra={"shared": "S2V_STORE_URL"},
    )
    internal_token_file: Path | None = Field(
        default=None,
        description="file with what services show each other",
        json_schema_extra={"shared": "S2V_INTERNAL_TOKEN_FILE"},
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="what is logged: DEBUG, INFO, WARNING or ERROR"
    )
    metrics_listen: str = Field(
        default="",
        description="host:port to answer Prometheus at, or a port on this machine; empty: none",
    )
    reflection: bool = Field(default=True, description="serve gRPC reflection")
    shutdown_grace_seconds: float = Field(
        default=10.0, ge=0, description="that calls under way may take to end at a shutdown"
    )
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

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return where values come from, what counts most first."""
        section = SectionSource(settings_cls, settings_file(), cls.section())
        return init_settings, env_settings, SharedSource(settings_cls), section

    @classmethod
    def section(cls) -> str:
        """Return the service's name, which is that of its section in a settings file."""
        return str(cls.model_config["env_prefix"]).removeprefix("S2V_").rstrip("_").lower()

    @property
    def call_limits(self) -> CallLimits:
        """How much may be asked of the service at once."""
        return CallLimits(**{field.name: getattr(self, field.name) for field in fields(CallLimits)})

    @property
    def internal_token(self) -> str:
        """What the services show each other; empty where they show nothing.

        Raises:
            ValueError: the file has no token.
        """
        return read_token(self.internal_token_file) if self.internal_token_file else ""

    @model_validator(mode="after")
    def _has_a_token(self) -> Self:
        _ = self.internal_token
        return self

    @field_validator("metrics_listen")
    @classmethod
    def _is_an_address(cls, listen: str) -> str:
        try:
            metrics_address(listen or "0")
        except InvalidInput as error:
            raise ValueError(error.message) from error
        return listen

    @field_validator("store_url")
    @classmethod
    def _is_a_store_that_can_be_opened(cls, url: str) -> str:
        protocol, colon, _ = url.partition("://")
        try:
            fsspec.get_filesystem_class(protocol if colon else "file")
        except (ImportError, ValueError) as error:
            raise ValueError(f"{error}; use a folder or a URL that fsspec knows") from error
        return url


class InternalSettings(ServiceSettings):
    """What services have in common that only the gateway calls."""

    @model_validator(mode="after")
    def _is_for_ours_alone(self) -> Self:
        if self.internal_token_file is None and not is_closed_to_others(self.listen):
            raise ValueError(
                f"other machines could reach {self.listen}, and nobody would be asked who they "
                "are: set S2V_INTERNAL_TOKEN_FILE for all services, or listen on 127.0.0.1 or a "
                "Unix socket (docs/deployment.md)"
            )
        return self


class BadSettings(Exception):
    """Settings that a service cannot have; `problems` says of each what it is and what to do."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def read_settings(kind: type[SettingsT]) -> SettingsT:
    """Read a service's settings, or end the process with a message that names what is bad."""
    try:
        return checked_settings(kind)
    except BadSettings as error:
        sys.exit(str(error))


def checked_settings(kind: type[SettingsT]) -> SettingsT:
    """Read a service's settings.

    Raises:
        BadSettings: with every problem that there is.
    """
    known = [variable_of(kind, name) for name in kind.model_fields]
    prefix = variable_of(kind, "")
    problems = [
        _unknown(key, key.upper(), known)
        for key in sorted(os.environ)
        if key.upper().startswith(prefix) and key.upper() not in known
    ]
    try:
        settings = kind()  # type: ignore[call-arg]
    except S2VError as error:
        problems.append(f"bad setting {error.field}: {error.message}")
    except ValidationError as error:
        problems += [_problem(kind, detail) for detail in error.errors()]
    if problems:
        raise BadSettings(problems)
    return settings


def variable_of(kind: type[ServiceSettings], name: str) -> str:
    """Return the variable that sets a field of a service."""
    return f"{kind.model_config['env_prefix']}{name}".upper()


def origin_of(kind: type[ServiceSettings], name: str) -> str:
    """Return what sets a field: a variable, or where it stands in the file; "" for its default.

    Raises:
        InvalidInput: FIELD_INVALID, the settings file cannot be read.
    """
    own = variable_of(kind, name)
    if any(key.upper() == own for key in os.environ):
        return own
    field = kind.model_fields.get(name)
    shared = shared_variable(field) if field else ""
    if shared and os.environ.get(shared):
        return shared
    file = settings_file()
    if file and name in sections_of(file)[kind.section()]:
        return f"[{kind.section()}] {name} of {file}"
    return ""


def _problem(kind: type[ServiceSettings], detail: "ErrorDetails") -> str:
    message = detail["msg"].removeprefix("Value error, ")
    if not detail["loc"]:  # what was given is all of them, passwords too
        return f"bad settings {variable_of(kind, '')}…: {message}"
    name, *within = map(str, detail["loc"])
    origin = origin_of(kind, name) or variable_of(kind, name)
    field = kind.model_fields.get(name)
    if field is None:
        return _unknown(origin, name, list(kind.model_fields))
    place = "".join(f"{part}: " for part in within)
    got = "" if field.annotation is SecretStr else f" (got {untold(str(detail['input']))!r})"
    remedy = "" if detail["type"] == "value_error" else f"; or leave it out: {field.description}"
    return f"bad setting {origin}: {place}{message}{got}{remedy}"


def _unknown(what: str, name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else "leave it out;"
    return f"unknown setting {what}; {hint} `s2v config print` lists all"
