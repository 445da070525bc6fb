"""A tensor in a file, before it is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

DAMAGED = (
    "cannot be read: it is truncated, damaged or of another kind. Fetch it again, and compare its "
    "size with the original's."
)


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor in a file; `read` returns it, on the device that was asked for or on the host."""

    file: Path
    key: str
    shape: tuple[int, ...]
    read: Callable[[], Tensor]
