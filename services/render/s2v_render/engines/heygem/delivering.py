"""How files get into a container and back: by a folder that both see, or by commands."""

import contextlib
import os
import shutil
import subprocess
import time
import uuid
from pathlib import Path
from typing import Protocol

import structlog

from s2v.core.errors import Reason, Unavailable
from s2v.store.space import full_disk_named
from s2v_render.engines.heygem.containers import Container, HeygemLimits, unavailable

_log = structlog.get_logger()

PREFIX = "s2v-"
"""Of all files of ours."""
_KEPT_SECONDS = 86_400.0
_MAX_LOGGED_CHARACTERS = 300


class Delivery(Protocol):
    """The way of files to a container's `temp` and back; names are plain."""

    def put(self, source: Path, name: str) -> None:
        """Put a file there.

        Raises:
            Unavailable: that cannot be done (SERVICE_UNAVAILABLE).
        """

    def fetch(self, name: str, target: Path) -> bool:
        """Copy a file from there; tell whether it was there.

        Raises:
            Exhausted: there is no room for it here (STORAGE_FULL).
        """

    def remove(self, name: str) -> None:
        """Delete a file there, if it is there and can be deleted."""


def delivery_to(container: Container, limits: HeygemLimits) -> Delivery:
    """Return the way to a container."""
    if container.data_dir is not None:
        return SharedFolder(container, container.data_dir / "temp")
    return CopyCommands(container, limits.copy_seconds)


class SharedFolder:
    """A folder that both see; what takes left there a day ago is removed."""

    def __init__(self, container: Container, folder: Path) -> None:
        self._container = container
        self._folder = folder

    def put(self, source: Path, name: str) -> None:
        """See `Delivery.put`."""
        self._sweep()
        partial = self._folder / f"{PREFIX}{uuid.uuid4().hex}.part"
        try:
            self._folder.mkdir(exist_ok=True)
            try:
                shutil.copyfile(source, partial)
                partial.chmod(0o644)  # the container's user is another one
                os.replace(partial, self._folder / name)
            finally:
                partial.unlink(missing_ok=True)
        except OSError as error:
            raise _undeliverable(
                self._container,
                f"files cannot be put into its data_dir ({error.strerror}); let the render service "
                "write there, and see that there is room",
            ) from error

    def fetch(self, name: str, target: Path) -> bool:
        """See `Delivery.fetch`; a link is not followed."""
        try:
            file = os.open(self._folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with (
                os.fdopen(file, "rb") as source,
                full_disk_named("the folder for temporary files"),
                target.open("wb") as copy,
            ):
                shutil.copyfileobj(source, copy)
        except FileNotFoundError:
            return False
        except OSError as error:
            cause = error.strerror
            _log.warning("file cannot be read", container=self._container.name, cause=cause)
            return False
        return True

    def remove(self, name: str) -> None:
        """See `Delivery.remove`."""
        with contextlib.suppress(OSError):
            (self._folder / name).unlink(missing_ok=True)

    def _sweep(self) -> None:
        for file in self._folder.glob(f"{PREFIX}*"):
            with contextlib.suppress(OSError):
                if time.time() - file.lstat().st_mtime > _KEPT_SECONDS:
                    file.unlink()


class CopyCommands:
    """Commands of the operator's, such as `docker cp` or `scp`; none goes through a shell."""

    def __init__(self, container: Container, seconds: float) -> None:
        self._container = container
        self._seconds = seconds

    def put(self, source: Path, name: str) -> None:
        """See `Delivery.put`."""
        if not self._run(self._container.put, name, source):
            raise _undeliverable(
                self._container, "its command `put` fails; the log of the render service says how"
            )

    def fetch(self, name: str, target: Path) -> bool:
        """See `Delivery.fetch`."""
        return self._run(self._container.fetch, name, target) and target.is_file()

    def remove(self, name: str) -> None:
        """See `Delivery.remove`."""
        self._run(self._container.remove, name, Path())

    def _run(self, command: tuple[str, ...], name: str, file: Path) -> bool:
        words = [word.replace("{file}", str(file)).replace("{name}", name) for word in command]
        try:
            done = subprocess.run(
                words, stdin=subprocess.DEVNULL, capture_output=True, timeout=self._seconds
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            self._warn(words[0], str(error))
            return False
        if done.returncode:
            self._warn(words[0], done.stderr.decode("utf-8", "replace"))
        return done.returncode == 0

    def _warn(self, command: str, said: str) -> None:
        _log.warning(
            "command failed",
            container=self._container.name,
            command=command,
            said=said[-_MAX_LOGGED_CHARACTERS:],
        )


def _undeliverable(container: Container, why: str) -> Unavailable:
    return unavailable(container, Reason.SERVICE_UNAVAILABLE, f"cannot be used: {why}")
