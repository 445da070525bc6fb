"""Give a file that is complete the name under which it is looked for, in one step."""

import contextlib
import errno
import os
import stat
import uuid
from pathlib import Path

_LONGEST_NAME_BYTES = 200
_NO_HARD_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


def partial_path(path: Path) -> Path:
    """Return where a file is written before it has its name: beside it, and nobody else's."""
    # The name as a whole must not be longer than file systems allow.
    name = os.fsdecode(os.fsencode(path.name)[:_LONGEST_NAME_BYTES])
    return path.with_name(f"{name}.{uuid.uuid4().hex[:8]}.part")


def publish(complete: Path, path: Path, *, replace: bool) -> None:
    """Move a file to its name; of several at once without `replace` the first one stays.

    Raises:
        FileExistsError: there is a file by that name and it is not to be replaced, or it is a
            link, a device or a folder, which is never replaced.
        OSError: the folder cannot be written.
    """
    if replace:
        require_replaceable(path)
        complete.replace(path)
        return
    try:
        os.link(complete, path)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise _named(error, path) from error
        _publish_unlinked(complete, path)
        return
    complete.unlink()


def require_replaceable(path: Path) -> None:
    """Make sure that a name is free or that of an ordinary file.

    Raises:
        FileExistsError: something else has it.
    """
    if kind := special_kind(path):
        raise FileExistsError(errno.EEXIST, f"{kind} has this name and is left alone", str(path))


def special_kind(path: Path) -> str:
    """Say what has a name that is neither free nor an ordinary file's; links are not followed."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return ""
    if stat.S_ISREG(mode):
        return ""
    names = {
        stat.S_IFLNK: "a symbolic link",
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
    }
    return names.get(stat.S_IFMT(mode), "a device")


def _publish_unlinked(complete: Path, path: Path) -> None:
    # Whoever makes the name has it; only then is it given to the complete file.
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except OSError as error:
        raise _named(error, path) from error
    try:
        complete.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            path.unlink()
        raise


def _named(error: OSError, path: Path) -> OSError:
    return OSError(error.errno, error.strerror, str(path))
