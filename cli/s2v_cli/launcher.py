"""Start a program that dies with its parent: `launcher.py PARENT_PID PROGRAM ARGUMENT...`.

It runs as a script of its own, between fork and exec, because a `preexec_fn` is not safe in a
process with threads. Linux only; elsewhere the program is started all the same.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask the kernel for SIGKILL on the parent's death, then become the program."""
    parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != int(parent):  # it died before we asked
            sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - a shell is what we do not want


if __name__ == "__main__":
    main()
