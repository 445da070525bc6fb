"""Which engines a render service offers, and with what."""

import importlib.util
from pathlib import Path

import pytest

from s2v.rpc.settings import read_settings
from s2v_render.engines.wan.settings import Offload, WanSettings
from s2v_render.offering import offered
from s2v_render.settings import RenderSettings


@pytest.fixture
def with_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings only look whether torch is there; the one of this environment need not be."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)


def test_without_a_checkpoint_only_portrait_is_offered_and_the_remedy_is_told() -> None:
    offer = offered(RenderSettings())

    assert offer.registry.names == ("portrait",)
    assert "S2V_RENDER_WAN_CHECKPOINT" in offer.withheld["wan"]
    assert not offer.uses_gpu


@pytest.mark.usefixtures("with_torch")
def test_with_a_checkpoint_wan_is_offered_too_and_told_where_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lora = tmp_path / "lora.safetensors"
    lora.touch()
    monkeypatch.setenv("S2V_RENDER_WAN_CHECKPOINT", str(tmp_path))
    monkeypatch.setenv("S2V_RENDER_WAN_OFFLOAD", "parts")
    monkeypatch.setenv("S2V_RENDER_WAN_LORA", str(lora))
    monkeypatch.setenv("S2V_RENDER_WAN_LORA_ALPHA", "64")
    monkeypatch.setenv("S2V_RENDER_ENGINE", "wan")

    settings = read_settings(RenderSettings)
    offer = offered(settings)

    assert settings.engine == "wan"
    assert offer.registry.names == ("portrait", "wan")
    assert offer.settings == {
        "wan": WanSettings(
            checkpoint=str(tmp_path), offload=Offload.PARTS, lora=str(lora), lora_alpha=64.0
        )
    }
    assert not offer.withheld
    assert offer.uses_gpu


@pytest.mark.usefixtures("with_torch")
def test_random_weights_are_a_checkpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S2V_RENDER_WAN_CHECKPOINT", "random:tiny")

    assert read_settings(RenderSettings).wan_checkpoint == "random:tiny"


@pytest.mark.usefixtures("with_torch")
@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("S2V_RENDER_WAN_CHECKPOINT", "no/such/folder", "there is no such folder"),
        ("S2V_RENDER_WAN_CHECKPOINT", "random:7B", "there is no such folder"),
        ("S2V_RENDER_WAN_OFFLOAD", "some", "'none', 'parts' or 'layers'"),
        ("S2V_RENDER_WAN_LORA", "no.safetensors", "there is no such file"),
        ("S2V_RENDER_WAN_LORA_ALPHA", "0", "greater than 0"),
        ("S2V_RENDER_ENGINE", "magic", "there is no such engine"),
        ("S2V_RENDER_ENGINE", "wan", "set S2V_RENDER_WAN_CHECKPOINT"),
    ],
)
def test_settings_that_cannot_be_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, key: str, value: str, problem: str
) -> None:
    monkeypatch.setenv(key, value)

    with pytest.raises(SystemExit, match=problem) as exit_:
        read_settings(RenderSettings)
    assert key in str(exit_.value)


def test_a_checkpoint_without_the_extra_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("S2V_RENDER_WAN_CHECKPOINT", "random:tiny")

    with pytest.raises(SystemExit, match=r"pip install 's2v\[wan\]'"):
        read_settings(RenderSettings)


@pytest.mark.parametrize(("asked", "gpus", "workers"), [(0, 2, 2), (1, 2, 1), (4, 2, 2), (3, 0, 3)])
def test_a_gpu_has_one_worker_at_most(asked: int, gpus: int, workers: int) -> None:
    settings = RenderSettings(workers=asked, worker_threads=2)

    assert settings.worker_count(gpus) == workers
    assert settings.waiting_room(workers) == 16 * workers
    assert settings.processors >= 2 * settings.worker_count(0)
