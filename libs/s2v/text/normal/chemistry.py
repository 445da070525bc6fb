"""Say formulas of chemistry letter by letter: H₂O, NaCl, Fe3+."""

import re

from s2v.text.normal.claiming import Rule, after, before
from s2v.text.normal.numerals import cardinal, pairs
from s2v.text.normal.spans import SpeechClass

_ELEMENTS = (
    "He|Li|Be|Ne|Na|Mg|Al|Si|Cl|Ar|Ca|Sc|Ti|Cr|Mn|Fe|Co|Ni|Cu|Zn|Ga|Ge|As|Se|Br|Kr|Rb|Sr|Zr|Nb|"
    "Mo|Ru|Rh|Pd|Ag|Cd|In|Sn|Sb|Te|Xe|Cs|Ba|La|Ce|Nd|Hf|Ta|Re|Os|Ir|Pt|Au|Hg|Tl|Pb|Bi|Ra|Th|Pu|"
    "H|B|C|N|O|F|P|S|K|V|Y|I|W|U"
)
_COUNT = "[0-9]{0,2}"
_ATOMS = rf"(?:(?:{_ELEMENTS}){_COUNT}|\((?:(?:{_ELEMENTS}){_COUNT}){{1,4}}\){_COUNT})"
_SALT = (
    "(?:Na|Ca|Mg|Li|Al|Fe|Cu|Zn|Ag|Ba|Si|Ti|Pb|Sn|Ga|Ni)(?:Cl|Br|OH|O|F|I|S|As|CN)"
    "|[KH](?:Cl|Br)|GaN"
)
FORMULA = rf"(?:(?=[A-Za-z()]{{0,24}}[0-9]){_ATOMS}{{2,12}}|{_SALT})(?!\w)"
"""A pattern of a formula of plain letters and figures, in a lookahead or after no letter."""
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉⁺⁻−²³⁴", "0123456789+--234")
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_PIECE = re.compile(r"[A-Z][a-z]?|[0-9]+|[-+]")
_SIGNS = {"+": "plus", "-": "minus"}


def _letters(match: re.Match[str]) -> str:
    pieces = _PIECE.findall(match["it"].translate(_SUBSCRIPTS))
    return " ".join(
        cardinal(int(piece)) if piece.isdigit() else _SIGNS.get(piece) or " ".join(piece)
        for piece in pieces
    )


_ISOTOPES = {
    "H": "hydrogen",
    "C": "carbon",
    "N": "nitrogen",
    "O": "oxygen",
    "U": "uranium",
    "Pu": "plutonium",
    "I": "iodine",
    "Cs": "cesium",
    "Co": "cobalt",
    "K": "potassium",
    "Sr": "strontium",
    "Ra": "radium",
    "Tc": "technetium",
    "F": "fluorine",
    "P": "phosphorus",
    "Th": "thorium",
}
_STATES = {"aq": "aqueous", "s": "solid", "l": "liquid", "g": "gas"}


def _isotope(match: re.Match[str]) -> str:
    figures = match["n"].translate(_RAISED)
    said = cardinal(int(figures)) if len(figures) < 3 else pairs(figures)
    element = match["element"]
    return f"{_ISOTOPES[element]} {said}" if element in _ISOTOPES else f"{said} {' '.join(element)}"


def _arrow(match: re.Match[str]) -> str | None:
    if not (_COUNTED.search(before(match)) or _COUNTED.search(after(match))):
        return None
    return _ARROWS.get(match["it"], "yields")


def _rule(pattern: str) -> Rule:
    return Rule("alphanumeric.chemical", SpeechClass.ALPHANUMERIC, re.compile(pattern), _letters)


_COMPOUND = re.compile(rf"(?<![A-Za-z])(?:[0-9]{{0,2}}(?:{_ELEMENTS}|[()₀-₉0-9⁺⁻+])+|{_SALT})\Z")
_COUNTED = re.compile(r"(?<![A-Za-z])[0-9]{0,2}(?:[A-Z][a-z]?){0,6}[A-Z][a-z]?[₀-₉0-9]")
_ARROWS = {"⇌": "is in equilibrium with", "⇄": "is in equilibrium with"}
RULES = (
    Rule(
        "alphanumeric.isotope",
        SpeechClass.ALPHANUMERIC,
        re.compile(r"(?<!\w)(?P<n>[¹²³⁴-⁹][⁰¹²³⁴-⁹]{0,2})(?P<element>[A-Z][a-z]?)(?![a-z])"),
        _isotope,
    ),
    Rule(
        "alphanumeric.state",
        SpeechClass.ALPHANUMERIC,
        re.compile(r"(?<=[A-Za-z0-9₀-₉⁺⁻+)])\((?P<state>aq|s|l|g)\)(?!\w)"),
        lambda match: f" {_STATES[match['state']]}" if _COMPOUND.search(before(match)) else None,
    ),
    Rule(
        "alphanumeric.reaction",
        SpeechClass.ALPHANUMERIC,
        re.compile(r"(?<=[A-Za-z0-9₀-₉)⁺⁻+-] )(?P<it>→|⟶|-->|->|⇌|⇄)(?= [0-9]{0,2} ?[A-Z])"),
        _arrow,
    ),
    _rule(
        r"(?<![A-Za-z₀-₉_])(?P<it>(?=[A-Za-z₀-₉()]{1,40}[₀-₉])(?:[A-Z][a-z]?[₀-₉]{0,3}|\("
        r"(?:[A-Z][a-z]?"
        r"[₀-₉]{0,3}){1,4}\)[₀-₉]{0,3}){2,12}|[HNOF][₂₃]|Cl₂)(?!\w)"
    ),
    _rule(
        r"(?<![\w-])(?P<it>(?:Fe|Cu|Zn|Mg|Ca|Na|Li|Ag|Al|Pb|Mn|Ba|H|K|NH4|H3O)"
        r"(?:[0-9]?\+|[²³⁴]?⁺)|(?:Cl|Br|OH|NO3|SO4|PO4|CO3|HCO3)(?:\^?\{?[0-9]?[-−]\}?|[²³]?⁻))"
        r"(?![\w+-])(?! ?[=0-9])"
    ),
    _rule(
        rf"(?<![A-Za-z_.-])(?P<it>(?=[A-Za-z0-9()]{{0,24}}(?:[A-Z][a-z]|\(|CH[0-9]"
        rf"|C[0-9]{{1,2}}H)){FORMULA})"
    ),
)
