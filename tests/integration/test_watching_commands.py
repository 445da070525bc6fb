"""`s2v top`, `s2v logs`, `s2v bug-report`, and the log that `s2v serve` keeps."""

import io
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import s2v
from s2v.api.gateway.v1 import job_pb2
from s2v.core.errors import InvalidInput, Reason
from s2v.testing.fakes_gateway import FakeGateway
from s2v_cli import logbook

EVENT = {"event": "job runs", "level": "info", "service": "gateway", "timestamp": "2026-11-28"}


def test_top_shows_services_workers_and_jobs_once(gateway: FakeGateway) -> None:
    job = gateway.add_job(job_pb2.JobSpec())
    shown = s2v("top", "--once", gateway=gateway)
    assert shown.exit_code == 0, shown.output
    assert job.name in shown.stdout
    assert "gateway" in shown.stdout
    assert "running" in shown.stdout


def test_logs_prints_what_was_logged_about_a_job_and_nothing_else(tmp_path: Path) -> None:
    mine = json.dumps({**EVENT, "job_id": "a"})
    (tmp_path / "services.log").write_text(
        f"{mine}\n" + json.dumps({**EVENT, "job_id": "b"}) + "\nno event\n"
    )
    (tmp_path / "services.log.1").write_text(json.dumps({**EVENT, "event": "x", "job_id": "a"}))
    told = s2v("logs", "jobs/a", "--home", tmp_path, "--json").stdout.splitlines()
    assert [json.loads(line)["event"] for line in told] == ["x", "job runs"]
    spelt = s2v("logs", "a", "--home", tmp_path).stdout
    assert spelt.count("\n") == 2
    assert "job runs" in spelt
    none = s2v("logs", "jobs/c", "--home", tmp_path)
    assert none.exit_code == 2
    assert "--home" in none.stderr


def test_the_log_begins_anew_before_it_is_too_large_and_is_for_its_user_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logbook, "_BYTES", 1000)
    screen = io.StringIO()
    with logbook.Logbook(tmp_path, screen) as log:
        for number in range(300):
            log.write(f'{{"event": "line", "number": {number:03}}}\n')
    kept = list(logbook.lines_of(tmp_path))
    assert kept == screen.getvalue().splitlines(keepends=True)[-len(kept) :]
    files = sorted(tmp_path.iterdir())
    assert len(files) == 5
    assert all(file.stat().st_size <= 1000 for file in files)
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_bug_report_has_versions_settings_and_the_job_and_no_secrets_and_no_words(
    gateway: FakeGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("S2V_HOME", str(tmp_path))
    monkeypatch.setenv("S2V_API_KEY", "topsecret-1")
    monkeypatch.setenv("S2V_GATEWAY_WEBHOOK_SECRET", "topsecret-2")
    monkeypatch.setenv("S2V_GATEWAY_DATABASE_URL", "postgresql://me:topsecret-3@host/db")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=topsecret-4")
    monkeypatch.setenv("S2V_GATEWAY_MAX_RUNNING_JOBS", "7")
    (tmp_path / "services.log").write_text(
        json.dumps({**EVENT, "level": "warning", "message": "my words", "reason": "X"})
    )
    gateway.error = InvalidInput(Reason.FACE_NOT_FOUND, "my words", field="spec.reference")
    job = gateway.add_job(
        job_pb2.JobSpec(script=job_pb2.Script(text="my words"), display_name="my words")
    )
    gateway.finish(job)
    path = tmp_path / "report.json"

    done = s2v("bug-report", "-o", path, gateway=gateway)

    assert done.exit_code == 0, done.output
    text = path.read_text()
    assert "topsecret" not in text
    assert "my words" not in text
    report = json.loads(text)
    assert report["versions"]["s2v"]
    assert report["settings"]["S2V_GATEWAY_MAX_RUNNING_JOBS"] == "7"
    assert report["settings"]["S2V_GATEWAY_WEBHOOK_SECRET"] == "(set, not told)"
    assert report["job"]["error"]["reason"] == "FACE_NOT_FOUND"
    assert report["troubles"][0]["reason"] == "X"
    again = s2v("bug-report", "-o", path, gateway=gateway)
    assert again.exit_code == 2
    assert path.read_text() == text


_PRINTING = """
import logging, sys
from s2v.rpc.logs import configure_logs
configure_logs("test")
for stream in (sys.stdout, sys.stderr):
    print('{"event": "' + "a" * 20_000 + '"}', end="", file=stream)
    logging.error("b")
    print(file=stream)
"""


def test_lines_stay_whole_where_python_writes_unbuffered(tmp_path: Path) -> None:
    with (tmp_path / "log").open("ab") as log:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        python = [sys.executable, "-c", _PRINTING]
        subprocess.run(python, env=environment, stdout=log, stderr=log, timeout=60, check=True)
    lines = (tmp_path / "log").read_text().splitlines()
    assert sorted(json.loads(line)["event"][0] for line in lines) == ["a", "a", "b", "b"]


_SWITCHING = """
import logging
from s2v.rpc.logs import configure_logs, switch_debugging
configure_logs("test", "WARNING")
print(logging.getLevelName(logging.getLogger().level))
for _ in range(2):
    print(switch_debugging("WARNING"), logging.getLevelName(logging.getLogger().level))
"""


def test_everything_is_logged_from_one_signal_to_the_next() -> None:
    # In a process of its own: loggers that are used once keep what they were told.
    python = [sys.executable, "-c", _SWITCHING]
    said = subprocess.run(python, capture_output=True, text=True, timeout=60, check=True).stdout
    assert said.splitlines() == ["WARNING", "DEBUG DEBUG", "WARNING WARNING"]
