"""Say ranges, scores, sizes, times, abbreviations and large sums of other languages."""

import re
from collections.abc import Callable
from functools import lru_cache

from s2v.text.normal import foreign_words as words

Say = Callable[[str], str | None]
Form = tuple[re.Pattern[str], Callable[[re.Match[str], Say], str | None]]
"""A pattern, and what says what it finds, with the help of what says numbers."""

_NUMBER = r"[0-9]{1,3}(?:[.\u00a0\u202f][0-9]{3})+(?![0-9])(?:,[0-9]+)?|[0-9]+(?:,[0-9]+)?"
_CLOCK = r"(?:[01]?[0-9]|2[0-4])[:h][0-5][0-9]"
_ITALIAN_PARTS = {
    "1/2": "un mezzo",
    "1/3": "un terzo",
    "2/3": "due terzi",
    "1/4": "un quarto",
    "3/4": "tre quarti",
}


@lru_cache(maxsize=16)
def forms(language: str) -> tuple[Form, ...]:
    """Return the forms of a language, in the order in which they are looked for."""
    said = words.units(language) | {sign: name for sign, (name, _) in words.MONEY[language].items()}
    unit = "|".join(map(re.escape, sorted(said, key=len, reverse=True)))
    scales = words.table(words.SCALES[language])
    scale = "|".join(map(re.escape, sorted(scales, key=len, reverse=True)))
    signs = "|".join(map(re.escape, sorted(words.MONEY[language], key=len, reverse=True)))

    def ranged(match: re.Match[str], say: Say) -> str | None:
        ends = say(match["a"]), say(match["b"])
        if None in ends:
            return None
        name = _amount_of(scales.get(match["scale"] or "", ""), said.get(match["unit"] or "", ""))
        return f"{ends[0]} {words.TO[language]} {ends[1]} {name}".strip()

    def scored(match: re.Match[str], say: Say) -> str | None:
        return _joined(words.AGAINST[language], say(match["a"]), say(match["b"]))

    def sized(match: re.Match[str], say: Say) -> str | None:
        sides = _joined(words.BY[language], *map(say, re.split(r" ?[x×] ?", match["sides"])))
        return sides and f"{sides} {said[match['unit']]}"

    def timed(match: re.Match[str], say: Say) -> str | None:
        return _time(match, say, language)

    def ranged_time(match: re.Match[str], say: Say) -> str | None:
        ends = [_time(end, say, language) for end in _TIME.finditer(match.group())]
        return _joined(words.TO[language], *ends)

    def summed(match: re.Match[str], say: Say) -> str | None:
        amount = say(match["n"])
        return amount and f"{amount} {_amount_of(scales[match['scale']], said[match['sign']])}"

    clocks: tuple[Form, ...] = (
        (
            re.compile(rf"(?<![\w.,:]){_CLOCK}(?: ?h| Uhr)? ?[-–] ?{_CLOCK}(?: ?h| Uhr)?(?![\w:])"),
            ranged_time,
        ),
    )
    if language == "de":
        clocks += (
            (
                re.compile(r"(?<![\w.,:])(?P<h>[01]?[0-9]|2[0-4])\.(?P<m>[0-5][0-9]) Uhr(?!\w)"),
                timed,
            ),
        )
    if language in words.HOURS:
        clocks += (
            (
                re.compile(
                    r"(?<![\w.,:])(?P<h>[01]?[0-9]|2[0-4]):(?P<m>[0-5][0-9])"
                    r"(?: ?h| Uhr)?(?![\w:])"
                ),
                timed,
            ),
        )
    return (
        _before_numbers(language),
        *clocks,
        (
            re.compile(
                rf"(?<![\w.,/:+-])(?P<a>{_NUMBER}) ?[-–—] ?(?P<b>{_NUMBER})"
                rf"(?:[ \u00a0]?(?P<scale>{scale}) ?(?=(?:{signs})(?!\w)))?"
                rf"(?:[ \u00a0]?(?P<unit>{unit}))?(?![\w/:]|[-–.,][0-9])"
            ),
            ranged,
        ),
        (
            re.compile(
                rf"(?<![\w.,])(?P<n>{_NUMBER})[ \u00a0]?(?P<scale>{scale}) ?(?P<sign>{signs})(?!\w)"
            ),
            summed,
        ),
        (re.compile(r"(?<![\w.,:])(?P<a>[0-9]{1,2}):(?P<b>[0-9])(?![\w:])"), scored),
        (
            re.compile(
                rf"(?<![\w.,])(?P<sides>(?:{_NUMBER})(?: ?[x×] ?(?:{_NUMBER})){{1,2}})"
                rf"[ \u00a0]?(?P<unit>{unit})(?!\w)"
            ),
            sized,
        ),
        *_italian(language),
        _abbreviations(language),
    )


_TIME = re.compile(r"(?P<h>[0-9]{1,2})[:h](?P<m>[0-9]{2})")


def _time(match: re.Match[str], say: Say, language: str) -> str | None:
    hours, minutes = say(match["h"].lstrip("0") or "0"), say(match["m"].lstrip("0") or "0")
    if hours is None or minutes is None:
        return None
    form = words.HOURS.get(language, "{} y {}" if language == "es" else "{} e {}")
    hours = {("de", "eins"): "ein", ("fr", "un"): "une"}.get((language, hours), hours)
    if int(match["m"]):
        return form.format(hours, minutes)
    return form.format(hours, "").strip().removesuffix(" e").removesuffix(" y")


def _amount_of(scale: str, name: str) -> str:
    """Return "millions d'euros", "Millionen Dollar", or the name alone."""
    if scale.startswith("milli") and scale.endswith("s de") and name[:1] in tuple("aeiou"):
        return f"{scale[:-1]}'{name}"
    return f"{scale} {name}".strip()


def _joined(joint: str, *parts: str | None) -> str | None:
    known = [part for part in parts if part is not None]
    return f" {joint} ".join(known) if len(known) == len(parts) else None


def _abbreviations(language: str) -> Form:
    anywhere = words.table(words.ABBREVIATIONS[language])
    unspaced = {"".join(written.split()): said for written, said in anywhere.items()}

    def full(match: re.Match[str], _: Say) -> str:
        written = "".join(match["it"].split())
        rest = match.string[match.end() :].lstrip()
        ends = written in words.LAST and (not rest or rest[0].isupper())
        return unspaced[written] + ("." if ends else "")

    return re.compile(rf"(?<![\w.])(?P<it>{_any(anywhere)})(?!\w)"), full


def _before_numbers(language: str) -> Form:
    numbered = words.table(words.BEFORE_NUMBERS[language])
    pattern = re.compile(rf"(?<![\w.])(?P<it>{_any(numbered)}) ?(?=[0-9])")
    return pattern, lambda match, _: f"{numbered[match['it']]} "


def _any(known: dict[str, str]) -> str:
    longest = sorted(known, key=len, reverse=True)
    return "|".join(re.escape(word).replace(r"\ ", "[ \u00a0]?") for word in longest)


def _italian(language: str) -> tuple[Form, ...]:
    """Return the fractions that the library does not say in Italian."""
    if language != "it":
        return ()
    pattern = re.compile(rf"(?<![\w.,/])(?:{'|'.join(_ITALIAN_PARTS)})(?![\w/]|[.,][0-9])")
    return ((pattern, lambda match, _: _ITALIAN_PARTS[match.group()]),)
