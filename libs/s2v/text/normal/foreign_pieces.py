"""Say of other languages what their library reads wrongly: telephones, years, titles, dates."""

import re
from collections.abc import Callable
from functools import partial

from s2v.text.normal import foreign_words as words

Say = Callable[[str], str | None]
Form = tuple[re.Pattern[str], Callable[[re.Match[str], Say], str | None]]
_AND = {"de": "und", "fr": "et", "es": "y", "it": "e", "pt": "e"}
_TITLES = {
    "fr": {"M.": "monsieur", "St-": "Saint-", "Ste ": "Sainte ", "Ste-": "Sainte-"},
    "es": {"D.": "don", "Dña.": "doña"},
    "pt": {"D.": "Dom"},
    "it": {"S.": "San"},
}
_ORDINALS = {
    "1re": "première",
    "1ère": "première",
    "2nd": "second",
    "2nde": "seconde",
    "2de": "seconde",
}
_POINTED = frozenset(["MX", "US", "PR", "GT", "HN", "NI", "SV", "DO", "PA", "419"])
"""Countries that write Spanish numbers with a decimal point."""
_DOLLARS = frozenset(["US", "PR", "SV", "PA"])


def pieces(language: str, tag: str) -> tuple[Form, ...]:
    """Return the forms of a language; `tag` tells the country as well."""
    found: list[Form] = [(_TELEPHONE, partial(_telephone, language))]
    found.append((re.compile(r"(?<=[\w.]) & (?=\w)"), lambda _, __: f" {_AND[language]} "))
    titles = _TITLES.get(language, {})
    if titles:
        names = "|".join(map(re.escape, titles))
        found.append(
            (
                re.compile(rf"(?<![\w.])(?P<it>{names})(?= ?[A-ZÀ-Ý][a-zà-ÿ])"),
                lambda match, _: titles[match["it"]],
            )
        )
    country = tag.partition("-")[2].upper()
    if language == "es" and country in _POINTED:
        found.append((_POINT, lambda match, say: _pointed(match, say, country)))
    return (*found, *_OF.get(language, ()))


_TELEPHONE = re.compile(
    r"(?<!\w)(?P<label>(?:[Tt]el|[Tt]él|[Tt]elf|[Tt]elefon[oe]?|[Tt]eléfono|[Tt]éléphone|Fax|Cel"
    r"|Cell|Móvil|"
    r"Handy)\.? ?:? )(?P<n>\(?[0-9]{2,5}\)?(?:[ /.-][0-9]{2,8}){1,5})(?![\w/])"
)


def _telephone(language: str, match: re.Match[str], say: Say) -> str | None:
    """Say a telephone number figure by figure, in French by two."""
    groups = re.findall("[0-9]+", match["n"])
    if sum(map(len, groups)) < 6:
        return None
    said = [
        say(group) or group
        if language == "fr" and len(group) == 2 and group[0] != "0"
        else " ".join(say(figure) or figure for figure in group)
        for group in groups
    ]
    return f"{match['label']}{', '.join(said)}"


_POINT = re.compile(
    r"(?<![\w.,])(?P<sign>\$ ?)?(?P<n>[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+\.[0-9]+|"
    r"(?<=\$)[0-9]+)"
    r"(?: ?(?P<unit>MXN|USD|%|km/h|kg|km|cm|mm|m|g|l|GB|MB))?(?![\w%]|[.,][0-9])"
)


def _pointed(match: re.Match[str], say: Say, country: str) -> str | None:
    whole, _, part = match["n"].replace(",", "").partition(".")
    unit = match["unit"] or ""
    if match["sign"] or unit in ("MXN", "USD"):
        dollars = unit == "USD" or (country in _DOLLARS and unit != "MXN")
        said = f"{say(whole)} {'dólares' if dollars else 'pesos'}"
        return f"{said} con {say(part)} centavos" if part and int(part) else said
    said = say(f"{whole},{part}" if part else whole) or ""
    return f"{said} {words.units('es').get(unit, '')}".strip() or None


def _german_year(match: re.Match[str], say: Say) -> str | None:
    hundreds, rest = say(match["h"]), say(match["r"].lstrip("0") or "0")
    said = f"{hundreds} hundert" + (f" {rest}" if int(match["r"]) else "")
    return f"{said}er" if match["er"] else said


def _german_days(match: re.Match[str], say: Say) -> str | None:
    months = words.MONTHS["de"].split("|")
    first, last = int(match["m"]), int(match["m2"])
    if not (1 <= first <= 12 and 1 <= last <= 12):
        return None
    ends = (
        say(f"{match['d']}. {months[first - 1]}"),
        say(f"{match['d2']}. {months[last - 1]} {match['y'] or ''}".strip()),
    )
    return f"{ends[0]} bis {ends[1]}" if None not in ends else None


def _italian_date(match: re.Match[str], say: Say) -> str | None:
    month = int(match["m"])
    if not 1 <= month <= 12:
        return None
    day = "primo" if int(match["d"]) == 1 else say(match["d"].lstrip("0"))
    return f"{day} {words.MONTHS['it'].split('|')[month - 1]} {say(match['y'])}"


_UNITS = r"(?:€|\$|£|%|°|Euro|Dollar|k?m|kg|g|l|W|kW|V|Hz|MB|GB)(?!\w)"
_OF: dict[str, tuple[Form, ...]] = {
    "de": (
        (
            re.compile(
                r"(?<![\w.,/:])(?P<d>[0-9]{1,2})\.(?P<m>[0-9]{1,2})\. ?[-–] ?(?P<d2>[0-9]{1,2})\."
                r"(?P<m2>[0-9]{1,2})\.(?P<y>[0-9]{4})?(?![0-9])"
            ),
            _german_days,
        ),
        (
            re.compile(r"(?<![\w.,/:-])(?P<n>[2-9]0)er(?!\w)"),
            lambda match, say: f"{say(match['n'])}er",
        ),
        (
            re.compile(
                r"(?<![\w.,/:-])(?P<h>1[1-9])(?P<r>[0-9]{2})(?P<er>er)?(?![\w/:]|[.,–-][0-9])"
                rf"(?! ?{_UNITS})"
            ),
            _german_year,
        ),
    ),
    "fr": (
        (
            re.compile(r"(?<![\w.,])(?P<it>1re|1ère|2nde?|2de)(?!\w)"),
            lambda match, _: _ORDINALS[match["it"]],
        ),
    ),
    "es": (
        (
            re.compile(r"(?<![\w.,])(?P<n>[0-9]{1,3})\.(?P<end>[ºª])(?!\w)"),
            lambda match, say: say(f"{match['n']}{match['end']}"),
        ),
    ),
    "it": (
        (
            re.compile(
                r"(?<![\w/.])(?P<d>[0-3]?[0-9])/(?P<m>[01]?[0-9])/(?P<y>[12][0-9]{3})"
                r"(?![\w/])"
            ),
            _italian_date,
        ),
        (re.compile(r"(?<=anni )['’](?P<n>[2-9]0)(?!\w)"), lambda match, say: say(match["n"])),
    ),
}
