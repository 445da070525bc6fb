"""Let a voice say what a text means, while its words stay those that were written."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from s2v.core.lexicon import Lexicon, going_before
from s2v.core.ports import Backend, Utterance, Voice
from s2v.core.pronouncing import Pronounces, Pronunciations, bare_word
from s2v.core.script import LipCues, Mark
from s2v.text.normal.spans import Normalised, Range, SpeechClass
from s2v.text.reading import read
from s2v.text.sayable import require_heard, silent_characters, unsaid_in_source
from s2v.text.shown import hidden_characters

_WORD = re.compile(r"\S+")
_BEFORE_MARK = re.compile(r" ([,.;:!?]+)(?= |\Z)")
_FIELD = "spec.script.text"


class WordingBackend:
    """Speaks with another backend, which gets words only: no figures, formulas, tags or signs.

    Letters that nobody says in the voice's language are left out, and told; a text that is mostly
    made of them is refused.

    Args:
        backend: speaks.
        lexicon: how words are said; goes before the voice's own.
    """

    def __init__(self, backend: Backend, lexicon: Lexicon | None = None) -> None:
        self._backend = backend
        self._lexicon = lexicon or {}

    @property
    def voices(self) -> Sequence[Voice]:
        """Those of the other backend, with the lexicon before their own."""
        return tuple(
            replace(voice, lexicon=going_before(self._lexicon, voice.lexicon))
            for voice in self._backend.voices
        )

    @property
    def cues(self) -> LipCues:
        """Those of the other backend."""
        return self._backend.cues

    def speak(self, text: str, voice: str) -> Iterator[Utterance]:
        """Speak a text as it is meant; the marks of words are those of the text as written.

        Raises:
            InvalidInput: the voice can say nothing, or less than half, of the text (TEXT_EMPTY).
        """
        yield from self.pronounce(text, voice, {})

    def pronounce(
        self, text: str, voice: str, pronunciations: Pronunciations
    ) -> Iterator[Utterance]:
        """Speak a text as `speak` does, with words pronounced as told by a backend that can."""
        speaker = next(known for known in self.voices if known.name == voice)
        own = speaker.lexicon.items()
        lexicon = {word: said for word, said in own if bare_word(word) not in pronunciations}
        lexicon |= {word: word for word in pronunciations}  # said as one word, and found again
        reading = read(text, replace(speaker, lexicon=lexicon))
        require_heard(reading, speaker, field=_FIELD)
        wording = Wording(reading, speaker)
        unsaid: tuple[str, ...] = tuple(text[a:b] for a, b in unsaid_in_source(reading))
        for utterance in self._spoken(wording.said, voice, pronunciations):
            told = (*unsaid, *utterance.left_out)
            words = tuple(wording.as_written(utterance.words))
            yield replace(utterance, words=words, left_out=told)
            unsaid = ()

    def _spoken(self, text: str, voice: str, pronunciations: Pronunciations) -> Iterator[Utterance]:
        if pronunciations and isinstance(self._backend, Pronounces):
            return self._backend.pronounce(text, voice, pronunciations)
        return self._backend.speak(text, voice)


@dataclass(frozen=True, slots=True)
class _Token:
    """A word that the backend gets and the characters of the reading that it stands for."""

    text: str
    spoken: Range


class Wording:
    """What a voice gets for a text, and which written words its own words belong to.

    The marks of an utterance must be given in the order in which they are spoken.
    """

    def __init__(self, reading: Normalised, voice: Voice) -> None:
        self._reading = reading
        self._voice = voice
        self._tokens = tuple(self._told())
        self._sounding = tuple(token for token in self._tokens if _bare(token.text))
        self._letters = "".join(_bare(token.text) for token in self._sounding)
        self._owners = [n for n, token in enumerate(self._sounding) for _ in _bare(token.text)]
        self._cursor = 0
        self._labelled = -1

    @property
    def said(self) -> str:
        """What the voice gets."""
        return _BEFORE_MARK.sub(r"\1", " ".join(token.text for token in self._tokens))

    def as_written(self, marks: Sequence[Mark]) -> Iterator[Mark]:
        """Yield the marks of spoken words as marks of the words that were written.

        Written words that are said as one ("3:30 PM") share a mark; one that is said as several
        has theirs together.
        """
        current: Mark | None = None
        first = last = -1
        for mark in marks:
            begin, end = self._groups_of(mark.label)
            if current is not None and begin <= last:
                current = replace(current, end_sample=max(mark.end_sample, current.end_sample))
                last = max(last, end)
                continue
            yield from self._labelled_mark(current, first, last)
            current, first, last = mark, begin, end
        yield from self._labelled_mark(current, first, last)

    def _labelled_mark(self, mark: Mark | None, first: int, last: int) -> Iterator[Mark]:
        if mark is None:
            return
        fresh = self._labels[max(first, self._labelled + 1) : last + 1]
        self._labelled = max(self._labelled, last)
        label = " ".join(filter(None, fresh))
        if label:
            yield replace(mark, label=label)

    def _groups_of(self, label: str) -> Range:
        """Return the first and the last group of written words that a spoken label belongs to."""
        found = [self._group_of(word) for word in label.split()]
        known = [group for group in found if group is not None]
        here = self._group_of_token[self._owners[min(self._cursor, len(self._owners) - 1)]]
        return (min(known), max(known)) if known else (here, here)

    def _group_of(self, word: str) -> int | None:
        bare = _bare(word)
        place = self._letters.find(bare, self._cursor, self._cursor + len(bare) + 200)
        if not bare or place < 0:
            return None
        self._cursor = place + len(bare)
        return self._group_of_token[self._owners[place]]

    @cached_property
    def _group_of_token(self) -> list[int]:
        return [group for group, (_, tokens) in enumerate(self._groups) for _ in range(tokens)]

    @cached_property
    def _groups(self) -> list[tuple[Range, int]]:
        """Return the written words that are said together, and how many tokens say them."""
        starts = [match.start() for match in _WORD.finditer(self._reading.source)]
        groups: list[tuple[Range, int]] = []
        for token in self._sounding:
            first, end = self._reading.source_range(*token.spoken)
            words = (_index(starts, first), _index(starts, max(end - 1, first)))
            if groups and words[0] <= groups[-1][0][1]:
                (begin, finish), tokens = groups[-1]
                groups[-1] = ((begin, max(finish, words[1])), tokens + 1)
            else:
                groups.append((words, 1))
        return groups

    @cached_property
    def _labels(self) -> list[str]:
        """Return for each group what was written; words that are not said join the one before."""
        words = [self._shown(match) for match in _WORD.finditer(self._reading.source)]
        borders = [0, *(words_of[0] for words_of, _ in self._groups[1:]), len(words)]
        return [" ".join(filter(None, words[first:end])) for first, end in pairwise(borders)]

    def _shown(self, word: re.Match[str]) -> str:
        """Return of a written word what a caption shows: no marks of Markdown, no tags."""
        return "".join(
            self._reading.source[i] for i in range(*word.span()) if i not in self._hidden
        )

    @cached_property
    def _hidden(self) -> frozenset[int]:
        return hidden_characters(self._reading)

    def _told(self) -> Iterator[_Token]:
        """Yield what the voice gets, word by word."""
        silent = silent_characters(self._reading)
        for match in _WORD.finditer(self._reading.spoken):
            text = "".join(
                self._reading.spoken[i] if not silent[i] else " " for i in range(*match.span())
            )
            for part in text.split():
                yield _Token(self._spelt(part, match.start()), match.span())

    def _spelt(self, word: str, place: int) -> str:
        bare = word.strip(",.;:!?")
        if bare not in self._voice.letters or self._class_at(place) is SpeechClass.TEXT:
            return word
        return word.replace(bare, self._voice.letters[bare])

    def _class_at(self, place: int) -> SpeechClass:
        spans = self._reading.spans
        return spans[bisect_right(spans, place, key=lambda s: s.spoken_first) - 1].speech_class


def _index(starts: Sequence[int], place: int) -> int:
    """Return which word a character belongs to, the one before where it is white space."""
    return max(bisect_right(starts, place) - 1, 0)


def _bare(word: str) -> str:
    return "".join(c for c in word.casefold() if c.isalnum())
