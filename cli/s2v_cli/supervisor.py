"""Run services as child processes: health-gated start, restart of what dies, a clean end."""

import contextlib
import enum
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from s2v_cli.child import Child, ServiceSpec
from s2v_cli.output import ServiceFailed, Sink

_TICK_SECONDS = 0.05
_START_LIMIT_SECONDS = 180.0
_STOP_LIMIT_SECONDS = 20.0
_FIRST_DELAY_SECONDS = 0.2
_LONGEST_DELAY_SECONDS = 2.0
_FIRST_TRY_SECONDS = 10.0
_MOST_FIRST_DEATHS = 3


class _Target(enum.IntEnum):
    RUN = 0
    STOP = 1
    KILL = 2


class Supervisor:
    """Keeps services running.

    One thread starts, watches and ends every child: the kernel kills children whose starting
    thread is gone, so it has to live as long as they do. All that other threads and signal handlers
    do is raise its target, which takes no lock.

    Args:
        services: what to run; ended in reverse order, so put those that others call first.
        report: told, for people, what happens to the services.
        sink: where what they write goes.
    """

    def __init__(
        self,
        services: Sequence[ServiceSpec],
        *,
        report: Callable[[str], None],
        sink: Sink = sys.stderr,
    ) -> None:
        self._children = {spec.name: Child(spec, sink) for spec in services}
        self._restart_at: dict[str, float] = {}
        self._report = report
        self._target = _Target.RUN
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._supervise, name="supervisor", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if error is not None:
            # What went wrong there most likely went wrong because a service was given up.
            self._raise_failure()

    def start(self) -> None:
        """Start every service and return when all are SERVING, or when `request_stop` was called.

        Raises:
            ServiceFailed: one cannot start; the others were ended.
        """
        self._thread.start()
        try:
            while self._thread.is_alive() and not self.all_serving:
                time.sleep(_TICK_SECONDS)
        except BaseException:
            self.kill()  # nothing has begun that could end well
            self.stop()
            raise
        self._raise_failure()

    @property
    def all_serving(self) -> bool:
        """Whether every service is SERVING."""
        return all(child.serving for child in self._children.values())

    def pid(self, name: str) -> int | None:
        """Return the process id of a service; None between its death and its restart.

        Raises:
            KeyError: there is no such service.
        """
        return self._children[name].pid

    def tell(self, number: signal.Signals) -> None:
        """Send a signal to the services that serve; fit for signal handlers."""
        for child in self._children.values():
            if child.serving and (pid := child.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)

    def wait(self) -> None:
        """Return when the services have ended after `request_stop` or `kill`.

        Raises:
            ServiceFailed: a service kept dying; all were ended.
        """
        while self._thread.is_alive():
            # A join without a timeout would keep signal handlers waiting.
            self._thread.join(0.2)
        self._raise_failure()

    def request_stop(self) -> None:
        """Ask for a clean end and return at once; fit for signal handlers."""
        self._target = max(self._target, _Target.STOP)

    def kill(self) -> None:
        """Ask for an end without waiting for anything and return at once."""
        self._target = _Target.KILL

    @property
    def stopping(self) -> bool:
        """Whether an end was asked for."""
        return self._target is not _Target.RUN

    def stop(self) -> None:
        """End every service and return when none is left; safe to repeat."""
        self.request_stop()
        if self._thread.ident is not None:
            self._thread.join()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _supervise(self) -> None:
        try:
            for child in self._children.values():
                child.spawn()
            while self._target is _Target.RUN:
                for child in self._children.values():
                    self._look_after(child)
                time.sleep(_TICK_SECONDS)
        except BaseException as error:  # noqa: BLE001 - it goes on in the thread that waits
            self._failure = error
        finally:
            self._end()

    def _look_after(self, child: Child) -> None:
        if child.pid is None:
            if time.monotonic() >= self._restart_at[child.spec.name]:
                child.spawn()
            return
        code = child.exit_code()
        if code is not None:
            self._after_death(child, code)
        elif child.serving:
            if child.hangs():
                self._report(f"{child.spec.name} does not answer; killing it")
                child.kill()
        elif child.check():
            self._report(f"{child.spec.name} is serving ({child.uptime_seconds:.1f} s)")
        elif child.uptime_seconds > _START_LIMIT_SECONDS:
            self._after_late_start(child)

    def _after_late_start(self, child: Child) -> None:
        late = f"{child.spec.name} was not serving within {_START_LIMIT_SECONDS:g} s"
        if not child.served_once:
            raise ServiceFailed(late + _quoted(child.last_lines()))
        self._report(f"{late}; killing it")
        child.kill()

    def _after_death(self, child: Child, code: int) -> None:
        name, ending = child.spec.name, _ending(code)
        # Others wait for what served; what dies before it serves again waits longer and longer.
        child.deaths = 1 if child.serving else child.deaths + 1
        # What ends at once by itself has bad settings; what dies later, as Ray does on a very busy
        # machine, or is killed, is worth another try. What has served may die at any time and as
        # often as it likes: its settings are good, and others wait for it.
        at_once = code >= 0 and child.uptime_seconds < _FIRST_TRY_SECONDS
        hopeless = at_once or child.deaths >= _MOST_FIRST_DEATHS
        if not child.served_once and hopeless:
            raise ServiceFailed(f"{name} cannot start: it {ending}" + _quoted(child.last_lines()))
        child.bury()
        doublings = min(child.deaths - 1, 10)
        delay = min(_FIRST_DELAY_SECONDS * 2**doublings, _LONGEST_DELAY_SECONDS)
        self._restart_at[name] = time.monotonic() + delay
        self._report(f"{name} {ending}; starting it again in {delay:g} s")

    def _end(self) -> None:
        deadline = time.monotonic() + _STOP_LIMIT_SECONDS
        for child in reversed(self._children.values()):
            with contextlib.suppress(OSError):
                self._end_one(child, deadline)
            child.close()

    def _end_one(self, child: Child, deadline: float) -> None:
        if child.pid is None:
            return
        child.terminate()
        while child.exit_code() is None and self._target is not _Target.KILL:
            if time.monotonic() > deadline:
                self._report(f"{child.spec.name} does not end; killing it")
                break
            time.sleep(_TICK_SECONDS)
        child.bury()


def _ending(code: int) -> str:
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


def _quoted(lines: str) -> str:
    if not lines:
        return ""
    return "; its last lines:\n" + "\n".join(f"  {line}" for line in lines.splitlines())
