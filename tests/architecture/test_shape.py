"""The code stays small: short functions, short files, no cycles, one name for one thing.

The numbers go down or stay; a change that needs a larger one needs another shape instead.
"""

import ast
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("s2v", "s2v_gateway", "s2v_tts", "s2v_render", "s2v_compositor", "s2v_cli")
PRODUCT = ("libs/", "services/", "cli/")
GENERATED = ("libs/s2v/api/", "third_party/", "tests/data/")
WRITTEN = {".py", ".proto", ".js", ".css", ".html", ".md", ".sh", ".toml", ".yaml", ".yml"}

FUNCTION_LINES = 30
"""Nineteen of twenty functions are shorter."""
FILE_LINES = 400
NAMED_TWICE = {"Checkpoint", "Film"}
"""The gateway's kept steps and film in the making, beside wan's checkpoint and the film."""


def written() -> list[Path]:
    """Return the files that people write."""
    listed = subprocess.check_output(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT)
    names = [name for name in listed.decode().splitlines() if not name.startswith(GENERATED)]
    return [
        ROOT / name for name in names if Path(name).suffix in WRITTEN and (ROOT / name).is_file()
    ]


def nodes(*kinds: type[ast.AST]) -> Iterator[ast.AST]:
    """Yield what of these kinds stands in the product's own code."""
    for path in written():
        if path.suffix == ".py" and str(path.relative_to(ROOT)).startswith(PRODUCT):
            yield from (
                node for node in ast.walk(ast.parse(path.read_text())) if type(node) in kinds
            )


def knots(imports: dict[str, set[str]]) -> list[str]:
    """Return where modules or packages side by side import each other in a circle."""
    levels: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for importer, imported in ((one, other) for one in imports for other in imports[one]):
        ones, others = importer.split("."), imported.split(".")
        pairs = zip([*ones, "__init__"], [*others, "__init__"], strict=False)
        depth, pair = next((n, pair) for n, pair in enumerate(pairs) if pair[0] != pair[1])
        levels[".".join(ones[:depth])][pair[0]].add(pair[1])
    found = []
    for parent, children in levels.items():
        try:
            TopologicalSorter(children).prepare()
        except CycleError as error:
            found.append(f"in {parent or 'all'}: {' < '.join(error.args[1])}")
    return found


def test_most_functions_are_short() -> None:
    functions = nodes(ast.FunctionDef, ast.AsyncFunctionDef)
    lengths = sorted(node.end_lineno - node.lineno + 1 for node in functions)
    assert lengths[len(lengths) * 95 // 100] < FUNCTION_LINES


def test_no_file_is_long() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in written()}
    long = {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > FILE_LINES}
    assert not long


def test_no_modules_and_no_packages_import_each_other_in_a_circle() -> None:
    graph = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=True, cache_dir=None)
    imports = {one: graph.find_modules_directly_imported_by(one) for one in graph.modules}
    assert sum(map(len, imports.values())) > len(imports)
    assert knots(imports) == []


@pytest.mark.parametrize(
    ("imports", "where"),
    [
        ({"a.b": {"a.c"}, "a.c": {"a.b"}}, "in a: "),
        ({"a.b.x": {"a.c.y"}, "a.c.z": {"a.b.w"}}, "in a: "),
        ({"a": {"a.b"}, "a.b": {"a"}}, "in a: "),
        ({"a": {"b.x"}, "b": {"a.x"}}, "in all: "),
    ],
)
def test_a_circle_would_be_found(imports: dict[str, set[str]], where: str) -> None:
    [knot] = knots(imports)
    assert knot.startswith(where)


def test_no_two_classes_have_one_name() -> None:
    names = Counter(node.name.lstrip("_") for node in nodes(ast.ClassDef))
    assert {name for name, count in names.items() if count > 1} <= NAMED_TWICE
