"""Long work that pauses now and then, so that whoever waits for it may leave and come back."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

_PAUSE_BYTES = 2**28
"""A second of reading from a slow disk."""
_thread = threading.local()
T = TypeVar("T")


class _LeftError(BaseException):
    """Ends work that nobody waits for any more."""


def worked(size_bytes: int) -> None:
    """Tell that so much more was loaded: work of a `Course` pauses here when it was enough."""
    course: Course[object] | None = getattr(_thread, "course", None)
    if course is not None:
        course.note(size_bytes)


class Course(Generic[T]):
    """Work on a thread of its own, which is at it only while somebody waits for the next pause.

    Equal work pauses equally often, whatever time it takes.

    Args:
        work: calls `worked`.
    """

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._ended: Future[T] = Future()
        self._may_go_on, self._has_paused = threading.Semaphore(0), threading.Semaphore(0)
        self._is_left = False
        self._bytes = 0
        run = contextvars.copy_context().run
        threading.Thread(target=run, args=(self._run,), name="course", daemon=True).start()

    def go_on(self) -> bool:
        """Wait until the next pause or the end; return whether it has ended."""
        if not self._ended.done():
            self._may_go_on.release()
            self._has_paused.acquire()
        return self._ended.done()

    def result(self) -> T:
        """Return what the work returned, or raise what it raised; it must have ended."""
        return self._ended.result(timeout=0)

    def leave(self) -> None:
        """End it where it is paused, and wait until it has let go of what it held."""
        self._is_left = True
        while not self.go_on():
            pass

    def note(self, size_bytes: int) -> None:
        """See `worked`; on the thread of the work."""
        self._bytes += size_bytes
        if self._bytes < _PAUSE_BYTES:
            return
        self._bytes = 0
        self._has_paused.release()
        self._may_go_on.acquire()
        if self._is_left:
            raise _LeftError

    def _run(self) -> None:
        self._may_go_on.acquire()
        _thread.course = self
        try:
            self._ended.set_result(self._work())
        except BaseException as error:  # noqa: BLE001 - whoever waits raises it
            self._ended.set_exception(error)
        self._has_paused.release()
