"""Libraries that take long to import: before all takes, or beside something else."""

from __future__ import annotations

import gc
import importlib
import sys
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager

_ENGINE = (
    "torch",
    "s2v_render.engines.wan.advising",
    "s2v_render.engines.wan.takes.filming",
    "s2v_render.engines.wan.weights.loading",
)
_LIBRARIES = (
    "transformers.models.umt5.modeling_umt5",
    "transformers.models.wav2vec2.modeling_wav2vec2",
    "transformers.models.wav2vec2.feature_extraction_wav2vec2",
    "s2v_render.engines.wan.weights.tokenizing",
    "diffusers.models.autoencoders.autoencoder_kl_wan",
    "diffusers.schedulers.scheduling_flow_match_euler_discrete",
)
"""What all parts but the transformer are made of; they take longer to import than torch."""
_SWITCH_SECONDS = 5e-5


class EngineImports:
    """What an engine imports before its first take, or else in the course of it.

    Never on two threads at once: where two import modules of one cycle, either may be given the
    other's half of it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_asked = False

    def ahead(self) -> None:
        """Import all that takes need, unless one has asked for it before."""
        with self._lock:
            if not self._is_asked:
                _import((*_ENGINE, *_LIBRARIES))

    def for_take(self) -> None:
        """Import torch, and what plans takes and loads models."""
        with self._lock:
            self._is_asked = True
            _import(_ENGINE)


def import_libraries() -> None:
    """Import what all parts but the transformer are made of."""
    _import(_LIBRARIES)


@contextmanager
def importing() -> Generator[None]:
    """Import in this context, beside threads that want the interpreter often and for a moment."""
    with _giving_way(), _without_collector():
        yield


def _import(modules: Iterable[str]) -> None:
    with importing():
        for module in modules:
            importlib.import_module(module)


@contextmanager
def _giving_way() -> Generator[None]:
    """Hold the interpreter for less long."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@contextmanager
def _without_collector() -> Generator[None]:
    """Do not look for garbage: hardly any of what modules make is, and to look takes a sixth."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
