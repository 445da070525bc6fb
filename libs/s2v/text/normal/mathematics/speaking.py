"""Say a formula in English, as a lecturer would: short, with pauses where brackets would be."""

import re
from collections.abc import Sequence

import mathra

from s2v.text.normal.mathematics.compounds import is_common_fraction, is_compound, is_open_ended
from s2v.text.normal.mathematics.quotients import is_derivative, is_operator, quotient
from s2v.text.normal.mathematics.scripting import bounded, is_relation, scripted
from s2v.text.normal.mathematics.shaping import FormulaUnreadable, Node, formula, row, symbol
from s2v.text.normal.mathematics.tables import table
from s2v.text.normal.mathematics.vocabulary import (
    ACCENTS,
    BINARY,
    FUNCTIONS,
    LARGE,
    LETTERS,
    LIMITS,
    NAMED_LETTERS,
    RELATIONS,
    SETS,
    SIGNS,
)
from s2v.text.normal.numerals import number, ordinal
from s2v.text.normal.units import unit_words

_BRACKETS = {
    "|": "the absolute value of",
    "‖": "the norm of",
    "⌊": "the floor of",
    "⌈": "the ceiling of",
    "{": "the set of",
    "⟨": "the inner product of",
}
_LOCALES = frozenset(locale["code"] for locale in mathra.locales())
_DOLLARS = re.compile(r"\\\$\s?([0-9]+(?:[.,][0-9]+)*)")
_SPACE = re.compile(r"\s+")
_BEFORE_MARK = re.compile(r"\s+([,;:?])")
_MARKS = re.compile(r"[,;](?:\s*[,;])+")
_BOUND = re.compile(
    r"\b((?:for all|there exists) \w+(?: sub \w+)?) is (?=greater|less|not|at)", re.IGNORECASE
)
"""What is bound by a quantifier: "for all epsilon greater than zero"."""
_DEGREES = {"C": "celsius", "F": "fahrenheit"}
_MOMENTS = {"Var": "the variance of", "Cov": "the covariance of"}
_VECTORS = frozenset({"\u20d7", "\u0302", "→"})


def say_formula(tex: str) -> str:
    """Return a LaTeX formula in words.

    Raises:
        FormulaUnreadable: too long or nested too deeply.
    """
    said = _SPACE.sub(" ", _say(formula(_DOLLARS.sub(r"\1\\text{ dollars}", tex))))
    if r"\ce" in tex:
        said = said.replace("goes to", "yields")
    said = _MARKS.sub(",", _BEFORE_MARK.sub(r"\1", said))
    return _BOUND.sub(r"\1 ", said).strip(" ,;")


def foreign_formula(tex: str, language: str) -> str:
    """Return a LaTeX formula in mathra's words for another language; figures stay figures.

    Raises:
        FormulaUnreadable: nested too deeply.
    """
    locale = next((known for known in _LOCALES if known == language), language.partition("-")[0])
    known = locale if locale in _LOCALES else {"pt": "pt-BR"}.get(locale, "en")
    try:
        return str(mathra.render(tex, locale=known)["speech"])
    except ValueError as error:
        raise FormulaUnreadable(str(error)) from error


def _say(nodes: Sequence[Node]) -> str:
    return " ".join(filter(None, (_at(nodes, index) for index in range(len(nodes)))))


def _at(nodes: Sequence[Node], index: int) -> str:
    """Say a node of a row with what its neighbours ask for."""
    node = nodes[index]
    left = nodes[index - 1] if index else None
    right = nodes[index + 1] if index + 1 < len(nodes) else None
    said = _sign(nodes, index) if node["type"] == "operator" else _node(node, left)
    return _opening(node, left) + said + _closing(node, right)


def _opening(node: Node, left: Node | None) -> str:
    """Return the word between a node and the one before it, where no sign stands between."""
    if left is None or (left["type"] == "operator" and symbol(left) != "!"):
        return ""
    if node["type"] == "fraction" and is_common_fraction(node) and left["type"] == "number":
        return "and "
    if node["type"] == "group" and node["open"] in ("(", "[", ""):
        if _takes_argument(left):
            return "" if _at_end(left).endswith(" of") else "of "
        if left["type"] == "identifier" and _is_argument(left, node["children"]):
            return "of "
        return "times " if _is_factor(left) and is_compound(node["children"]) else ""
    return ""


def _closing(node: Node, right: Node | None) -> str:
    if right is not None and is_relation(right) and _has_long_index(node):
        return ","
    if right is None or is_relation(right) or symbol(right) in (",", ";", ".", "…"):
        return ""
    if is_operator(node):
        return " of"
    if node["type"] == "fraction" and not is_common_fraction(node) and right["type"] != "operator":
        return "" if is_derivative(node) or right["type"] == "text" else ", times"
    return "," if is_open_ended(node) else ""


def _has_long_index(node: Node) -> bool:
    return node["type"] == "scripts" and not node.get("sup") and is_open_ended(node)


def _takes_argument(node: Node) -> bool:
    base = node.get("base", node) if node["type"] == "scripts" else node
    if base["type"] == "function":
        return True
    return base["type"] == "identifier" and base["name"] in NAMED_LETTERS


def _is_argument(left: Node, inside: Sequence[Node]) -> bool:
    """Tell whether brackets hold what a letter before them is a function of: C(n, k), J(θ)."""
    name = str(left["name"])
    if not name.isalpha():
        return False
    listed = any(symbol(node) == "," for node in inside)
    single = len(inside) == 1 and inside[0]["type"] == "identifier"
    return _is_data(inside) or (name.isupper() and (listed or single))


def _is_data(nodes: Sequence[Node]) -> bool:
    """Tell whether numbers in brackets are what a statistic is of: t(28), F(2, 45)."""
    return all(node["type"] == "number" or symbol(node) == "," for node in nodes)


def _at_end(node: Node) -> str:
    return _node(node, None)


def _is_factor(node: Node) -> bool:
    kinds = ("number", "identifier", "scripts", "group", "root")
    return node["type"] in kinds or symbol(node) == "!"


def _node(node: Node, left: Node | None) -> str:
    kind = node["type"]
    if kind == "number":
        return number(node["value"]) if node["value"].isascii() else str(node["value"])
    if kind == "identifier":
        scale = _DEGREES.get(node["name"]) if _after_degrees(left) else None
        return scale or _letter(node)
    if kind in ("word", "text"):
        return _words(node, left)
    if kind == "fraction":
        return quotient(node, _say)
    if kind == "scripts":
        return scripted(node, _say)
    if kind == "root":
        return f"{_root(row(node.get('index')))} root of {_say(row(node['radicand']))}"
    if kind == "group":
        return _group(node, left)
    if kind == "function":
        return f"{LIMITS[node['name']]} of" if node["name"] in LIMITS else _function(node["name"])
    if kind == "large-operator":
        return bounded(LARGE.get(str(node["symbol"]), str(node["symbol"])), (), (), _say)
    if kind == "table":
        return table(node, _say)
    if kind == "arrow":
        return RELATIONS.get(node["symbol"], "goes to")
    return _marked(node)


def _marked(node: Node) -> str:
    """Say what has a mark above, below or through it."""
    inside = _say(row(node.get("base")))
    if node["type"] == "accent":
        mark = "vector {}" if node["accent"] == "→" else ACCENTS.get(node["accent"], "{}")
        return mark.format(inside)
    return f"{inside} bar" if node["type"] == "bar" else inside


def _letter(node: Node) -> str:
    name = node["name"]
    if node.get("variant") == "double-struck" and name in SETS:
        return SETS[name]
    return LETTERS.get(name, str(name))


def _function(name: str) -> str:
    return FUNCTIONS.get(name, name)


def _after_degrees(left: Node | None) -> bool:
    return left is not None and symbol(left.get("sup")) in ("∘", "°")


def _words(node: Node, left: Node | None) -> str:
    if node["type"] == "word":
        text = str(node["text"])
    else:
        text = "".join(
            str(part["value"]) if part["type"] == "text" else _say(row(part.get("value")))
            for part in node["parts"]
        ).strip()
    text = text.removeprefix("\\")
    amount = left["value"] if left is not None and left["type"] == "number" else ""
    if _after_degrees(left) and text in _DEGREES:
        return _DEGREES[text]
    if text in _MOMENTS:
        return _MOMENTS[text]
    unit = unit_words(text, amount) if amount else None
    if unit:
        return unit
    spelt = node["type"] == "word" and len(text) > 1 and (text.isupper() or len(text) == 2)
    return " ".join(text) if spelt else text


def _root(index: Sequence[Node]) -> str:
    value = index[0].get("value", "") if len(index) == 1 else ""
    if not index or value == "2":
        return "the square"
    if value == "3":
        return "the cube"
    if value.isdigit():
        return f"the {ordinal(int(value))}"
    return f"the {_say(index)} th"


def _group(node: Node, left: Node | None) -> str:
    children, opening = node["children"], node["open"]
    if len(children) == 1 and children[0].get("rule") is False:
        return _say(children)
    inside = _say(children)
    ends = inside.split(", ")
    if len(ends) == 2 and "[" in opening + node["close"].replace("]", "[") and not node.get("sup"):
        return f"the interval from {ends[0]} to {ends[1]}"
    if opening == "⟨" and "," not in inside:
        return inside
    if opening in _BRACKETS and node["close"]:
        return f"{_BRACKETS[opening]} {inside}"
    if not is_compound(children) or (left is not None and _takes_argument(left)):
        return inside
    if symbol(children[0]) in ("mod",) or children[0]["type"] in ("text", "table"):
        return inside
    return f"the quantity {inside}"


def _sign(nodes: Sequence[Node], index: int) -> str:
    sign = symbol(nodes[index])
    left = nodes[index - 1] if index else None
    right = nodes[index + 1] if index + 1 < len(nodes) else None
    if sign == "·" and (_is_vector(left) or _is_vector(right)):
        return "dot"
    if sign == "×" and (_is_vector(left) or _is_vector(right)):
        return "cross"
    if sign in "|∣" and sign:
        return "such that" if any(map(is_relation, nodes[index + 1 :])) else "given"
    if sign == "→" and any(symbol(node) == ":" for node in nodes[:index]):
        return "to"
    if sign == ":" and any(symbol(node) == "→" for node in nodes[index:]):
        return "from"
    if sign in ("∼", "~") and right is not None and str(right.get("name", "")).isupper():
        return "is distributed as"
    if sign == "≡" and any(map(_is_modulus, nodes[index + 1 :])):
        return "is congruent to"
    if sign == ":" and symbol(right) == "=":
        return "is defined as"
    if sign == "=" and symbol(left) == ":":
        return ""
    return RELATIONS.get(sign) or BINARY.get(sign) or SIGNS.get(sign) or LETTERS.get(sign, sign)


def _is_modulus(node: Node) -> bool:
    first = node["children"][0] if node["type"] == "group" and node["children"] else node
    parts = first.get("parts") or [{}]
    return "mod" in (symbol(first), first.get("name"), first.get("text"), parts[0].get("value"))


def _is_vector(node: Node | None) -> bool:
    if node is None:
        return False
    base = node.get("base", node) if node["type"] == "scripts" else node
    if base["type"] == "accent":
        return base["accent"] in _VECTORS
    return base.get("variant") == "bold" or symbol(base) == "∇"
