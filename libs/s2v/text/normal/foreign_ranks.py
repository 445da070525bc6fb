"""Say which one it is in other languages: ordinals, Roman numerals of kings and centuries."""

import re
from collections.abc import Callable

from s2v.text.normal.foreign_words import MONTHS
from s2v.text.normal.romans import value

Say = Callable[[str], str | None]
"""Says a short piece in the language."""

_ROMAN = r"(?=[IVXLCM])(?:C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})(?<=[IVXLCM])"
_PRINCES = {
    "de": "Ludwig|Heinrich|Karl|Friedrich|Wilhelm|Otto|Paul|Benedikt|Johannes|Elisabeth|Katharina|"
    "Philipp|Georg|Franz|Napoleon|Leopold|Maximilian|Rudolf|Konrad|Ferdinand|Pius|Leo|Nikolaus",
    "es": "Felipe|Carlos|Alfonso|Fernando|Isabel|Juan|Pablo|Enrique|Luis|Jaime|Pedro|Sancho|Pío|"
    "Benedicto|León|Ramiro|Catalina|María|Juana|Jorge|Guillermo|Eduardo",
}
_QUEENS = frozenset(["Elisabeth", "Katharina", "Isabel", "Catalina", "María", "Juana"])
_ITALIAN_QUEENS = re.compile(
    r"\b(?:Elisabetta|Caterina|Maria|Vittoria|Cristina|Margherita|parte|sezione|classe|guerra) \Z"
)
_ITALIAN = [
    "primo",
    "secondo",
    "terzo",
    "quarto",
    "quinto",
    "sesto",
    "settimo",
    "ottavo",
    "nono",
    "decimo",
]
_GERMAN_ARTICLE = re.compile(
    r"\b(?:der|die|das|dem|den|des|am|im|zum|zur|beim|vom|ins|ihre?|seine?|meine?|jede[rs]?)\s\Z",
    re.IGNORECASE,
)
_GERMAN_DATIVE = re.compile(
    r"\b(?:in|an|aus|bei|mit|nach|seit|von|zu|auf|vor|über|unter|hinter|neben|zwischen|während"
    r"|trotz|"
    r"wegen) der\s\Z|\b(?:dem|den|am|im|vom|zum|beim)\s\Z|\b(?:zur|des|ihre[rnm]|seine[rnm])\s\Z",
    re.IGNORECASE,
)


def italian_ordinal(number: int, say: Say, *, feminine: bool) -> str | None:
    """Return the Italian ordinal of a number: "ventitreesimo"."""
    if 1 <= number <= len(_ITALIAN):
        said = _ITALIAN[number - 1]
    else:
        whole = say(str(number))
        if whole is None:
            return None
        keeps = whole.endswith(("tre", "tré", "sei"))
        said = (whole.replace("tré", "tre") if keeps else whole[:-1]) + "esimo"
    return said[:-1] + "a" if feminine else said


def _german(match: re.Match[str], say: Say) -> str | None:
    behind = match.string[max(match.start() - 30, 0) : match.start()]
    if _GERMAN_ARTICLE.search(behind) is None:
        return None
    said = say(f"{match['n']}.")
    dative = said is not None and _GERMAN_DATIVE.search(behind)
    return f"{said}n" if dative else said


def _german_prince(match: re.Match[str], say: Say) -> str | None:
    said = say(f"{value(match['r'])}.")
    article = "die" if match["name"] in _QUEENS else "der"
    end = "." if match["stop"] and not match.string[match.end() :].strip() else ""
    return said and f"{match['name']} {article} {said}{end}"


def _spanish_prince(match: re.Match[str], say: Say) -> str | None:
    number = value(match["r"])
    mark = "ª" if match["name"] in _QUEENS else "º"
    said = say(f"{number}{mark}" if number <= 10 else str(number))
    return said and f"{match['name']} {said}"


def _french(match: re.Match[str], say: Say) -> str | None:
    number = value(match["r"])
    if number == 1:
        return "première" if match["end"] in ("re", "ère") else "premier"
    return say(f"{number}e")


def _italian(match: re.Match[str], say: Say) -> str | None:
    feminine = match["end"] in ("ª", "a")
    return italian_ordinal(int(match["n"]), say, feminine=feminine)


def _italian_roman(match: re.Match[str], say: Say) -> str | None:
    behind = match.string[max(match.start() - 30, 0) : match.start()]
    feminine = _ITALIAN_QUEENS.search(behind) is not None
    return italian_ordinal(value(match["r"]), say, feminine=feminine)


Form = tuple[re.Pattern[str], Callable[[re.Match[str], Say], str | None]]
RANKS: dict[str, tuple[Form, ...]] = {
    "de": (
        (
            re.compile(rf"(?<!\w)(?P<name>{_PRINCES['de']}) (?P<r>{_ROMAN})(?P<stop>\.)?(?!\w)"),
            _german_prince,
        ),
        (
            re.compile(
                rf"(?<![\w.,/:-])(?P<n>[1-9][0-9]?)\."
                rf"(?= (?:\Z|(?!(?:{MONTHS['de']})\b)[A-Za-zÄÖÜäöü]))"
            ),
            _german,
        ),
    ),
    "es": (
        (
            re.compile(rf"(?<!\w)(?P<name>{_PRINCES['es']}) (?P<r>{_ROMAN})(?!\w)"),
            _spanish_prince,
        ),
    ),
    "fr": (
        (
            re.compile(
                rf"(?<!\w)(?P<r>(?=[IVX]+[a-zè]){_ROMAN})(?P<end>(?<=I)er|(?<=I)re|ère|e|ème)(?!\w)"
            ),
            _french,
        ),
    ),
    "pt": (
        (
            re.compile(
                r"(?<!\w)(?P<name>Pedro|João|Afonso|Manuel|Sebastião|José|Luís|Carlos|Paulo|Bento"
                r"|Pio) "
                rf"(?P<r>{_ROMAN})(?!\w)"
            ),
            _spanish_prince,
        ),
    ),
    "it": (
        (
            re.compile(rf"(?<!\w)(?P<r>(?=[IVXL]){_ROMAN})(?= (?:secolo|capitolo)\b)"),
            _italian_roman,
        ),
        (re.compile(r"(?<=apitolo )(?P<r>[IVX])(?!\w)"), _italian_roman),
        (
            re.compile(r"(?<![\w.,])(?P<n>[1-9][0-9]{0,3})(?P<end>[ªº]|°(?= [a-z]))(?!\w|C|F)"),
            _italian,
        ),
        (re.compile(rf"(?<=[a-zà-ÿ.] )(?P<r>(?=[IVXL]{{2}}){_ROMAN})(?!\w)"), _italian_roman),
    ),
}
"""Patterns and what is said for them, by language."""
