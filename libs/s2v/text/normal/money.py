"""Say amounts of money."""

import re

from s2v.text.normal.claiming import Rule, after, before
from s2v.text.normal.currencies import AFTER_ONLY, CURRENCIES, Currency
from s2v.text.normal.numerals import cardinal, number
from s2v.text.normal.patterns import DASH, NUMBER, SPACE, plain
from s2v.text.normal.spans import SpeechClass
from s2v.text.normal.units import UNIT, unit_words
from s2v.text.normal.wordlists import words

_SIGN = "|".join(
    re.escape(sign) for sign in sorted(CURRENCIES, key=len, reverse=True) if sign not in AFTER_ONLY
)
_BEFORE_ONLY = frozenset({"Rs", "Rs.", "S/", "C$", "S$", "A$", "R$"})
_TRAILING = "|".join(
    re.escape(sign)
    for sign in sorted(CURRENCIES, key=len, reverse=True)
    if sign not in _BEFORE_ONLY
)
_SCALES = {
    "k": "thousand",
    "K": "thousand",
    "m": "million",
    "M": "million",
    "mn": "million",
    "mm": "million",
    "MM": "million",
    "mil": "million",
    "mio": "million",
    "mio.": "million",
    "mln": "million",
    "b": "billion",
    "B": "billion",
    "bn": "billion",
    "Bn": "billion",
    "bln": "billion",
    "t": "trillion",
    "T": "trillion",
    "tn": "trillion",
    "trn": "trillion",
    "Cr": "crore",
    "Cr.": "crore",
    "lakhs": "lakh",
    "crores": "crore",
    "Mio.": "million",
    "Mrd.": "billion",
}
_SCALE = (
    rf"(?:{SPACE}?(?:mn|mm|MM|mil|mio\.?|mln|bn|Bn|bln|trn|tn|[kKmMbBtT])(?![\w])"
    rf"|[ \u00a0-](?:hundred|thousand|million|billion|trillion|lakhs?|crores?|Cr\.?|Mio\.|Mrd\.)"
    rf"(?![\w]))"
)
_PER = (
    rf"(?:/(?P<per>(?:{UNIT})(?:²|³|(?<=m)[23])?|[a-z]{{3,12}})"
    r"(?:/(?P<per2>[a-z]{2,12}))?(?![\w/]))"
)
_PERIODS = {
    "mo": "month",
    "yr": "year",
    "hr": "hour",
    "wk": "week",
    "m": "minute",
}
_NOUN = re.compile(r"[ -][a-z]{3,}")
_HYPHENED = re.compile(r"-[a-z]+")
_PRICED = re.compile(
    r"[ -](?:ticket|bill|note|coin|deal|discount|fee|fine|bet|question|menu|meal|burger|coffee|"
    r"beer|lunch|dinner|gift|voucher|coupon|budget|loan|investment|valuation|fund|plan|prize"
    r"|bonus|shirt|"
    r"item|stamp|chip|donation|subscription|deposit|phone|laptop|camera|bottle|room|market"
    r"|industry|"
    r"project|contract|lawsuit|settlement|acquisition)(?:s|es)?\b"
)
_PENCE_BEFORE = re.compile(
    r"\b(?:costs?|just|only|for|from|paid?|an?|save|charge|under|over|at|by|of|to|and) \Z", re.I
)
_PENCE_AFTER = re.compile(
    r" (?:coins?|pieces?|each|per|off|an? |more|less|cheaper|stamps?|extra)|/|[.,;!?]|$"
)
_RESOLUTIONS = words("24 25 30 50 60 120 144 240 360 480 540 576 720")
_NO_NOUN = re.compile(r"[ -](?:for|per|and|each|from|more|less|into|with|was|were|than|that|but)\b")


def _read(match: re.Match[str]) -> str:
    currency = CURRENCIES.get(match["currency"]) or CURRENCIES["PLN"]
    scale = match["scale"].strip(" \u00a0\u2009\u202f-") if match["scale"] else ""
    scale = _SCALES.get(scale, scale)
    sign = {"-": "minus ", "−": "minus ", "–": "minus ", "+": "plus "}.get(
        match["sign"] or match["inner"] or "", ""
    )
    if match["to"]:
        low, high = number(plain(match["amount"])), number(plain(match["high"]))
        said = f"{low} to {high} {scale} {currency.many}"
    elif _is_adjective(match):
        said = f"{number(plain(match['amount']))} {scale} {currency.one}"
    else:
        said = amount_words(_plain(match["amount"]), scale, currency)
    if match["per"]:
        unit = _PERIODS.get(match["per"]) or unit_words(match["per"], "1") or match["per"]
        said += f" per {unit}"
    if match["per2"]:
        said += f" per {_PERIODS.get(match['per2'], match['per2'])}"
    return sign + " ".join(said.split()) + (" plus" if match["plus"] else "")


def amount_words(amount: str, scale: str, currency: Currency) -> str:
    """Return an amount of a currency in words: "twelve dollars and fifty cents"."""
    whole, _, part = amount.partition(".")
    if scale or not currency.part or len(part) not in (0, 2):
        one = amount == "1" and not scale
        return f"{number(amount)} {scale} {currency.one if one else currency.many}"
    major = f"{cardinal(int(whole or 0))} {currency.one if whole == '1' else currency.many}"
    if not int(part or 0):
        return major
    minor = f"{cardinal(int(part))} {currency.part if int(part) == 1 else currency.parts}"
    return f"{major} and {minor}" if int(whole or 0) else minor


def _is_adjective(match: re.Match[str]) -> bool:
    """Tell whether an amount stands before what it is the price of: "a $5 bill"."""
    rest = after(match)
    part = match["amount"].partition(".")[2]
    if _PRICED.match(rest):
        return len(part) != 2 or bool(match["scale"])
    if _HYPHENED.match(rest) and "." not in match["amount"]:
        return True
    return (
        re.search(r"\b[Aa]n? \Z", before(match)) is not None
        and (len(part) != 2 or bool(match["scale"]))
        and _NOUN.match(rest) is not None
        and _NO_NOUN.match(rest) is None
    )


def _pence(match: re.Match[str]) -> str | None:
    amount, rest, behind = match["amount"], after(match), before(match)
    priced = "." in amount or re.match(r" coins?| piece", rest)
    likely = _PENCE_BEFORE.search(behind) and _PENCE_AFTER.match(rest)
    if not (priced or (likely and amount not in _RESOLUTIONS)):
        return None
    one = amount == "1" or re.match(r" (?:coin|piece|stamp)", rest)
    name = {"p": ("penny" if amount == "1" else "pence", "pence"), "c": ("cent", "cents")}
    return f"{number(amount)} {name[match['part']][not one]}"


def _cents(match: re.Match[str]) -> str:
    amount = plain(match["amount"])
    return f"{number(amount)} {'cent' if amount == '1' else 'cents'}"


def _exchanged(match: re.Match[str]) -> str | None:
    """Say what one currency costs in another: "EUR/USD"."""
    if match["a"] not in CURRENCIES or match["b"] not in CURRENCIES:
        return None
    first, second = CURRENCIES[match["a"]].one, CURRENCIES[match["b"]].one
    return f"{first} to {second}"


_AMOUNT = rf"[0-9]{{1,3}}(?:\.[0-9]{{3}})*,[0-9]{{2}}(?![0-9,])|{NUMBER}"
"""Also as most of Europe writes it: 1.299,00."""
_SPACED = r"[1-9][0-9]{0,2}(?: [0-9]{3})+(?:,[0-9]{2})?(?![0-9])"
"""And with a space between the thousands: 10 000 €."""
_EUROPEAN = re.compile(r"[0-9. ]+,[0-9]{2}")


def _plain(amount: str) -> str:
    if _EUROPEAN.fullmatch(amount):
        return re.sub("[. ]", "", amount).replace(",", ".")
    return plain(amount)


RULES = (
    Rule(
        "money.negative",
        SpeechClass.MONEY,
        re.compile(rf"(?<![\w$])(?P<currency>{_SIGN})\((?P<amount>{NUMBER})\)(?!\w)"),
        lambda m: f"minus {amount_words(plain(m['amount']), '', CURRENCIES[m['currency']])}",
    ),
    Rule(
        "money.sign",
        SpeechClass.MONEY,
        re.compile(
            rf"(?<![\w$])(?P<sign>(?<![\w)\]])[-−–+])?(?P<currency>{_SIGN})"
            rf"(?:{SPACE}?|(?P<inner>[-−])(?=[0-9]))(?P<amount>{_AMOUNT})(?:[.,][-–—]{{1,2}}"
            rf"(?!\w))?"
            rf"(?:(?:{_SCALE})(?={DASH}(?:{_SIGN})?[0-9]))?"
            rf"(?P<to>{SPACE}?{DASH}{SPACE}?(?:{_SIGN})?(?P<high>{NUMBER}))?(?P<scale>{_SCALE})?"
            rf"(?P<plus>\+)?{_PER}?(?![A-Za-z0-9])"
        ),
        _read,
    ),
    Rule(
        "money.code",
        SpeechClass.MONEY,
        re.compile(
            rf"(?<![\w.,])(?<![0-9] )(?P<sign>[-−–+])?(?P<amount>{_SPACED}|{_AMOUNT})"
            rf"(?:[.,][-–—]{{1,2}}(?=[ €]))?"
            rf"(?P<to>{SPACE}?{DASH}{SPACE}?(?P<high>{NUMBER}))?(?P<scale>{_SCALE})?{SPACE}?"
            rf"(?P<currency>{_TRAILING})(?P<plus>\+)?(?P<inner>(?!)-)?{_PER}?(?![\w$])(?!\$)"
        ),
        _read,
    ),
    Rule(
        "money.cents",
        SpeechClass.MONEY,
        re.compile(r"(?<![\w.,$€£])(?P<amount>[1-9][0-9]{0,2}(?:\.[0-9])?)(?P<part>[pc])(?!\w)"),
        _pence,
    ),
    Rule(
        "money.cents",
        SpeechClass.MONEY,
        re.compile(rf"(?<![\w.,])(?P<amount>(?:{NUMBER})){SPACE}?[¢￠]"),
        _cents,
    ),
    Rule(
        "money.cents",
        SpeechClass.MONEY,
        re.compile(r"(?<![\w.,])[¢￠](?P<amount>[0-9]{1,3})(?!\w)"),
        _cents,
    ),
    Rule(
        "money.pair",
        SpeechClass.MONEY,
        re.compile(r"(?<![\w/])(?P<a>[A-Z]{3})/(?P<b>[A-Z]{3})(?![\w/])"),
        _exchanged,
    ),
)
