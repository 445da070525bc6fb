"""The folder in which a set of services keeps everything, and the lock that makes it theirs."""

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from s2v.core.errors import InvalidInput, Reason
from s2v.store.locking import open_lock

_FOLDERS = ("artifacts", "gateway", "run", "tmp", "tts")
# sockaddr_un has room for 108 bytes, the last of which is zero.
_LONGEST_SOCKET_PATH = 100
_LONGEST_SOCKET_NAME = len("/compositor.sock")


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Make the folder if need be and keep it to ourselves; the lock goes when the process does.

    What lies in it is for our eyes only, whatever an earlier release left open.

    Raises:
        InvalidInput: FIELD_INVALID, somebody else has it or may write to it, or we may not.
    """
    try:
        # Scripts, portraits and voices are nobody else's business.
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_ours(home)
        _close_to_others(home)
        descriptor = open_lock(home / "serve.lock")
    except OSError as error:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"cannot write to {error.filename or home}: {error.strerror}; "
            "choose another folder, here or by S2V_HOME",
            field="--home",
        ) from error
    file = os.fdopen(descriptor, "r+", encoding="utf-8")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise InvalidInput(
                Reason.FIELD_INVALID,
                f"another s2v serve (process {file.read().strip()}) runs over {home}; "
                "stop it or choose another folder",
                field="--home",
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _check_ours(home: Path) -> None:
    status = home.stat()
    if status.st_uid in (os.geteuid(), 0) and not status.st_mode & stat.S_IWOTH:
        return
    raise InvalidInput(
        Reason.FIELD_INVALID,
        f"others can write to {home}; choose a folder of yours, such as a new one within it",
        field="--home",
    )


def _close_to_others(home: Path) -> None:
    for folder in (home / name for name in _FOLDERS):
        with suppress(FileNotFoundError):
            status = folder.lstat()
            if stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid():
                folder.chmod(0o700)


@contextmanager
def socket_folder(home: Path) -> Iterator[Path]:
    """Give a folder for unix sockets: within the home, or elsewhere if that is too deep for them.

    No sockets are left in it.
    """
    run = home / "run"
    if len(os.fsencode(run)) + _LONGEST_SOCKET_NAME > _LONGEST_SOCKET_PATH:
        with tempfile.TemporaryDirectory(prefix="s2v-run-", dir="/tmp") as folder:
            yield Path(folder)
        return
    run.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        yield run
    finally:
        for path in run.glob("*.sock"):
            path.unlink(missing_ok=True)
