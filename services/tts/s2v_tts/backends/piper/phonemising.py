"""Have espeak-ng say how a text is pronounced, in a process of its own.

espeak-ng and the package piper-tts that brings it are under the GNU General Public License; nothing
of theirs is imported here.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from importlib.util import find_spec
from typing import Protocol
from weakref import finalize

_CHILD = "s2v_tts.backends.piper.child"


class Phonemiser(Protocol):
    """Tells how a text is pronounced."""

    def phonemes(self, text: str, language: str) -> list[str]:
        """Return the symbols of a text's phonemes, spaces and punctuation included."""


def is_installed() -> bool:
    """Tell whether the extra `piper` is installed."""
    return find_spec("piper") is not None


class Espeak:
    """Asks a child process, which is started at the first text and ends with this one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[str] | None = None
        self._end: Callable[[], object] = _nothing

    def phonemes(self, text: str, language: str) -> list[str]:
        """Return the symbols of a text's phonemes.

        Raises:
            RuntimeError: the child died of the text.
        """
        with self._lock:
            child = self._running()
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(json.dumps({"text": text, "language": language}) + "\n")
            child.stdin.flush()
            answer = child.stdout.readline()
            if not answer:
                child.wait()
                raise RuntimeError(f"espeak-ng ended with status {child.returncode}")
        symbols: list[str] = json.loads(answer)
        return symbols

    def _running(self) -> "subprocess.Popen[str]":
        if self._child is None or self._child.poll() is not None:
            self._end()
            self._child = subprocess.Popen(
                [sys.executable, "-m", _CHILD],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
            )
            self._end = finalize(self, _ended, self._child)
        return self._child


def _nothing() -> None:
    """End no child."""


def _ended(child: "subprocess.Popen[str]") -> None:
    child.kill()
    with child:
        pass
