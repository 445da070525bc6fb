"""Pictures as H.264 clips that can be joined by copying their packets, and back to pictures."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import numpy as np
from av.video.reformatter import (
    ColorPrimaries,
    ColorRange,
    Colorspace,
    ColorTrc,
    Interpolation,
    VideoReformatter,
)
from PIL import Image

from s2v.core.timebase import samples_per_frame
from s2v.media.colour import Developer, Rgb
from s2v.media.mp4_file import MP4_OPTIONS, Mp4File
from s2v.media.opening import Source, open_media
from s2v.media.reels import ReelCutter, ReelFile

_SCALING = (
    Interpolation.AREA
    | Interpolation.ACCURATE_RND
    | Interpolation.FULL_CHR_H_INP
    | Interpolation.FULL_CHR_H_INT
)
_JPEG_QUALITY = 82


@dataclass(frozen=True, slots=True)
class H264:
    """How hard x264 works and how much it may lose.

    Attributes:
        preset: in x264's words.
        crf: 0 (nothing) to 51; of no account where bits are counted.
        bits_per_second: on average, over two seconds no more than that; 0 counts none.
    """

    preset: str = "veryfast"
    crf: int = 18
    bits_per_second: int = 0


class ClipEncoder:
    """Writes RGB pictures as an H.264 MP4 clip at a whole frame rate.

    Every second begins with a keyframe that nothing reaches across and no picture waits for a
    later one, so clips of one size, rate and quality join by copying. Colour is BT.709, limited
    range, tagged. Equal pictures and `threads` give equal bytes. As a context manager it removes
    the file when the block fails.
    """

    def __init__(
        self,
        path: Path,
        *,
        width: int,
        height: int,
        frame_rate: int,
        quality: H264 | None = None,
        threads: int = 1,
        reels: Path | None = None,
    ) -> None:
        """Open the file for writing.

        Args:
            path: of the file.
            width: of every picture, in pixels; even.
            height: as `width`.
            frame_rate: in FRAME_RATES.
            quality: how to encode.
            threads: how many may do it.
            reels: folder where each second of the clip becomes a file as soon as it is encoded.

        Raises:
            ValueError: width or height is odd, or the frame rate is not in FRAME_RATES.
        """
        if width % 2 or height % 2 or width < 2 or height < 2:
            raise ValueError(f"width and height must be even and positive, got {width}x{height}")
        samples_per_frame(frame_rate)
        self.frames = 0
        self._path = path
        self._shape = (height, width, 3)
        self._time_base = Fraction(1, frame_rate)
        self._reformatter = VideoReformatter()
        self._threads = threads
        self._file: Mp4File | None = Mp4File(path, MP4_OPTIONS)
        self._cutter = ReelCutter(reels, frame_rate) if reels else None
        self._stream: Any = self._file.container.add_stream("libx264", rate=frame_rate)
        self._stream.options = _x264_options(quality or H264(), frame_rate)
        _describe(self._stream.codec_context, width, height, threads=threads)

    def write(self, rgb: Rgb) -> None:
        """Append pictures, uint8 [frames, height, width, 3].

        Raises:
            ValueError: the shape or type is another one, or the file is closed.
            OSError: they cannot be written; so does every later call.
        """
        if self._file is None:
            raise ValueError("the file is closed")
        if rgb.ndim != 4 or rgb.shape[1:] != self._shape or rgb.dtype != np.uint8:
            raise ValueError(f"expected uint8 [n, *{self._shape}], got {rgb.dtype} {rgb.shape}")
        for picture in rgb:
            frame = self._reformatter.reformat(
                av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24"),
                format="yuv420p",
                src_color_range=ColorRange.JPEG,
                dst_color_range=ColorRange.MPEG,
                dst_colorspace=Colorspace.ITU709,
                interpolation=int(_SCALING),
                threads=self._threads,
            )
            frame.pts, frame.time_base = self.frames, self._time_base
            self.frames += 1
            packets = self._stream.encode(frame)
            if self._cutter:
                self._cutter.add(self._stream, packets)
            self._file.mux(packets)

    def take_reels(self) -> list[ReelFile]:
        """Return the reels that were finished since the last call; the clip's end becomes none."""
        return self._cutter.take() if self._cutter else []

    def close(self) -> None:
        """Finish the file; harmless when called again."""
        if self._file is None:
            return
        file, self._file = self._file, None
        with file:
            file.mux(self._stream.encode(None))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.close()
        finally:
            if error is not None:
                self._path.unlink(missing_ok=True)


def decode_frames(source: Source) -> Iterator[Rgb]:
    """Yield a video's pictures as uint8 RGB [height, width, 3], full range."""
    developer = Developer(exact=True)
    with open_media(source) as container:
        yield from map(developer.rgb, container.decode(video=0))


def decode_keyframes(source: Source, frame_rate: int) -> Iterator[tuple[int, Rgb]]:
    """Yield the keyframes of a clip, as `decode_frames`, each with its number from 0."""
    developer = Developer(exact=True)
    with open_media(source) as container:
        stream = container.streams.video[0]
        stream.codec_context.skip_frame = "NONKEY"
        for frame in container.decode(stream):
            yield round(frame.time * frame_rate), developer.rgb(frame)


def jpeg(rgb: Rgb, *, max_width_pixels: int = 320) -> bytes:
    """Return a picture [height, width, 3] as a JPEG, made smaller if it is wider than that."""
    image = Image.fromarray(rgb)
    if image.width > max_width_pixels:
        height = max(1, round(image.height * max_width_pixels / image.width))
        image = image.resize((max_width_pixels, height), Image.Resampling.LANCZOS)
    target = io.BytesIO()
    image.save(target, "JPEG", quality=_JPEG_QUALITY)
    return target.getvalue()


def _x264_options(quality: H264, frame_rate: int) -> dict[str, str]:
    return {
        "preset": quality.preset,
        **_rate_options(quality),
        "profile": "high",
        "g": str(frame_rate),
        "keyint_min": str(frame_rate),
        "sc_threshold": "0",
        "bf": "0",
        # x264's macroblock tree reads memory that nobody wrote where the processor has AVX-512
        # (seen with MALLOC_PERTURB_): equal pictures then differ in a few films of a hundred.
        # Without it, and with a crf two higher, files are 4 % larger at an equal PSNR.
        "mbtree": "0",
        "flags": "+cgop+bitexact",
    }


def _rate_options(quality: H264) -> dict[str, str]:
    bits = quality.bits_per_second
    if not bits:
        return {"crf": str(quality.crf)}
    return {"b": str(bits), "maxrate": str(bits), "bufsize": str(2 * bits)}


def _describe(context: Any, width: int, height: int, *, threads: int) -> None:
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.thread_count = threads
    context.color_range = ColorRange.MPEG
    context.colorspace = 1  # AVCOL_SPC_BT709; PyAV's Colorspace numbers are swscale's
    context.color_primaries = ColorPrimaries.BT709
    context.color_trc = ColorTrc.BT709
