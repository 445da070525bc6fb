"""Ask the child that recognises; it is started when it is needed and comes back if it dies."""

import atexit
import json
import os
import select
import subprocess
import sys
import threading
import time
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import soxr
import structlog

from s2v.core.steps import Steps
from s2v.core.timebase import SAMPLE_RATE, seconds
from s2v_tts.listening import recogniser_child
from s2v_tts.listening.recogniser_child import QUESTION, RATE

Pcm = npt.NDArray[np.int16]

_log = structlog.get_logger()
_IDLE_SECONDS = 60.0
_TRIES = 2
_LOOK_UP_SECONDS = 0.5
_STALL_SECONDS, _STALL_TIMES = 120.0, 10.0
"""For so long, and so many times the length of what it hears, may the child be silent: it loads in
one second and hears ten times faster than people speak where nobody else works."""
_WRITTEN_BYTES = 1 << 16
_FEW_THREADS = {"OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1", "HF_HUB_OFFLINE": "1"}


class Recogniser:
    """One child that recognises, for whoever asks first; used from several threads.

    It is in a process of its own as it takes more memory than all the rest of the service, and
    only it can be left in the middle of a network's work.
    """

    def __init__(self, idle_seconds: float = _IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The child's process, None while there is none."""
        return self._child.pid if self._child else None

    def ask(self, wanted: bytes, pcm: Pcm) -> Steps[Any]:
        """Return what mono sound at 48 kHz holds, as `recogniser_child` says.

        None where the child dies of it or does not come to an end.
        """
        while not self._lock.acquire(timeout=_LOOK_UP_SECONDS):
            yield
        try:
            for _ in range(_TRIES):
                try:
                    return (yield from self._asked(wanted, pcm))
                except (OSError, _GoneError) as error:
                    _log.warning("recogniser lost", detail=repr(error))
                    self._end()
        except GeneratorExit:
            self._end()
            raise
        finally:
            self._lock.release()
        return None

    def close(self) -> None:
        """End the child, also at work."""
        self._end()

    def _asked(self, wanted: bytes, pcm: Pcm) -> Steps[Any]:
        sound = soxr.resample(pcm.astype(np.float32) / 32768, SAMPLE_RATE, RATE)
        until = time.monotonic() + _STALL_SECONDS + _STALL_TIMES * seconds(len(pcm))
        child = self._running()
        assert child.stdin
        assert child.stdout
        question = memoryview(QUESTION.pack(wanted, len(sound)) + sound.tobytes())
        while question:
            if select.select([], [child.stdin], [], _LOOK_UP_SECONDS)[1]:
                question = question[os.write(child.stdin.fileno(), question[:_WRITTEN_BYTES]) :]
            yield from _in_time(until)
        answer = b""
        while not answer.endswith(b"\n"):
            if select.select([child.stdout], [], [], _LOOK_UP_SECONDS)[0]:
                read = os.read(child.stdout.fileno(), _WRITTEN_BYTES)
                if not read:
                    raise _GoneError
                answer += read
            yield from _in_time(until)
        return json.loads(answer)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child and self._child.poll() is not None:
            self._end()
        if self._child is None:
            command = [sys.executable, "-m", recogniser_child.__name__, str(self._idle_seconds)]
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, **_FEW_THREADS},
                start_new_session=True,  # Ctrl-C is for the service, which ends it
            )
            assert self._child.stdin
            os.set_blocking(self._child.stdin.fileno(), False)
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child:
            child.kill()
            child.communicate()


class _GoneError(Exception):
    """The child ended, or stands still."""


def _in_time(until: float) -> Steps[None]:
    if time.monotonic() > until:
        raise _GoneError("no answer in time")
    yield


@cache
def shared_recogniser() -> Recogniser:
    """Return this process's, whose child ends when the process does."""
    recogniser = Recogniser()
    atexit.register(recogniser.close)
    return recogniser
