"""What helps to find a fault, and nothing that is somebody's: no texts, names, keys or files."""

import os
import platform
import re
from collections import deque
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from google.protobuf.json_format import MessageToDict

from s2v.api.gateway.v1 import job_pb2
from s2v.rpc.errors import from_status
from s2v_cli.logbook import event_in, lines_of, log_folder

_PACKAGES = (
    "s2v", "av", "dbos", "grpcio", "numpy", "onnxruntime", "opencv-python-headless",
    "protobuf", "pydantic", "ray", "sqlalchemy", "torch", "diffusers", "transformers",
)  # fmt: skip
_SETTINGS = ("S2V_", "OTEL_", "RAY_", "CUDA_VISIBLE")
_SECRET = re.compile(
    r"KEY|SECRET|TOKEN|PASSW|CREDENTIAL|HEADERS|QUOTAS|JWT|ATTRIBUTES", re.IGNORECASE
)
_TOLD_OF_EVENTS = (
    "timestamp", "service", "level", "event", "reason", "method", "code", "callee", "seconds",
    "worker", "take", "segment", "engine", "work", "trace_id",
)  # fmt: skip
_MOST_EVENTS = 200
_TOLD_OF_JOBS = (
    "state",
    "create_time",
    "start_time",
    "end_time",
    "progress",
    "stage_times",
    "stats",
)
_TOLD_OF_SPECS = ("engine", "preset", "frame_rate", "width_pixels", "height_pixels", "language")


def versions() -> dict[str, str]:
    """Return what runs here, in which version."""
    found = {"python": platform.python_version(), "system": platform.platform()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that were made; what may be secret is only said to be there."""
    return {
        name: _redacted(name, value)
        for name, value in sorted(environment.items())
        if name.upper().startswith(_SETTINGS)
    }


def troubles(home: Path) -> list[dict[str, Any]]:
    """Return the last warnings and errors that services logged, without what they say of inputs."""
    kept: deque[dict[str, Any]] = deque(maxlen=_MOST_EVENTS)
    for line in lines_of(log_folder(home, os.environ)):
        event = event_in(line)
        if event and event.get("level") in ("warning", "error", "critical"):
            kept.append({name: event[name] for name in _TOLD_OF_EVENTS if name in event})
    return list(kept)


def job_facts(job: job_pb2.Job) -> dict[str, Any]:
    """Return how a job went: no texts, no names, and of its error only what kind it is."""
    told = MessageToDict(job, preserving_proto_field_name=True)
    facts = {name: told[name] for name in _TOLD_OF_JOBS if name in told}
    spec = told.get("spec", {})
    facts["spec"] = {name: spec[name] for name in _TOLD_OF_SPECS if name in spec}
    facts["notices"] = [notice.get("code") for notice in told.get("notices", [])]
    if job.HasField("error"):
        error = from_status(job.error)
        facts["error"] = {"reason": error.reason.value, "field": error.field}
    return facts


def _redacted(name: str, value: str) -> str:
    if _SECRET.search(name):
        return "(set, not told)"
    if "://" in value:
        url = urlsplit(value)
        return f"{url.scheme}://(not told)"
    home = os.path.expanduser("~")
    return value.replace(home, "~") if home not in ("", "/") else value
