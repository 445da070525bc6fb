"""A seccomp filter of the system calls that computing on open files needs, and of no other.

Written by hand after seccomp(2) and the kernel's own tables of system calls.
"""

import ctypes
import errno
import platform
import struct
from dataclasses import dataclass

_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_KILL, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_NUMBER_AT, _MACHINE_AT, _ARGUMENTS_AT, _ARGUMENT_BYTES = 0, 4, 16, 8
_CLONE_THREAD, _AT_EMPTY_PATH = 0x00010000, 0x1000
_INSTRUCTION = struct.Struct("HBBI")


@dataclass(frozen=True, slots=True)
class _Machine:
    """A processor's numbers of system calls.

    Attributes:
        audit: the processor's own number.
        allowed: calls that may be made with any arguments.
        flagged: calls that need one of some bits in an argument: number, argument, bits.
        missing: calls that are said not to exist, so that the C library makes others.
    """

    audit: int
    allowed: tuple[int, ...]
    flagged: tuple[tuple[int, int, int], ...]
    missing: int


# Allowed in both: read write readv writev pread64 preadv pwrite64 lseek close dup fcntl fstat
# ftruncate poll ppoll; mmap mprotect munmap mremap madvise brk; rt_sigaction rt_sigprocmask
# rt_sigreturn sigaltstack restart_syscall; futex set_robust_list rseq membarrier sched_yield
# sched_getaffinity gettid getpid getppid; nanosleep clock_gettime clock_getres clock_nanosleep
# gettimeofday times getrusage sysinfo getrandom; exit exit_group. Flagged: clone for threads,
# newfstatat and statx for open files. Missing: clone3, whose flags lie in memory.
_MACHINES = {
    "x86_64": _Machine(
        audit=0xC000003E,
        allowed=(
            *(0, 1, 19, 20, 17, 295, 18, 8, 3, 32, 72, 5, 77, 7, 271),
            *(9, 10, 11, 25, 28, 12, 13, 14, 15, 131, 219),
            *(202, 273, 334, 324, 24, 204, 186, 39, 110),
            *(35, 228, 229, 230, 96, 100, 98, 99, 318, 60, 231),
        ),
        flagged=((56, 0, _CLONE_THREAD), (262, 3, _AT_EMPTY_PATH), (332, 2, _AT_EMPTY_PATH)),
        missing=435,
    ),
    "aarch64": _Machine(
        audit=0xC00000B7,
        allowed=(
            *(63, 64, 65, 66, 67, 69, 68, 62, 57, 23, 25, 80, 46, 73),
            *(222, 226, 215, 216, 233, 214, 134, 135, 139, 132, 128),
            *(98, 99, 293, 283, 124, 123, 178, 172, 173),
            *(101, 113, 114, 115, 169, 153, 165, 179, 278, 93, 94),
        ),
        flagged=((220, 0, _CLONE_THREAD), (79, 3, _AT_EMPTY_PATH), (291, 2, _AT_EMPTY_PATH)),
        missing=435,
    ),
}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def filter_calls(libc: ctypes.CDLL) -> bool:
    """Let this process make harmless system calls only, for good; tell whether the kernel can.

    What is not allowed fails with EACCES. Threads may be started, processes not. The process must
    have given up new privileges before.
    """
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        return False
    code = _compiled(machine)
    program = _Program(len(code) // _INSTRUCTION.size, code)
    set_seccomp, filter_mode = 22, 2
    return bool(libc.prctl(set_seccomp, filter_mode, ctypes.byref(program), 0, 0) == 0)


def _compiled(machine: _Machine) -> bytes:
    """Return the filter in classic BPF, whose jumps count the instructions to leave out."""
    refused, allowed = (_RETURN, 0, 0, _ERRNO | errno.EACCES), (_RETURN, 0, 0, _ALLOW)
    lines = [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_EQUAL, 1, 0, machine.audit),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_EQUAL, 0, 1, machine.missing),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
    ]
    for call, argument, bits in machine.flagged:
        at = _ARGUMENTS_AT + argument * _ARGUMENT_BYTES
        lines += [(_EQUAL, 0, 4, call), (_LOAD, 0, 0, at), (_ANY_BIT, 0, 1, bits)]
        lines += [allowed, refused]
    count = len(machine.allowed)
    lines += [(_EQUAL, count - at, 0, call) for at, call in enumerate(machine.allowed)]
    return b"".join(_INSTRUCTION.pack(*line) for line in (*lines, refused, allowed))
