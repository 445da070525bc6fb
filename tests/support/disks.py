"""Small disks of the tests' own, to fill."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class SmallDisk:
    """A disk that only processes of its own mount namespace see, at `mounted_on`.

    Everybody reaches its files by `folder`, but for SQLite, which follows that link.
    """

    folder: Path
    mounted_on: Path
    enter: tuple[str, ...]
    """What to put before a command that shall see it."""


@contextmanager
def small_disk_at(
    mounted_on: Path, *, mebibytes: int = 4, is_read_only: bool = False
) -> Iterator[SmallDisk]:
    """Mount a disk of this size until the end of the context; needs no privileges."""
    steps = [f'mount -t tmpfs -o size={mebibytes}m,mode=700 none "$0"']
    if is_read_only:
        steps.append('mount -o remount,ro "$0"')
    script = " && ".join([*steps, "echo ready", "read -r _"])
    holder = subprocess.Popen(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script, str(mounted_on)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        if holder.stdout.readline() != "ready\n":
            pytest.skip(f"no small disk can be mounted here: {holder.communicate()[1].strip()}")
        target = f"--target={holder.pid}"
        yield SmallDisk(
            Path(f"/proc/{holder.pid}/root{mounted_on}"),
            mounted_on,
            ("nsenter", "--preserve-credentials", "--user", "--mount", target),
        )
    finally:
        holder.communicate()


@contextmanager
def filled(disk: SmallDisk) -> Iterator[None]:
    """Leave no room on a disk, until the end of the context."""
    ballast = disk.folder / "ballast"
    try:
        with ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(1 << 16))
            except OSError:
                pass
        yield
    finally:
        ballast.unlink()
