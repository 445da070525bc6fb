"""Read the marks in a text that say how to speak it: pauses, and a small part of SSML.

    Wait. [pause 0.5s] <prosody rate="slow">Now</prosody> <sub alias="doctor">Dr</sub> Who.

Nothing is ever looked up elsewhere: there are no entities but XML's own five and numbers. What is
no mark is text. Of marks that are not understood the text inside is kept, and a problem is told.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from s2v.core.sound import FASTEST, SLOWEST

MAX_PAUSE_SECONDS = 10.0
DEFAULT_PAUSE_SECONDS = 0.5
MAX_ALIAS_CHARACTERS = 200
"""Also of what is replaced: neither is ever cut."""

_STRENGTHS = {
    "none": 0.0,
    "x-weak": 0.1,
    "weak": 0.25,
    "medium": 0.5,
    "strong": 0.8,
    "x-strong": 1.2,
}
_RATES = {
    "x-slow": 0.5,
    "slow": 0.75,
    "medium": 1.0,
    "default": 1.0,
    "fast": 1.25,
    "x-fast": 1.75,
}
_SAY_AS = (
    *("characters", "spell-out", "verbatim", "digits", "telephone"),
    *("date", "ordinal", "cardinal", "number"),
)
_PARAGRAPHS = frozenset(("p", "s"))
_SILENT = frozenset(("speak", *_PARAGRAPHS))
"""Their tags mean nothing to us, whether they are balanced or not."""
_PAIRED = frozenset(("prosody", "say-as", "sub", "phoneme"))
_UNKNOWN = (
    "audio desc emphasis lang lexicon lookup mark media meta metadata par seq sound token voice w "
    "amazon:[a-z-]+ google:[a-z-]+ mstts:[a-z-]+"
)
_NAMES = "|".join((*sorted((*_SILENT, *_PAIRED, "break"), key=len, reverse=True),))
_TAG = (
    rf"<(?P<end>/)?(?P<name>(?:{_NAMES}|{'|'.join(_UNKNOWN.split())}))(?![\w:-])"
    r"(?P<attributes>(?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*+)>"
)
_PAUSE = r"\[pause(?:\s+(?P<length>[^\[\]<>]{0,20}))?\]"
_DECLARATION = r"<!DOCTYPE[^<>\[]*+(?:\[[^\]]*+\]\s*)?>"
_ASIDE = rf"(?P<aside><!--(?:(?!-->|<!--).)*+-->|<\?xml[^<>]*\?>|{_DECLARATION})"
_MARK = re.compile(f"{_TAG}|{_PAUSE}|{_ASIDE}", re.IGNORECASE | re.DOTALL)
_BEGUN = re.compile(r"(?:</?([a-z:-]*)(\s[^<>]*)?|\[([a-z]*)(\s[^<>\[\]]{0,20})?)$", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_LENGTH = re.compile(r"\+?(\d{1,6}(?:[.,]\d{0,6})?|[.,]\d{1,6})\s*(ms|s)", re.IGNORECASE)
_PERCENT = re.compile(r"([+-]?)(\d{1,4}(?:\.\d{1,4})?)%")
_FACTOR = re.compile(r"\d{0,2}(?:\.\d{1,4})?")
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-f]{1,6});", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Silence:
    """A pause of so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Words:
    """A stretch of text that is spoken in one way.

    Attributes:
        text: as written, and as captions show it.
        rate: how much faster than the rest, 0.5 to 2.
        alias: what is spoken instead; empty where that is the text.
        phonemes: how it is pronounced (IPA); empty where that follows from the text.
        say_as: what the text is, in SSML's words ("telephone", "date:mdy"); empty for words.
        place: where it stands in the marked text with its tags, half-open; of what is whole only.
    """

    text: str
    rate: float = 1.0
    alias: str = ""
    phonemes: str = ""
    say_as: str = ""
    place: tuple[int, int] = field(default=(0, 0), compare=False)

    @property
    def whole(self) -> bool:
        """Whether it cannot be cut."""
        return bool(self.alias or self.phonemes or self.say_as)


Piece = Silence | Words


@dataclass(frozen=True, slots=True)
class Marked:
    """A text without its marks, in pieces, and what was not understood, in full sentences."""

    pieces: tuple[Piece, ...]
    problems: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text alone."""
        return "".join(piece.text if isinstance(piece, Words) else " " for piece in self.pieces)

    @property
    def spoken(self) -> str:
        """The text with what is spoken in place of what is written."""
        return "".join(
            piece.alias or piece.text if isinstance(piece, Words) else " " for piece in self.pieces
        )


def read_marked(text: str) -> Marked:
    """Read a text with marks; one without any is one piece. Takes time in proportion to it."""
    if not _MARK.search(text):
        return Marked((Words(text),)) if text else Marked(())
    reading = _Reading()
    position = 0
    for match in _MARK.finditer(text):
        reading.words(text[position : match.start()])
        reading.mark(match)
        position = match.end()
    reading.words(text[position:])
    return reading.marked()


def marked_text(pieces: tuple[Piece, ...]) -> str:
    """Write pieces down as a text of which `read_marked` makes the same pieces."""
    plain = "".join(piece.text for piece in pieces if isinstance(piece, Words))
    if all(piece == Words(piece.text) for piece in pieces if isinstance(piece, Words)):
        is_plain = all(isinstance(piece, Words) for piece in pieces)
        if is_plain and not _MARK.search(plain):
            return plain
    return f"<speak>{''.join(map(_written, pieces))}</speak>"


def masked(text: str) -> str:
    """Return a text of the same length with white space in place of its marks."""
    return _MARK.sub(lambda match: " " * len(match.group()), text)


def kept_together(text: str) -> list[tuple[int, int]]:
    """Return the half-open ranges of a text that marks keep together, in order and apart.

    A mark that is not ended yet keeps all that may still come.
    """
    ranges: list[tuple[int, int]] = []
    opened: list[str] = []
    first = 0
    for match in _MARK.finditer(text):
        name = (match["name"] or "").lower()
        if name not in _PAIRED or match["attributes"].endswith("/"):
            continue
        if not match["end"]:
            first = first if opened else match.start()
            opened.append(name)
        elif name in opened:
            while opened.pop() != name:
                pass
            if not opened:
                ranges.append((first, match.end()))
    begun = len(text) if opened else _begun(text)
    ends = ([first] if opened else []) + ([begun] if begun < len(text) else [])
    return [*ranges, *((end, len(text) + 1) for end in ends)]


def _begun(text: str) -> int:
    """Return where the mark begins that a text ends in the middle of; its length if in none."""
    match = _BEGUN.search(text)
    if match is None:
        return len(text)
    tag, attributes, bracket, length = match.groups()
    names = ("pause",) if tag is None else (*_SILENT, *_PAIRED, "break")
    name = (bracket if tag is None else tag).lower()
    is_whole = attributes is not None or length is not None
    is_ours = name in names if is_whole else any(known.startswith(name) for known in names)
    return match.start() if is_ours else len(text)


@dataclass(slots=True)
class _Reading:
    """Pieces and problems so far, and the tags that are open."""

    pieces: list[Piece] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    open: list[tuple[str, Words, int]] = field(default_factory=list)

    def words(self, text: str) -> None:
        """Take in text between two marks."""
        if text:
            now = self.open[-1][1] if self.open else Words("")
            self._add(replace(now, text=_ENTITY.sub(_character, text)))

    def mark(self, match: re.Match[str]) -> None:
        """Take in a mark."""
        if match["aside"]:
            if match["aside"][:9].upper() == "<!DOCTYPE":
                self._problem(match, "declarations are not read")
        elif match["name"] is None:
            self._pause(match)
        elif match["end"]:
            self._end(match)
        else:
            self._begin(match)

    def marked(self) -> Marked:
        """Return all of it."""
        for name, _, first in self.open:
            self.problems.append(f"The tag <{name}> is never closed, so it is passed over.")
            self._plain(first)
        return Marked(tuple(_joined(self.pieces)), tuple(dict.fromkeys(self.problems)))

    def _pause(self, match: re.Match[str]) -> None:
        told = match["length"]
        length = DEFAULT_PAUSE_SECONDS if told is None else _seconds(told)
        if length is None:
            self._problem(match, "a pause is written [pause 0.5s]; this is read as text")
            self.words(match.group())
        else:
            self._silence(match, length)

    def _silence(self, match: re.Match[str], seconds: float) -> None:
        if seconds > MAX_PAUSE_SECONDS:
            self._problem(match, f"the longest pause is {MAX_PAUSE_SECONDS:g} s, which it is now")
        self.pieces.append(Silence(min(seconds, MAX_PAUSE_SECONDS)))

    def _begin(self, match: re.Match[str]) -> None:
        name, given = match["name"].lower(), _attributes(match["attributes"])
        if name == "break":
            self._break(match, given)
        elif name in _PAIRED:
            if not match["attributes"].endswith("/"):
                self.open.append((name, self._manner(match, name, given), len(self.pieces)))
        elif name not in _SILENT:
            self._problem(match, "tags of that name are passed over, what is inside is spoken")

    def _end(self, match: re.Match[str]) -> None:
        name = match["name"].lower()
        if name in _PARAGRAPHS:
            self._add(Words("\n\n"))
        if name not in _PAIRED:
            return
        if not any(name == opened for opened, _, _ in self.open):
            self._problem(match, "it closes nothing and is passed over")
            return
        while True:
            opened, manner, first = self.open.pop()
            if opened == name:
                self._close(match, manner, first)
                return
            self.problems.append(f"The tag <{opened}> is never closed, so it is passed over.")
            self._plain(first)

    def _close(self, match: re.Match[str], manner: Words, first: int) -> None:
        """Make one piece of what cannot be cut."""
        if not manner.whole:
            return
        inside = [piece for piece in self.pieces[first:] if isinstance(piece, Words)]
        text = " ".join("".join(piece.text for piece in inside).split())
        if len(text) > MAX_ALIAS_CHARACTERS or len(inside) != len(self.pieces) - first:
            self._problem(match, "it stands around too much, so it is passed over")
            self._plain(first)
        elif text:
            place = (manner.place[0], match.end())
            self.pieces[first:] = [replace(manner, text=text, place=place)]

    def _break(self, match: re.Match[str], given: dict[str, str]) -> None:
        strength = _STRENGTHS.get(given.get("strength", "medium"))
        length = _seconds(given["time"]) if "time" in given else strength
        if length is None:
            self._problem(match, 'it is written <break time="500ms"/>; it is passed over')
        else:
            self._silence(match, length)

    def _manner(self, match: re.Match[str], name: str, given: dict[str, str]) -> Words:
        """Return how the words inside a tag are spoken."""
        now = self.open[-1][1] if self.open else Words("")
        if name == "prosody":
            return self._faster(match, now, given)
        alias = given.get("alias", "").strip() if name == "sub" else ""
        phonemes = given.get("ph", "").strip() if name == "phoneme" else ""
        say_as = _say_as(given) if name == "say-as" else ""
        is_ipa = given.get("alphabet", "ipa") == "ipa"
        length = len(alias or phonemes or say_as)
        if not 0 < length <= MAX_ALIAS_CHARACTERS or not is_ipa:
            self._problem(match, "that is not understood, so it is passed over")
            return now
        if now.whole:
            return now
        place = (match.start(), match.end())
        return replace(now, alias=alias, phonemes=phonemes, say_as=say_as, place=place)

    def _faster(self, match: re.Match[str], now: Words, given: dict[str, str]) -> Words:
        if set(given) - {"rate"}:
            self._problem(match, "only its rate is followed")
        rate = _rate(given.get("rate", "medium"))
        if rate is None:
            self._problem(match, 'a rate is written "slow", "fast", "120%" or "1.2"')
            return now
        return replace(now, rate=min(max(now.rate * rate, SLOWEST), FASTEST))

    def _plain(self, first: int) -> None:
        """Take back what an open tag said of the pieces from there on."""
        self.pieces[first:] = [
            Words(piece.text) if isinstance(piece, Words) else piece
            for piece in self.pieces[first:]
        ]

    def _add(self, words: Words) -> None:
        self.pieces.append(words)

    def _problem(self, match: re.Match[str], what: str) -> None:
        shown = " ".join(match.group().split())
        shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
        self.problems.append(f"{shown}: {what}.")


def _joined(pieces: list[Piece]) -> Iterator[Piece]:
    """Yield the pieces, neighbours that are spoken alike as one."""
    before: Words | None = None
    for piece in pieces:
        if isinstance(piece, Words) and before and _alike(before, piece):
            before = replace(before, text=before.text + piece.text)
            continue
        if before:
            yield before
        before = piece if isinstance(piece, Words) else None
        if before is None:
            yield piece
    if before:
        yield before


def _alike(left: Words, right: Words) -> bool:
    return not left.whole and replace(left, text="") == replace(right, text="")


def _attributes(text: str) -> dict[str, str]:
    found = _ATTRIBUTE.findall(text)
    return {
        name.lower().removeprefix("xml:"): _ENTITY.sub(_character, double or single)
        for name, double, single in found
    }


def _seconds(text: str) -> float | None:
    match = _LENGTH.fullmatch(text.strip())
    if match is None:
        return None
    number = float(match[1].replace(",", "."))
    return number / 1000 if match[2].lower() == "ms" else number


def _rate(text: str) -> float | None:
    text = text.strip().lower()
    if text in _RATES:
        return _RATES[text]
    if match := _PERCENT.fullmatch(text):
        share = float(match[2]) / 100
        return {"": share, "+": 1 + share, "-": 1 - share}[match[1]]
    return float(text) if text and _FACTOR.fullmatch(text) and text != "." else None


def _say_as(given: dict[str, str]) -> str:
    kind = given.get("interpret-as", "").strip().lower()
    if kind not in _SAY_AS:
        return ""
    order = given.get("format", "").strip().lower()
    return f"{kind}:{order}" if kind == "date" and order else kind


def _character(match: re.Match[str]) -> str:
    return html.unescape(match.group())


def _written(piece: Piece) -> str:
    if isinstance(piece, Silence):
        return f'<break time="{round(piece.seconds * 1000)}ms"/>'
    text = html.escape(piece.text).replace("[", "&#91;")
    if piece.alias:
        text = f'<sub alias="{html.escape(piece.alias)}">{text}</sub>'
    if piece.phonemes:
        text = f'<phoneme ph="{html.escape(piece.phonemes)}">{text}</phoneme>'
    if piece.say_as:
        kind, _, order = piece.say_as.partition(":")
        told = f' format="{html.escape(order)}"' if order else ""
        text = f'<say-as interpret-as="{kind}"{told}>{text}</say-as>'
    return text if piece.rate == 1 else f'<prosody rate="{piece.rate:.4f}">{text}</prosody>'
