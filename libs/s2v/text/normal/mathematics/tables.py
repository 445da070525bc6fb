"""Say matrices, cases and equations under each other."""

from collections.abc import Sequence

from s2v.text.normal.mathematics.compounds import Say
from s2v.text.normal.mathematics.shaping import Node, row
from s2v.text.normal.numerals import cardinal

_MATRICES = {
    "matrix": "the {} matrix",
    "small-matrix": "the {} matrix",
    "p-matrix": "the {} matrix",
    "b-matrix": "the {} matrix",
    "B-matrix": "the {} matrix",
    "array": "the {} array",
    "v-matrix": "the determinant of the {} matrix",
    "V-matrix": "the norm of the {} matrix",
}


_WHEN = frozenset({"if", "for", "when", "where", "otherwise", "else", "unless", "and"})


def table(node: Node, say: Say) -> str:
    """Say a table, row by row."""
    rows = [[say(row(cell)) for cell in cells] for cells in node["rows"]]
    if node["shape"] in _MATRICES:
        size = f"{cardinal(len(rows))} by {cardinal(max(map(len, rows), default=0))}"
        told = [
            f"row {cardinal(number)}: {', '.join(filter(None, cells))}"
            for number, cells in enumerate(rows, 1)
        ]
        return f"{_MATRICES[node['shape']].format(size)}, {'; '.join(told)}"
    if node["shape"] == "cases":
        return "; ".join(map(_case, rows))
    return "; ".join(" ".join(filter(None, cells)) for cells in rows)


def _case(cells: Sequence[str]) -> str:
    """Say a value and when it holds: "x, if x is greater than zero"."""
    said = [cell.strip(" ,") for cell in cells if cell.strip(" ,")]
    if len(said) == 2 and said[1].partition(" ")[0] not in _WHEN:
        return f"{said[0]} if {said[1]}"
    return ", ".join(said)
