"""Say what stands above and below: powers, indices, bounds, degrees, primes."""

from collections.abc import Sequence

from s2v.text.normal.fractions import fraction
from s2v.text.normal.mathematics.compounds import Say
from s2v.text.normal.mathematics.shaping import Node, row, symbol
from s2v.text.normal.mathematics.vocabulary import FUNCTIONS, LARGE, LIMITS, RELATIONS
from s2v.text.normal.wordlists import words

_POWERS = {"2": "squared", "3": "cubed"}
_MARKS = {
    "′": "prime",
    "″": "double prime",
    "‴": "triple prime",
    "∘": "degrees",
    "°": "degrees",
    "∗": "star",
    "*": "star",
    "†": "dagger",
    "+": "plus",
    "−": "minus",
    "⊤": "transpose",
    "⊥": "perpendicular",
    "×": "times",
}
_INDEX_WORDS = words("max min in out eff total avg ref new old opt tot net rms test train true")
_ORDINAL_ENDINGS = frozenset({"th", "st", "nd", "rd"})


def scripted(node: Node, say: Say) -> str:
    """Say a base with its index and its power."""
    base = node.get("base") or {"type": "row", "children": []}
    above, below = row(node.get("sup")), row(node.get("sub"))
    if base["type"] == "large-operator":
        return bounded(LARGE.get(base["symbol"], base["symbol"]), below, above, say)
    if base["type"] == "function":
        return _function(base["name"], below, above, say)
    if base.get("variant") == "double-struck" and above and not below:
        return f"{base['name']} {say(above).replace(' times ', ' by ')}"
    said = say([base]) if base["type"] != "space" else ""
    if below:
        joint = "" if base["type"] == "text" and below[0]["type"] == "number" else "sub "
        said = f"{said} {joint}{_index(below, say)}"
    return f"{said} {power(base, above, say)}".strip() if above else said


def _index(below: Sequence[Node], say: Say) -> str:
    letters = "".join(str(node.get("name", " ")) for node in below)
    return letters if letters in _INDEX_WORDS else say(below)


def power(base: Node, above: Sequence[Node], say: Say) -> str:
    """Say what stands above a base."""
    only = above[0] if len(above) == 1 else None
    if only is not None and only["type"] == "number" and only["value"] in _POWERS:
        comma = ", " if base["type"] == "group" else ""
        return f"{comma}{_POWERS[only['value']]}"
    if only is not None and symbol(only) in _MARKS:
        one = base["type"] == "number" and base["value"] == "1"
        return "degree" if one and symbol(only) in "∘°" else _MARKS[symbol(only)]
    if all(symbol(node) == "′" for node in above):
        return " ".join("prime" for _ in above)
    if "".join(map(_text, above)) in _ORDINAL_ENDINGS:
        return "".join(map(_text, above))
    if only is not None and only.get("name") == "T" and _is_matrix(base):
        return "transpose"
    if only is not None and only.get("name") in ("c", "C", "∁") and _is_matrix(base):
        return "complement"
    if _is_inverse(above) and (_is_matrix(base) or base.get("name") in ("f", "g", "h")):
        return "inverse"
    comma = ", " if base["type"] in ("group", "fraction") else ""
    return f"{comma}to the power of {_sloped(above) or say(above)}"


def _sloped(nodes: Sequence[Node]) -> str:
    """Say a fraction with a sloped line, as powers have it: x^{1/2}."""
    if len(nodes) != 3 or symbol(nodes[1]) != "/":
        return ""
    above, below = str(nodes[0].get("value", "")), str(nodes[2].get("value", ""))
    whole = above.isdecimal() and below.isdecimal() and 2 <= int(below) <= 100
    return fraction(int(above), int(below)) if whole and int(above) < int(below) else ""


def bounded(name: str, below: Sequence[Node], above: Sequence[Node], say: Say) -> str:
    """Say a sum, a product or an integral with its bounds; what it is of follows."""
    if below and above:
        return f"{name} from {say(below)} to {say(above)} of"
    return f"{name} over {say(below or above)} of" if below or above else f"{name} of"


def _function(name: str, below: Sequence[Node], above: Sequence[Node], say: Say) -> str:
    if name in LIMITS:
        return _limit(LIMITS[name], below, say)
    said = FUNCTIONS.get(name, name)
    said, of, _ = said.partition(" of")
    if below:
        said = (
            f"{said} base {say(below)} of" if name in ("log", "lg") else f"{said} sub {say(below)}"
        )
    if _is_inverse(above):
        return f"inverse {said}"
    if above:
        said = f"{said} {power({'type': 'function'}, above, say)}"
    return said + of


def _limit(name: str, below: Sequence[Node], say: Say) -> str:
    if not below:
        return f"{name} of"
    arrow = next((i for i, node in enumerate(below) if symbol(node) in ("→", "⟶")), 0)
    if not arrow:
        return f"{name} over {say(below)} of"
    goal = say(below[arrow + 1 :])
    side = {" plus": " from above", " minus": " from below"}
    goal = next((goal.removesuffix(e) + side[e] for e in side if goal.endswith(e)), goal)
    return f"{name} as {say(below[:arrow])} approaches {goal} of"


def _is_inverse(nodes: Sequence[Node]) -> bool:
    return len(nodes) == 2 and symbol(nodes[0]) == "−" and nodes[1].get("value") == "1"


def _is_matrix(base: Node) -> bool:
    name = base.get("name", "")
    return base["type"] == "identifier" and (name.isupper() or base.get("variant") == "bold")


def _text(node: Node) -> str:
    if node["type"] in ("word", "identifier"):
        return str(node.get("text") or node.get("name"))
    parts = node.get("parts", ()) if node["type"] == "text" else ()
    return "".join(str(part["value"]) for part in parts if part["type"] == "text").strip()


def is_relation(node: Node | None) -> bool:
    """Tell whether a node relates what stands before it to what follows."""
    return symbol(node) in RELATIONS
