"""Say telephone numbers and other numbers that are said figure by figure."""

import re

from s2v.text.normal.claiming import Reader, Rule, after, before
from s2v.text.normal.numerals import digits
from s2v.text.normal.spans import SpeechClass

_GROUP = re.compile(r"[0-9]+|[A-Z]{2,}")
_SEP = r"[-–. \u00a0‑]"
_CONTEXT = re.compile(
    r"\b(?:call|phone|tel|telephone|fax|dial|dialled|dialed|text|ring|mobile|cell|whatsapp|ho"
    r"tline|"
    r"number|contact|sms|(?:me|us|him|her|them|phone|reached|available) at)\b[^.!?]{0,24}\Z",
    re.IGNORECASE,
)
_SHORT_CODE = re.compile(r"\b[Tt]ext(?:ing)?\b(?:[^.!?]{1,30} to)? \Z|\bSMS to \Z")
_IDENTITY = re.compile(
    r"\b(?:build|order|DOI|PMID|ISSN|arXiv|invoice|account|acct\.?|IDs?|serial|(?P<short>PIN|CVV"
    r"|CVC|OTP|code|passcode|password)|[Zz]ip|ZIP|ticket|"
    r"tracking|confirmation|reference|ref\.?|customer|licen[cs]e|policy)"
    r"(?: number| no\.?| code)?(?: is)?[:#]? ?#?\Z"
)
_COUNTED = re.compile(r" [a-z]+s\b")
_EMERGENCY = re.compile(
    r"\b(?:(?:call|called|dial|dialed|dialled|ring|phone|to) \Z"
    r"|(?:call|dial|ring)\b[^.!?]{0,40}(?:[0-9]{4}|\b[0-9]{3}|one) or \Z)",
    re.IGNORECASE,
)


def _read(match: re.Match[str]) -> str:
    return say_telephone(match["it"])


def say_telephone(written: str) -> str:
    """Say a telephone number by its groups: "plus one, five five five, one two three"."""
    groups = [_group(found.group()) for found in _GROUP.finditer(written)]
    said = ", ".join(groups)
    return f"plus {said}" if written.lstrip(" (").startswith("+") else said


def _group(group: str) -> str:
    if group.isalpha():
        return group.lower()
    if len(group) == 11 and group[0] == "1":
        return ", ".join(map(digits, (group[0], group[1:4], group[4:7], group[7:])))
    if group == "800":
        return "eight hundred"
    if len(group) > 5:
        size = 3 if len(group) % 3 == 0 else 4 if len(group) % 4 == 0 else 3
        return ", ".join(digits(group[i : i + size]) for i in range(0, len(group), size))
    return digits(group)


def _extension(match: re.Match[str]) -> str:
    return f"extension {digits(match[2])}"


def _in_context(match: re.Match[str]) -> str | None:
    figures = sum(c.isdigit() for c in match["it"])
    if "." in match["it"] and len(_GROUP.findall(match["it"])) < 3:
        return None
    return say_telephone(match["it"]) if figures >= 6 and _CONTEXT.search(before(match)) else None


def _emergency(match: re.Match[str]) -> str | None:
    return digits(match["it"]) if _EMERGENCY.search(before(match)) else None


def _account(match: re.Match[str]) -> str:
    """Say an account by its groups: DE89 3704 0044 0532 0130 00."""
    return ", ".join(map(_spelt, match["it"].split(" ")))


def _spelt(group: str) -> str:
    return " ".join(digits(c) if c.isdigit() else c for c in group)


def _short_code(match: re.Match[str]) -> str | None:
    return digits(match["it"]) if _SHORT_CODE.search(before(match)) else None


def _identity(match: re.Match[str]) -> str | None:
    """Say what tells orders or accounts apart; four figures only where they are a code."""
    told = _IDENTITY.search(before(match))
    if told is None or _COUNTED.match(after(match)):
        return None
    if len(match["n"]) < (3 if told["short"] in ("CVV", "CVC") else 4):
        return None
    if not told["short"] and len(match["n"]) < 5:
        return None
    return f"{'number ' if match['mark'] else ''}{digits(match['n'])}"


def _serial(match: re.Match[str]) -> str | None:
    figures = sum(c.isdigit() for c in match["it"])
    return say_telephone(match["it"]) if figures >= 7 else None


def _rule(name: str, pattern: str, read: Reader = _read) -> Rule:
    return Rule(f"telephone.{name}", SpeechClass.TELEPHONE, re.compile(pattern), read)


RULES = (
    _rule(
        "account",
        r"(?<!\w)(?P<it>[A-Z]{2}[0-9]{2}(?: [0-9A-Z]{4}){2,7}(?: [0-9A-Z]{1,3})?)(?!\w)",
        _account,
    ),
    _rule(
        "international",
        rf"(?<![\w+])(?P<it>\+[0-9]{{1,3}}(?:{_SEP}?\(?[0-9]{{1,5}}\)?){{1,6}})(?![\w])(?"
        rf"!{_SEP}[0-9])",
        lambda match: (
            say_telephone(match["it"]) if sum(c.isdigit() for c in match["it"]) >= 7 else None
        ),
    ),
    _rule(
        "international",
        r"(?<![\w+])(?P<it>\+[0-9]{7,15})(?!\w)",
    ),
    _rule(
        "national",
        rf"(?<![\w+$€£.,/-])(?P<it>(?:1{_SEP})?(?:\([2-9][0-9]{{2}}\) ?|[2-9][0-9]{{2}}[-.‑ ]"
        rf")[0-9]{{3}}[-.‑ ][0-9]{{4}})(?![\w]|[-.][0-9])",
    ),
    _rule(
        "letters",
        r"(?<![\w+$-])(?P<it>1-[0-9]{3}-(?:[A-Z]{2,10}(?:-[A-Z]{2,8})?|[0-9]{3}-[A-Z]{4}))(?!\w)",
    ),
    _rule(
        "international",
        r"(?<![\w+])(?P<it>00 ?[1-9][0-9]{0,2}(?: [0-9]{2,5}){2,5})(?!\w)(?! [0-9])",
    ),
    _rule(
        "expiry",
        r"(?<=\b[Ee]xp )(?P<m>0[1-9]|1[0-2])/(?P<y>[0-9]{2})(?!\w)",
        lambda match: f"{digits(match['m'])}, {digits(match['y'])}",
    ),
    _rule(
        "journal",
        r"(?<=ISSN )(?P<it>[0-9]{4}-[0-9]{3}[0-9X])(?!\w)",
        lambda match: ", ".join(map(_spelt, match["it"].split("-"))),
    ),
    _rule(
        "paper",
        r"(?<=\b[aA]r[xX]iv)(?P<it>:? ?(?P<a>[0-9]{4})\.(?P<b>[0-9]{4,5}))(?!\w)",
        lambda match: f" {digits(match['a'])} point {digits(match['b'])}",
    ),
    _rule("mobile", r"(?<![\w+.,-])(?P<it>[6-9][0-9]{4}-[0-9]{5})(?![\w-])"),
    _rule("postal", r"(?<![\w+$-])(?P<it>[0-9]{5}-[0-9]{4})(?![\w-])"),
    _rule("card", r"(?<![\w+-])(?P<it>[0-9]{4}(?:[ -][0-9]{4}){3})(?!\w)(?![ -][0-9])"),
    _rule("local", r"(?<![\w+$€£.,/-])(?P<it>[2-9][0-9]{2}-[0-9]{4})(?![\w-])"),
    _rule(
        "star",
        r"(?<![\w*])(?P<it>\*(?P<n>[0-9]{2,3})#?)(?!\w)",
        lambda match: f"star {digits(match['n'])}",
    ),
    _rule(
        "extension", r"(?<!\w)(ext\.?|(?<=[0-9]{4} )x|extension) ?([0-9]{1,6})(?!\w)", _extension
    ),
    _rule(
        "national",
        r"(?<![\w+$€£.,/-])(?P<it>\(?0[1-9][0-9]{0,4}\)?(?:[- \u00a0/][0-9]{2,8}){1,4})"
        r"(?!\w)(?![-.,/][0-9]| [0-9])",
        lambda match: (
            say_telephone(match["it"]) if 9 <= sum(c.isdigit() for c in match["it"]) <= 12 else None
        ),
    ),
    _rule("short_code", r"(?<![\w$€£.,/-])(?P<it>[0-9]{5,6})(?![\w%]|[.,-][0-9])", _short_code),
    _rule(
        "in_context",
        rf"(?<![\w+$€£.,/-])(?P<it>\(?0?[0-9]{{2,5}}\)?(?:{_SEP}[0-9]{{2,6}}){{1,5}})(?!\w)(?"
        rf"![-.,][0-9])",
        _in_context,
    ),
    _rule(
        "in_context",
        r"(?<![\w+$€£.,/-])(?P<it>0[0-9]{6,13})(?!\w)(?![-.,][0-9])",
        _in_context,
    ),
    _rule(
        "emergency",
        r"(?<![\w$€£.,/-])(?P<it>911|999|112|988|411|311|211)(?![\w%]|[.,][0-9])",
        _emergency,
    ),
)
SERIALS = (
    _rule(
        "identity",
        r"(?<![\w.,$€£/#-])(?P<it>(?P<mark>#)?(?P<n>[0-9]{3,16}))(?![\w%]|[.,:/-][0-9])",
        _identity,
    ),
    _rule(
        "serial",
        r"(?<![\w+$€£.,/-])(?P<it>[0-9]{1,7}(?:-[0-9]{1,7}){2,5}(?:-[0-9X])?)(?!\w)(?![-.,][0-9])",
        _serial,
    ),
)
"""Codes of several groups of figures that are no dates."""
