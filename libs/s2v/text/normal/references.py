"""Say what refers to parts of something: chapters and verses, items of lists, letters."""

import re

from s2v.text.normal.claiming import Rule, after, before
from s2v.text.normal.numerals import cardinal, number, pairs, plural
from s2v.text.normal.spans import SpeechClass

_RANGED = re.compile(
    r"\b(?:[Gg]rades?|[Rr]ows?|[Ss]eats?|[Cc]olumns?|[Ss]ections?|[Oo]ptions?|[Pp]arts?|[Gg]roups?|"
    r"[Aa]ppendix|[Aa]ppendices|[Kk]eys|[Ll]etters|[Hh]alls?|[Gg]ates?|[Zz]ones?|[Ff]rom"
    r"|[Aa]nswers|"
    r"[Ll]evels?|[Cc]ategor(?:y|ies)|[Ss]teps?|[Tt]ypes?|[Cc]lass(?:es)?|[Vv]itamins?) \Z"
)


def _letters(match: re.Match[str]) -> str | None:
    first, last = match["first"], match["last"]
    whole = first.upper() == "A" and last.upper() == "Z"
    if first.upper() >= last.upper() or first.isupper() != last.isupper():
        return None
    return f"{first} to {last}" if whole or _RANGED.search(before(match)) else None


def _list_number(match: re.Match[str]) -> str | None:
    """Say "2)" of a list: at the beginning of a line, or where "1)" or "3)" stands as well."""
    place = int(match["n"])
    begins = not before(match, 1).strip(" ") or before(match, 1) == "\n"
    others = (f" {place + 1}) ", f"{place - 1}) ")
    around = before(match, 400) + after(match, 400)
    listed = any(other in around for other in others)
    if re.search(r"[(\[][^()\[\]]*\Z", before(match)) or not (listed or begins):
        return None
    return f"{cardinal(place)},"


def _paragraph(match: re.Match[str]) -> str | None:
    """Say paragraphs of laws as people call them: 401(k), 501(c)(3), Article 5(1)(a)."""
    figures, parts = match["n"], re.findall(r"\((\w+)\)", match["parts"])
    plan = re.fullmatch("[45]0[0-9]", figures) and parts[0].islower()
    if not (plan or len(parts) > 1 or _LAW.search(before(match))):
        return None
    said = pairs(figures) if plan or len(figures) == 4 else cardinal(int(figures))
    return " ".join([said, *(number(part) if part.isdigit() else part for part in parts)])


def _enumerated(match: re.Match[str]) -> str | None:
    """Say the number of a table that has its chapter's before it: "Table 3-1"."""
    low, high = int(match["a"]), int(match["b"])
    always = _LABELLED.search(before(match))
    if not (always or (low >= high and _PARTED.search(before(match)))):
        return None
    return f"{cardinal(low)} dash {cardinal(high)}{' ' + match['c'] if match['c'] else ''}"


_LAW = re.compile(
    r"\b(?:[Aa]rticles?|[Aa]rt\.?|[Ss]ections?|[Ss]ec\.?|[Rr]ules?|[Rr]egulations?|[Cc]lauses?|Act|"
    r"[Pp]aragraphs?|[Pp]ara\.?|[Ss]chedule|U\.?S\.?C\.?|C\.?F\.?R\.?) \Z|§ ?\Z"
)
_LABELLED = re.compile(
    r"\b(?:Table|Figure|Fig\.?|Tab\.|Exhibit|Listing|Equation|Eq\.|Exercise|Problem|Example|Ex\.|"
    r"Plate|Diagram|Chart|Box|Scheme|Form|Illustration|Image|Map|Worksheet|table|figure|fig\."
    r"|exhibit|"
    r"exercise|equation|listing) \Z"
)
_PARTED = re.compile(r"\b(?:[Ss]ection|[Cc]hapter|[Uu]nit|[Ll]esson|[Pp]art|[Rr]oom|[Ss]uite) \Z")


_FUNCTIONS = {"sin": "sine", "cos": "cosine", "tan": "tangent"}
RULES = (
    Rule(
        "number.of_degrees",
        SpeechClass.MATHEMATICS,
        re.compile(r"(?<!\w)(?P<f>sin|cos|tan)\((?P<n>[0-9]{1,3}(?:\.[0-9]{1,6})?) ?°\)"),
        lambda match: f"{_FUNCTIONS[match['f']]} of {number(match['n'])} degrees",
    ),
    Rule(
        "number.paragraph",
        SpeechClass.NUMBER,
        re.compile(
            r"(?<![\w.,])(?P<n>[0-9]{1,4})(?P<parts>(?:\((?:[0-9]{1,2}|[A-Za-z]"
            r"|[ivx]{2,4})\)){1,5})"
        ),
        _paragraph,
    ),
    Rule(
        "number.plural",
        SpeechClass.NUMBER,
        re.compile(r"(?<![\w.,])(?P<n>7[0-9]7)s(?!\w)"),
        lambda match: plural(pairs(match["n"])),
    ),
    Rule(
        "number.plural",
        SpeechClass.NUMBER,
        re.compile(
            r"(?:(?<=\btwo )|(?<=three )|(?<=four )|(?<=five )|(?<=both ))(?P<n>[0-9]{1,2})s(?!\w)"
        ),
        lambda match: plural(cardinal(int(match["n"]))),
    ),
    Rule(
        "number.airliner",
        SpeechClass.NUMBER,
        re.compile(r"(?<![\w.,-])(?P<a>7[0-9]7)-(?P<b>[0-9]{1,3})(?![\w-])"),
        lambda match: f"{pairs(match['a'])} {number(match['b'])}",
    ),
    Rule(
        "number.enumerated",
        SpeechClass.NUMBER,
        re.compile(r"(?<![\w.,-])(?P<a>[0-9]{1,2})[-–‑](?P<b>[0-9]{1,3})(?P<c>[a-zA-Z])?(?![\w-])"),
        _enumerated,
    ),
    Rule(
        "number.average",
        SpeechClass.NUMBER,
        re.compile(r"(?<![\w.])\.(?P<n>[1-4][0-9]{2})(?= (?:average|hitter|batting|hitting)\b)"),
        lambda match: pairs(match["n"]),
    ),
    Rule(
        "range.ordinals",
        SpeechClass.RANGE,
        re.compile(r"(?<=[0-9](?:st|nd|rd|th))(?P<it>[-–])(?=[0-9]{1,3}(?:st|nd|rd|th))"),
        lambda _: " to ",
    ),
    Rule(
        "number.listed",
        SpeechClass.NUMBER,
        re.compile(r"(?:(?m:^)[ \t]*|(?<=[a-z.,;:] ))(?P<it>(?P<n>[0-9]{1,3})\))(?=[ \t]+\S)"),
        _list_number,
    ),
    Rule(
        "range.letters",
        SpeechClass.RANGE,
        re.compile(r"(?<![\w.-])(?P<it>(?P<first>[A-Za-z])[-–](?P<last>[A-Za-z]))(?![\w-])"),
        _letters,
    ),
)
