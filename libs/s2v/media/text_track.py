"""Captions in an MP4 as 3GPP timed text (3GPP TS 26.245), which players can show or not."""

import struct
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import av

from s2v.core.captions import Caption
from s2v.core.timebase import SAMPLE_RATE
from s2v.media.mp4_file import Mp4File

_CLOCK = Fraction(1, SAMPLE_RATE)

# How it looks where the player has no mind of its own: white, in the middle, at the bottom.
_STYLE = """[Script Info]
ScriptType: v4.00+
PlayResX: {width}
PlayResY: {height}
[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, \
Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, \
Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Sans,{size},&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


class TextTrack:
    """A text track of a file that is being written; add it before the file begins.

    Args:
        file: that it becomes a part of.
        language: three letters of ISO 639-2, such as "eng".
        width: of the picture, in pixels.
        height: of the picture, in pixels.
    """

    def __init__(self, file: Mp4File, language: str, *, width: int, height: int) -> None:
        self._file = file
        self._stream: Any = file.container.add_stream("mov_text")
        style = _STYLE.format(width=width, height=height, size=max(height // 20, 1))
        self._stream.codec_context.subtitle_header = style.encode()
        self._stream.time_base = _CLOCK
        self._stream.metadata["language"] = language

    def write(self, captions: Iterable[Caption]) -> None:
        """Append captions, each after the one before it."""
        for caption in captions:
            text = "\n".join(caption.lines).encode()
            packet = av.Packet(struct.pack(">H", len(text)) + text)
            packet.stream, packet.time_base = self._stream, _CLOCK
            packet.pts = packet.dts = caption.first_sample
            packet.duration = caption.end_sample - caption.first_sample
            self._file.mux([packet])
