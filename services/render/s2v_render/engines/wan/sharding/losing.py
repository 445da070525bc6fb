"""One name for everything that goes wrong between ranks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from s2v.core.errors import ShardLostError


@contextmanager
def shards_named() -> Iterator[None]:
    """Raise what a collective raises as `ShardLostError`: its ranks do not come together again."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        raise ShardLostError(str(error).partition("\n")[0]) from error
