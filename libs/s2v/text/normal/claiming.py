"""Who reads which part of a text: rules claim stretches, one after the other, none twice."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from s2v.text.normal.spans import Range, SpeechClass

Reader = Callable[[re.Match[str]], str | None]
"""Says what was found; None where it is something else."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A stretch of the source and what is said for it."""

    first: int
    end: int
    spoken: str
    speech_class: SpeechClass
    rule: str


@dataclass(frozen=True, slots=True)
class Rule:
    """Finds something and says it.

    Where the pattern has a group `it`, only that is claimed, and the rest is context. The pattern
    must take time in proportion to the text, whatever stands in it.
    """

    name: str
    speech_class: SpeechClass
    pattern: re.Pattern[str]
    read: Reader


@dataclass(slots=True)
class Claims:
    """What is claimed of a text so far."""

    text: str
    made: list[Claim] = field(default_factory=list)
    gaps: list[Range] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.text:
            self.gaps = [(0, len(self.text))]

    def apply(self, rules: Sequence[Rule]) -> None:
        """Let each rule claim what it finds in what nobody has claimed."""
        for rule in rules:
            if found := self._found(rule):
                self.take(found)

    def take(self, claims: Iterable[Claim]) -> None:
        """Take claims that come in order and lie within gaps; one that overlaps is passed over."""
        left: list[Range] = []
        gaps = iter(self.gaps)
        first, end = next(gaps, (0, 0))
        for claim in list(claims):
            while claim.first >= end:
                if first < end:
                    left.append((first, end))
                gap = next(gaps, None)
                if gap is None:
                    self.gaps = left
                    return
                first, end = gap
            if claim.first < first or claim.end > end:
                continue
            if first < claim.first:
                left.append((first, claim.first))
            self.made.append(claim)
            first = claim.end
        if first < end:
            left.append((first, end))
        self.gaps = [*left, *gaps]

    def _found(self, rule: Rule) -> list[Claim]:
        # Most rules find nothing, in each of what may be thousands of gaps.
        text, finditer = self.text, rule.pattern.finditer
        matches = [match for gap in self.gaps for match in finditer(text, *gap)]
        return [claim for match in matches if (claim := _claimed(rule, match))]


def _claimed(rule: Rule, match: re.Match[str]) -> Claim | None:
    spoken = rule.read(match)
    first, end = match.span("it" if "it" in rule.pattern.groupindex else 0)
    if spoken is None or first == end:
        return None
    return Claim(first, end, spoken, rule.speech_class, rule.name)


def silent(_: re.Match[str]) -> str:
    """Say nothing."""
    return ""


def as_written(match: re.Match[str]) -> str:
    """Say what is written."""
    return match.group()


def before(match: re.Match[str], characters: int = 40) -> str:
    """Return what stands before a match."""
    return match.string[max(match.start() - characters, 0) : match.start()]


def after(match: re.Match[str], characters: int = 40) -> str:
    """Return what stands after a match."""
    return match.string[match.end() : match.end() + characters]
