from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest

from s2v.core.ports import Continuity, Size, Take
from s2v.testing.engine_contract import EngineContract, a_take
from s2v.testing.fakes_render import DirectedFakeEngine, FakeEngine, fake_reference
from s2v_render.engines.portrait.engine import PortraitEngine


class TestPortraitEngine(EngineContract):
    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls) -> PortraitEngine:
        return PortraitEngine()

    @pytest.fixture
    def reference(self) -> Path:
        return Path(str(resources.files("s2v.samples") / "portrait.jpg"))


class TestFakeEngine(EngineContract):
    @pytest.fixture(params=[Continuity.INDEPENDENT, Continuity.SEQUENTIAL])
    def engine(self, request: pytest.FixtureRequest) -> FakeEngine:
        return FakeEngine(request.param)

    @pytest.fixture
    def reference(self, tmp_path: Path) -> Path:
        path = tmp_path / "reference.png"
        path.write_bytes(fake_reference())
        return path


class TestDirectedFakeEngine(EngineContract):
    @pytest.fixture
    def engine(self) -> DirectedFakeEngine:
        return DirectedFakeEngine()

    @pytest.fixture
    def reference(self, tmp_path: Path) -> Path:
        path = tmp_path / "reference.png"
        path.write_bytes(fake_reference())
        return path

    @pytest.fixture
    def take(self, engine: DirectedFakeEngine, reference: Path) -> Take:
        return replace(a_take(reference, engine.capabilities), size=Size(192, 256))
