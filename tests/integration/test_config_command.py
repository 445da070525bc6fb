"""`s2v config`, and the settings file under the commands and services that read it."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from s2v.rpc.settings_file import layered_environment
from s2v_cli.configuring import KINDS
from s2v_cli.local import service_specs
from s2v_cli.main import app


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("S2V_HOME", str(tmp_path))
    return tmp_path / "s2v.toml"


def test_print_is_a_file_that_sets_the_same(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(
        '[gateway]\nmax_running_jobs = 7\nhttp_hosts = ["a.example"]\n'
        "tenant_quotas = {studio = {jobs = 2}}\n"
    )
    monkeypatch.setenv("S2V_RENDER_WORKERS", "2")
    printed = CliRunner().invoke(app, ["config", "print"])
    assert printed.exit_code == 0
    assert f"max_running_jobs = 7  # [gateway] max_running_jobs of {file}\n" in printed.stdout
    assert "workers = 2  # S2V_RENDER_WORKERS\n" in printed.stdout
    assert "# jobs worked on at once\n" in printed.stdout
    assert tomllib.loads(printed.stdout) == {
        "gateway": {
            "max_running_jobs": 7,
            "http_hosts": ["a.example"],
            "tenant_quotas": '{"studio": {"jobs": 2}}',
        },
        "tts": {},
        "render": {"workers": 2},
        "compositor": {},
    }
    file.write_text(printed.stdout)
    monkeypatch.delenv("S2V_RENDER_WORKERS")
    again = CliRunner().invoke(app, ["config", "print"])
    assert tomllib.loads(again.stdout) == tomllib.loads(printed.stdout)


def test_print_has_every_setting_and_no_secret(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S2V_GATEWAY_WEBHOOK_SECRET", "whsec_" + "Z" * 32)
    file.write_text('[gateway]\ndatabase_url = "postgresql://me:ZZZZ@db/s2v?x=ZZZZ"\n')
    for arguments in (["config", "print"], ["config", "print", "--json"]):
        printed = CliRunner().invoke(app, arguments)
        assert printed.exit_code == 0
        assert "ZZZZ" not in printed.stdout
    told = {(entry["service"], entry["name"]): entry for entry in json.loads(printed.stdout)}
    assert told.keys() == {(s, name) for s, kind in KINDS.items() for name in kind.model_fields}
    assert told["gateway", "database_url"]["value"] == "postgresql://***@db/s2v?***"
    assert told["gateway", "webhook_secret"]["origin"] == "S2V_GATEWAY_WEBHOOK_SECRET"


def test_validate_says_everything_at_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert CliRunner().invoke(app, ["config", "validate"]).exit_code == 0
    file.write_text('[gateway]\nmax_running_jobs = 0\n[tts]\nbackend = "nobody"\n')
    monkeypatch.setenv("S2V_RENDER_COLOUR", "green")
    monkeypatch.setenv("S2V_COMPOSITOR_LISTEN", "0.0.0.0:1")
    failed = CliRunner().invoke(app, ["config", "validate"])
    assert failed.exit_code == 2
    for part in (
        f"bad setting [gateway] max_running_jobs of {file}: ",
        "no backend 'nobody'; there are: embedded",
        "unknown setting S2V_RENDER_COLOUR; ",
        "set S2V_INTERNAL_TOKEN_FILE for all services",
    ):
        assert failed.stderr.count(part) == 1
    alone = CliRunner().invoke(app, ["config", "validate", "tts"])
    assert len(alone.stderr.splitlines()) == 1


def test_services_that_would_not_find_each_others_films_are_told(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text('[render]\nstore_url = "memory://elsewhere"\n')
    failed = CliRunner().invoke(app, ["config", "validate"])
    assert failed.exit_code == 2
    assert 'render has "memory://elsewhere"' in failed.stderr
    assert "set S2V_STORE_URL for all services" in failed.stderr


def test_the_doctor_sends_to_validate(file: Path) -> None:
    file.write_text("[gateway]\ncolour = 1\n")
    told = CliRunner().invoke(app, ["doctor"])
    assert told.exit_code == 1
    assert "FAIL  settings: unknown setting [gateway] colour" in told.stdout
    assert "      run: s2v config validate\n" in told.stdout


def test_serve_watches_a_gateway_that_the_file_has_encrypt(tmp_path: Path) -> None:
    (tmp_path / "s2v.toml").write_text('[gateway]\ntls_certificate = "/a.pem"\n')
    specs = service_specs(tmp_path, Path("/run/s"), listen="127.0.0.1:1", environment={})
    assert specs[-1].address == "unix:/run/s/gateway.sock"
    assert layered_environment(tmp_path, {"S2V_CONFIG": ""}) == {"S2V_CONFIG": ""}


@pytest.mark.parametrize("service", list(KINDS))
def test_a_service_by_itself_reads_the_file(file: Path, service: str) -> None:
    file.write_text(f"[{service}]\ncolour = 1\nlog_level = 'LOUD'\n")
    clean = {key: value for key, value in os.environ.items() if not key.startswith("S2V_")}
    ended = subprocess.run(
        [sys.executable, "-m", f"s2v_{service}.main"],
        env={**clean, "S2V_CONFIG": str(file)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert f"unknown setting [{service}] colour of {file}; " in ended.stderr
    assert f"bad setting [{service}] log_level of {file}: " in ended.stderr
