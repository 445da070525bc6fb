"""An MP4 file that FFmpeg writes."""

from collections.abc import Callable, Iterable
from contextlib import nullcontext, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av

from s2v.core.timebase import SAMPLE_RATE

MP4_OPTIONS = {
    "fflags": "+bitexact",
    "movie_timescale": str(SAMPLE_RATE),
    "video_track_timescale": str(SAMPLE_RATE),
}
"""No writer's name in the file, and film, picture and sound on the one clock of the system."""


class Mp4File:
    """A PyAV container for writing that, once it has failed, does nothing but fail again.

    FFmpeg's own ends the process if it is used after a full disk kept it from writing the header.
    As a context manager it closes the file.

    Args:
        path: where to write.
        options: of FFmpeg's muxer.
    """

    def __init__(self, path: Path, options: dict[str, str]) -> None:
        self.container: Any = av.open(f"file:{path}", "w", format="mp4", options=options)
        self._error: Exception | None = None

    def begin(self) -> None:
        """Write the header, which fixes how each stream is coded.

        Raises:
            OSError: it cannot be written; so does every later call.
        """
        self._try(self.container.start_encoding)

    def mux(self, packets: Iterable[Any]) -> None:
        """Write packets, after the header if it has not been written yet.

        Raises:
            OSError: they cannot be written; so does every later call.
        """
        self._try(self.container.mux, packets)

    def close(self) -> None:
        """Write the index and close the file, finished or not; harmless when called again.

        Raises:
            OSError: the index cannot be written; not where that was told before.
        """
        with suppress(OSError) if self._error else nullcontext():
            self.container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _try(self, write: Callable[..., None], *args: Any) -> None:
        if self._error is not None:
            raise self._error
        try:
            write(*args)
        except Exception as error:
            self._error = error
            raise
