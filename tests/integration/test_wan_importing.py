"""What takes long to import is imported ahead of the first take, or in it, never by two at once."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

pytest.importorskip("torch", reason="the extra `wan` is not installed")

from s2v_render.engines.wan.weights import importing
from s2v_render.engines.wan.weights.importing import EngineImports

ENGINE = "from s2v_render.engines.wan.engine import WanEngine\n"
ENGINE += "from s2v_render.engines.wan.settings import WanSettings\n"
PREPARED = """
import json, sys
engine = WanEngine(WanSettings("random:tiny"))
before = "torch" in sys.modules
engine.prepare()
after = set(sys.modules)
models = engine.load()
slow = ("torch", "transformers", "diffusers")
more = [name for name in sys.modules if name not in after and name.startswith(slow)]
import torch
print(json.dumps([before, "torch" in after, torch.cuda.is_initialized(), more]))
"""
KINDS = {"torch": "engine", "transformers.models.umt5.modeling_umt5": "libraries"}


def test_an_engine_that_prepared_has_nothing_slow_to_import_left() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ENGINE + PREPARED], stdout=subprocess.PIPE, check=True, text=True
    )
    assert json.loads(done.stdout.splitlines()[-1]) == [False, True, False, []]


class Imported:
    """Stands for `importlib.import_module`: notes what was asked for, holds the first up."""

    def __init__(self) -> None:
        self.kinds: list[str] = []
        self.at_work, self.may_go_on = threading.Event(), threading.Event()
        self.may_go_on.set()

    def __call__(self, module: str) -> None:
        self.kinds.append(KINDS.get(module, ""))
        self.at_work.set()
        assert self.may_go_on.wait(60)

    def asked(self) -> list[str]:
        return list(filter(None, self.kinds))


@pytest.fixture
def imported(monkeypatch: pytest.MonkeyPatch) -> Imported:
    standing = Imported()
    monkeypatch.setattr(importing.importlib, "import_module", standing)
    return standing


def test_a_take_waits_for_what_is_imported_ahead(imported: Imported) -> None:
    imports = EngineImports()
    imported.may_go_on.clear()
    ahead = _beside(imports.ahead)
    assert imported.at_work.wait(60)
    take = _beside(imports.for_take)
    imported.may_go_on.set()
    ahead.join(60)
    take.join(60)
    assert imported.asked() == ["engine", "libraries", "engine"]


def test_nothing_is_imported_ahead_of_a_take_that_has_begun(imported: Imported) -> None:
    imports = EngineImports()
    imports.for_take()
    imports.ahead()
    assert imported.asked() == ["engine"]


def _beside(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread
