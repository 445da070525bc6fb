"""Bring sound to a loudness without letting its peaks clip."""

from collections.abc import Iterable, Iterator

import numpy as np

from s2v.media.chain import Chain, Floats

HIGHEST_DBTP = -1.0
"""What broadcasters leave for lossy encoders (EBU R 128)."""

_MOST_GAIN_DB = 40.0
"""More would bring up nothing but noise."""
_LIMITED_DBFS = -1.5
"""Where the limiter stands: converting back from four times the rate adds a little."""
_OVERSAMPLED = 192_000
_LIMITER = f"level=disabled:attack=5:release=50:latency=1:limit={10 ** (_LIMITED_DBFS / 20):.6f}"
"""`latency` keeps every sample where it was."""


def gain_db(lufs: float | None, target_lufs: float) -> float:
    """Return how much louder to make sound of that loudness; 0 where nothing is heard."""
    return 0.0 if lufs is None else min(target_lufs - lufs, _MOST_GAIN_DB)


def louder(pieces: Iterable[Floats], by_db: float, *, peak_dbtp: float | None) -> Iterator[Floats]:
    """Yield sound so much louder, its true peaks held under HIGHEST_DBTP.

    Sound whose highest true peak, `peak_dbtp`, leaves room is not touched otherwise.
    """
    factor = np.float32(10 ** (by_db / 20))
    if peak_dbtp is None or peak_dbtp + by_db <= HIGHEST_DBTP:
        yield from (piece * factor for piece in pieces)
        return
    limiter = Chain([("aresample", str(_OVERSAMPLED)), ("alimiter", _LIMITER)])
    for piece in pieces:
        yield limiter.filtered(piece * factor)
    yield limiter.rest()
