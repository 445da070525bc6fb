"""Libraries that take long to import, beside something else that takes long."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

_LIBRARIES = (
    "transformers.models.umt5.modeling_umt5",
    "transformers.models.wav2vec2.modeling_wav2vec2",
    "s2v_render.engines.wan.weights.tokenizing",
    "diffusers.models.autoencoders.autoencoder_kl_wan",
    "diffusers.schedulers.scheduling_flow_match_euler_discrete",
)
"""What all parts but the transformer are made of; they take longer to import than torch."""
_SWITCH_SECONDS = 5e-5


@contextmanager
def libraries_imported() -> Generator[None]:
    """Import them beside what is done in the context; they are there when it is left."""
    with ThreadPoolExecutor(1, "imports") as thread:
        imported = thread.submit(_import)
        yield
        imported.result()


def _import() -> None:
    before = sys.getswitchinterval()
    # This holds the interpreter all the time, and others want it often and for a moment.
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        for module in _LIBRARIES:
            importlib.import_module(module)
    finally:
        sys.setswitchinterval(before)
