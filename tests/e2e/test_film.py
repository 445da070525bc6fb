"""From a script and a photograph to a film, over the four real services."""

import hashlib
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from faces import mouth_openings
from films import decode_sound
from s2v.api.common.v1 import media_pb2, speech_pb2
from s2v.api.gateway.v1 import generation_service_pb2, job_pb2
from s2v.client import Client
from s2v.core.ports import DigitalSourceType
from s2v.media.boxes import boxes
from s2v.media.pcm import wav_bytes
from s2v.media.provenance import read_marking
from s2v.media.video import decode_frames
from s2v_tts.backends.embedded.backend import EmbeddedBackend
from s2v_tts.listening.recognising import installed_word_recogniser

PORTRAIT = Path("libs/s2v/samples/portrait.jpg")
TEXT = (
    "My father bought a big balloon. "
    "Then, on a bright and windy morning, he carried it all the way up to the top of the hill. "
    "What a wonderful view that was, and how far away the people looked!"
)

SAID = TEXT.partition(". ")[0]


@pytest.fixture(scope="module")
def generated(installation: Any) -> tuple[list[Any], bytes]:
    """Everything that Generate sent for TEXT, and the film that the job made."""
    with installation.client() as client:
        config = generation_service_pb2.GenerateConfig(spec=job_pb2.JobSpec(frame_rate=25))
        responses = list(client.generate(config, text=[TEXT], reference=PORTRAIT))
        path = installation.home / "film.mp4"
        client.download(responses[-1].finished.film.asset, path)
        return responses, path.read_bytes()


@pytest.fixture
def film_path(generated: tuple[list[Any], bytes], tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    path.write_bytes(generated[1])
    return path


def test_the_film_is_what_the_job_says_it_is(generated: tuple[list[Any], bytes]) -> None:
    job = generated[0][-1].finished
    assert job.state == job_pb2.JOB_STATE_SUCCEEDED
    assert job.film.sha256 == hashlib.sha256(generated[1]).hexdigest()
    assert job.film.size_bytes == len(generated[1])
    assert job.lip_cues == 1
    assert [t.stage for t in job.stage_times] == [1, 2, 3]


def test_the_film_is_h264_and_aac_with_its_index_first(film_path: Path) -> None:
    assert [box.path for box in boxes(film_path.read_bytes())][:2] == ["ftyp", "moov"]
    with av.open(str(film_path)) as film:
        assert film.streams.video[0].codec_context.name == "h264"
        assert film.streams.audio[0].codec_context.name == "aac"
    assert read_marking(film_path) is DigitalSourceType.COMPOSITE_SYNTHETIC


def test_picture_and_sound_have_the_length_that_was_promised(
    generated: tuple[list[Any], bytes], film_path: Path
) -> None:
    job = generated[0][-1].finished
    frames = sum(1 for _ in decode_frames(film_path))
    sound_seconds = len(decode_sound(film_path)) / 48_000
    assert frames == job.film.frames
    assert abs(frames / 25 - sound_seconds) < 1 / 25
    assert job.progress.segments_total >= 2


def test_the_mouth_moves_with_the_sound_and_rests_in_silence(film_path: Path) -> None:
    opening = mouth_openings(decode_frames(film_path))
    sound = decode_sound(film_path).astype(np.float64) / 32768
    per_frame = 48_000 // 25
    count = min(len(opening), len(sound) // per_frame)
    loudness = np.sqrt((sound[: count * per_frame].reshape(count, per_frame) ** 2).mean(axis=1))
    opening = opening[:count]
    assert not np.isnan(opening).any()
    loud, quiet = opening[loudness > 0.05], opening[loudness < 0.002]
    assert loud.mean() > quiet.mean() + 0.02
    right = np.corrcoef(opening, loudness)[0, 1]
    wrong = np.corrcoef(opening, np.roll(loudness, count // 2))[0, 1]
    assert right > 0.25
    assert right > wrong + 0.2


def test_generate_tells_everything_in_order(generated: tuple[list[Any], bytes]) -> None:
    responses = generated[0]
    kinds = [r.WhichOneof("event") for r in responses]
    assert kinds[0] == "accepted"
    assert kinds[-1] == "finished"
    assert {"progress", "preview", "media"} <= set(kinds)
    accepted = responses[0].accepted.spec
    assert (accepted.voice, accepted.engine, accepted.frame_rate) == (
        "voices/heart",
        "engines/portrait",
        25,
    )
    fractions = [r.progress.fraction for r in responses if r.HasField("progress")]
    assert fractions == sorted(fractions)


def test_media_comes_while_rendering_goes_on_and_plays_as_it_is(
    generated: tuple[list[Any], bytes], tmp_path: Path
) -> None:
    responses = generated[0]
    kinds = [r.WhichOneof("event") for r in responses]
    last_progress = max(i for i, kind in enumerate(kinds) if kind == "progress")
    assert kinds.index("media") < last_progress
    chunks = [r.media for r in responses if r.HasField("media")]
    offsets = [c.offset for c in chunks]
    assert offsets == [sum(len(c.data) for c in chunks[:i]) for i in range(len(chunks))]
    live = tmp_path / "live.mp4"
    live.write_bytes(b"".join(c.data for c in chunks))
    assert sum(1 for _ in decode_frames(live)) == responses[-1].finished.film.frames


def test_previews_are_small_jpegs(generated: tuple[list[Any], bytes]) -> None:
    previews = [r.preview for r in generated[0] if r.HasField("preview")]
    assert all(p.jpeg.startswith(b"\xff\xd8") for p in previews)
    frames = [p.frame for p in previews]  # segments are rendered side by side
    assert len(frames) == len(set(frames))


def test_the_same_request_makes_the_same_film(
    generated: tuple[list[Any], bytes], client: Client
) -> None:
    spec = job_pb2.JobSpec(script=job_pb2.Script(text=TEXT), reference=client.upload(PORTRAIT).name)
    job = client.create_job(spec)
    ended = list(client.watch(job.name))[-1].finished
    assert ended.film.sha256 == generated[0][-1].finished.film.sha256


@pytest.mark.parametrize(
    ("transcript", "cues", "notices"),
    [
        (SAID, speech_pb2.LIP_CUES_TRANSCRIPT, []),
        ("", speech_pb2.LIP_CUES_WORDS, []),
        (
            "The committee meets again on the last Thursday of every other month, at noon sharp.",
            speech_pb2.LIP_CUES_WORDS,
            [media_pb2.NOTICE_CODE_TRANSCRIPT_MISMATCH],
        ),
    ],
)
def test_given_sound_is_kept_and_the_user_is_told_how_lips_follow(
    client: Client,
    tmp_path: Path,
    transcript: str,
    cues: int,
    notices: list[int],
) -> None:
    if installed_word_recogniser() is None and cues == speech_pb2.LIP_CUES_WORDS:
        pytest.skip("the extra asr is not installed")
    [utterance] = EmbeddedBackend().speak(SAID, "heart")
    sound = utterance.pcm
    (tmp_path / "speech.wav").write_bytes(wav_bytes(sound))
    speech = client.upload(tmp_path / "speech.wav").name
    spec = job_pb2.JobSpec(
        script=job_pb2.Script(audio=speech, transcript=transcript),
        reference=client.upload(PORTRAIT).name,
        preset="draft",
        frame_rate=30,
        width_pixels=256,
        height_pixels=320,
    )
    ended = list(client.watch(client.create_job(spec).name))[-1].finished
    assert ended.state == job_pb2.JOB_STATE_SUCCEEDED, ended.error
    assert ended.lip_cues == cues
    assert sorted({notice.code for notice in ended.notices}) == notices
    client.download(ended.film.asset, tmp_path / "film.mp4")
    heard = decode_sound(tmp_path / "film.mp4")
    assert abs(len(heard) - len(sound)) <= 1600
    both = min(len(heard), len(sound))
    assert np.corrcoef(heard[:both], sound[:both])[0, 1] > 0.99
    frame = next(iter(decode_frames(tmp_path / "film.mp4")))
    assert frame.shape[:2] == (320, 256)
