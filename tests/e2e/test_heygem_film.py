"""From a script to a film over the four real services, three containers' fakes and two voices'."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from command_line import s2v
from films import decode_sound
from installations import Installation, installed
from s2v.api.gateway.v1 import job_pb2
from s2v.client import Client
from s2v.core.ports import DigitalSourceType
from s2v.media.provenance import read_marking
from s2v.media.video import decode_frames
from s2v.testing import fakes_heygem, fakes_speech
from s2v.testing.fakes_heygem import FakeContainer
from s2v.testing.fakes_speech import FakeSpeechServer
from speech_servers import make_files

pytestmark = pytest.mark.timeout(600)

PORTRAIT = Path("libs/s2v/samples/portrait.jpg")
SENTENCES = ("One balloon rose.", "Two birds sang.", "Three boys ran.", "Four girls laughed.")
GROUPS = ("gpu0", "gpu1")


@dataclass
class Farm:
    """The services, and what speaks and renders for them."""

    installation: Installation
    containers: list[FakeContainer]
    voices: list[FakeSpeechServer]


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    folder = tmp_path_factory.mktemp("farm")
    make_files("ziming", folder)
    with ExitStack() as stack:
        containers = [
            stack.enter_context(fakes_heygem.container(folder / group)) for group in GROUPS
        ]
        voices = [
            stack.enter_context(fakes_speech.running("ziming", folder=folder / "inside"))
            for _ in GROUPS
        ]
        home = tmp_path_factory.mktemp("home")
        settings = _settings(folder, containers, voices)
        yield Farm(stack.enter_context(installed(home, **settings)), containers, voices)


def _settings(
    folder: Path, containers: list[FakeContainer], voices: list[FakeSpeechServer]
) -> dict[str, str]:
    (folder / "heygem.toml").write_text(
        "".join(
            f'[[containers]]\nname = "{group}"\ngroup = "{group}"\nurl = "{fake.url}"\n'
            f'data_dir = "{group}"\n'
            for group, fake in zip(GROUPS, containers, strict=True)
        )
    )
    (folder / "voices.toml").write_text(
        "".join(
            f'[[servers]]\nname = "{group}"\ngroup = "{group}"\nurl = "{voice.url}"\n'
            for group, voice in zip(GROUPS, voices, strict=True)
        )
        + '[[voices]]\nname = "bert"\nlanguage = "en-US"\n'
        'reference = "/code/data/reference/bert.wav"\ntranscript = "What Bert says."\n'
    )
    return {
        "S2V_RENDER_HEYGEM_FILE": str(folder / "heygem.toml"),
        "S2V_RENDER_HEYGEM_POLL_SECONDS": "0.1",
        "S2V_RENDER_WORKERS": "1",
        "S2V_TTS_BACKEND": "ziming",
        "S2V_TTS_VOICES_FILE": str(folder / "voices.toml"),
    }


def a_spec(client: Client) -> job_pb2.JobSpec:
    return job_pb2.JobSpec(
        script=job_pb2.Script(text="\n\n".join(SENTENCES)),
        reference=client.upload(PORTRAIT).name,
        engine="heygem",
        width_pixels=128,
        height_pixels=128,
        frame_rate=30,
    )


def ended(client: Client, name: str) -> job_pb2.Job:
    *_, last = client.watch(name)
    assert last.finished.state == job_pb2.JOB_STATE_SUCCEEDED, last.finished.error
    return last.finished


def check(client: Client, job: job_pb2.Job, path: Path) -> None:
    client.download(job.film.asset, path)
    frames = list(decode_frames(path))
    assert len(frames) == job.film.frames
    assert frames[0].shape == (128, 128, 3)
    sound_frames = len(decode_sound(path)) / (48_000 // 30)
    assert job.film.frames <= sound_frames < job.film.frames + 1
    assert read_marking(path) is DigitalSourceType.COMPOSITE_SYNTHETIC


def test_each_group_speaks_and_renders_its_share_of_the_segments(
    farm: Farm, tmp_path: Path
) -> None:
    with farm.installation.client() as client:
        job = ended(client, client.create_job(a_spec(client)).name)
        check(client, job, tmp_path / "film.mp4")

    segments = job.progress.segments_total
    assert segments >= 2
    spoken = [len(voice.requests) for voice in farm.voices]
    assert sum(spoken) == segments
    assert abs(spoken[0] - spoken[1]) <= 1
    assert sum(len(fake.submitted) for fake in farm.containers) == segments
    assert all(fake.files == [] for fake in farm.containers)


def test_the_engine_and_its_workers_are_listed(farm: Farm) -> None:
    with farm.installation.client() as client:
        engines = {engine.name: engine for engine in client.engines()}
        devices = [worker.device for worker in client.system_status().workers]

    assert engines["engines/heygem"].problem == ""
    assert [preset.name for preset in engines["engines/heygem"].presets] == ["standard", "high"]
    assert devices == ["cpu", "heygem gpu0", "heygem gpu1"]


# It ends with a container dead, and the last one killed: it stands at the end.
def test_a_film_is_made_although_one_container_is_killed_at_work(
    farm: Farm, tmp_path: Path
) -> None:
    dying, other = farm.containers
    for fake in farm.containers:
        fake.behave("held")
    with farm.installation.client() as client:
        name = client.create_job(a_spec(client)).name
        dying.wait_for("told that it runs")

        dying.kill()
        other.behave()

        job = ended(client, name)
        check(client, job, tmp_path / "film.mp4")
        away = [worker for worker in client.system_status().workers if worker.state == "away"]
    assert [worker.device for worker in away] == ["heygem gpu0"]
    assert 'container "gpu0"' in away[0].problem

    other.kill()
    with farm.installation.client() as client:
        while not any(engine.problem for engine in client.engines()):
            time.sleep(0.05)  # nothing tells when a container is missed
    told = s2v("engines", "--server", farm.installation.address).stdout
    assert "cannot be used now" in told
    assert 'container "gpu1"' in told
