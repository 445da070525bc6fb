"""Encode what an engine draws beside it, and hand out reels meanwhile."""

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from s2v.core.artifact import MP4, Artifact
from s2v.core.errors import InvalidInput, Reason
from s2v.core.job import Reel
from s2v.core.ports import ArtifactStore, Size
from s2v.media.reels import join_clips
from s2v.media.video import H264, ClipEncoder

_MAX_UNENCODED_BYTES = 2**27
"""Pictures of four seconds at 832x480, which an engine can draw on meanwhile."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """What is to be encoded, and how.

    Attributes:
        size: of every picture.
        frame_rate: of the film.
        quality: how to encode.
        rendered: reels that are there already: what they show is drawn again and left out.
        reels: whether to make more of them.
    """

    size: Size
    frame_rate: int
    quality: H264
    rendered: Sequence[Reel] = ()
    reels: bool = False

    @property
    def first_frame(self) -> int:
        """The first frame that is not there already."""
        return self.rendered[-1].end_frame if self.rendered else 0


class Encoding:
    """An encoder on a thread of its own that lags behind by some pictures at most.

    Args:
        encoded: what and how.
        folder: for files on the way.
        store: where reels go, and the clip.
        rendered: files of the reels that are there already; the clip begins with them.
        threads: how many the encoder may keep busy.
    """

    def __init__(
        self,
        encoded: Encoded,
        folder: Path,
        store: ArtifactStore,
        *,
        rendered: Sequence[Path] = (),
        threads: int,
    ) -> None:
        self._encoded = encoded
        self._folder = folder
        self._store = store
        self._rendered = rendered
        self._clip: Future[Artifact] | None = None
        self._frames = 0
        self._reels = deque[Reel]()
        self._is_first_awaited = encoded.reels
        self._pending = deque[tuple[Future[None], int]]()
        self._path = folder / "encoded.mp4"
        self._encoder = ClipEncoder(
            self._path,
            width=encoded.size.width,
            height=encoded.size.height,
            frame_rate=encoded.frame_rate,
            quality=encoded.quality,
            threads=threads,
            reels=folder if encoded.reels else None,
        )
        self._thread = ThreadPoolExecutor(1, "encode")
        self._open = ExitStack()

    def write(self, rgb: npt.NDArray[np.uint8]) -> None:
        """Hand a batch over; wait while too much is pending; raise what went wrong before."""
        left_out = min(max(self._encoded.first_frame - self._frames, 0), len(rgb))
        self._frames += len(rgb)
        if left_out == len(rgb):
            return
        rgb = rgb[left_out:]
        while self._pending and self._must_wait(rgb.nbytes):
            self._wait()
        self._pending.append((self._thread.submit(self._encode, rgb), rgb.nbytes))

    def take_reels(self) -> Iterator[Reel]:
        """Yield the reels that are new.

        The first is waited for where it is in the making: whoever watches has nothing yet.
        """
        while self._is_first_awaited and self._is_first_full and self._pending and not self._reels:
            self._wait()
        while self._reels:
            self._is_first_awaited = False
            yield self._reels.popleft()

    def end(self) -> None:
        """Let the clip be brought to its end and stored: there is no more batch."""
        self._clip = self._thread.submit(self._stored)

    def finish(self) -> Generator[Reel, None, Artifact]:
        """Wait for the clip after `end`, yielding reels that are new; raise what went wrong.

        Raises:
            InvalidInput: what was rendered is no clip (FIELD_INVALID).
        """
        assert self._clip
        while self._pending:
            self._wait()
            yield from self.take_reels()
        return self._clip.result()

    def _stored(self) -> Artifact:
        self._encoder.close()
        return self._store.put(self._joined(), MP4)

    def _joined(self) -> Path:
        if not self._rendered:
            return self._path
        target = self._folder / "joined.mp4"
        try:
            join_clips([*self._rendered, self._path], target, self._encoded.frame_rate)
        except ValueError as error:
            problem = f"a reel is not usable: {error}; leave the reels out"
            raise InvalidInput(Reason.FIELD_INVALID, problem, field="rendered") from error
        return target

    @property
    def _is_first_full(self) -> bool:
        # The encoder gives a picture away when it has the next.
        return self._frames - self._encoded.first_frame > self._encoded.frame_rate

    def _must_wait(self, more_bytes: int) -> bool:
        """Tell whether the oldest batch has ended, or must before there is room for more."""
        has_ended = self._pending[0][0].done()
        pending_bytes = sum(size_bytes for _, size_bytes in self._pending)
        return has_ended or pending_bytes + more_bytes > _MAX_UNENCODED_BYTES

    def _wait(self) -> None:
        """Wait for the oldest batch that is pending; raise what went wrong with it."""
        self._pending.popleft()[0].result()

    def _encode(self, rgb: npt.NDArray[np.uint8]) -> None:
        self._encoder.write(rgb)
        for reel in self._encoder.take_reels():
            video = self._store.put(reel.path, MP4)
            reel.path.unlink()
            first_frame = self._encoded.first_frame + reel.first_frame
            self._reels.append(Reel(video, first_frame, reel.frames))

    def __enter__(self) -> Self:
        self._open.enter_context(self._encoder)
        self._open.callback(self._thread.shutdown, cancel_futures=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.__exit__(kind, error, trace)
