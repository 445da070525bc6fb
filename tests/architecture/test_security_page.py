"""docs/security.md names tests and settings that there are."""

import re
from pathlib import Path

import pytest

from s2v_gateway.settings import GatewaySettings

PAGE = Path("docs/security.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(test_\w+)`", PAGE))))
def test_a_named_test_is_there(name: str) -> None:
    tests = Path("tests").rglob("test_*.py")
    assert any(f"def {name}(" in path.read_text(encoding="utf-8") for path in tests)


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([a-z]*/?test_\w+\.py)`", PAGE))))
def test_a_named_file_is_there(name: str) -> None:
    assert list(Path("tests").rglob(name))


def test_every_named_setting_is_there() -> None:
    named = re.findall(r"`S2V_GATEWAY_(\w+)`", PAGE) + re.findall(r"`\.\.\._(\w+)`", PAGE)
    assert len(named) > 5
    assert {name.lower() for name in named} <= GatewaySettings.model_fields.keys()
