from collections.abc import Iterator
from pathlib import Path

import pytest

import speech_servers
from piper_voices import Letters, write_voice
from s2v.testing.backend_contract import BackendContract, ClonerContract
from s2v.testing.fakes_tts import FakeBackend, FakeCloner
from s2v_tts.backends.embedded import EmbeddedBackend
from s2v_tts.backends.http.backend import HttpBackend
from s2v_tts.backends.piper import PiperBackend


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


class TestPiperBackend(BackendContract):
    @pytest.fixture(scope="class")
    @classmethod
    def backend(cls, tmp_path_factory: pytest.TempPathFactory) -> PiperBackend:
        folder: Path = tmp_path_factory.mktemp("voices")
        write_voice(folder, "high", hertz=220)
        write_voice(folder, "low", hertz=110)
        return PiperBackend(folder, Letters())


class HttpContract(BackendContract):
    kind: str
    top = ""

    @pytest.fixture(scope="class")
    @classmethod
    def backend(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpBackend]:
        folder = tmp_path_factory.mktemp(cls.kind)
        with speech_servers.speaking(cls.kind, folder, top=cls.top) as spoken:
            yield spoken.backend


class HttpClonerContract(HttpContract, ClonerContract):
    @pytest.fixture
    @staticmethod
    def cloner(backend: HttpBackend) -> HttpBackend:
        return backend


class TestFish(HttpClonerContract):
    kind = "fish"


class TestFishInJsonAndWhole(HttpClonerContract):
    kind = "fish"
    top = 'encoding = "json"\nstreaming = false'


class TestZiming(HttpClonerContract):
    kind = "ziming"


class TestOpenAiHttp(HttpContract):
    kind = "openai_http"


class TestOpenAiHttpWithBareSamples(HttpContract):
    kind = "openai_http"
    top = 'format = "pcm"'


class TestFakeCloner(BackendContract, ClonerContract):
    @pytest.fixture(scope="class")
    @classmethod
    def backend(cls) -> FakeCloner:
        return FakeCloner()

    @pytest.fixture
    @staticmethod
    def cloner(backend: FakeCloner) -> FakeCloner:
        return backend
