"""Put what was claimed and what was not together: the spoken text and its spans."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from s2v.text.normal.claiming import Claim, Claims
from s2v.text.normal.patterns import FIRST_UNSPACED
from s2v.text.normal.spans import SpeechClass, SpokenSpan

_PARTS = re.compile(r"\s+")
_AS_THEY_ARE = frozenset({SpeechClass.SPELLING, SpeechClass.TAG})


@dataclass(slots=True)
class _Assembled:
    text: str = ""
    parts: list[str] = field(default_factory=list)
    length: int = 0
    last: str = ""
    spans: list[SpokenSpan] = field(default_factory=list)

    def add(self, first: int, end: int, spoken: str, speech_class: SpeechClass, rule: str) -> None:
        """Add a span; nothing that is empty on both sides."""
        if first == end and not spoken:
            return
        begin = self.length
        self.parts.append(spoken)
        self.length += len(spoken)
        self.last = spoken[-1:] or self.last
        self.spans.append(SpokenSpan(first, end, begin, self.length, speech_class, rule))


def assembled(claims: Claims) -> tuple[str, tuple[SpokenSpan, ...]]:
    """Return the spoken text of what was claimed, and the spans that join it to the source."""
    spoken = _Assembled()
    pieces = list(_pieces(claims))
    for index, piece in enumerate(pieces):
        if isinstance(piece, Claim):
            _add_claim(spoken, piece, _following(claims.text, piece.end, pieces[index + 1 :]))
        else:
            _add_text(spoken, claims.text, *piece)
    return _without_last_space(spoken)


def _pieces(claims: Claims) -> Iterator[Claim | tuple[int, int]]:
    position = 0
    for claim in sorted(claims.made, key=lambda claim: claim.first):
        if position < claim.first:
            yield position, claim.first
        yield claim
        position = claim.end
    if position < len(claims.text):
        yield position, len(claims.text)


def _following(text: str, end: int, rest: Sequence[object]) -> str:
    """Return the character that is said after a claim."""
    if rest and isinstance(rest[0], Claim):
        return "" if rest[0].speech_class is SpeechClass.TAG else rest[0].spoken[:1]
    return text[end : end + 1]


def _add_claim(spoken: _Assembled, claim: Claim, following: str) -> None:
    words = claim.spoken
    if claim.speech_class not in _AS_THEY_ARE and words.strip():
        words = words.strip(" ")
        if spoken.last and not spoken.last.isspace() and _parted(spoken.last, words[0]):
            words = f" {words}"
        if following and not following.isspace() and _parted(words[-1], following):
            words = f"{words} "
    if words[:1].isspace() and (not spoken.length or spoken.last.isspace()):
        words = words.lstrip()
    spoken.add(claim.first, claim.end, words, claim.speech_class, claim.rule)
    if claim.speech_class is SpeechClass.TAG:
        spoken.last = ""


def _parted(left: str, right: str) -> bool:
    """Tell whether two characters that come together need a space between them."""
    if left >= FIRST_UNSPACED or right >= FIRST_UNSPACED:
        return False
    return right.isalnum() and (left.isalnum() or left in ",.;:!?")


def _add_text(spoken: _Assembled, text: str, first: int, end: int) -> None:
    position = first
    whole = len(text.rstrip())
    for match in _PARTS.finditer(text, first, end):
        space = "\n" if "\n" in match.group() else " "
        begins = not spoken.length and match.start() == position
        after_space = match.start() == position and spoken.last.isspace()
        if begins or after_space or match.start() >= whole:
            space = ""
        if space == match.group():
            continue
        spoken.add(position, match.start(), text[position : match.start()], SpeechClass.TEXT, "")
        spoken.add(match.start(), match.end(), space, SpeechClass.SPACE, "space")
        position = match.end()
    spoken.add(position, end, text[position:end], SpeechClass.TEXT, "")


def _without_last_space(spoken: _Assembled) -> tuple[str, tuple[SpokenSpan, ...]]:
    """Return the text and its spans without the white space that claims left at the end."""
    text = "".join(spoken.parts)
    whole = len(text.rstrip())
    kept: list[SpokenSpan] = []
    for span in spoken.spans:
        kept += _cut(span, whole) if span.spoken_end > whole else (span,)
    return text[:whole], tuple(kept)


def _cut(span: SpokenSpan, whole: int) -> Iterator[SpokenSpan]:
    """Yield a span without what is said of it after a place; of words as written, apart."""
    kept = max(whole - span.spoken_first, 0)
    middle = span.source_first
    if span.speech_class is SpeechClass.TEXT:
        middle += kept
        if kept:
            yield replace(span, source_end=middle, spoken_end=whole)
        yield replace(
            span,
            source_first=middle,
            spoken_first=whole,
            spoken_end=whole,
            speech_class=SpeechClass.SPACE,
            rule="space",
        )
        return
    yield replace(span, spoken_first=min(span.spoken_first, whole), spoken_end=whole)
