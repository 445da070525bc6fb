"""Names of the environment that the founding document has, for the settings that we have."""

from collections.abc import Mapping
from enum import StrEnum

OUTPUT_DIR = "OUTPUT_DIR"
SERVICE_LOGS = tuple(f"S2V_{name}_LOG_LEVEL" for name in ("TTS", "RENDER", "COMPOSITOR", "GATEWAY"))


class LogLevel(StrEnum):
    """How much services log."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


def with_aliases(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with our settings added where only the founding name was given.

    Those names are not ours alone: a LOG_LEVEL that services do not know is somebody else's.
    """
    added = {}
    if checkpoint := environment.get("WAN_CHECKPOINT_DIR"):
        added["S2V_RENDER_WAN_CHECKPOINT"] = checkpoint
    host, port = (environment.get(f"RAY_DASHBOARD_{part}", "") for part in ("HOST", "PORT"))
    if host or port:
        added["S2V_RENDER_RAY_DASHBOARD"] = f"{host or '127.0.0.1'}:{port or 8265}"
    level = environment.get("LOG_LEVEL", "").upper()
    if level in list(LogLevel):
        added |= dict.fromkeys(SERVICE_LOGS, level)
    return {**added, **environment}
