"""Say abbreviations in full."""

import re

from s2v.text.normal.claiming import Reader, Rule, after, before
from s2v.text.normal.spans import SpeechClass

_ANYWHERE = {
    "e.g.": "for example",
    "eg.": "for example",
    "i.e.": "that is",
    "ie.": "that is",
    "cf.": "compare",
    "viz.": "namely",
    "et al.": "and others",
    "approx.": "approximately",
    "a.k.a.": "also known as",
    "aka": "also known as",
    "w/o": "without",
    "w/out": "without",
    "w/": "with",
    "b/c": "because",
    "govt.": "government",
    "dept.": "department",
    "Dept.": "Department",
    "appt.": "appointment",
    "est.": "established",
    "avg.": "average",
    "avg": "average",
    "approx": "approximately",
    "no. of": "number of",
    "max.": "maximum",
    "min.": "minimum",
    "incl.": "including",
    "excl.": "excluding",
    "vs.": "versus",
    "vs": "versus",
    "misc.": "miscellaneous",
    "ca.": "about",
    "resp.": "respectively",
    "c/o": "care of",
    "n/a": "not applicable",
    "N/A": "not applicable",
    "P.S.": "P S",
    "esp.": "especially",
    "ea.": "each",
    "req'd": "required",
    "tel.": "telephone",
    "qty.": "quantity",
    "temp.": "temperature",
    "std. dev.": "standard deviation",
    "p.a.": "per annum",
    "bldg.": "building",
    "Bldg.": "Building",
    "Univ.": "University",
    "Intl.": "International",
    "Int'l": "International",
    "Nat'l": "National",
    "Natl.": "National",
    "Assn.": "Association",
    "Mfg.": "Manufacturing",
    "Mgr.": "Manager",
    "Attn:": "Attention:",
    "Attn.": "Attention",
    "Esq.": "Esquire",
    "intl.": "international",
    "natl.": "national",
    "assn.": "association",
    "bros.": "brothers",
    "ibid.": "ibidem",
    "orig.": "originally",
    "cont'd": "continued",
}
_ANYWHERE |= {
    written.capitalize(): said
    for written, said in _ANYWHERE.items()
    if written[0].islower() and written not in ("ca.", "w/", "temp.")
}
_MAYBE_LAST = {
    "etc.": "et cetera",
    "Inc.": "Incorporated",
    "Ltd.": "Limited",
    "Co.": "Company",
    "Corp.": "Corporation",
    "Bros.": "Brothers",
    "Jr.": "Junior",
    "Sr.": "Senior",
    "Ave.": "Avenue",
    "Blvd.": "Boulevard",
    "Rd.": "Road",
    "Ln.": "Lane",
    "Pkwy.": "Parkway",
    "Sq.": "Square",
    "Hwy.": "Highway",
    "apt.": "apartment",
    "Apt.": "Apartment",
    "hrs.": "hours",
    "hr.": "hour",
    "yrs.": "years",
    "yr.": "year",
    "lbs.": "pounds",
    "oz.": "ounces",
    "mins.": "minutes",
    "secs.": "seconds",
    "tsp.": "teaspoon",
    "tbsp.": "tablespoon",
    "ft.": "feet",
}
_TITLES = {
    "Mr": "Mister",
    "Mrs": "Missus",
    "Ms": "Miz",
    "Mx": "Mix",
    "Dr": "Doctor",
    "Prof": "Professor",
    "Rev": "Reverend",
    "Gen": "General",
    "Col": "Colonel",
    "Lt": "Lieutenant",
    "Sgt": "Sergeant",
    "Capt": "Captain",
    "Cmdr": "Commander",
    "Maj": "Major",
    "Adm": "Admiral",
    "Gov": "Governor",
    "Sen": "Senator",
    "Rep": "Representative",
    "Hon": "Honorable",
    "Pres": "President",
    "Supt": "Superintendent",
    "St": "Saint",
    "Mt": "Mount",
    "Ft": "Fort",
    "Fr": "Father",
    "Messrs": "Messieurs",
    "Br": "Brother",
    "Pt": "Point",
    "Mk": "Mark",
    "Pvt": "Private",
    "Cpl": "Corporal",
}
_UNDOTTED = frozenset({"Mr", "Mrs", "Ms", "Mx", "Dr", "Prof", "St", "Mt", "Sgt", "Capt", "Lt"})
_BEFORE_NUMBER = {
    "No": "number",
    "no": "number",
    "Nos": "numbers",
    "nos": "numbers",
    "Fig": "figure",
    "fig": "figure",
    "Figs": "figures",
    "figs": "figures",
    "Eq": "equation",
    "eq": "equation",
    "Eqs": "equations",
    "Vol": "volume",
    "vol": "volume",
    "Ch": "chapter",
    "ch": "chapter",
    "Sec": "section",
    "sec": "section",
    "pp": "pages",
    "p": "page",
    "Art": "article",
    "Ex": "example",
    "Ver": "version",
    "Thm": "theorem",
    "cl": "clause",
    "Amend": "Amendment",
    "para": "paragraph",
    "Para": "paragraph",
    "Bk": "book",
    "Lem": "lemma",
    "Prop": "proposition",
    "Cor": "corollary",
    "Def": "definition",
    "Pt": "part",
    "pt": "part",
    "Wk": "week",
    "wk": "week",
    "Pg": "page",
    "pg": "page",
    "Ep": "episode",
    "ep": "episode",
    "ver": "version",
    "Ref": "reference",
    "Rt": "route",
    "vv": "verses",
    "ll": "lines",
    "fn": "footnote",
    "ed": "edition",
    "sc": "scene",
    "Sc": "scene",
    "Tab": "table",
    "Nr": "number",
    "mm": "measures",
    "bars": "bars",
    "Op": "opus",
    "op": "opus",
}
_STREET = re.compile(r"\b(?:[A-Z][a-z]+|[0-9]+(?:st|nd|rd|th)) \Z")
_NAME_AFTER = re.compile(
    r"\s+(?!(?:The|All|It|We|He|She|They|This|That|These|In|On|At|For|You|Our|An?|I|But|And|If"
    r"|When|"
    r"As|To|There|Please|Then)\b)[A-Z]"
)
"""A capital that does not begin a sentence for certain."""
_DIRECTIONS = {"N": "north", "S": "south", "E": "east", "W": "west"}


def _exactly(words: dict[str, str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _ends(match: re.Match[str]) -> bool:
    """Tell whether the full stop of an abbreviation ends a sentence, too."""
    rest = after(match)
    return (
        match.group().endswith(".")
        and re.match(r"\s*$|[\"'”’)]*\s+[\"'“‘(]*[A-Z]|\n", rest) is not None
    )


def _anywhere(match: re.Match[str]) -> str:
    said = _ANYWHERE[match["it"]]
    first = match.start() == 0 or re.search(r"[.!?]\s+\Z", before(match))
    return said.capitalize() if first and match["it"][0].isupper() else said


def _maybe_last(match: re.Match[str]) -> str:
    said = _MAYBE_LAST[match["it"]]
    if match["it"] in ("tsp.", "tbsp.", "oz.", "ft.") and re.search(
        r"\b(?:one|a|half) \Z", before(match)
    ):
        said = said.removesuffix("s") if said != "feet" else "foot"
    follows_capital = _NAME_AFTER.match(after(match)) is not None
    keeps = _ends(match) and not (follows_capital and match["it"][0].isupper())
    return f"{said}." if keeps else said


def _title(match: re.Match[str]) -> str | None:
    name = match["it"].rstrip(".")
    if "." not in match["it"] and name not in _UNDOTTED:
        return None
    if name == "Dr" and re.search(r"\b(?:Professor|Prof\.|Herr|Frau|Sir) \Z", before(match)):
        return _TITLES[name]
    if name in ("St", "Dr", "Ft") and _STREET.search(before(match)):
        following = re.match(r"\s[A-Z][a-z]", after(match))
        if not following or re.search(r"[0-9] [A-Z][a-z]+ \Z", before(match)):
            return None
    return _TITLES[name]


def _street(match: re.Match[str]) -> str:
    said = {"St": "Street", "Dr": "Drive", "Ft": "Fort", "Pl": "Place", "Ct": "Court"}[
        match["it"].rstrip(".")
    ]
    turned = re.match(r"\s(?:[NS][EW]|[NSEW])\b", after(match))
    return f"{said}." if _ends(match) and not turned else said


def _dotted(match: re.Match[str]) -> str:
    letters = " ".join(match["it"].replace(".", "").replace(" ", ""))
    return f"{letters}." if _ends(match) and not re.match(r"\s+[A-Z]", after(match)) else letters


def _doctor(match: re.Match[str]) -> str:
    return "P H D." if _ends(match) else "P H D"


def _before_number(match: re.Match[str]) -> str | None:
    """Say "Sec." in full where a number follows, though that may be read already."""
    if _NUMBER_AHEAD.match(after(match)) is None:
        return None
    return _BEFORE_NUMBER[match["it"].rstrip(".")]


_NUMBER_AHEAD = re.compile(r"\s?(?:\(?[0-9#]|(?!I [a-z])[IVX]+\b(?!['’])|[ivxl]{1,6}\b(?!['’]))")


def _rule(name: str, pattern: str, read: Reader) -> Rule:
    return Rule(f"abbreviation.{name}", SpeechClass.ABBREVIATION, re.compile(pattern), read)


BEFORE_NUMBERS = (
    _rule(
        "life",
        r"(?<![\w.])(?P<it>b\.|d\.|fl\.) ?(?=1[0-9]{3}(?!\w|,[0-9])|20[0-9]{2}(?!\w|,[0-9]))",
        lambda match: {"b.": "born", "d.": "died", "fl.": "flourished"}[match["it"]],
    ),
    _rule(
        "before_number",
        r"(?<![\w.])(?P<it>[Ww]k|[Pp]g|[Ee]p|Pt) (?=[0-9]{1,3}(?![\w%]))",
        lambda match: f"{_BEFORE_NUMBER[match['it']]} ",
    ),
    _rule(
        "circa", r"(?<![\w.])(?P<it>[Cc]a?\.) ?(?=[1-9][0-9]{2,3}(?!\w|,[0-9]))", lambda _: "circa "
    ),
    _rule(
        "before_number",
        rf"(?<![\w.])(?P<it>(?:{_exactly(_BEFORE_NUMBER)})\.)(?=\s?\S|\s?\Z)",
        _before_number,
    ),
)
_DEGREES = {"Sc": "S C", "Ed": "Ed", "Eng": "Eng", "Phil": "Phil", "Com": "Com", "Tech": "Tech"}
RULES = (
    _rule(
        "century",
        r"(?:(?<=[0-9](?:st|nd|rd|th)[ -])|(?<=[IVX][IVX] ))(?P<it>c\.)(?! ?[0-9])",
        lambda _: "century",
    ),
    _rule(
        "edition",
        r"(?<=[0-9](?:st|nd|rd|th) )(?P<it>[Ee]d\.)",
        lambda match: "edition." if _ends(match) else "edition",
    ),
    _rule("appendix", r"(?<![\w.])(?P<it>App\.)(?= [A-Z0-9](?!\w))", lambda _: "Appendix"),
    _rule(
        "mark",
        r"(?<![\w.])(?P<it>Mk\.?)(?= (?:[0-9]|[IVX]+\b|one\b|two\b|three\b|four\b))",
        lambda _: "Mark",
    ),
    _rule(
        "sister",
        r"(?:(?<![\s\S])|(?<=[.!?;:(] )|(?<=\b[a-z]{2} )|(?<=\b[a-z]{3} ))(?P<it>Sr\.)"
        r"(?= [A-Z][a-z])",
        lambda _: "Sister",
    ),
    _rule("floor", r"(?<=(?:st|nd|rd|th) )(?P<it>Fl\.)", lambda _: "Floor"),
    _rule("degrees", r"(?<=[0-9] )(?P<it>deg\.)(?! [A-Z])", lambda _: "degrees"),
    _rule(
        "degree",
        rf"(?<![\w.])(?P<it>(?P<a>[BMD])\. ?(?P<b>{'|'.join(_DEGREES)})\b\.?)",
        lambda match: f"{match['a']} {_DEGREES[match['b']]}",
    ),
    _rule("word", rf"(?<![\w.])(?P<it>{_exactly(_ANYWHERE)})(?!\w)", _anywhere),
    _rule("word", r"(?<![\w.])(?P<it>e\.g|i\.e)(?![\w.])", lambda m: _ANYWHERE[m["it"] + "."]),
    _rule(
        "title",
        rf"(?<![\w.])(?P<it>(?:{_exactly(_TITLES)})\.?)(?=[ \u00a0](?:[A-Z]|\(|and\b|&|med\."
        rf"|phil\.|rer\.))",
        _title,
    ),
    _rule("street", r"(?<=[a-z] )(?P<it>(?:St|Dr|Pl|Ct)\.?)(?![\w])", _street),
    _rule("street", r"(?<=[0-9](?:st|nd|rd|th) )(?P<it>St\.?)(?![\w])", _street),
    _rule("company", rf"(?<![\w.])(?P<it>{_exactly(_MAYBE_LAST)})(?!\w)", _maybe_last),
    _rule(
        "street",
        r"(?<=[a-z] )(?P<it>Ave|Blvd)(?![\w.])",
        lambda match: _MAYBE_LAST[f"{match['it']}."],
    ),
    _rule("versus", r"(?<=[A-Za-z.] )(?P<it>v\.)(?= [A-Z])", lambda _: "versus"),
    _rule("etc", r"(?<![\w.])(?P<it>etc)(?![\w.])", lambda _: "et cetera"),
    _rule(
        "direction",
        r"(?<=[0-9] )(?P<it>[NSEW])\.(?= (?:[A-Z]|[0-9]+(?:st|nd|rd|th)\b))",
        lambda m: _DIRECTIONS[m["it"]],
    ),
    _rule(
        "dotted",
        r"(?<![\w.])(?P<it>(?:[A-Za-z]\.){2,}+(?:[A-Za-z](?!\w))?|[A-Z]\.[A-Z](?![\w.]))",
        _dotted,
    ),
    _rule("dotted", r"(?<![\w.])(?P<it>Ph\.? ?D\.?)(?!\w)", _doctor),
    _rule("initials", r"(?<![\w.'’])(?P<it>[A-Z]\.)(?=\s?[A-Z](?:\.|[a-z]))", lambda m: m["it"][0]),
)
"""Abbreviations by their own pattern; the longer ones first."""
