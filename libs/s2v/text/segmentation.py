"""Cut a text into sentences, and sentences into segments that are spoken as one unit."""
# ruff: noqa: RUF001 - the typographic quotes, dashes and commas here are meant

import re
import unicodedata
from collections.abc import Iterator, Sequence

from s2v.text.markup import kept_together, masked
from s2v.text.normal.markup import BRACKETED

MAX_CHARACTERS = 220
"""About 14 seconds of English speech."""
MIN_CHARACTERS = 30
"""Shorter sentences join a neighbour: a film of one-second segments would stutter."""
FIRST_CHARACTERS = 60
"""The first segment is kept shorter, about four seconds, so that the first frames come soon."""
FIRST_MIN_CHARACTERS = 15
"""For the same reason a first sentence of this length, over a second of speech, stands alone."""

Span = tuple[int, int]
"""Half-open range of characters of the text."""

_CLOSERS = "\"'”’»)\\]}"
_END = re.compile(
    rf"(?<![.!?…।؟۔])[.!?…।؟۔]++[{_CLOSERS}]*+(?=\s)"  # only before white space: 3.14, s2v.dev
    r"|[。！？｡]+[」』”’）】》]*"  # wherever it stands
    r"|\n\s*"
)
_CLAUSE_END = re.compile(r"[;:—–][\"'”’)]*\s+|[；：]")
_COMMA_END = re.compile(r",[\"'”’)]*\s+|[，、]")
_SPACE = re.compile(r"\s+")


def _before(*words: str) -> re.Pattern[str]:
    return re.compile(rf"\s+(?=(?:{'|'.join(words)})\s)")


# Where an English speaker may take a breath, the better places first.
_CLAUSE_START = _before(
    *("and", "but", "or", "so", "because", "although", "while", "when", "where", "which", "who"),
    *("that", "how", "why", "if", "as", "after", "before", "since", "until"),
)
_PHRASE_START = _before(
    *("with", "without", "for", "from", "through", "into", "over", "under", "between", "about"),
    *("in", "on", "at", "by", "of"),
)
_SEEN = 12
"""How far beyond a border must be looked to see the word that makes it one."""
_AT_PHRASES = (_CLAUSE_END, _COMMA_END, _CLAUSE_START, _PHRASE_START)
_ANYWHERE = (_CLAUSE_END, _COMMA_END, _SPACE)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TITLES = _words(
    "Mr Mrs Ms Mx Dr Prof St Mt Gen Gov Sen Rep Capt Lt Col Sgt Cmdr Rev Hon Pres Supt Maj Adm "
    "Messrs Mme Mlle"
)
_NEVER_LAST = _words("e.g i.e cf vs viz al approx")
"""Words whose full stop never ends a sentence: "e.g. apples"."""
_BEFORE_NUMBER = _words(
    "no nos fig figs eq eqs vol p pp ch sec thm lem prop cor def art ex ver ref tel apt rm ste "
    "bldg wk pg ep pt fl"
)
"""Abbreviations only where a number follows: "No. 5", but "She said no. Then she left."."""
_MAYBE_LAST = _words(
    "etc inc ltd co corp jr sr bros ave blvd rd dept jan feb mar apr jun jul aug sep sept oct nov "
    "dec"
)
"""Abbreviations that end a sentence only where the next word clearly begins one."""
_MONTHS = _words(
    "Januar Jänner Februar März April Mai Juni Juli August September Oktober November Dezember"
)
"""German days of a month have a full stop: "am 28. November"."""
_DAY = re.compile(r"\d{1,2}")
_STARTERS = _words(
    "a an the this that these those there here he she it we they you i his her its our their my "
    "your but and so or if in on at as for when while after before then now what who why how yet "
    "however meanwhile today yesterday tomorrow"
)
_DOTTED = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
"""An initial, or letters with stops between them: "J", "U.S", "a.m"."""
_WORD = re.compile(r"[\w'’]+")
_OPENERS_AND_SPACE = " \t\"'“‘«([{"
_JOINERS = "\u200d\ufe0f"


def cut_text(
    text: str, *, max_characters: int = MAX_CHARACTERS, continues: bool = False
) -> tuple[str, ...]:
    """Cut a text into segments at the ends of sentences; white space aside, nothing is lost.

    A sentence longer than `max_characters` is cut after a clause, a comma, a word, in this order; a
    first one longer than FIRST_CHARACTERS after a clause, a comma, a phrase, if it has one there,
    unless the text continues an earlier one.
    Short sentences join the one before. A stretch without letters and digits, such as a line of
    dashes, stays with a neighbour even where that makes it longer than `max_characters`.
    """
    return tuple(
        text[a:b] for a, b in cut_spans(text, max_characters=max_characters, continues=continues)
    )


def cut_spans(
    text: str, *, max_characters: int = MAX_CHARACTERS, continues: bool = False
) -> tuple[Span, ...]:
    """Cut a text as `cut_text`, but return where in it the segments are."""
    sentences = _sentences(text, max_characters)
    if not sentences:
        return ()
    least, limit = MIN_CHARACTERS, max_characters
    if not continues:
        least, limit = FIRST_MIN_CHARACTERS, min(FIRST_CHARACTERS, max_characters)
        opening = _cut_long(text, sentences[0], limit=limit, borders=_AT_PHRASES)
        sentences[:1] = opening
    return tuple(_joined(text, sentences, least=least, limit=limit, max_characters=max_characters))


def cut_sentences(text: str, *, max_characters: int = MAX_CHARACTERS) -> tuple[str, ...]:
    """Cut a text into sentences, over-long ones also inside; white space aside, nothing is lost."""
    return tuple(text[a:b] for a, b in _sentences(text, max_characters))


def complete_sentences(text: str, *, paused: bool = False) -> int:
    """Return how many characters of a text that is still being written are whole sentences.

    A sentence is whole when the next one has begun, or white space follows where it hardly goes on
    ("at 5 p.m. ", "well... " and a line without a full stop may). With `paused`, when nothing has
    come for a while, an end without white space counts, too. None is counted that marks in the text
    (`s2v.text.markup`) keep together with what may still come.
    """
    together = kept_together(text)
    text = masked(text)
    whole = first = 0
    for match in _END.finditer(f"{text} " if paused else text):
        if not _ends_sentence(text, first, match):
            continue
        end = _outside(together, text, min(match.end(), len(text)))
        if end and (text[end:].strip() or paused or _is_clear(text[first:end], match.group())):
            whole = end
        first = max(end, match.end())
    return whole if is_speakable(text[:whole]) else 0


def _outside(together: Sequence[Span], text: str, end: int) -> int:
    """Return where a sentence ends that may end inside of a range, of which only marks are left.

    That is 0 where more is left.
    """
    for first, last in together:
        if first < end < last:
            return last if last <= len(text) and not text[end:last].strip() else 0
    return end


def _is_clear(sentence: str, mark: str) -> bool:
    """Tell whether a sentence that ends with this mark hardly goes on.

    It may after an abbreviation, dots that trail off, or a line's end, which may be a hard wrap.
    """
    if mark.count("\n") == 1 or mark.rstrip(_CLOSERS).endswith(("..", "…")):
        return False
    words = sentence.rstrip(f".!?…{_CLOSERS} \n").split()
    last = words[-1].lstrip(_OPENERS_AND_SPACE).lower() if words else ""
    may_go_on = (
        last in _MAYBE_LAST | _BEFORE_NUMBER or _DOTTED.fullmatch(last) or _DAY.fullmatch(last)
    )
    return bool(last) and not may_go_on


def is_speakable(text: str) -> bool:
    """Tell whether the text has a letter or a digit in any script."""
    return any(character.isalnum() for character in text)


def _sentences(text: str, max_characters: int) -> list[Span]:
    return [
        piece
        for sentence in _whole_sentences(text)
        for piece in _cut_long(text, sentence, limit=max_characters, borders=_ANYWHERE)
    ]


def _whole_sentences(text: str) -> Iterator[Span]:
    first = 0
    for match in _END.finditer(text):
        if not _ends_sentence(text, first, match):
            continue
        yield from _stripped(text, first, match.end())
        first = match.end()
    yield from _stripped(text, first, len(text))


def _ends_sentence(text: str, first: int, match: re.Match[str]) -> bool:
    mark = match.group()
    following = text[match.end() : match.end() + 40].lstrip(_OPENERS_AND_SPACE)
    if mark[0] == "\n":  # a paragraph; or a line, unless a hard-wrapped sentence goes on
        return mark.count("\n") > 1 or not following[:1].islower()
    if mark[0] not in ".!?…":
        return True
    if following[:1].islower():
        return False
    if mark.rstrip(_CLOSERS) != ".":
        return True
    return _full_stop_ends(text[max(first, match.start() - 60) : match.start()].strip(), following)


def _full_stop_ends(before: str, following: str) -> bool:
    word = before.split()[-1].lstrip(_OPENERS_AND_SPACE) if before else ""
    if word == before and word.isdigit():
        return False  # "1. Open the door": the number of a list item
    if word in _TITLES or word.lower() in _NEVER_LAST:
        return False
    if _DAY.fullmatch(word):
        next_word = _WORD.match(following)
        return next_word is None or next_word.group() not in _MONTHS
    if word.lower() in _BEFORE_NUMBER:
        return not following[:1].isdigit()
    if word.lower() in _MAYBE_LAST or _DOTTED.fullmatch(word):
        next_word = _WORD.match(following)
        return next_word is None or next_word.group().lower() in _STARTERS
    return True


def _stripped(text: str, first: int, end: int) -> Iterator[Span]:
    """Yield the span without white space at its edges, or nothing if no more is in it."""
    while first < end and text[first].isspace():
        first += 1
    while first < end and text[end - 1].isspace():
        end -= 1
    if first < end:
        yield first, end


def _cut_long(
    text: str, span: Span, *, limit: int, borders: tuple[re.Pattern[str], ...]
) -> Iterator[Span]:
    """Yield the span in pieces of at most `limit`, about equally long, cut at the best borders.

    Where no border is near, a cut falls inside a word if `borders` has white space, else nowhere.
    """
    first, end = span
    speakable_end = _speakable_end(text, span) if end - first > limit else first
    while end - first > limit and first < speakable_end:
        cut = _best_cut(text, (first, end), limit=limit, borders=borders)
        if cut is None and _SPACE not in borders:
            break
        if cut is None:
            cut = _hard_cut(text, first, first + limit)
        yield from _stripped(text, first, cut)
        first = cut
    yield from _stripped(text, first, end)


def _speakable_end(text: str, span: Span) -> int:
    """Return the end of the last letter or digit in a span, or its start if there is none."""
    first, end = span
    return next((i + 1 for i in range(end - 1, first - 1, -1) if text[i].isalnum()), first)


def _best_cut(
    text: str, span: Span, *, limit: int, borders: tuple[re.Pattern[str], ...]
) -> int | None:
    first, end = span
    wanted = (end - first) // -(-(end - first) // limit)
    for border in borders:
        matches = border.finditer(text, first + limit // 4, min(first + limit + _SEEN, end))
        cuts = [match.end() for match in matches]
        usable = [cut for cut in cuts if cut < end and len(text[first:cut].rstrip()) <= limit]
        if usable:
            return min(usable, key=lambda cut: abs(cut - first - wanted))
    return None


def _hard_cut(text: str, first: int, cut: int) -> int:
    """Return the last place up to `cut` that does not part a letter from its accents."""
    for candidate in range(cut, first + (cut - first) // 2, -1):
        if not unicodedata.combining(text[candidate]) and text[candidate] not in _JOINERS:
            return candidate
    return cut


def _joined(
    text: str, spans: list[Span], *, least: int, limit: int, max_characters: int
) -> Iterator[Span]:
    """Yield the spans, those that cannot stand alone joined to a neighbour.

    `least` and `limit` are for the first of them.
    """
    current, speakable = spans[0], _says_something(text[slice(*spans[0])])
    for span in spans[1:]:
        can_stand = _says_something(text[slice(*span)])
        if not (speakable and can_stand) or _belong_together(
            current, span, least=least, limit=limit
        ):
            current, speakable = (current[0], span[1]), speakable or can_stand
            continue
        yield current
        current, speakable = span, can_stand
        least, limit = MIN_CHARACTERS, max_characters
    yield current


def _says_something(text: str) -> bool:
    """Tell whether there is more than words in brackets that nobody says, such as [laughs]."""
    return is_speakable(BRACKETED.sub("", text))


def _belong_together(left: Span, right: Span, *, least: int, limit: int) -> bool:
    """Tell whether the left one is too short, under `least`, or the right one is."""
    if right[1] - left[0] > limit:
        return False
    return left[1] - left[0] < least or right[1] - right[0] < MIN_CHARACTERS
