"""What in a formula hangs together: which parts need a word or a pause to keep them apart."""

from collections.abc import Callable, Sequence

from s2v.text.normal.mathematics.shaping import Node, row, symbol
from s2v.text.normal.mathematics.vocabulary import BINARY, RELATIONS

Say = Callable[[Sequence[Node]], str]
"""Says nodes in a row."""


def is_compound(nodes: Sequence[Node]) -> bool:
    """Tell whether something in the row, but for a sign in front, joins two parts."""
    signs = [symbol(node) for node in nodes[1:]]
    return any(sign in BINARY or sign in RELATIONS for sign in signs)


def is_common_fraction(node: Node) -> bool:
    """Tell whether a fraction is one of two small whole numbers."""
    if node["type"] != "fraction" or node.get("rule") is False:
        return False
    above, below = row(node["num"]), row(node["den"])
    return (
        len(above) == len(below) == 1
        and _is_whole(above[0])
        and _is_whole(below[0])
        and 2 <= int(below[0]["value"]) <= 100
        and int(above[0]["value"]) < 100
    )


def is_open_ended(node: Node) -> bool:
    """Tell whether a listener could not hear where the node ends without a pause."""
    kind = node["type"]
    if kind == "scripts" and node.get("sup"):
        above = row(node["sup"])
        if node["base"]["type"] == "function" and [symbol(above[0])] == ["−"]:
            return len(above) > 2  # an inverse function is no power
        return _is_long(above) or (len(above) > 1 and not symbol(above[-1]))
    if kind == "scripts":
        return is_compound(row(node.get("sub"))) and node["base"]["type"] == "identifier"
    if kind == "root":
        inside = row(node["radicand"])
        return is_compound(inside) or any(map(is_open_ended, inside[-1:]))
    if kind == "fraction":
        return not is_common_fraction(node) and _is_long(row(node["den"]))
    return bool(kind == "group" and is_compound(node["children"]))


def _is_long(nodes: Sequence[Node]) -> bool:
    return is_compound(nodes) or any(map(is_open_ended, nodes[-1:]))


def _is_whole(node: Node) -> bool:
    value = str(node.get("value", ""))
    return node["type"] == "number" and value.isascii() and value.isdigit()
