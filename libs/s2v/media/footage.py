"""A video's pictures by number: upright, in any order, with a bounded number of them in memory."""

from bisect import bisect_right
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

import av
import numpy as np
import numpy.typing as npt
from cachetools import LRUCache

from s2v.core.errors import InvalidInput, Reason
from s2v.media.clock import beginning
from s2v.media.colour import Developer, Rgb
from s2v.media.opening import Source, open_media
from s2v.media.shown import lies_sideways, moving_picture, shown_size, upright

KEPT_BYTES = 160 * 1024 * 1024
_LEAST_KEPT = 16


class Footage:
    """The pictures of a video file, numbered from 0 as they are shown.

    Their times are read from the packets once, without decoding, so that a variable frame rate is
    followed exactly. Reading forwards decodes each picture once; reading backwards decodes a
    stretch from its keyframe on and keeps as many pictures as fit into `KEPT_BYTES`. Pictures that
    cannot be decoded look like the one before them.

    Attributes:
        width, height: as shown: upright and with square pixels.
        times: when each picture is due, in seconds from the file's beginning, as the decoded sound
            is, shape [pictures].
        seconds: how long all of them last.
    """

    def __init__(self, source: Source, *, field: str = "asset") -> None:
        """Open a video.

        Raises:
            InvalidInput: it cannot be decoded or has no pictures (VIDEO_UNREADABLE).
        """
        self._field = field
        self._kept: LRUCache[int, Rgb] = LRUCache(_LEAST_KEPT)
        self._latest: Rgb | None = None
        self._size = (0, 0)
        self._next = 0
        self._fallback: Any = None
        self._developer = Developer()
        try:
            self._container: Any = open_media(source)
        except av.error.FFmpegError as error:
            raise self._unreadable(error.strerror) from error
        try:
            self._open()
        except av.error.FFmpegError as error:
            self.close()
            raise self._unreadable(error.strerror) from error
        except BaseException:
            self.close()
            raise

    def picture(self, number: int, width: int, height: int) -> Rgb:
        """Return a picture scaled to a size, uint8 RGB [height, width, 3]; not to be written to.

        Raises:
            InvalidInput: nothing can be decoded there (VIDEO_UNREADABLE).
        """
        if (width, height) != self._size:
            self._kept = LRUCache(max(_LEAST_KEPT, KEPT_BYTES // (3 * width * height)))
            self._latest = None
            self._size = (width, height)
        if number not in self._kept:
            try:
                self._fetch(number)
            except av.error.FFmpegError as error:
                raise self._unreadable(error.strerror) from error
        self._latest = self._kept[number]
        return self._latest

    def close(self) -> None:
        """Close the file."""
        self._developer.close()
        self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self) -> None:
        stream = moving_picture(self._container)
        if stream is None:
            raise self._unreadable("it has no pictures")
        self._stream = stream
        packets = [
            (packet.pts, packet.is_keyframe)
            for packet in self._container.demux(stream)
            if packet.pts is not None and not packet.is_discard
        ]
        self._pts = sorted({pts for pts, _ in packets})
        self._keys = sorted({pts for pts, is_key in packets if is_key})
        if not self._pts:
            raise self._unreadable("it has no pictures")
        unit = float(stream.time_base)
        times = unit * np.array(self._pts) - beginning(self._container)
        self.times: npt.NDArray[np.float64] = np.maximum(times, 0.0)
        usual = float(np.median(np.diff(self.times))) if len(self._pts) > 1 else 1 / 25
        self.seconds = float(self.times[-1]) + usual
        self._seek(0)
        first = next(self._frames, None)
        if first is None:
            raise self._unreadable("no picture of it can be decoded")
        self.width, self.height = shown_size(first, stream)
        self._seek(0)

    def _fetch(self, number: int) -> None:
        """Decode up to a picture and keep it, and those before it when going backwards."""
        first = number
        if number < self._next:
            first = max(0, number - int(self._kept.maxsize) // 2)
        if number < self._next or self._key(number) > self._next:
            self._seek(first)
        latest: Rgb | None = None
        while self._next <= number:
            frame = next(self._frames, None)
            if frame is None:
                break
            if frame.pts is None:
                continue
            self._next = bisect_right(self._pts, frame.pts)
            if first <= self._next - 1 <= number:
                latest = self._keep(self._next - 1, self._rgb(frame))
            elif latest is None:
                self._fallback = frame
        if number not in self._kept:
            self._keep(number, self._last_seen() if latest is None else latest)

    def _last_seen(self) -> Rgb:
        if self._latest is not None:
            return self._latest
        if self._fallback is None:
            raise self._unreadable("a part of it cannot be decoded")
        return self._rgb(self._fallback)

    def _keep(self, number: int, picture: Rgb) -> Rgb:
        picture.flags.writeable = False
        self._kept[number] = self._latest = picture
        return picture

    def _key(self, number: int) -> int:
        """Return the number of the last keyframe up to a picture."""
        before = bisect_right(self._keys, self._pts[number])
        return bisect_right(self._pts, self._keys[before - 1]) - 1 if before else 0

    def _seek(self, number: int) -> None:
        key = self._key(number)
        self._container.seek(self._pts[key], stream=self._stream)
        self._frames = self._decoded()
        self._next = key
        self._fallback = None

    def _decoded(self) -> Iterator[Any]:
        """Yield frames from here on, without what is damaged."""
        for packet in self._container.demux(self._stream):
            try:
                yield from packet.decode()
            except av.error.InvalidDataError:
                continue

    def _rgb(self, frame: Any) -> Rgb:
        width, height = self._size[::-1] if lies_sideways(frame) else self._size
        return upright(self._developer.rgb(frame, width, height), frame)

    def _unreadable(self, why: str) -> InvalidInput:
        return InvalidInput(
            Reason.VIDEO_UNREADABLE,
            f"the video cannot be read ({why}); export it again as MP4 with H.264 pictures",
            field=self._field,
        )
