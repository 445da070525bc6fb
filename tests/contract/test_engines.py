from collections.abc import Iterator
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from heygem_studio import PORTRAIT, engine_for, frames_of
from s2v.core.ports import Continuity, Size, Take
from s2v.testing.engine_contract import EngineContract, a_take
from s2v.testing.fakes_heygem import container
from s2v.testing.fakes_render import DirectedFakeEngine, FakeEngine, fake_reference
from s2v_render.engines.heygem.engine import HeygemEngine
from s2v_render.engines.portrait.engine import PortraitEngine


class TestPortraitEngine(EngineContract):
    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls) -> PortraitEngine:
        return PortraitEngine()

    @pytest.fixture
    def reference(self) -> Path:
        return Path(str(resources.files("s2v.samples") / "portrait.jpg"))


class TestHeygemEngine(EngineContract):
    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HeygemEngine]:
        with container(tmp_path_factory.mktemp("gpu0")) as fake:
            yield engine_for(fake)

    @pytest.fixture
    def reference(self) -> Path:
        return PORTRAIT

    def test_another_seed_gives_other_frames(self, engine: HeygemEngine, take: Take) -> None:
        """The model of the containers knows no seed."""
        assert np.array_equal(frames_of(engine, take), frames_of(engine, replace(take, seed=8)))


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
