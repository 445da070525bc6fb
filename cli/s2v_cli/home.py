"""The folder in which a set of services keeps everything, and the lock that makes it theirs."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from s2v.core.errors import InvalidInput, Reason

# sockaddr_un has room for 108 bytes, the last of which is zero.
_LONGEST_SOCKET_PATH = 100
_LONGEST_SOCKET_NAME = len("/compositor.sock")


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Make the folder if need be and keep it to ourselves; the lock goes when the process does.

    Raises:
        InvalidInput: FIELD_INVALID, somebody else has it or it cannot be written.
    """
    try:
        # Scripts, portraits and voices are nobody else's business.
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = (home / "serve.lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"cannot write to {home}: {error.strerror}; choose another folder, here or by S2V_HOME",
            field="--home",
        ) from error
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
