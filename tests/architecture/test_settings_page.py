"""docs/settings.md is what the settings classes say."""

import runpy
import tomllib
from pathlib import Path

import pytest

from s2v.rpc.settings_file import SECTIONS
from s2v_cli.configuring import KINDS

PAGE = Path("docs/settings.md")


def test_the_page_is_current() -> None:
    tool = runpy.run_path("tools/make_settings_page.py")
    assert PAGE.read_text(encoding="utf-8") == tool["current"](), (
        "run: python tools/make_settings_page.py"
    )


def test_every_service_has_a_section() -> None:
    assert set(KINDS) == set(SECTIONS)
    for name, kind in KINDS.items():
        assert kind.section() == name


@pytest.mark.parametrize("service", SECTIONS)
def test_every_setting_says_what_it_is(service: str) -> None:
    fields = KINDS[service].model_fields
    assert [name for name, field in fields.items() if not field.description] == []


def test_the_file_that_is_shown_has_settings_that_there_are() -> None:
    _, shown = PAGE.read_text(encoding="utf-8").split("```toml\n")
    for section, settings in tomllib.loads(shown.partition("```")[0]).items():
        assert settings.keys() <= KINDS[section].model_fields.keys()
