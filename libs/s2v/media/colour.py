"""Turn decoded pictures into RGB as they are meant to be seen, whatever colours they came in."""

import threading
import weakref
from dataclasses import dataclass, field
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import (
    ColorPrimaries,
    ColorRange,
    Colorspace,
    ColorTrc,
    Interpolation,
    VideoReformatter,
)

Rgb = npt.NDArray[np.uint8]
"""One picture [height, width, 3] or a batch of them [frames, height, width, 3], full range."""

_FAST = Interpolation.BICUBIC | Interpolation.FULL_CHR_H_INP
_EXACT = _FAST | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
_HD_LINES = 720
_UNSPECIFIED = 2
_HDR = frozenset({ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67})
_UNLIKE_BT709 = _HDR | {ColorTrc.LINEAR, ColorTrc.SMPTE428}
_UNKNOWN_TO_SWSCALE = frozenset({ColorTrc.LOG, ColorTrc.LOG_SQRT})
_TRANSFERS = frozenset(ColorTrc) - {ColorTrc.UNSPECIFIED} - _UNKNOWN_TO_SWSCALE
_PRIMARIES = frozenset(ColorPrimaries) - {ColorPrimaries.UNSPECIFIED}
"""FFmpeg's scaler crashes on numbers that stand for nothing."""
_KEPT_SCALERS = 2
"""They hold room for a picture or two each."""
_MATRICES_OF_PRIMARIES = frozenset({2, 3, 10, 11, 12, 13})
"""AVCOL_SPC_… that say nothing, or no more than the primaries do."""


@dataclass(slots=True, weakref_slot=True)
class _Scaler:
    """FFmpeg's scaler and what it is made ready for; that takes seconds for wide colours or HDR."""

    reformatter: VideoReformatter = field(default_factory=VideoReformatter)
    ready_for: tuple[object, ...] = ()


class _Spare:
    """A few scalers that are ready for wide colours and that nobody uses any more."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # the garbage collector may give back at any point
        self._scalers: dict[tuple[object, ...], _Scaler] = {}

    def take(self, ready_for: tuple[object, ...]) -> _Scaler:
        with self._lock:
            return self._scalers.pop(ready_for, None) or _Scaler()

    def give_back(self, scaler: _Scaler) -> None:
        with self._lock:
            self._scalers.pop(scaler.ready_for, None)
            self._scalers[scaler.ready_for] = scaler
            while len(self._scalers) > _KEPT_SCALERS:
                self._scalers.pop(next(iter(self._scalers)), None)


_SPARE = _Spare()


class Developer:
    """Turns pictures of one video into uint8 RGB of BT.709, full range.

    Their tags are followed: matrix and range, primaries such as BT.2020, and the curves of PQ and
    HLG, whose reference white, 203 cd/m² (ITU-R BT.2408), becomes white; what is brighter is white,
    too. Untagged pictures of at least 720 lines are BT.709, smaller ones BT.601. SDR curves are
    kept as they are, because players take no notice of which of them it is.

    Args:
        exact: right to two levels, in ten times the time; otherwise, and for other colours than
            those of BT.709, to four.
    """

    def __init__(self, *, exact: bool = False) -> None:
        self._interpolation = int(_EXACT if exact else _FAST)
        self._plain = VideoReformatter()
        self._wide: _Scaler | None = None
        self._giving_back: Any = None

    def rgb(self, frame: Any, width: int | None = None, height: int | None = None) -> Rgb:
        """Return a decoded picture, scaled to a size, as [height, width, 3].

        Raises:
            av.error.FFmpegError: its colours are coded in a way that FFmpeg does not know.
        """
        conversion = _conversion(frame)
        frame.colorspace = _matrix(frame)
        if not conversion:
            return _rgb(self._plain, frame, width, height, self._interpolation)
        reformatter = self._ready_for(frame, width, height)
        return _rgb(reformatter, frame, width, height, _FAST, **conversion)

    def close(self) -> None:
        """Leave what is ready for such pictures to the next one, as the end of this one does."""
        if self._giving_back is not None:
            self._wide = None
            self._giving_back()

    def _ready_for(self, frame: Any, width: int | None, height: int | None) -> VideoReformatter:
        wanted = (
            *(frame.format.name, frame.width, frame.height),
            *(width or frame.width, height or frame.height),
            *(frame.colorspace, frame.color_range, frame.color_trc, frame.color_primaries),
        )
        if self._wide is None:
            self._wide = _SPARE.take(wanted)
            self._giving_back = weakref.finalize(self, _SPARE.give_back, self._wide)
            self._giving_back.atexit = False
        self._wide.ready_for = wanted
        return self._wide.reformatter


def _rgb(
    reformatter: VideoReformatter,
    frame: Any,
    width: int | None,
    height: int | None,
    interpolation: int,
    **conversion: int,
) -> Rgb:
    picture = reformatter.reformat(
        frame,
        width=width,
        height=height,
        format="rgb24",
        dst_color_range=ColorRange.JPEG,
        interpolation=interpolation,
        threads=1,
        **conversion,
    )
    return np.asarray(picture.to_ndarray(), dtype=np.uint8)


def check_colours(frame: Any) -> None:
    """Try what `Developer` needs to know of a decoded picture, without getting ready for more.

    Raises:
        av.error.FFmpegError: its colours are coded in a way that FFmpeg does not know.
    """
    _conversion(frame)
    frame.colorspace = _matrix(frame)
    _rgb(VideoReformatter(), frame, None, None, _FAST)


def developed(rgb: Rgb, *, primaries: int, transfer: int) -> Rgb:
    """Return RGB [height, width, 3] of such primaries and such a curve (ITU-T H.273) in BT.709."""
    frame: Any = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
    frame.color_range = ColorRange.JPEG
    frame.color_primaries, frame.color_trc = primaries, transfer
    return Developer().rgb(frame) if _conversion(frame) else rgb


def _conversion(frame: Any) -> dict[str, int]:
    """Return the target of the conversion that a picture needs beyond matrix and range."""
    transfer = frame.color_trc if frame.color_trc in _TRANSFERS else ColorTrc.BT709
    primaries = frame.color_primaries
    if primaries not in _PRIMARIES:
        primaries = ColorPrimaries.BT2020 if transfer in _HDR else ColorPrimaries.BT709
    if primaries == ColorPrimaries.BT709 and transfer not in _UNLIKE_BT709:
        return {}
    frame.color_trc, frame.color_primaries = transfer, primaries
    wanted = ColorTrc.BT709 if transfer in _UNLIKE_BT709 else transfer
    return {"dst_color_trc": wanted, "dst_color_primaries": ColorPrimaries.BT709}


def _matrix(frame: Any) -> int:
    """Return what a picture is most likely coded with: its tag where that says it."""
    if frame.colorspace not in _MATRICES_OF_PRIMARIES or frame.format.is_rgb:
        return int(frame.colorspace)
    if frame.color_primaries == ColorPrimaries.BT2020:
        return Colorspace.BT2020
    return Colorspace.ITU709 if min(frame.width, frame.height) >= _HD_LINES else Colorspace.ITU601
