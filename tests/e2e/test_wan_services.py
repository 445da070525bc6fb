"""From a script and a photograph to a film by the engine wan, with a tiny checkpoint on the CPU."""

import itertools
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from films import decode_sound
from s2v.api.gateway.v1 import job_pb2
from s2v.client import Client
from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import DigitalSourceType
from s2v.media.provenance import read_marking
from s2v.media.video import decode_frames

pytest.importorskip("torch", reason="the extra wan is not installed")

# The first test of a session waits for all services to start, and torch takes its time to load.
pytestmark = pytest.mark.timeout(600)

PORTRAIT = Path("libs/s2v/samples/portrait.jpg")
CHECKPOINT = Path("tests/data/wan_tiny")
TEXT = "My father bought a big and very red balloon. He carried it up to the top of the hill."


def a_spec(client: Client, **changes: Any) -> job_pb2.JobSpec:
    spec = job_pb2.JobSpec(
        script=job_pb2.Script(text=TEXT),
        reference=client.upload(PORTRAIT).name,
        engine="wan",
        prompt="a person speaks",
        width_pixels=64,
        height_pixels=64,
        frame_rate=25,
        seed=3,
    )
    spec.sampling.steps = 2
    spec.MergeFrom(job_pb2.JobSpec(**changes))
    return spec


def ended(client: Client, spec: job_pb2.JobSpec) -> job_pb2.Job:
    *_, last = client.watch(client.create_job(spec).name)
    job = last.finished
    assert job.state == job_pb2.JOB_STATE_SUCCEEDED, job.error
    return job


@pytest.fixture(scope="module")
def made(installation: Any) -> job_pb2.Job:
    """A film of two segments."""
    with installation.client() as client:
        return ended(client, a_spec(client))


@pytest.fixture
def film_path(installation: Any, made: job_pb2.Job, tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    with installation.client() as client:
        client.download(made.film.asset, path)
    return path


def test_pictures_and_sound_are_as_long_as_each_other(made: job_pb2.Job, film_path: Path) -> None:
    assert made.progress.segments_total == 2
    frames = list(decode_frames(film_path))
    assert len(frames) == made.film.frames
    assert frames[0].shape == (64, 64, 3)
    sound_frames = len(decode_sound(film_path)) / (48_000 // 25)
    assert made.film.frames <= sound_frames < made.film.frames + 1


def test_the_film_is_marked_as_made_by_a_model(film_path: Path) -> None:
    assert read_marking(film_path) is DigitalSourceType.TRAINED_ALGORITHMIC_MEDIA


def test_a_worker_prepares_without_being_asked_for_a_take(installation: Any) -> None:
    def prepared() -> list[str]:
        lines = installation.log_lines()
        return [line["engine"] for line in lines if line["event"] == "prepared"]

    while "wan" not in prepared():
        time.sleep(0.05)  # nothing tells when a log has grown


def test_the_job_tells_what_was_asked_for(made: job_pb2.Job) -> None:
    assert (made.spec.engine, made.spec.prompt) == ("engines/wan", "a person speaks")
    assert made.spec.sampling.steps == 2
    assert made.spec.preset == "medium"


def test_the_second_segment_starts_from_what_the_first_left_behind(
    installation: Any, film_path: Path, made: job_pb2.Job
) -> None:
    with installation.client() as client:
        text = TEXT.partition(". ")[2]
        alone = ended(client, a_spec(client, script=job_pb2.Script(text=text)))
        client.download(alone.film.asset, film_path.with_name("alone.mp4"))
    later = list(decode_frames(film_path))[-alone.film.frames :]
    itself = list(decode_frames(film_path.with_name("alone.mp4")))

    # Segment 2 has the length that it has alone, and other pictures: it goes on, it does not begin.
    assert len(later) == len(itself)
    assert any((a != b).any() for a, b in itertools.islice(zip(later, itself, strict=True), 25))


def test_the_same_request_makes_the_same_film(installation: Any, made: job_pb2.Job) -> None:
    with installation.client() as client:
        again = ended(client, a_spec(client))
    assert again.film.sha256 == made.film.sha256


def test_a_cancelled_job_lets_the_worker_go_within_a_step(installation: Any) -> None:
    with installation.client() as client:
        workers = client.system_status().workers
        spec = a_spec(client)
        spec.sampling.steps = 1_000
        job = client.create_job(spec)
        while all(worker.state == "idle" for worker in client.system_status().workers):
            pass
        client.cancel(job.name)
        *_, last = client.watch(job.name)
        assert last.finished.state == job_pb2.JOB_STATE_CANCELLED
        while any(worker.state != "idle" for worker in client.system_status().workers):
            pass
        assert [w.restarts for w in client.system_status().workers] == [w.restarts for w in workers]


def test_the_engine_is_listed_as_directed(installation: Any) -> None:
    with installation.client() as client:
        portrait, wan = client.engines()
    assert (portrait.name, portrait.directed) == ("engines/portrait", False)
    assert (wan.name, wan.directed, wan.side_step_pixels) == ("engines/wan", True, 16)
    assert {"low", "medium", "high", "ultra", "official"} == {p.name for p in wan.presets}
    assert (wan.default_frame_rate, wan.least_area_pixels) == (16, 832 * 480)


def test_a_preset_that_needs_a_lora_is_refused_with_the_setting_that_brings_it(
    installation: Any,
) -> None:
    with installation.client() as client:
        spec = a_spec(client, preset="draft")
        with pytest.raises(InvalidInput, match="S2V_RENDER_WAN_LORA") as found:
            client.create_job(spec)
    assert (found.value.reason, found.value.field) == (Reason.PRESET_UNKNOWN, "spec.preset")


def test_make_takes_a_checkpoint(tmp_path: Path) -> None:
    output = tmp_path / "film.mp4"
    program = Path(sys.executable).with_name("s2v")
    command = [program, "make", "--engine", "wan", "--checkpoint", CHECKPOINT, "--size", "64x64"]
    words = ["--text", "Hello.", "--reference", PORTRAIT, "--steps", "1", "-o", output]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("S2V_")}

    subprocess.run([*command, *words], check=True, env=environment)

    assert sum(1 for _ in decode_frames(output)) > 5
