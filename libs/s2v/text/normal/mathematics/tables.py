"""Say matrices, cases and equations under each other."""

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
    joint = ", " if node["shape"] == "cases" else " "
    return "; ".join(joint.join(filter(None, cells)) for cells in rows)
