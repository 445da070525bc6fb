"""`s2v doctor --server` tells how a whole deployment is, over the network."""

from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest
from typer.testing import CliRunner

from certificates import Authority
from command_line import s2v
from s2v.api.gateway.v1 import system_service_pb2
from s2v.testing.fakes_gateway import FakeGateway
from s2v_cli.checks import Level
from s2v_cli.deployed import certificate_finding, check_clock, check_status
from s2v_cli.main import app

GIB = 1024**3
WELL = system_service_pb2.GetSystemStatusResponse(
    services=[
        system_service_pb2.ServiceStatus(name=name, serving=True, version="0.2.0")
        for name in ("tts", "render", "compositor")
    ],
    workers=[system_service_pb2.WorkerStatus(name="worker-0", state="idle")],
    storage=[
        system_service_pb2.StorageStatus(name="store", free_bytes=50 * GIB, total_bytes=99 * GIB)
    ],
)


def found(status: system_service_pb2.GetSystemStatusResponse) -> dict[str, str]:
    """Return what is not well, by its subject, with the level before it."""
    findings = list(check_status(status, "0.2.0"))
    assert all(bool(finding.remedy) is (finding.level is not Level.PASS) for finding in findings)
    return {
        finding.subject: f"{finding.level} {finding.fact}"
        for finding in findings
        if finding.level is not Level.PASS
    }


def changed(field: str, **values: object) -> system_service_pb2.GetSystemStatusResponse:
    status = system_service_pb2.GetSystemStatusResponse()
    status.CopyFrom(WELL)
    for name, value in values.items():
        setattr(getattr(status, field)[0], name, value)
    return status


def test_nothing_is_found_where_all_is_well() -> None:
    assert found(WELL) == {}


def test_a_service_that_is_away_fails() -> None:
    status = changed("services", serving=False, message="it does not answer", version="")
    assert found(status) == {"tts": "FAIL it does not answer"}


@pytest.mark.parametrize(("version", "told"), [("0.1.0", "0.1.0"), ("", "of an earlier release")])
def test_releases_that_differ_are_told(version: str, told: str) -> None:
    status = changed("services", version=version)
    assert found(status) == {"tts": f"WARN has s2v {told}, the gateway 0.2.0"}


def test_clocks_that_differ_are_told() -> None:
    assert found(changed("services", clock_ahead_seconds=-4.25)) == {
        "clock": "WARN of tts: 4.2 s behind"
    }
    assert check_clock("gateway", 1.9).level is Level.PASS
    assert check_clock("gateway", 31.0).level is Level.FAIL


def test_workers_that_cannot_render_are_told() -> None:
    away = changed("workers", state="away", problem="gpu0 does not answer")
    assert found(away) == {"workers": "FAIL 0 of 1 can render: gpu0 does not answer"}
    away.workers.add(name="worker-1", state="busy")
    assert found(away) == {"workers": "WARN 1 of 2 can render"}


def test_little_room_and_alarms_are_told() -> None:
    status = changed("storage", free_bytes=2 * GIB)
    status.alarms.append("2026-11-28T09:00:00Z the gateway's database: SQLITE_FULL")
    assert found(status) == {
        "disk": "WARN 2.0 GiB free for the store (2%)",
        "alarm": "WARN 2026-11-28T09:00:00Z the gateway's database: SQLITE_FULL",
    }
    assert found(changed("storage", free_bytes=GIB // 4))["disk"].startswith("FAIL 0.2 GiB")


@pytest.mark.parametrize(
    ("day", "level", "fact"),
    [
        (1, Level.FAIL, "the certificate ended on 2026-12-01"),
        (20, Level.WARN, "the certificate is valid until 2026-12-01, 10 days"),
        (1, Level.PASS, "the certificate is valid until 2026-12-01, 29 days"),
    ],
)
def test_a_certificate_is_to_be_renewed_in_time(day: int, level: Level, fact: str) -> None:
    month = 12 if level is Level.FAIL else 11
    now = datetime(2026, month, day, 12, tzinfo=UTC)
    finding = certificate_finding(datetime(2026, 12, 1, tzinfo=UTC), now)
    assert (finding.level, finding.fact) == (level, fact)


def test_the_doctor_looks_at_a_deployment(gateway: FakeGateway) -> None:
    told = s2v("doctor", "--server", gateway.address)
    assert told.exit_code == 1
    assert f"PASS  gateway: s2v 0.0.0-fake answers at {gateway.address}\n" in told.stdout
    assert "FAIL  render: it does not answer\n      look into the log of render" in told.stdout
    assert "WARN  alarm: " in told.stdout
    assert "memory" not in told.stdout  # of this machine


def test_the_doctor_says_that_nobody_answers(tmp_path: Path) -> None:
    told = s2v("doctor", "--server", f"unix:{tmp_path}/none.sock")
    assert told.exit_code == 1
    assert told.stdout.startswith("FAIL  gateway: ")
    assert len(told.stdout.splitlines()) == 2


def test_the_doctor_reads_the_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "ours")
    pair = authority.issue("gateway")
    shown = (pair.key.read_bytes(), pair.certificate.read_bytes())
    gateway = FakeGateway("localhost:0", grpc.ssl_server_credentials([shown]))
    gateway.start()
    try:
        arguments = ["--ca", str(authority.file), "doctor", "--server", gateway.address]
        told = CliRunner().invoke(app, arguments)
    finally:
        gateway.stop()
    assert told.stdout.startswith("WARN  tls: the certificate is valid until ")
    assert "      renew it; " in told.stdout
    assert "PASS  gateway: s2v 0.0.0-fake answers" in told.stdout
