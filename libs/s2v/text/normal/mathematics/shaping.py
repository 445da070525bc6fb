"""Bring mathra's tree of a formula into the shape it is spoken in: brackets hold what they hold."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import mathra

Node = dict[str, Any]
"""A node of mathra's tree of meaning; `type` says which. Here also: "group" (`open`, `close`,
`children`) for what stands in brackets, and "word" (`text`) for upright letters."""

_OPENING = {"(": ")", "[": "]", "{": "}", "⟨": "⟩", "⌊": "⌋", "⌈": "⌉"}
_CLOSING = frozenset(_OPENING.values())
_BARS = {"|": "|", "‖": "‖"}
_GROUPED_FIGURES = re.compile(r"(?<=[0-9])(?:\{,\}|,(?=[0-9]{3}(?![0-9])))(?=[0-9])")
_WRAPPERS = frozenset({"canceled", "framed", "colored", "forced-class", "styled", "sized"})
_HOLDERS = _WRAPPERS | {"row", "delimited"}
_MOST_CHARACTERS = 4_000


class FormulaUnreadable(ValueError):
    """The formula is too long or nested too deeply."""


def formula(tex: str) -> list[Node]:
    """Return the nodes of a LaTeX formula; what is broken in it is read as far as it goes.

    Raises:
        FormulaUnreadable: over 4 000 characters or 64 levels.
    """
    if len(tex) > _MOST_CHARACTERS:
        raise FormulaUnreadable(f"a formula of {len(tex)} characters")
    try:
        tree = json.loads(mathra.tex_to_tree(_GROUPED_FIGURES.sub("", tex)))
    except ValueError as error:
        raise FormulaUnreadable(str(error)) from error
    return row(tree)


def row(node: Node | None) -> list[Node]:
    """Return what stands in a row, brackets put together, spaces left out."""
    return _bracketed(list(_merged(list(_flat(node)))))


def symbol(node: Node | None) -> str:
    """Return the sign of an operator, or nothing."""
    return str(node.get("symbol", "")) if node and node["type"] == "operator" else ""


def _flat(node: Node | None) -> Iterator[Node]:
    if node is None:
        return
    kind = node["type"]
    if kind == "row":
        for child in node["children"]:
            yield from _flat(child)
    elif kind in _WRAPPERS:
        yield from _flat(node.get("base"))
    elif kind == "delimited":
        yield _delimited(node)
    elif kind == "stacked":
        yield from _stacked(node)
    elif kind == "scripts" and (node.get("base") or {}).get("type") in _HOLDERS:
        base = list(_flat(node["base"]))
        yield {**node, "base": base[0] if len(base) == 1 else _group("", base, "")}
    elif kind not in ("space", "phantom"):
        yield node


def _stacked(node: Node) -> Iterator[Node]:
    """Read what stands under a function, as under min, as its index."""
    base = list(_flat(node.get("base")))
    if len(base) == 1 and base[0]["type"] in ("function", "large-operator"):
        yield {
            "type": "scripts",
            "base": base[0],
            "sub": node.get("below"),
            "sup": node.get("above"),
        }
        return
    yield from base


def _delimited(node: Node) -> Node:
    children: list[Node] = []
    for index, part in enumerate(node.get("parts", ())):
        if index:
            children.append({"type": "operator", "symbol": "|", "class": "ord"})
        children += row(part)
    return _group(node.get("open") or "", children, node.get("close") or "")


def _group(opening: str, children: list[Node], closing: str) -> Node:
    return {"type": "group", "open": opening, "close": closing, "children": children}


def _merged(nodes: list[Node]) -> Iterator[Node]:
    """Put upright letters that follow each other together into words, or a unit after a number."""
    position = 0
    while position < len(nodes):
        end = position
        text = ""
        after_number = position > 0 and nodes[position - 1]["type"] == "number"
        while end < len(nodes) and (piece := _upright(nodes[end], text, in_unit=after_number)):
            text += piece
            end += 1
        if end > position and (len(text) > 1 or after_number):
            yield {"type": "word", "text": text}
            position = end
            continue
        yield nodes[position]
        position += 1


def _upright(node: Node, text: str, *, in_unit: bool) -> str:
    """Return what a node adds to a word of upright letters, or nothing."""
    if node.get("variant") == "upright" and node["type"] == "identifier":
        return str(node["name"])
    if not in_unit:
        return ""
    if text and symbol(node) == "/":
        return "/"
    power = row(node.get("sup")) if node["type"] == "scripts" and not node.get("sub") else []
    if len(power) == 1 and power[0].get("value") in ("2", "3"):
        base = _upright(node.get("base") or node, text, in_unit=False)
        return f"{base}^{power[0]['value']}" if base else ""
    return ""


def _bracketed(nodes: list[Node]) -> list[Node]:
    levels: list[tuple[str, list[Node]]] = [("", [])]
    for index, node in enumerate(nodes):
        base = node.get("base") if node["type"] == "scripts" else node
        sign = symbol(base)
        opening, children = levels[-1]
        if sign and sign == _closing(opening) and children:
            levels.pop()
            group = _group(opening, children, sign)
            levels[-1][1].append({**node, "base": group} if base is not node else group)
        elif sign in _CLOSING and len(levels) > 1 and opening in "([" and sign in ")]":
            levels.pop()
            levels[-1][1].append(_group(opening, children, sign))  # (0, 1]
        elif sign in _OPENING or (sign in _BARS and _closes(nodes[index + 1 :], sign, opening)):
            levels.append((sign, []))
        else:
            children.append(node)
    while len(levels) > 1:
        _, children = levels.pop()
        levels[-1][1].extend(children)
    return [node for node in levels[0][1] if symbol(node) not in _CLOSING]


def _closing(opening: str) -> str:
    return _OPENING.get(opening) or _BARS.get(opening, "")


def _closes(rest: Sequence[Node], bar: str, opening: str) -> bool:
    """Tell whether a bar that opens is closed by one of its kind before the bracket around it."""
    for index, node in enumerate(rest[:40]):
        sign = symbol(node.get("base") if node["type"] == "scripts" else node)
        if sign == bar:
            return index > 0
        if opening and sign == _closing(opening):
            return False
    return False
