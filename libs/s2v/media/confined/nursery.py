"""A process that has everything loaded and forks a child for each foreign file.

Started as `python -m s2v.media.confined.nursery DESCRIPTOR` by `s2v.media.confined.children`. It
has one thread, no file of the server's and none of its secrets, and ends when the server does.
"""

import importlib
import os
import selectors
import signal
import socket
import sys
import time
from dataclasses import dataclass

from s2v.media.confined import works
from s2v.media.confined.child import live
from s2v.media.confined.kernel import Allowance
from s2v.media.confined.messages import MOST_BYTES, Json, packed, unpacked

_MOST_DESCRIPTORS = 4
_LONG_SECONDS = 3600.0


@dataclass(slots=True)
class _Charge:
    pid: int
    line: socket.socket
    ends_at: float
    timed_out: bool = False


class Nursery:
    """Forks children as it is told and tells how each ended.

    A child is killed when its time is over or when who asked for it has closed the line.
    """

    def __init__(self, orders: socket.socket) -> None:
        self._orders = orders
        self._children: dict[int, _Charge] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(orders, selectors.EVENT_READ)
        self._wakeup, wake = os.pipe()
        for end in (self._wakeup, wake):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        self._selector.register(self._wakeup, selectors.EVENT_READ)

    def run(self) -> None:
        """Work until the server closes the line of orders."""
        while True:
            for key, _ in self._selector.select(self._patience()):
                if key.fileobj is self._orders:
                    if not self._take_order():
                        return
                elif key.data is None:
                    os.read(self._wakeup, 4096)
                else:
                    self._kill(key.data)
            self._kill_the_late()
            self._bury()

    def close(self) -> None:
        """Kill all children."""
        for child in self._children.values():
            _kill(child.pid)

    def _patience(self) -> float:
        now = time.monotonic()
        ends = [child.ends_at for child in self._children.values() if not child.timed_out]
        return min(max(min(ends, default=now + _LONG_SECONDS) - now, 0.0), _LONG_SECONDS)

    def _take_order(self) -> bool:
        data, descriptors, _, _ = socket.recv_fds(self._orders, MOST_BYTES, _MOST_DESCRIPTORS)
        if not data:
            return False
        try:
            self._fork(unpacked(data), descriptors)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        return True

    def _fork(self, order: Json, descriptors: list[int]) -> None:
        module, _, name = order["work"].partition(":")
        work = getattr(importlib.import_module(module), name)
        allowance = Allowance(**order["allowance"])
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            live(work, order["arguments"], allowance, descriptors, parent)
        line = socket.socket(fileno=os.dup(descriptors[0]))
        child = _Charge(pid, line, time.monotonic() + allowance.seconds)
        self._children[pid] = child
        self._selector.register(line, selectors.EVENT_READ, child)

    def _kill(self, child: _Charge) -> None:
        """Kill a child, which has not been waited for yet, so its number is its own."""
        self._selector.unregister(child.line)
        _kill(child.pid)
        child.ends_at = float("inf")

    def _kill_the_late(self) -> None:
        for child in self._children.values():
            if child.ends_at <= time.monotonic() and not child.timed_out:
                child.timed_out = True
                _kill(child.pid)

    def _bury(self) -> None:
        for pid in list(self._children):
            done, status, used = os.wait4(pid, os.WNOHANG)
            if done:
                ending = {
                    "code": os.waitstatus_to_exitcode(status),
                    "cpu_seconds": used.ru_utime + used.ru_stime,
                }
                self._tell_end(self._children.pop(pid), ending)

    def _tell_end(self, child: _Charge, ending: Json) -> None:
        if child.line.fileno() in self._selector.get_map():
            self._selector.unregister(child.line)
        try:
            message = packed(ending | {"timed_out": child.timed_out})
            child.line.send(message, socket.MSG_DONTWAIT)  # a child may have filled the line
        except OSError:
            pass  # nobody wants to know any more
        finally:
            child.line.close()


def _kill(pid: int) -> None:
    """Kill a child with its group, which is its own as soon as it has begun to work."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        os.kill(pid, signal.SIGKILL)


def main() -> None:
    """Load what reading needs, then work for whoever holds the other end of the line."""
    works.load_all()
    nursery = Nursery(socket.socket(fileno=int(sys.argv[1])))
    try:
        nursery.run()
    finally:
        nursery.close()


if __name__ == "__main__":
    main()
