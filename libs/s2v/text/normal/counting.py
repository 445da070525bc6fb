"""Say numbers: ordinals, fractions, ranges, ratios, and all that are left."""

import re

from s2v.text.normal.claiming import Reader, Rule, after, before
from s2v.text.normal.fractions import GLYPHS, fraction
from s2v.text.normal.numerals import cardinal, digits, number, ordinal, plural
from s2v.text.normal.patterns import DASH, NUMBER, SIGN, SPACE, START, plain
from s2v.text.normal.spans import SpeechClass

_GLYPHS = "".join(GLYPHS)
_OF_TEN = re.compile(
    r"\b(?:rate|rated|rating|score|scored|scores|gave|give|got|grade|solid)\b[^.!?]{0,30}\Z", re.I
)
_VOTERS = re.compile(
    r" (?!(?:seconds|miles|inches|meters|metres|points|hours|minutes|degrees|cups|teaspoons|is|was|"
    r"has|as|acres|ounces|pounds|this|its)\b)(?:[a-z]{2,}s|people|men|women|children)\b"
)
_SERIAL = re.compile(
    r"\b(?:no|case|docket|invoice|order|ticket|serial|sku|ref|part)\.?:? #?\Z", re.IGNORECASE
)
_AMOUNT_AHEAD = re.compile(r"[-−.]?(?:[A-Z]{0,2}[$€£¥₹])?[0-9]")
_ASKED = re.compile(
    r"(?:\b(?:what is|what's|how much is|compute|calculate|subtract|evaluate|solve)|=) \Z", re.I
)
_ANSWER = re.compile(r" ?=| (?:is|equals|makes) [0-9-]|\?", re.IGNORECASE)
_SHEETS = re.compile(
    r"\b(?:page|slide|step|part|chapter|question|p\.|episode|level|day|round)\s\Z", re.I
)
_NAMED_PLACE = re.compile(
    r"\b(?:apt|apartment|unit|rm|ste|room|session|model|type|size|terminal|pier|exit|gate|seat|"
    r"section|suite|flat|lots?|sizes?|seats|units|rooms|figures|gates|exit|building|block|grade"
    r"|class|exercise|"
    r"question|table|figure|fig|row|zone|platform|hall|floor|line|bus|no|number)\.?\s\Z",
    re.IGNORECASE,
)


def _ordinal(match: re.Match[str]) -> str:
    return ordinal(int(plain(match["n"])))


def _fraction(match: re.Match[str]) -> str | None:
    above, below = int(match["above"]), int(match["below"])
    whole = match["whole"]
    if not below:
        return f"{cardinal(above)} over {cardinal(below)}"
    if not whole and below in (5, 10, 100) and _OF_TEN.search(before(match)):
        return f"{cardinal(above)} out of {cardinal(below)}"
    if not whole and above < below in (5, 10) and _VOTERS.match(after(match)):
        return f"{cardinal(above)} out of {cardinal(below)}"
    if not whole and above + below == 100 and 50 <= above <= 95 and above % 5 == 0:
        return f"{cardinal(above)} {cardinal(below)}"
    if not whole and re.search(r"\bodds\b[^.!?]{0,20}\Z", before(match)):
        return f"{cardinal(above)} to {cardinal(below)}"
    if not whole and _SHEETS.search(before(match)):
        return f"{cardinal(above)} of {cardinal(below)}"
    if not whole and above == below and above in (20, 50):
        return f"{cardinal(above)} {cardinal(below)}"
    if not whole and above >= below and below != 2 and above != 22:
        return f"{cardinal(above)} {'out of' if above == below else 'over'} {cardinal(below)}"
    said = fraction(above, below)
    return f"{cardinal(int(whole))} and {said}" if whole else said


def _glyph(match: re.Match[str]) -> str:
    said = fraction(*GLYPHS[match["glyph"]])
    whole = match["whole"]
    if not whole and re.match(r"\s(?:of|a|an|the)\b", after(match)):
        said = "half" if match["glyph"] == "½" else said
    return f"{number(plain(whole))} and {said}" if whole else said


def _range(match: re.Match[str]) -> str:
    even = plain(match["low"]) == plain(match["high"]) == "50"
    if even or re.fullmatch("24.7", match.group()) or _SERIAL.search(before(match)):
        return _chain(match)
    return f"{number(plain(match['low']))} to {number(plain(match['high']))}"


def _chain(match: re.Match[str]) -> str:
    return " ".join(number(part) for part in re.split(DASH, match.group()))


def _interval(match: re.Match[str]) -> str | None:
    apart = match["open"] + match["close"] in ("[)", "(]")
    if not apart and not re.search(r"\b(?:intervals?|CI:?) \Z", before(match)):
        return None
    ends = (match["low"], match["high"])
    words = [end.replace("∞", "infinity") if "∞" in end else number(end) for end in ends]
    return "from " + " to ".join(words).replace("-", "minus ").replace("−", "minus ")


def _spaced(match: re.Match[str]) -> str:
    """Say "15 - 7" as what is asked for or as a range, by the words around."""
    low, high = number(plain(match["low"])), number(plain(match["high"]))
    asked = _ASKED.search(before(match)) or _ANSWER.match(after(match))
    return f"{low} minus {high}" if asked else f"{low} to {high}"


def _rating(match: re.Match[str]) -> str:
    return f"{number(match['n'])} out of {number(match['of'])}"


def _ratio(match: re.Match[str]) -> str:
    return " to ".join(number(plain(part)) for part in match["it"].split(":"))


def _size(match: re.Match[str]) -> str:
    parts = re.split(rf"{SPACE}?[x×X]{SPACE}?", match["it"])
    return " by ".join(number(plain(part)) for part in parts)


def _times(match: re.Match[str]) -> str | None:
    if match["sign"] == "X" and re.search(r"\b[A-Z][a-z]+ \Z", before(match)):
        return None
    low = f"{number(plain(match['low']))} to " if match["low"] else ""
    return f"{low}{number(plain(match['n']))} times"


def _scientific(match: re.Match[str]) -> str:
    power = number(match["power"].lstrip("+"))
    return f"{number(match['base'])} times ten to the power of {power}"


def _scaled(match: re.Match[str]) -> str | None:
    letter = match["scale"]
    if letter.isupper() and _NAMED_PLACE.search(before(match)):
        return None
    if letter == "B" and re.search(r"[0-9][AC-H](?: and| or| to|,| &|/)? ?\Z", before(match)):
        return None
    said = number(plain(match["n"]))
    if letter == "K" and match["n"] in ("4", "8") and not re.match(r" [a-z]+s\b", after(match)):
        return f"{said} K"
    if letter == "K" and re.match(
        r"[ -]?(?:video|TV|resolution|display|monitor|run|race|screen|UHD|footage|camera|film"
        r"|movie|"
        r"HDR|stream)",
        after(match),
    ):
        return f"{said} K"
    scale = {
        "k": "thousand",
        "K": "thousand",
        "M": "million",
        "B": "billion",
        "bn": "billion",
        "mn": "million",
        "T": "trillion",
    }[letter]
    return f"{said} {scale}{' plus' if match['plus'] else ''}"


def _number(match: re.Match[str]) -> str:
    return number(plain(match["n"]))


def _compared(match: re.Match[str]) -> str | None:
    words = {
        "<": "less than",
        ">": "more than",
        "~": "about",
        "≈": "about",
        "∼": "about",
        "≤": "at most",
        "≥": "at least",
        "<=": "at most",
        ">=": "at least",
    }
    if _AMOUNT_AHEAD.match(after(match)) is None:
        return None
    return f"{words[match['sign']]} "


def _marked(match: re.Match[str]) -> str:
    return f"number {number(plain(match['n']))}"


def _rule(name: str, kind: SpeechClass, pattern: str, read: Reader) -> Rule:
    return Rule(name, kind, re.compile(pattern), read)


RULES = (
    _rule(
        "number.interval",
        SpeechClass.MATHEMATICS,
        r"(?<!\w)(?P<it>(?P<open>[\[(])(?P<low>[-−]?(?:[0-9]+(?:\.[0-9]+)?|∞)), ?"
        r"(?P<high>[-−]?(?:[0-9]+(?:\.[0-9]+)?|∞))(?P<close>[\])]))",
        _interval,
    ),
    _rule(
        "number.plural",
        SpeechClass.NUMBER,
        r"(?<![\w.,])(?<=[a-z]-)(?P<n>[1-9][0-9]{0,2})s(?!\w)",
        lambda match: plural(cardinal(int(match["n"]))),
    ),
    _rule(
        "number.plural",
        SpeechClass.NUMBER,
        r"(?<=(?:nder|over) )(?P<n>[1-9][0-9])s(?!\w)",
        lambda match: plural(cardinal(int(match["n"]))),
    ),
    _rule(
        "number.grouped",
        SpeechClass.NUMBER,
        r"(?<![\w.,])(?<![0-9] )(?P<n>[1-9][0-9]{1,2}(?: [0-9]{3})+|[1-9](?: [0-9]{3}){2,})"
        r"(?! ?[0-9])(?![\w.,][0-9])",
        lambda match: number(plain(match["n"])),
    ),
    _rule(
        "number.european",
        SpeechClass.NUMBER,
        r"(?<![\w.,])(?P<n>[1-9][0-9]{0,2}(?:[ .][0-9]{3})+,[0-9]{1,3})(?![\w.,][0-9]|\w)",
        lambda match: number(re.sub("[ .]", "", match["n"]).replace(",", ".")),
    ),
    _rule(
        "number.hexadecimal",
        SpeechClass.NUMBER,
        r"(?<!\w)0[xX](?P<x>[0-9a-fA-F]{1,32})(?!\w)",
        lambda match: f"zero x {' '.join(digits(c) if c.isdigit() else c for c in match['x'])}",
    ),
    _rule(
        "number.scientific",
        SpeechClass.NUMBER,
        rf"{START}(?P<base>{SIGN}[0-9]{{1,20}}(?:\.[0-9]{{1,20}})?)[eE](?P<power>[+-]?[0-9"
        rf"]{{1,3}})(?!\w)",
        _scientific,
    ),
    _rule(
        "ordinal",
        SpeechClass.ORDINAL,
        r"(?<![\w.])(?<![0-9]/)(?P<n>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,9})(?:st|nd|rd|th|ST|ND|RD"
        r"|TH|ˢᵗ|ⁿ"
        r"ᵈ|ʳᵈ|ᵗʰ)(?!\w)",
        _ordinal,
    ),
    _rule(
        "fraction",
        SpeechClass.FRACTION,
        r"(?<![\w.,/])(?P<n>[0-9]{1,3}\.[0-9]{1,2})/(?P<of>5|10|20|100|4\.0|5\.0)(?![\w/]|\.[0-9])",
        _rating,
    ),
    _rule(
        "fraction",
        SpeechClass.FRACTION,
        r"(?<![\w.,/])(?:(?P<whole>[0-9]{1,6})(?: |-(?=[0-9]/))(?=[0-9]{1,2}/))?(?P<above>[0-"
        r"9]{1,4})[/⁄](?P<below>[0-9]{1,4})(?:rds?|ths?|nds?)?(?![\w/⁄])(?!\.[0-9])",
        _fraction,
    ),
    _rule(
        "fraction",
        SpeechClass.FRACTION,
        rf"(?<![\w.,])(?:(?P<whole>[0-9]{{1,9}}){SPACE}?(?=[{_GLYPHS}]))?(?P<glyph>[{_GLYPHS}])",
        _glyph,
    ),
    _rule(
        "number.size",
        SpeechClass.NUMBER,
        r"(?<![\w.,])(?P<it>[0-9]{1,6}(?:\.[0-9]{1,3})?(?:[x×X][0-9]{1,6}(?:\.[0-9]{1,3})?){1"
        r",3})(?![\w²³])",
        _size,
    ),
    _rule(
        "number.size",
        SpeechClass.NUMBER,
        r"(?<![\w.,])(?P<it>[0-9]{1,6}(?:\.[0-9]{1,3})?(?: [x×] [0-9]{1,6}(?:\.[0-9]{1,3})?){"
        r"1,3})(?=[ -]?(?:px|pixels?|display|resolution|video|cm|mm|m|inch(?:es)?|in|ft|feet|"
        r"meters?|grid|matrix|matrices|array|board|image|screen|tiles?)\b)",
        _size,
    ),
    _rule(
        "number.times",
        SpeechClass.NUMBER,
        rf"(?<![\w.,])(?:(?P<low>{NUMBER}){DASH})?(?P<n>{NUMBER})(?P<sign>[x×]|X(?= [a-z]))(?!\w)",
        _times,
    ),
    _rule(
        "ratio",
        SpeechClass.RATIO,
        r"(?<![\w:.,])(?P<it>[0-9]{1,6}(?:\.[0-9]{1,3})?"
        r"(?::(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,6}(?:\.[0-9]{1,3})?)){1,3})(?![\w:])",
        _ratio,
    ),
    _rule(
        "range",
        SpeechClass.RANGE,
        rf"(?<![\w.,/$€£-])(?P<low>{NUMBER}){DASH}(?P<high>{NUMBER})(?![\w/]|[-–—][0-9])",
        _range,
    ),
    _rule(
        "range",
        SpeechClass.RANGE,
        rf"(?<![\w.,/$€£-])(?P<low>{NUMBER}) [–—−-] (?P<high>{NUMBER})(?![\w/]| [-–—+])",
        _spaced,
    ),
    _rule(
        "number.chain",
        SpeechClass.NUMBER,
        r"(?<![\w.,-])(?P<it>[0-9]{1,4}(?:[-–][0-9]{1,4}){2,8})(?![\w-])",
        _chain,
    ),
    _rule(
        "number.scale",
        SpeechClass.NUMBER,
        rf"(?<![\w.,])(?<![A-Za-z]-)(?P<n>{NUMBER})(?P<scale>k|K|M|B|T|bn|mn)(?P<plus>\+)?(?!\w)",
        _scaled,
    ),
    _rule(
        "number.marked",
        SpeechClass.NUMBER,
        r"(?<![\w#&])(?:#|№ ?|[Nn]o\.? ?|[Nn][°º] ?)(?P<n>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,9})(?!\w"
        r"|[.,][0-9])",
        lambda match: None if re.match(r"no [0-9]", match.group()) else _marked(match),
    ),
    _rule(
        "number.compared",
        SpeechClass.NUMBER,
        rf"(?:(?<![\w<>=])|(?<=\w)(?=[<>]=|[≤≥]))(?P<sign><=|>=|[<>~≈∼≤≥]){SPACE}?",
        _compared,
    ),
)
NUMBERS = (
    _rule(
        "number",
        SpeechClass.NUMBER,
        rf"{START}(?P<n>{SIGN}(?:{NUMBER}))(?P<plus>\+(?![\w+]))?(?!\w)",
        lambda match: _number(match) + (" plus" if match["plus"] else ""),
    ),
)
REST = (
    _rule(
        "number.rest",
        SpeechClass.NUMBER,
        r"[0-9]{1,12}(?:\.[0-9]{1,12})?",
        lambda match: number(match.group()),
    ),
    _rule(
        "fraction.rest",
        SpeechClass.FRACTION,
        f"[{_GLYPHS}]",
        lambda match: fraction(*GLYPHS[match.group()]),
    ),
)
"""Figures that stand within something else."""
