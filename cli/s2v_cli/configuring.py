"""Every setting of every service: its value, where that came from, and what is wrong with it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from s2v.core.urls import untold
from s2v.rpc.settings import (
    BadSettings,
    ServiceSettings,
    checked_settings,
    origin_of,
)
from s2v_compositor.settings import CompositorSettings
from s2v_gateway.settings import GatewaySettings
from s2v_render.settings import RenderSettings
from s2v_tts.settings import TtsSettings

KINDS: Mapping[str, type[ServiceSettings]] = {
    "gateway": GatewaySettings,
    "tts": TtsSettings,
    "render": RenderSettings,
    "compositor": CompositorSettings,
}
"""The settings of each service, by its name."""
_SAME = ("store_url", "internal_token")
"""What all services must be told alike."""


@dataclass(frozen=True, slots=True)
class ToldSetting:
    """A setting as it counts.

    Attributes:
        service: whose it is.
        name: of the setting.
        value: as JSON; *** for what is secret.
        origin: what sets it, a variable or a place in the file; empty for its default.
        description: what it is.
    """

    service: str
    name: str
    value: str
    origin: str
    description: str


def every_setting(services: Sequence[str]) -> list[ToldSetting]:
    """Return the settings of some services, in the order of the documentation.

    Raises:
        BadSettings: there are problems.
    """
    told = _checked(services)
    return [
        ToldSetting(
            service,
            name,
            _shown(getattr(settings, name)),
            origin_of(KINDS[service], name),
            str(field.description),
        )
        for service, settings in told.items()
        for name, field in KINDS[service].model_fields.items()
    ]


def _checked(services: Sequence[str]) -> dict[str, ServiceSettings]:
    """Read the settings of some services.

    Raises:
        BadSettings: with the problems of all of them.
    """
    told: dict[str, ServiceSettings] = {}
    problems: list[str] = []
    for service in services:
        try:
            told[service] = checked_settings(KINDS[service])
        except BadSettings as error:
            problems += error.problems
    for name in _SAME:
        if len({getattr(settings, name) for settings in told.values()}) > 1:
            problems.append(_differs(name, told))
    if problems:
        # What all of them read, they all complain of.
        raise BadSettings(list(dict.fromkeys(problems)))
    return told


def _differs(name: str, told: Mapping[str, ServiceSettings]) -> str:
    field = {"internal_token": "internal_token_file"}.get(name, name)
    values = ", ".join(
        f"{service} has {_shown(getattr(settings, field))}" for service, settings in told.items()
    )
    return f"bad settings {field}: {values}; set S2V_{field.upper()} for all services"


def _shown(value: Any) -> str:
    if isinstance(value, SecretStr):
        return json.dumps("***" if value.get_secret_value() else "")
    if isinstance(value, dict):
        return json.dumps({name: _plain(item) for name, item in value.items()})
    return json.dumps(_plain(value), ensure_ascii=False)


def _plain(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump(exclude_defaults=True)
    if isinstance(value, tuple):
        return [untold(str(item)) for item in value]
    return value if isinstance(value, (bool, int, float, type(None))) else untold(str(value))
