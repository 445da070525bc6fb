"""How single words are said."""

from collections.abc import Mapping
from typing import TypeAlias

Lexicon: TypeAlias = Mapping[str, str]
"""What is written, and what is said for it. An entry in small letters finds the word in any."""


def going_before(lexicon: Lexicon, later: Lexicon) -> dict[str, str]:
    """Join two lexicons; where both say a word, in whatever letters, the first one does."""
    small = {written.casefold() for written in lexicon if written == written.lower()}
    left = {word: said for word, said in later.items() if word.casefold() not in small}
    return {**left, **lexicon}
