"""What is asked of the sound is heard in the film, over the four real services."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from films import decode_channels, decode_sound
from noisy import si_sdr_db, with_noise
from s2v.api.common.v1 import media_pb2, sound_pb2
from s2v.api.gateway.v1 import job_pb2
from s2v.client import Client
from s2v.core.timebase import MIN_FRAME_RATE, SAMPLE_RATE
from s2v.media.level import LevelMeter
from s2v.media.pcm import Pcm, to_float, wav_bytes, wav_writer
from s2v_tts.backends.embedded.backend import EmbeddedBackend

PORTRAIT = Path("libs/s2v/samples/portrait.jpg")


@pytest.fixture(scope="module")
def speech() -> Pcm:
    [utterance] = EmbeddedBackend().speak("My father bought a big balloon.", "heart")
    return utterance.pcm


def filmed(client: Client, script: job_pb2.Script, folder: Path) -> tuple[job_pb2.Job, Pcm]:
    spec = job_pb2.JobSpec(
        script=script, width_pixels=256, height_pixels=256, frame_rate=MIN_FRAME_RATE
    )
    spec.reference = client.upload(PORTRAIT).name
    *_, last = client.watch(client.create_job(spec).name)
    job = last.finished
    assert job.state == job_pb2.JOB_STATE_SUCCEEDED, job.error
    client.download(job.film.asset, folder / "film.mp4", replace=True)
    return job, decode_sound(folder / "film.mp4")


def given(client: Client, pcm: Pcm, folder: Path, **asked: Any) -> tuple[job_pb2.Job, Pcm]:
    (folder / "given.wav").write_bytes(wav_bytes(pcm))
    script = job_pb2.Script(audio=client.upload(folder / "given.wav").name)
    script.enhancement.CopyFrom(sound_pb2.Enhancement(**asked))
    return filmed(client, script, folder)


def test_given_sound_is_in_the_film_as_it_is(
    installation: Any, speech: Pcm, tmp_path: Path
) -> None:
    noisy = with_noise(speech, 10.0)
    with installation.client() as client:
        job, sound = given(client, noisy, tmp_path)
    assert not job.spec.script.HasField("enhancement")
    assert np.corrcoef(sound[: len(noisy)], noisy)[0, 1] > 0.99


def test_stereo_stays_stereo_in_the_film_unless_it_is_bettered(
    installation: Any, speech: Pcm, tmp_path: Path
) -> None:
    left, right = with_noise(speech, 30.0), (with_noise(speech, 20.0) * 0.3).astype(np.int16)
    with (tmp_path / "given.wav").open("wb") as file, wav_writer(file, channels=2) as writer:
        writer.writeframes(np.stack([left, right], axis=1).tobytes())
    with installation.client() as client:
        script = job_pb2.Script(audio=client.upload(tmp_path / "given.wav").name)
        filmed(client, script, tmp_path)
        sides, _ = decode_channels(tmp_path / "film.mp4")
        script.enhancement.trim_silences = True
        filmed(client, script, tmp_path)
    for heard, said in zip(sides, (left, right), strict=True):
        assert si_sdr_db(said, heard[: len(said)]) > 25
    assert len(decode_channels(tmp_path / "film.mp4")[0]) == 1


def test_given_sound_is_bettered_in_the_film(
    installation: Any, speech: Pcm, tmp_path: Path
) -> None:
    silence = np.zeros(3 * SAMPLE_RATE, np.int16)
    noisy = with_noise(np.concatenate([speech, silence, speech]), 10.0)
    with installation.client() as client:
        job, sound = given(
            client,
            noisy,
            tmp_path,
            noise_reduction=sound_pb2.NOISE_REDUCTION_STRONG,
            target_lufs=-20.0,
            trim_silences=True,
        )
    assert job.film.duration_seconds < len(noisy) / SAMPLE_RATE - 2
    assert si_sdr_db(speech, sound[: len(speech)]) > si_sdr_db(speech, noisy[: len(speech)]) + 5
    meter = LevelMeter()
    meter.hear(to_float(sound))
    meter.end()
    assert meter.integrated_lufs == pytest.approx(-20.0, abs=1.0)


def test_a_script_is_spoken_as_it_is_marked(installation: Any, tmp_path: Path) -> None:
    words = "My father bought a big balloon."
    with installation.client() as client:
        usual, _ = filmed(client, job_pb2.Script(text=words), tmp_path)
        fast, _ = filmed(client, job_pb2.Script(text=words, speed=2.0), tmp_path)
        marked = f"<speak>{words} <break time='3s'/> <emphasis>{words}</emphasis></speak>"
        paused, sound = filmed(client, job_pb2.Script(text=marked), tmp_path)
    seconds = [job.film.duration_seconds for job in (usual, fast, paused)]
    assert seconds[1] == pytest.approx(seconds[0] / 2, abs=0.3)
    assert seconds[2] == pytest.approx(2 * seconds[0] + 2.7, abs=0.3)
    codes = [notice.code for notice in paused.notices]
    assert codes == [media_pb2.NOTICE_CODE_MARKUP_IGNORED]
    middle = sound[len(sound) // 2 - SAMPLE_RATE : len(sound) // 2 + SAMPLE_RATE]
    assert np.abs(middle).max() < 100
