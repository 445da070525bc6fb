"""Look into few files at once, however many uploads are finished together."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from s2v.core.errors import Exhausted, Reason
from s2v.media.probe import MediaInfo
from s2v_gateway.assets.upload_rules import Prober

_RETRY_SECONDS = 5.0


class Checks:
    """A `Prober` that looks into at most so many files at once; the others wait their turn.

    Args:
        probe: looks into a file.
        max_at_once: files looked into at once.
        max_waiting: files that may wait; one more is refused.
    """

    def __init__(self, probe: Prober, *, max_at_once: int, max_waiting: int) -> None:
        self._probe = probe
        self._most = max_at_once + max_waiting
        self._places = threading.BoundedSemaphore(max_at_once)
        self._lock = threading.Lock()
        self._files = 0

    def __call__(self, path: Path, media_type: str = "", *, field: str = "asset") -> MediaInfo:
        """Tell what a file holds, when it is its turn.

        Raises:
            InvalidInput: the file is no media that can be used.
            Exhausted: too many files wait already (QUEUE_FULL).
        """
        with self._counted(), self._places:
            return self._probe(path, media_type, field=field)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._lock:
            if self._files >= self._most:
                raise Exhausted(
                    Reason.QUEUE_FULL,
                    f"{self._files} files are being checked or wait for it; finish this one later",
                    retry_after_seconds=_RETRY_SECONDS,
                )
            self._files += 1
        try:
            yield
        finally:
            with self._lock:
                self._files -= 1
