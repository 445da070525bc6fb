"""From a script or a sound and a video to a film, over the four real services."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from faces import mouth_openings
from films import decode_sound
from s2v.api.common.v1 import lengths_pb2, speech_pb2
from s2v.api.gateway.v1 import generation_service_pb2, job_pb2
from s2v.client import Client
from s2v.media.pcm import wav_bytes
from s2v.media.video import decode_frames

PORTRAIT = Path("libs/s2v/samples/portrait.jpg")


@pytest.fixture(scope="module")
def video(installation: Any) -> str:
    """A short film of somebody speaking, as an asset."""
    spec = job_pb2.JobSpec(width_pixels=320, height_pixels=320)
    config = generation_service_pb2.GenerateConfig(spec=spec)
    with installation.client() as client:
        *_, last = client.generate(config, text=["Hello there, my friend."], reference=PORTRAIT)
    assert last.finished.state == job_pb2.JOB_STATE_SUCCEEDED, last.finished.error
    return str(last.finished.film.asset)


def made(client: Client, spec: job_pb2.JobSpec, path: Path) -> job_pb2.Job:
    *_, last = client.watch(client.create_job(spec).name)
    job = last.finished
    assert job.state == job_pb2.JOB_STATE_SUCCEEDED, job.error
    client.download(job.film.asset, path)
    return job


def test_a_video_speaks_for_longer_than_it_lasts(
    installation: Any, video: str, tmp_path: Path
) -> None:
    text = "My father bought a big balloon. Then he carried it up to the top of the hill."
    spec = job_pb2.JobSpec(script=job_pb2.Script(text=text), reference=video)
    with installation.client() as client:
        job = made(client, spec, tmp_path / "film.mp4")
        client.download(video, tmp_path / "video.mp4")
    frames = list(decode_frames(tmp_path / "film.mp4"))
    assert len(frames) == job.film.frames > 2 * len(list(decode_frames(tmp_path / "video.mp4")))
    assert (job.film.width_pixels, job.film.height_pixels) == (320, 320)
    openings = mouth_openings(frames)
    assert openings.max() > 0.08
    assert openings.min() < 0.02


def test_a_video_s_own_sound_may_be_what_is_said(
    installation: Any, video: str, tmp_path: Path
) -> None:
    spec = job_pb2.JobSpec(script=job_pb2.Script(audio=video), reference=video)
    with installation.client() as client:
        job = made(client, spec, tmp_path / "film.mp4")
        client.download(video, tmp_path / "video.mp4")
    assert job.lip_cues != speech_pb2.LIP_CUES_UNSPECIFIED
    film, own = (decode_sound(tmp_path / name) for name in ("film.mp4", "video.mp4"))
    count = min(len(film), len(own))
    assert abs(len(film) - len(own)) < 48_000 // 5
    assert np.corrcoef(film[:count], own[:count])[0, 1] > 0.9


@pytest.mark.parametrize(
    "shorter", [lengths_pb2.VIDEO_SHORTER_LOOP, lengths_pb2.VIDEO_SHORTER_FREEZE]
)
def test_a_video_begins_again_or_stands_still(
    installation: Any, video: str, tmp_path: Path, shorter: lengths_pb2.VideoShorter
) -> None:
    text = "My father bought a big balloon, and carried it up to the top of the hill."
    policy = lengths_pb2.LengthPolicy(video_shorter=shorter)
    spec = job_pb2.JobSpec(script=job_pb2.Script(text=text), reference=video, lengths=policy)
    with installation.client() as client:
        job = made(client, spec, tmp_path / "film.mp4")
        client.download(video, tmp_path / "video.mp4")
    assert job.spec.lengths.video_shorter == shorter
    own = len(list(decode_frames(tmp_path / "video.mp4")))
    # The rows at the top show the room, which hardly depends on what the mouth does.
    tops = [frame[:60].astype(int) for frame in decode_frames(tmp_path / "film.mp4")]
    after = own + own // 2
    shown = own // 2 if shorter == lengths_pb2.VIDEO_SHORTER_LOOP else own - 1
    differences = [np.abs(tops[after] - tops[index]).mean() for index in range(own)]
    assert differences[shown] <= min(differences) + 0.5
    openings = mouth_openings(list(decode_frames(tmp_path / "film.mp4"))[own:])
    assert openings.max() > 0.06


def test_a_film_goes_on_in_silence_to_the_end_of_its_video(
    installation: Any, video: str, tmp_path: Path
) -> None:
    sound = (np.sin(np.arange(48_000) / 20) * np.hanning(48_000) * 9_000).astype(np.int16)
    (tmp_path / "sound.wav").write_bytes(wav_bytes(sound))
    policy = lengths_pb2.LengthPolicy(video_longer=lengths_pb2.VIDEO_LONGER_PAD)
    with installation.client() as client:
        script = job_pb2.Script(audio=client.upload(tmp_path / "sound.wav").name)
        spec = job_pb2.JobSpec(script=script, reference=video, lengths=policy)
        job = made(client, spec, tmp_path / "film.mp4")
        client.download(video, tmp_path / "video.mp4")
    assert job.film.frames == len(list(decode_frames(tmp_path / "video.mp4"))) > 30
    heard = decode_sound(tmp_path / "film.mp4")
    assert np.abs(heard[50_000:]).max() < 50
