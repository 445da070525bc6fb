"""Work that Ctrl-C must not strike.

Ctrl-C is an exception in the main thread, wherever that happens to be. In the middle of gRPC's
code it can leave a lock held for ever, so calls that a user may want to interrupt are made in a
thread of their own while the main thread waits for it.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from s2v.client import Client

ResultT = TypeVar("ResultT")

_REMEMBERED: list[int] = []
"""Signals that came while nothing was waited for."""
_TICK_SECONDS = 0.02
_TIDY_SECONDS = 2.0


class Background(Generic[ResultT]):
    """Work for a thread of its own, which does not keep the process alive."""

    def __init__(self, work: Callable[[], ResultT]) -> None:
        self._work = work
        self._result: list[ResultT] = []
        self._error: BaseException | None = None
        self._begun = False
        self._done = False
        self._thread = threading.Thread(target=self._run, name="background", daemon=True)

    def result(self) -> ResultT:
        """Do the work and return or raise what came of it; may be interrupted and repeated.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed; the work goes on.
        """
        if not self._begun:
            self._begun = True
            self._thread.start()
        while not self._done:
            if _REMEMBERED:
                _REMEMBERED.clear()
                raise KeyboardInterrupt
            # Neither join nor a lock: both can be left in disorder by Ctrl-C.
            time.sleep(_TICK_SECONDS)
        if self._error is not None:
            raise self._error
        return self._result[0]

    def settle(self) -> None:
        """Give the work a moment to tidy up."""
        deadline = time.monotonic() + _TIDY_SECONDS
        while not self._done and time.monotonic() < deadline:
            time.sleep(_TICK_SECONDS)

    def _run(self) -> None:
        try:
            self._result.append(self._work())
        except BaseException as error:  # noqa: BLE001 - it goes on in the thread that waits
            self._error = error
        finally:
            self._done = True


@contextmanager
def interrupted_only_while_waiting() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM in only where work in the background is waited for.

    So none comes between two steps, such as a job's creation and the moment from which it would be
    cancelled.
    """
    numbers = (signal.SIGINT, signal.SIGTERM)
    _REMEMBERED.clear()  # of what was given up before
    before = [signal.signal(number, _remember) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
    if _REMEMBERED:
        _REMEMBERED.clear()
        raise KeyboardInterrupt


def ending_signals() -> list[signal.Signals]:
    """Return what ends things beside Ctrl-C: not SIGHUP for who ignores it, as under `nohup`."""
    hung_up = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
    return [signal.SIGTERM, signal.SIGHUP] if hung_up else [signal.SIGTERM]


@contextmanager
def signals_as_ctrl_c() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end things as tidily as Ctrl-C; who ignores SIGHUP goes on."""
    numbers = ending_signals()
    before = [
        signal.signal(number, lambda *_: os.kill(os.getpid(), signal.SIGINT)) for number in numbers
    ]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _remember(number: int, _: object) -> None:
    _REMEMBERED.append(number)


def call(client: "Client", work: Callable[[], ResultT]) -> ResultT:
    """Do work that calls the gateway; Ctrl-C closes the client and with it ends the work."""
    background = Background(work)
    try:
        return background.result()
    except KeyboardInterrupt:
        client.close()
        background.settle()
        raise
