"""Take from the calling process, for good, what reading an open file does not need.

Everything here lasts until the process ends and can be done once, in a process of its own. What the
kernel lacks is left out; what it has is not tried but relied on.
"""

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass

from s2v.media.confined.filtering import filter_calls

_NOBODY = 65534
_OPEN_FILES = 32
_SET_PDEATHSIG, _SET_DUMPABLE, _SET_NO_NEW_PRIVS = 1, 4, 38
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_RULESET_VERSION = 1
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
_ALL_FILE_RIGHTS = 16
_BIND_AND_CONNECT, _ABSTRACT_SOCKETS_AND_SIGNALS = 0b11, 0b11
_NETWORK_SINCE, _SCOPES_SINCE = 4, 6


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a process may use up.

    Attributes:
        memory_bytes: address space beyond what it has already.
        cpu_seconds: of computing.
        seconds: of time, however it is spent.
        output_bytes: of the one file that it may write.
    """

    memory_bytes: int = 1 << 30
    cpu_seconds: int = 20
    seconds: float = 40.0
    output_bytes: int = 0


def confine(allowance: Allowance) -> list[str]:
    """Give up everything but the open files, memory and time; tell by what means.

    Files, addresses and other processes cannot be reached afterwards.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    _be_killed_first()
    _limit(allowance)
    means = ["limits"]
    if sys.platform != "linux":
        return means
    libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if _close_file_system(libc):
        means.append("landlock")
    if _become_nobody():
        means.append("nobody")
    libc.prctl(_SET_DUMPABLE, 0, 0, 0, 0)
    libc.prctl(_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if filter_calls(libc):
        return [*means, "seccomp"]
    _lower(resource.RLIMIT_NPROC, 0)  # no thread either, without which HEIC cannot be decoded
    return means


def _limit(allowance: Allowance) -> None:
    _lower(resource.RLIMIT_AS, _address_space() + allowance.memory_bytes)
    _lower(resource.RLIMIT_CPU, allowance.cpu_seconds, killed_at=allowance.cpu_seconds + 1)
    _lower(resource.RLIMIT_FSIZE, allowance.output_bytes)
    _lower(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _lower(resource.RLIMIT_CORE, 0)


def _lower(what: int, most: int, *, killed_at: int | None = None) -> None:
    """Set a limit for good, or leave it where it is lower already or cannot be set."""
    _, hard = resource.getrlimit(what)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    with suppress(ValueError, OSError):  # macOS cannot limit the address space
        resource.setrlimit(what, (most, killed_at or most))


def _address_space() -> int:
    """Return the bytes of address space in use, which libraries and threads have taken."""
    with suppress(OSError), open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[0]) * resource.getpagesize()
    return 0


def _be_killed_first() -> None:
    """Have the kernel choose this process when memory runs out, not the server."""
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def _become_nobody() -> bool:
    """Give up being root; who is not root stays who they are."""
    if os.getuid() != 0:
        return False
    with suppress(OSError):  # in a container whose users are mapped there may be no other
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
        return True
    return False


def _close_file_system(libc: ctypes.CDLL) -> bool:
    """Forbid to open any file and any TCP port by Landlock (landlock(7), ABI 1 to 7)."""
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _RULESET_VERSION)
    if version < 1:
        return False
    words = [(1 << _FILE_RIGHTS.get(version, _ALL_FILE_RIGHTS)) - 1]
    if version >= _NETWORK_SINCE:
        words.append(_BIND_AND_CONNECT)
    if version >= _SCOPES_SINCE:
        words.append(_ABSTRACT_SOCKETS_AND_SIGNALS)
    handled = (ctypes.c_uint64 * len(words))(*words)
    ruleset = libc.syscall(
        _CREATE_RULESET, ctypes.byref(handled), ctypes.c_size_t(ctypes.sizeof(handled)), 0
    )
    if ruleset < 0:
        return False
    try:
        return bool(libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)
