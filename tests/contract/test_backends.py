import pytest

from s2v.testing.backend_contract import BackendContract
from s2v.testing.fakes_tts import FakeBackend
from s2v_tts.backends.embedded import EmbeddedBackend


class TestEmbeddedBackend(BackendContract):
    @pytest.fixture(scope="class")
    @classmethod
    def backend(cls) -> EmbeddedBackend:
        return EmbeddedBackend()


class TestFakeBackend(BackendContract):
    @pytest.fixture(scope="class")
    @classmethod
    def backend(cls) -> FakeBackend:
        return FakeBackend()
