"""How loud sound is for people (EBU R 128), and how high it peaks between its samples."""

import math
from collections.abc import Iterable
from typing import Any

from s2v.media.chain import Chain, Floats

QUIETEST_LUFS = -69.9
"""What FFmpeg says of what is quieter than its gate, -70 LUFS, tells nothing."""

_PREFIX = "lavfi.r128."


class LevelMeter:
    """Measures sound that comes in pieces."""

    def __init__(self) -> None:
        self._chain = Chain([("ebur128", "metadata=1:peak=true:framelog=quiet")])
        self._told: dict[str, str] = {}

    def hear(self, piece: Floats) -> None:
        """Take in the next piece of mono sound at 48 kHz."""
        self._note(self._chain.frames(piece))

    def end(self) -> None:
        """Take in that no more comes."""
        self._note(self._chain.last_frames())

    @property
    def integrated_lufs(self) -> float | None:
        """How loud it is on the whole; None where nothing was louder than -70 LUFS."""
        told = float(self._told.get(f"{_PREFIX}I", "-70"))
        return told if told > QUIETEST_LUFS else None

    @property
    def true_peak_dbtp(self) -> float | None:
        """The highest peak, in dB of full scale; None for digital silence."""
        peak = float(self._told.get(f"{_PREFIX}true_peak", "0"))
        return 20 * math.log10(peak) if peak > 0 else None

    def _note(self, frames: Iterable[Any]) -> None:
        for frame in frames:
            self._told |= frame.metadata
