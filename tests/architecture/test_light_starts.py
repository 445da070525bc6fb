"""What starts often imports nothing that it does not need: it takes a tenth of a second each."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

MEDIA = ("av", "cv2", "numpy", "onnxruntime")
SERVICES = (
    "alembic",
    "dbos",
    "fsspec",
    "prometheus_client",
    "pydantic_settings",
    "sqlalchemy",
    "structlog",
)
MODELS = ("diffusers", "ray", "torch", "transformers")
PATTERNS = ("s2v.text.normal.english",)
"""Thousands of regular expressions."""

LOADED = """
import importlib, sys
importlib.import_module(sys.argv[1])
print(*sys.modules)
"""
COMMANDS = """
from typer.testing import CliRunner
from s2v_cli.main import app
import sys
assert CliRunner().invoke(app, sys.argv[1:]).exit_code == 0
print(*sys.modules)
"""
PLANNED = """
import sys
from s2v_render.engines.wan.takes.filming import plan_take
from s2v_render.engines.wan.weights.parts import parts_of
parts_of(sys.argv[1]).sizes()
print(*sys.modules)
"""


def loaded(program: str, *arguments: str) -> set[str]:
    """Return the modules that a program has loaded at its end."""
    command = [sys.executable, "-c", program, *arguments]
    return set(subprocess.check_output(command, text=True).split())


@pytest.mark.parametrize(
    ("module", "without"),
    [
        ("s2v_cli.main", (*MEDIA, *SERVICES, *MODELS, *PATTERNS, "google.protobuf", "grpc")),
        ("s2v_cli.local", (*MEDIA, *SERVICES, *MODELS, *PATTERNS)),
        ("s2v.client", (*MEDIA, *SERVICES, *MODELS, *PATTERNS)),
        ("s2v.media.confined.nursery", ("grpc", *SERVICES, *MODELS, *PATTERNS)),
        ("s2v_gateway.main", ("cv2", "onnxruntime", *MODELS, *PATTERNS)),
        ("s2v_tts.main", ("cv2", "dbos", "sqlalchemy", *MODELS, *PATTERNS)),
        ("s2v_render.main", ("cv2", "dbos", "onnxruntime", "sqlalchemy", *MODELS, *PATTERNS)),
        ("s2v_compositor.main", ("cv2", "dbos", "onnxruntime", "sqlalchemy", *MODELS, *PATTERNS)),
    ],
)
def test_a_start_loads_only_what_it_needs(module: str, without: tuple[str, ...]) -> None:
    assert loaded(LOADED, module) & set(without) == set()


@pytest.mark.skipif(not find_spec("torch"), reason="the extra `wan` is not installed")
def test_a_take_is_planned_without_what_takes_long_to_import() -> None:
    assert loaded(PLANNED, "tests/data/wan_tiny") & {"diffusers", "transformers"} == set()


@pytest.mark.parametrize("command", ["logs", "serve", "status", "text", "voices", "watch"])
def test_a_command_loads_only_what_it_needs(command: str) -> None:
    found = loaded(COMMANDS, command, "--help")
    assert f"s2v_cli.commands.{command}" in found
    assert found & {*MEDIA, *SERVICES, *MODELS, *PATTERNS, "s2v_cli.commands.make"} == set()
