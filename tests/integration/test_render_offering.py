"""Which engines a render service offers, and with what."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

from s2v.rpc.settings import read_settings
from s2v_render.engines.heygem.containers import (
    Container,
    HeygemLimits,
    HeygemSettings,
    read_containers,
)
from s2v_render.engines.wan.settings import LoraChoice, Offload, Precision, WanSettings
from s2v_render.offering import offered
from s2v_render.settings import RenderSettings
from s2v_render.workers.config import Elsewhere


@pytest.fixture
def with_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings only look whether torch is there; the one of this environment need not be."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)


def test_without_settings_only_portrait_is_offered_and_the_remedies_are_told() -> None:
    offer = offered(RenderSettings())

    assert offer.registry.names == ("portrait",)
    assert not offer.remotely
    assert "S2V_RENDER_WAN_CHECKPOINT" in offer.withheld["wan"]
    assert "S2V_RENDER_HEYGEM_FILE" in offer.withheld["heygem"]
    assert not offer.uses_gpu


@pytest.mark.usefixtures("with_torch")
def test_with_a_checkpoint_wan_is_offered_too_and_told_where_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lora = tmp_path / "lora.safetensors"
    lora.touch()
    monkeypatch.setenv("S2V_RENDER_WAN_CHECKPOINT", str(tmp_path))
    monkeypatch.setenv("S2V_RENDER_WAN_OFFLOAD", "parts")
    monkeypatch.setenv("S2V_RENDER_WAN_PRECISION", "fp8")
    monkeypatch.setenv("S2V_RENDER_WAN_LORA", str(lora))
    monkeypatch.setenv("S2V_RENDER_WAN_LORA_ALPHA", "64")
    monkeypatch.setenv("S2V_RENDER_ENGINE", "wan")

    settings = read_settings(RenderSettings)
    offer = offered(settings)

    assert settings.engine == "wan"
    assert offer.registry.names == ("portrait", "wan")
    assert offer.settings == {
        "wan": WanSettings(
            checkpoint=str(tmp_path),
            precision=Precision.FP8,
            offload=Offload.PARTS,
            loras=(LoraChoice(str(lora)),),
            lora_alpha=64.0,
        )
    }
    assert set(offer.withheld) == {"heygem"}
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
        ("S2V_RENDER_WAN_PRECISION", "fp4", "'bf16', 'fp8' or 'fp8-attention'"),
        ("S2V_RENDER_WAN_LORA", "no.safetensors", "there is no such file"),
        ("S2V_RENDER_WAN_LORA_ALPHA", "0", "greater than 0"),
        ("S2V_RENDER_ENGINE", "magic", "there is no such engine"),
        ("S2V_RENDER_ENGINE", "wan", "set S2V_RENDER_WAN_CHECKPOINT"),
        ("S2V_RENDER_ENGINE", "heygem", "set S2V_RENDER_HEYGEM_FILE"),
        ("S2V_RENDER_HEYGEM_FILE", "no.toml", "cannot be read"),
        ("S2V_RENDER_HEYGEM_TAKE_SECONDS", "0", "greater than 0"),
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


FARM = """
[[containers]]
name = "gpu0"
url = "http://127.0.0.1:8390/"
group = "gpu0"
data_dir = "data"

[[containers]]
name = "far"
url = "http://10.0.0.7:8383"
put = ["scp", "{file}", "far:/srv/temp/{name}"]
fetch = ["scp", "far:/srv/temp/{name}", "{file}"]
remove = ["ssh", "far", "rm", "-f", "/srv/temp/{name}"]
"""


def farm(tmp_path: Path, text: str = FARM) -> Path:
    (tmp_path / "data").mkdir()
    file = tmp_path / "heygem.toml"
    file.write_text(text)
    return file


def test_with_containers_heygem_has_a_worker_for_each(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("S2V_RENDER_HEYGEM_FILE", str(farm(tmp_path)))
    monkeypatch.setenv("S2V_RENDER_HEYGEM_TAKE_SECONDS", "600")
    monkeypatch.setenv("S2V_RENDER_HEYGEM_POLL_SECONDS", "0.5")
    monkeypatch.setenv("S2V_RENDER_HEYGEM_FAILURES", "2")
    monkeypatch.setenv("S2V_RENDER_HEYGEM_REST_SECONDS", "30")
    monkeypatch.setenv("S2V_RENDER_ENGINE", "heygem")

    settings = read_settings(RenderSettings)
    offer = offered(settings)

    assert offer.registry.names == ("portrait",)
    assert set(offer.withheld) == {"wan"}
    gpu0, far = offer.remotely
    assert gpu0.registry.names == far.registry.names == ("heygem",)
    assert gpu0.elsewhere == Elsewhere("heygem gpu0", "gpu0", failures=2, rest_seconds=30.0)
    assert gpu0.settings == HeygemSettings(
        Container(
            name="gpu0", url="http://127.0.0.1:8390", group="gpu0", data_dir=tmp_path / "data"
        ),
        HeygemLimits(take_seconds=600.0, poll_seconds=0.5),
    )
    assert far.elsewhere.group == ""
    assert settings.processors(2) >= settings.processors(0)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("127.0.0.1:8390", "me:secret@127.0.0.1:8390", "containers.0.url: use http"),
        ("8390", "839000", "containers.0.url: use http"),
        ('name = "far"', 'name = "gpu0"', "two containers have the name 'gpu0'"),
        ("10.0.0.7:8383", "127.0.0.1:8390", "two containers have the url"),
        ('data_dir = "data"', 'data_dir = "nowhere"', "there is no folder"),
        ('data_dir = "data"', "", "give data_dir, or the commands"),
        ('data_dir = "data"', 'data_dir = "data"\nput = ["x"]', "either data_dir or put"),
        ('"{file}", "far:/', '"file", "far:/', "the command put lacks {file}"),
        ('"/srv/temp/{name}"]', '"/srv/temp"]', "the command remove lacks {name}"),
        ("group", "groups", "containers.0.groups: Extra inputs"),
        (FARM, "containers = []", "containers: Tuple should have at least 1"),
        (FARM, "containers = [", "cannot be read"),
    ],
)
def test_a_file_of_containers_that_cannot_be_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, old: str, new: str, problem: str
) -> None:
    file = farm(tmp_path, FARM.replace(old, new))
    monkeypatch.setenv("S2V_RENDER_HEYGEM_FILE", str(file))

    with pytest.raises(SystemExit, match=re.escape(problem)) as exit_:
        read_settings(RenderSettings)
    assert "S2V_RENDER_HEYGEM_FILE" in str(exit_.value)


def test_the_file_in_the_documentation_can_be_read(tmp_path: Path) -> None:
    page = Path("docs/heygem.md").read_text("utf-8")
    blocks = [part.partition("```")[0] for part in page.split("```toml\n")[1:]]
    assert len(blocks) == 2
    for block in blocks:
        file = tmp_path / "heygem.toml"
        file.write_text(block.replace("/srv/heygem/gpu", f"{tmp_path}/gpu"))
        for number in range(3):
            (tmp_path / f"gpu{number}").mkdir(exist_ok=True)
        assert all(container.group for container in read_containers(file))


@pytest.mark.parametrize(
    ("changes", "gpus", "ranks", "workers"),
    [
        ({}, [2], 1, 2),
        ({"workers": 1}, [2], 1, 1),
        ({"workers": 4}, [2], 1, 2),
        ({"workers": 3}, [], 1, 3),
        ({"aim": "latency"}, [4], 4, 1),
        ({"aim": "latency"}, [4, 4], 4, 2),
        ({"aim": "latency"}, [], 1, 1),
        ({"ranks": 2}, [4], 2, 2),
        ({"ranks": 2, "aim": "latency"}, [4, 3, 0], 2, 3),
        ({"ranks": 8}, [2], 2, 1),
        ({"ranks": 2, "workers": 1}, [], 2, 1),
    ],
)
def test_workers_divide_the_gpus_as_they_are_meant_to_be_used(
    changes: dict[str, Any], gpus: list[int], ranks: int, workers: int
) -> None:
    settings = RenderSettings(worker_threads=2, **({"workers": 1} if not gpus else {}) | changes)

    assert settings.ranks_per_worker(gpus) == ranks
    groups = sum(count // ranks for count in gpus)
    assert settings.worker_count(groups, ranks) == workers
    assert settings.waiting_room(workers) == 16 * workers
    assert settings.processors(0) >= 2 * settings.worker_count(0, 1)
