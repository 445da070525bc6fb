"""Say Roman numerals, where the words around them show that they are some."""

import re

from s2v.text.normal.claiming import Reader, Rule, after, before
from s2v.text.normal.numerals import cardinal, ordinal
from s2v.text.normal.spans import SpeechClass
from s2v.text.normal.wordlists import words

_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_ROMAN = r"(?=[IVXLCDM])M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
_NUMBERED = (
    "Chapter|Part|Volume|Vol\\.?|Book|Act|Scene|Section|Article|Appendix|Phase|Stage|Type|Cla"
    "ss|Level|"
    "War|Bowl|Figure|Fig\\.|Table|Title|Round|Episode|Season|Grade|Apollo|Mark|Mk\\.?|Page|Version|"
    "Tier|Schedule|Unit|Lesson|Division|Factor|Corps|Symphony|Sonata|Opus|Concerto|Canto|Psalm|"
    "Annex|Clause|Category|Group|Zone|Region|District|Sector|Step|Day|Game|Fantasy|Rocky|Vatican|"
    "Wars|Quest|Tome|Plate|Module|Line|Gemini|Saturn|Titan|Legion|Republic|Geneva|Basel|SALT|START"
)
_REGNAL = (
    "Henry|Louis|Elizabeth|Charles|George|William|Edward|James|Richard|Paul|Pius|Benedict|Cat"
    "herine|"
    "Peter|Napoleon|Nicholas|Alexander|Rams[ei]s|Ramesses|Ramses|Philip|Francis|Frederick|Wil"
    "helm|Leo|"
    "Gregory|Clement|Innocent|Urban|Boniface|Ivan|Mary|Ptolemy|Darius|Xerxes|Otto|Leopold|Fer"
    "dinand|"
    "Alfonso|Carlos|Juan|Felipe|Christian|Gustav|Gustaf|Adolf|Harald|Olaf|Olav|Haakon|Mehmed|"
    "Suleiman|"
    "Selim|Murad|Abdullah|Hussein|Rainier|Albert|Baudouin|Umberto|Victor|Emmanuel|Amenhotep|T"
    "hutmose|"
    "Cleopatra|Seti|Cyrus|Artaxerxes|Constantine|Theodosius|Justinian|Basil|Michael|John|Step"
    "hen|Julius|"
    "Sixtus|Adrian|Martin|Celestine|Honorius|Eugene|Nero|Maximilian|Rudolf|Sigismund|Joseph|Robert|"
    "David|Malcolm|Kenneth|Edmund|Matilda|Anne|Margaret|Isabella|Joanna|Pedro|Manuel|Sancho|Afonso|"
    "Kamehameha|Tutankhamun|Harold|Canute|Bela|Casimir|Boleslaw|Vladislav|Wenceslaus|Charlemagne|"
    "Tiberius|Claudius|Mithridates|Antiochus|Seleucus|Selassie"
)
_TITLES = "King|Queen|Pope|Emperor|Empress|Tsar|Czar|Prince|Kaiser|Sultan|Saint|Pharaoh|Duke|Shah"
_WORDS_TOO = words(
    "XX CD DC MD CV MC MM DM CC DI LI MI MIX DIM LIV DIV XL CI CL CM ML DL MV XXX XXL LL MDM DD "
    "MMC LCD VC DVD VI CIV MMX CX XC CCC IC ID IM IL IV"
)
"""What is mostly something else where nothing shows that it is a number."""
_NAMES = frozenset("CDLM")
"""Letters that name one of several: "Appendix C", "Type D"."""
_RULER = re.compile(rf"\b(?P<name>(?:(?P<title>{_TITLES})s? [A-Z]\w+|{_REGNAL}))(?: [A-Z]\w+)? \Z")
"""A name that the number of a reign follows."""
_REIGNING = re.compile(
    r"\b(?:kings?|queens?|reign\w*|throne|dynasty|crown\w*|emperors?|popes?|sultans?|tsars?|"
    r"pharaohs?|ruled|ruler|dukes?|son|daughter|successor)\b",
    re.IGNORECASE,
)
_NUMBERED_BEFORE = re.compile(rf"\b(?:{_NUMBERED})s? \Z")
_AFTER_REIGN = re.compile(
    r"\s*(?:$|[,.;:!?)'’]|(?:of|and|reigned|ruled|became|was|died|in|had|is|to|the|had)\b)"
)
_ORDINAL_AFTER = re.compile(
    r"\s(?:century|centuries|dynasty|Dynasty|Olympiad|Century|Corps|Congress|Legion|Olympic)"
)


def value(written: str) -> int:
    """Return the value of a Roman numeral."""
    numbers = [_VALUES[letter] for letter in written.upper()]
    return sum(
        -one if following > one else one
        for one, following in zip(numbers, [*numbers[1:], 0], strict=True)
    )


def _counted(match: re.Match[str]) -> str | None:
    return cardinal(value(match["it"]))


def _numbered(match: re.Match[str]) -> str | None:
    if match["n"] in _NAMES:
        return None
    parts = [part for part in match["sub"].split(".") if part]
    said = " point ".join([cardinal(value(match["n"])), *(cardinal(int(p)) for p in parts)])
    letter = (match["letter"] or "").lstrip("-")
    return f"{said} {letter}".strip()


def _listed(match: re.Match[str]) -> str:
    return f"{match['joint']}{cardinal(value(match['it2']))}"


def _listed_letter(match: re.Match[str]) -> str | None:
    """Say "(i)" where "(ii)" follows or goes before."""
    around = before(match, 400) + after(match, 400)
    return _listed(match) if "(ii)" in around or "(iv)" in around else None


def _several(match: re.Match[str]) -> str | None:
    """Say "I, II and III" or "II to IV"."""
    numerals = _ONE_OF.findall(match["it"])
    named = _NUMBERED_BEFORE.search(before(match)) and any(value(one) > 1 for one in numerals)
    if not (named or any(len(one) > 1 and _is_clear(one) for one in numerals)):
        return None
    if any(one in _NAMES for one in numerals):
        return None
    number = ordinal if _is_of_a_reign(match) else cardinal
    said = _ONE_OF.sub(lambda one: number(value(one.group())), match["it"])
    joint = " " if said.count("-") + said.count("–") > 1 else " to "
    said = re.sub(r"(?<=\w)[-–—](?=\w)", joint, said)
    return f"the {said}" if number is ordinal else said


def _is_clear(written: str) -> bool:
    """Tell whether letters are a number where others stand beside them: "IV, V and VI"."""
    return written not in _WORDS_TOO or (set(written) <= set("IVX") and len(set(written)) > 1)


def _is_of_a_reign(match: re.Match[str]) -> bool:
    """Tell whether who reigns goes before: "King Zog", "Louis", "his son Simeon"."""
    behind = before(match, 60)
    if _RULER.search(behind):
        return True
    named = re.search(r"\b[A-Z][a-z]{2,} \Z", behind)
    others = behind[: named.start()] if named else ""
    return named is not None and _REIGNING.search(others + after(match)) is not None


def _after_article(match: re.Match[str]) -> str | None:
    written = match["it"]
    return None if written in _WORDS_TOO or len(written) < 2 else ordinal(value(written))


def _reign(match: re.Match[str]) -> str | None:
    written = match["it"]
    ruler = _RULER.search(before(match, 60))
    if not _is_of_a_reign(match) or (ruler is None and len(written) == 1):
        return None
    if len(written) == 1 and _AFTER_REIGN.match(after(match)) is None:
        return None
    if ruler and ruler["name"] == "Malcolm" and written == "X":
        return None
    if written == "I" and re.match(r"\s(?:was|had|is|in)\b", after(match)) and ruler:
        first = re.search(r"(?:^|[.!?]\s+)\Z", before(match, 60)[: ruler.start()])
        if not (ruler["title"] or first):
            return None
    return f"the {ordinal(value(written))}"


def _century(match: re.Match[str]) -> str:
    return ordinal(value(match["n"]))


def _alone(match: re.Match[str]) -> str | None:
    written = match["it"]
    if _ORDINAL_AFTER.match(after(match)):
        return ordinal(value(written))
    follows_name = re.search(r"\b(?!The |An? )[A-Z][a-z]+ \Z", before(match)) is not None
    if len(written) < 2 or (
        written in _WORDS_TOO and not (follows_name and written in ("IV", "VI"))
    ):
        return None
    return cardinal(value(written))


def _rule(name: str, pattern: str, read: Reader) -> Rule:
    return Rule(f"roman.{name}", SpeechClass.ROMAN, re.compile(pattern), read)


_END = r"(?![\w’'-]|\.[A-Za-z])"
_ONE_OF = re.compile(r"[IVXLCDM]+")
_NUMERAL = rf"(?P<it>{_ROMAN}){_END}"
RULES = (
    _rule(
        "century",
        rf"(?<![\w.&-])(?P<it>(?P<n>{_ROMAN})(?<=[IVXLCDM])(?:th|st|nd|rd))(?!\w)",
        _century,
    ),
    _rule(
        "century",
        rf"(?<![\w.&-])(?P<it>(?P<n>{_ROMAN}))(?=[ -](?:century|centuries|[Dd]ynasty|Olympiad|c\."
        rf"(?! ?[0-9]))(?!\w))",
        _century,
    ),
    _rule(
        "several",
        rf"(?<![\w.&/+-])(?=[IVXLCDM])(?P<it>{_ROMAN}(?:(?:, (?:and |or )?| and | or | & "
        rf"|[-–—]){_ROMAN}(?!\w)){{1,12}})"
        rf"{_END}",
        _several,
    ),
    _rule(
        "pages",
        r"(?<!\w)(?:[Pp]ages|pp\.) (?P<it>(?P<a>x{0,3}(?:ix|iv|v?i{0,3}))(?<=[xvi])[-–]"
        r"(?P<b>(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3}))(?<=[xvil]))(?!\w)",
        lambda match: f"{cardinal(value(match['a']))} to {cardinal(value(match['b']))}",
    ),
    _rule(
        "numbered",
        rf"(?<!\w)(?:{_NUMBERED}|stage|phase|type|grade|class)s? (?P<it>(?P<n>{_ROMAN})(?P<sub>"
        rf"(?:\.[0-9]{{1,3}})*)"
        r"(?P<letter>(?<=[IVX])-?[a-cA-D](?!\w))?)"
        r"(?![\w’–-]|\.[A-Za-z])(?! (?:am|think|have|was|know)\b)",
        _numbered,
    ),
    _rule(
        "numbered",
        r"(?<!\w)(?:[Pp]ages?|pp?\.|[Ss]cene|[Cc]hapter|[Pp]art|[Vv]olume) "
        r"(?P<it>x{0,3}(?:ix|iv|v?i{0,3}))(?<=[xvi])(?!\w)",
        _counted,
    ),
    _rule(
        "listed",
        r"(?m:^)[ \t]*(?P<it>(?P<n>ix|iv|vi{0,3}|i{1,3}|x)\.)(?=[ \t]+\S)",
        lambda match: f"{cardinal(value(match['n']))}.",
    ),
    _rule("listed", r"(?<!\w)\((?P<it2>(?:ix|iv|vi{1,3}|i{2,3}|xi{1,3}))\)(?P<joint>)", _listed),
    _rule("listed", r"(?<!\w)\((?P<it2>i|v|x)\)(?P<joint>)", _listed_letter),
    _rule("after_article", rf"(?<=\b[Tt]he )(?P<it>{_ROMAN})(?= [A-Z][a-z])", _after_article),
    _rule(
        "reign",
        rf"(?<=[a-z] )(?P<it>{_ROMAN})(?<=[IVXLCDM])(?=['’]s|{_END})",
        _reign,
    ),
    _rule("alone", rf"(?<![\w.&/+-]){_NUMERAL}(?![&/+])", _alone),
)
