"""What nobody would write is cut and read with work in proportion to its length."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.crumbs import CRUMBS

from s2v.core.errors import InvalidInput
from s2v.text import segmentation
from s2v.text.segmentation import cut_sentences, cut_text
from s2v_tts.backends.embedded import reading
from s2v_tts.backends.embedded.backend import EmbeddedBackend
from s2v_tts.backends.embedded.network import Network, Sound
from s2v_tts.backends.embedded.timbre import NATURAL, Timbre

RUNS = st.tuples(st.lists(st.sampled_from(CRUMBS), min_size=1, max_size=4), st.integers(1, 400))
TEXTS = st.lists(RUNS.map(lambda run: "".join(run[0]) * run[1]), max_size=6).map(
    lambda runs: f"a{''.join(runs)}"[:5_000]
)

LOOKED_AT = 6
"""How often a character may be looked at by whoever asks for letters and digits in a text."""
LOOKED_UP = 12
"""Entries looked for in the dictionary for each character that is read."""
MOST_AT_ONCE = 850
"""Characters read at once: a sentence of 400, each of its characters parted from the next one."""
READ = 4
"""How often each character is read: as it stands, as a word alone, and as letters alone."""


class Counting:
    """Counts the calls of a function, and the characters of what it is called with."""

    def __init__(self, function: Any) -> None:
        self._function = function
        self.calls = self.characters = self.most = 0

    def __call__(self, first: Any, *rest: Any) -> Any:
        self.calls += 1
        if isinstance(first, str):
            self.characters += len(first)
            self.most = max(self.most, len(first))
        return self._function(first, *rest)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._function, name)


class Silent(Network):
    """Takes no time for its sound, which would hide how long reading takes."""

    def speak(self, symbols: str, timbre: Timbre = NATURAL) -> Sound:
        return Sound(np.zeros(2_400, np.float32), np.full(len(symbols) + 2, 0.025))


@pytest.fixture(scope="module")
def backend() -> EmbeddedBackend:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("s2v_tts.backends.embedded.hibari.Network", Silent)
        backend = EmbeddedBackend()
        backend.warm()
    return backend


@contextmanager
def counted(owner: Any, name: str) -> Iterator[Counting]:
    counting = Counting(getattr(owner, name))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, counting)
        yield counting


@given(TEXTS)
def test_cutting_looks_at_each_character_a_few_times(text: str) -> None:
    with counted(segmentation, "is_speakable") as looking:
        cut_text(text)
        cut_sentences(text)

    assert looking.characters <= LOOKED_AT * len(text)


@settings(max_examples=30, deadline=None)
@given(TEXTS)
def test_reading_takes_work_in_proportion_to_the_text(backend: EmbeddedBackend, text: str) -> None:
    with (
        counted(reading, "normalize") as normalising,
        counted(backend._speakers["heart"]._models()[0]._g2p, "lexicon") as looking_up,
        suppress(InvalidInput),
    ):
        for _ in backend.speak(text, "heart"):
            pass

    assert normalising.most <= MOST_AT_ONCE
    assert normalising.characters <= READ * len(text)
    assert looking_up.calls <= LOOKED_UP * len(text) + 100


@pytest.mark.parametrize("sign", ['"', "%", "\N{GRINNING FACE}", "\N{COMBINING ACUTE ACCENT}", "-"])
def test_a_run_of_a_sign_costs_no_more_than_three(backend: EmbeddedBackend, sign: str) -> None:
    with counted(reading, "normalize") as normalising:
        assert list(backend.speak(f"a{sign * 19_999}", "heart"))

    assert normalising.characters <= 10
