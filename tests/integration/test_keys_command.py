"""`s2v keys` on the gateway's own database, and what other commands show to gateways."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from certificates import Authority
from command_line import s2v
from ports import own_address
from s2v.client import Client, Tls
from s2v.core.errors import Reason, Unauthenticated
from s2v.testing.fakes_gateway import FakeGateway
from s2v_gateway.records.database import open_database
from s2v_gateway.records.lock import lock_database

KEY = re.compile(r"s2v_[A-Za-z0-9_-]{43}\n")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in [name for name in os.environ if name.startswith("S2V_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("S2V_HOME", str(tmp_path / "home"))
    before = os.umask(0o022)
    yield tmp_path / "home"
    os.umask(before)


def listed() -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(s2v("keys", "list", "--json").stdout)
    return found


@contextmanager
def served(home: Path, address: str, **settings: str) -> Iterator["subprocess.Popen[str]"]:
    """Start a gateway alone: what it asks the other services for fails, the rest works."""
    environment = {
        **os.environ,
        "S2V_GATEWAY_LISTEN": address,
        **{f"S2V_GATEWAY_{name.upper()}": value for name, value in settings.items()},
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "s2v_gateway.main"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def ask_for_ever(client: Client) -> None:
    """Ask until that is refused: a gateway looks every two seconds whether there are keys yet."""
    while client.server_info():
        pass


def test_a_key_is_printed_once_and_can_be_listed_and_revoked(home: Path) -> None:
    made = s2v("keys", "create", "ann", "--tenant", "red", "--label", "laptop", "--expires", "90d")
    assert made.exit_code == 0, made.output
    assert KEY.fullmatch(made.stdout)
    assert "red/ann" in made.stderr
    admin = s2v("keys", "create", "bob", "--admin")
    [anns, bobs] = listed()
    assert (anns["tenant"], anns["subject"], anns["roles"], anns["label"]) == (
        "red",
        "ann",
        ["user"],
        "laptop",
    )
    assert (bobs["tenant"], bobs["roles"]) == ("local", ["admin", "user"])
    assert bobs["expire_time"] is None
    revoked = s2v("keys", "revoke", anns["id"])
    assert revoked.exit_code == 0, revoked.output
    lines = s2v("keys", "list").stdout.splitlines()
    assert ["revoked" in line for line in lines] == [True, False]
    text = "".join(path.read_bytes().decode(errors="replace") for path in home.rglob("*.*"))
    assert made.stdout.strip() not in text
    assert admin.stdout.strip() not in text
    audit_log = home / "gateway/audit.jsonl"
    audit = [json.loads(line) for line in audit_log.read_text().splitlines()]
    assert [(line["call"], line["of"]) for line in audit] == [
        ("keys create", "red/ann"),
        ("keys create", "local/bob"),
        ("keys revoke", "red/ann"),
    ]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in home.rglob("*") if path.is_file()}
    assert modes == {0o600}


@pytest.mark.parametrize(
    ("arguments", "blamed"),
    [
        (["create", " "], "WHO"),
        (["create", "ann", "--tenant", "a\nb"], "--tenant"),
        (["create", "ann", "--expires", "soon"], "--expires"),
        (["create", "ann", "--label", "x" * 201], "--label"),
        (["revoke", "none"], "ID"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(arguments: list[str], blamed: str) -> None:
    refused = s2v("keys", *arguments)
    assert refused.exit_code == 2
    assert f"Error: {blamed}" in refused.stderr
    assert listed() == []


def test_a_gateway_of_another_release_is_not_disturbed(home: Path) -> None:
    (home / "gateway").mkdir(parents=True)
    engine = open_database(f"sqlite:///{home}/gateway/gateway.db")
    lock = lock_database(engine)
    refused = s2v("keys", "list")
    lock.release()
    engine.dispose()
    assert refused.exit_code == 1
    assert "another release" in refused.stderr
    assert listed() == []


def test_a_database_that_cannot_be_opened_is_told_without_a_traceback(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "gateway" / "gateway.db").mkdir(parents=True)
    port = own_address().rpartition(":")[2]
    for url in ("", f"postgresql://nobody@127.0.0.1:{port}/none"):
        monkeypatch.setenv("S2V_GATEWAY_DATABASE_URL", url)
        refused = s2v("keys", "list")
        assert refused.exit_code == 1
        assert "Error: the gateway's database cannot be opened" in refused.stderr


def test_other_machines_are_let_in_only_if_they_are_asked_who_they_are(home: Path) -> None:
    port = own_address().rpartition(":")[2]
    with served(home, f"0.0.0.0:{port}") as process:
        _, told = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "bad setting S2V_GATEWAY_LISTEN" in told
    assert "s2v keys create" in told
    key = s2v("keys", "create", "ann").stdout.strip()
    port = own_address().rpartition(":")[2]  # the other may be somebody's by now
    with served(home, f"0.0.0.0:{port}"):
        with Client(f"127.0.0.1:{port}", api_key=key) as client:
            assert client.server_info().version
        with Client(f"127.0.0.1:{port}") as stranger, pytest.raises(Unauthenticated):
            stranger.server_info()


def test_keys_count_on_a_running_gateway_at_once(home: Path) -> None:
    address = own_address()
    with served(home, address):
        with Client(address) as client:
            assert client.server_info().version
        key = s2v("keys", "create", "ann").stdout.strip()
        with Client(address, api_key=key) as client:
            assert client.server_info().version
            s2v("keys", "create", "bob")
            s2v("keys", "revoke", listed()[0]["id"])
            with pytest.raises(Unauthenticated) as caught:
                ask_for_ever(client)
        assert caught.value.reason is Reason.CREDENTIALS_INVALID


def test_commands_show_a_key_and_encrypt(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = own_address().rpartition(":")[2]
    ours, theirs = Authority(tmp_path, "ours"), Authority(tmp_path, "theirs")
    pair, mine = ours.issue("gateway"), theirs.issue("mine")
    key = s2v("keys", "create", "ann").stdout.strip()
    files = ("--ca", ours.file, "--cert", mine.certificate, "--key", mine.key)
    settings = {
        "tls_certificate": str(pair.certificate),
        "tls_key": str(pair.key),
        "tls_client_ca": str(theirs.file),
    }
    monkeypatch.setenv("S2V_SERVER", f"localhost:{port}")
    with served(home, f"localhost:{port}", **settings):
        with Client(f"localhost:{port}", tls=Tls(*files[1::2]), api_key=key) as client:
            assert client.server_info().version
        unknown = s2v(*files, "jobs")
        assert unknown.exit_code == 1
        assert "S2V_API_KEY" in unknown.stderr
        monkeypatch.setenv("S2V_API_KEY", key)
        known = s2v(*files, "jobs")
        assert known.exit_code == 0, known.output
        assert s2v(*files[:4], "jobs").exit_code == 2
        assert "no gateway answers" in s2v("--ca", theirs.file, "jobs").stderr
        unencrypted = s2v("jobs")
        assert "--ca" in unencrypted.stderr


def test_a_key_with_a_line_break_is_refused(
    gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("S2V_API_KEY", "a\nb")
    refused = s2v("jobs", gateway=gateway)
    assert refused.exit_code == 2
    assert "S2V_API_KEY" in refused.stderr
