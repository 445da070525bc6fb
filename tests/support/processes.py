"""What the kernel tells of other processes, which begin and end threads and others meanwhile."""

from contextlib import suppress
from pathlib import Path


def children_of(pid: int) -> list[int]:
    """Return the processes that any thread of a process has started, by their numbers.

    None of a process or a thread that has just gone.
    """
    found: list[int] = []
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                found += map(int, (thread / "children").read_text().split())
    return sorted(found)


def descendants_of(pid: int) -> set[int]:
    """Return the children of a process, theirs, and so on."""
    children = set(children_of(pid))
    return children.union(*map(descendants_of, children))


def command_of(pid: int) -> str:
    """Return a command line; empty for the dead, buried or not."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()
    return ""
