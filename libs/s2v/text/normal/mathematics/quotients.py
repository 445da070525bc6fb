"""Say fractions, derivatives and binomials."""

from collections.abc import Sequence

from s2v.text.normal.fractions import fraction as common_fraction
from s2v.text.normal.mathematics.compounds import (
    Say,
    is_common_fraction,
    is_compound,
    is_open_ended,
)
from s2v.text.normal.mathematics.shaping import Node, row, symbol

_DIFFERENTIALS = {"d": "", "∂": "partial", "D": ""}


def quotient(node: Node, say: Say) -> str:
    """Say a fraction: "one half", "a over b", "a plus b, all over c"."""
    above, below = row(node["num"]), row(node["den"])
    if node.get("rule") is False:
        return f"{say(above)} choose {say(below)}"
    if is_common_fraction(node):
        return common_fraction(int(above[0]["value"]), int(below[0]["value"]))
    if is_derivative(node):
        return f"{say(above)} by {say(below)}"
    quantity = "the quantity " if is_compound(below) or _holds_quotient(below) else ""
    return f"{say(above)}{_line(above)} {quantity}{say(below)}"


def _line(above: Sequence[Node]) -> str:
    """Return the words for the line of a fraction."""
    if is_compound(above) or _holds_quotient(above) or any(map(is_open_ended, above)):
        return ", all over"
    return ", over" if any(node["type"] == "root" for node in above) else " over"


def is_derivative(node: Node) -> bool:
    """Tell whether a fraction is a derivative, such as dy/dx."""
    if node["type"] != "fraction":
        return False
    above, below = row(node["num"]), row(node["den"])
    first, second = _differential(above), _differential(below)
    return bool(first) and first == second and len(below) > 1 and not is_compound(below)


def is_operator(node: Node) -> bool:
    """Tell whether a derivative is one of what follows, such as d/dx."""
    return is_derivative(node) and len(row(node["num"])) == 1


def _differential(nodes: Sequence[Node]) -> str:
    if not nodes:
        return ""
    first = nodes[0].get("base", nodes[0]) if nodes[0]["type"] == "scripts" else nodes[0]
    name = first.get("name") or first.get("text") or symbol(first)
    return name if name in _DIFFERENTIALS else ""


def _holds_quotient(nodes: Sequence[Node]) -> bool:
    return any(node["type"] == "fraction" for node in nodes)
