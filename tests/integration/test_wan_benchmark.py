"""The benchmark of the `wan` engine, on the tiny model and a CPU."""

import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the extra `wan` is not installed")

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

FOREIGN = """
from wan_sides import OwnSide
from s2v_render.engines.wan.ops.kernels import PLAIN
from s2v_render.engines.wan.weights.blank import blank_transformer

def build(weights, config):
    network = blank_transformer(config)
    network.load_state_dict({name: WHAT for name, value in weights.items()}, assign=True)
    return OwnSide("theirs", network, PLAIN).prepare
"""


def run(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, foreign: str, windows: tuple[str, ...] = ()
) -> tuple[int, object]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.syspath_prepend(str(folder))
    (folder / "theirs.py").write_text(FOREIGN.replace("WHAT", foreign))
    for name in ("theirs", "wan"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import wan

    asked = ["wan.py", "--device", "cpu", "--frames", "8", "--impl", "theirs:build"]
    monkeypatch.setattr(sys, "argv", [*asked, "--windows", *windows, "--out", str(folder)])
    code = wan.main()
    return code, json.loads((folder / "wan.json").read_text())


def test_a_foreign_implementation_runs_in_the_same_rounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, facts = run(tmp_path, monkeypatch, foreign="value", windows=("64x64",))
    assert code == 0
    assert isinstance(facts, dict)
    forwards = facts["forwards"]
    assert [each["side"] for each in forwards] == ["plain", "fast", "theirs:build"]
    assert all(each["cosine"] > 0.99999 for each in forwards)
    assert all(len(each["seconds"]) == 2 for each in forwards)
    assert "whole" in facts["stages"][1]["seconds"]
    assert "| 64x64 | theirs:build | 1.00000 |" in (tmp_path / "wan.md").read_text()


def test_one_that_says_something_else_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _ = run(tmp_path, monkeypatch, foreign="value * 1.5")
    assert code == 1
