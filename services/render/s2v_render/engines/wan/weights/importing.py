"""Libraries that take long to import, beside something else that takes long."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

_LIBRARIES = (
    "transformers.models.umt5.modeling_umt5",
    "transformers.models.wav2vec2.modeling_wav2vec2",
    "s2v_render.engines.wan.weights.tokenizing",
    "diffusers.models.autoencoders.autoencoder_kl_wan",
    "diffusers.schedulers.scheduling_flow_match_euler_discrete",
)
"""What all parts but the transformer are made of; they take longer to import than torch."""
_SWITCH_SECONDS = 5e-5
ResultT = TypeVar("ResultT")


@contextmanager
def libraries_imported(first: Callable[[], ResultT]) -> Generator[Future[ResultT]]:
    """Import them beside what is done in the context; they are there when it is left.

    Args:
        first: what imports libraries, too, and is therefore done before, in the same thread.
    """
    with ThreadPoolExecutor(1, "imports") as thread:
        done = thread.submit(_giving_way, first)
        imported = thread.submit(_giving_way, _import)
        yield done
        imported.result()


def _giving_way(work: Callable[[], ResultT]) -> ResultT:
    """Do what holds the interpreter all the time, while others want it often and for a moment."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        return work()
    finally:
        sys.setswitchinterval(before)


def _import() -> None:
    for module in _LIBRARIES:
        importlib.import_module(module)
