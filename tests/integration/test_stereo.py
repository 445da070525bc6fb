"""Given sound of several channels, on its way into the film."""

import io
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from films import decode_channels
from s2v.api.tts.v1 import speech_service_pb2
from s2v.core.errors import InvalidInput, Reason
from s2v.core.timebase import SAMPLE_RATE, samples_per_frame
from s2v.media.confined.reading import Reader
from s2v.media.pcm import (
    Pcm,
    WrittenSound,
    decode_to_wav,
    read_wav,
    wav_bytes,
    wav_writer,
)
from s2v.media.video import H264, ClipEncoder
from s2v.rpc.convert import artifact_from_proto, artifact_to_proto
from s2v.testing.fakes_store import InMemoryStore
from s2v_compositor.composing import FilmWriter
from s2v_tts.backends.embedded.backend import EmbeddedBackend
from s2v_tts.choosing import Backends
from s2v_tts.given import GivenSounds
from s2v_tts.listening.listener import Listener
from s2v_tts.places import Places
from s2v_tts.servicer import SpeechServicer

FRAME_RATE = 25
FRAME = samples_per_frame(FRAME_RATE)


def stereo(samples: int, *, seed: int = 1) -> Pcm:
    """Two channels that have nothing to do with each other, shape [samples, 2]."""
    tones = [np.sin(np.arange(samples) * hertz * 2 * np.pi / SAMPLE_RATE) for hertz in (330, 523)]
    hiss = np.random.default_rng(seed).normal(0, 200, (samples, 2))
    return np.rint(np.stack(tones, axis=1) * 9_000 + hiss).astype(np.int16)


def write(path: Path, sound: np.ndarray, layout: str, codec: str, rate: int = SAMPLE_RATE) -> Path:
    """Write samples, int16 or float in -1..1, shape [samples, channels]."""
    form = "s16" if sound.dtype == np.int16 else "flt"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        frame = av.AudioFrame.from_ndarray(sound.reshape(1, -1), form, layout)
        frame.sample_rate, frame.pts = rate, 0
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return path


def decoded(path: Path, *, channels: int = 2) -> tuple[Pcm, WrittenSound]:
    target = io.BytesIO()
    written = decode_to_wav(path, target, max_seconds=60, channels=channels)
    return read_wav(target, channels=channels), written


@pytest.mark.parametrize("codec", ["pcm_s16le", "flac"])
def test_stereo_is_the_same_bit_by_bit(tmp_path: Path, codec: str) -> None:
    sound = stereo(3 * SAMPLE_RATE)
    path = write(tmp_path / "a.mka", sound, "stereo", codec)
    found, written = decoded(path)
    assert np.array_equal(found, sound)
    assert written == WrittenSound(len(sound), 2)


@pytest.mark.parametrize(
    ("codec", "name", "rate"),
    [("libmp3lame", "a.mp3", 44_100), ("aac", "a.m4a", 44_100), ("libopus", "a.webm", 48_000)],
)
def test_stereo_and_mono_run_side_by_side(tmp_path: Path, codec: str, name: str, rate: int) -> None:
    sound = (stereo(2 * rate) / 32_768).astype(np.float32)
    path = write(tmp_path / name, sound, "stereo", codec, rate)
    found, written = decoded(path)
    mono, mono_written = decoded(path, channels=1)
    assert written == mono_written == WrittenSound(len(mono), 2)
    assert np.abs(found.mean(axis=1) - mono).max() <= 1


def test_one_channel_is_told_as_one(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", stereo(SAMPLE_RATE)[:, :1].copy(), "mono", "pcm_s16le")
    found, written = decoded(path)
    assert written.found_channels == 1
    assert np.array_equal(found[:, 0], found[:, 1])


def test_what_cancels_out_in_one_channel_stays_in_two(tmp_path: Path) -> None:
    one = stereo(SAMPLE_RATE)[:, 0]
    path = write(tmp_path / "a.wav", np.stack([one, -one], axis=1), "stereo", "pcm_s16le")
    found, _ = decoded(path)
    assert np.array_equal(found, np.stack([one, -one], axis=1))


def test_surround_is_shared_out_between_left_and_right(tmp_path: Path) -> None:
    names = ["FL", "FR", "FC", "LFE", "BL", "BR"]
    for heard, sides in {
        "FL": (1, 0),
        "FR": (0, 1),
        "FC": (0.707, 0.707),
        "LFE": (0, 0),
        "BL": (0.707, 0),
        "BR": (0, 0.707),
    }.items():
        sound = np.zeros((4_800, 6), np.int16)
        sound[:, names.index(heard)] = 20_000
        path = write(tmp_path / f"{heard}.wav", sound, "5.1", "pcm_s16le")
        found, _ = decoded(path)
        assert found[2_400].tolist() == pytest.approx([s * 20_000 / 2.414 for s in sides], abs=3)


def test_no_number_of_channels_clips(tmp_path: Path) -> None:
    for layout, channels in (("7.1", 8), ("quad", 4), ("hexadecagonal", 16), ("2.1", 3)):
        sound = np.full((4_800, channels), 32_767, np.int16)
        path = write(tmp_path / f"{channels}.mka", sound, layout, "pcm_s16le")
        found, _ = decoded(path)
        assert found[2_400].max() == pytest.approx(32_767, abs=2)


def test_channels_of_which_nobody_knows_the_place_are_heard_on_both_sides(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as writer:
        writer.setparams((3, 2, SAMPLE_RATE, 0, "NONE", ""))
        writer.writeframes(np.full((4_800, 3), (3_000, 6_000, 9_000), np.int16).tobytes())
    found, written = decoded(tmp_path / "a.wav")
    assert written == WrittenSound(4_800, 3)
    assert np.abs(found - 6_000).max() <= 1


def test_a_late_track_and_a_gap_are_silent_on_both_sides(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=SAMPLE_RATE, layout="stereo")
        for first in (0, 2):
            frame = av.AudioFrame.from_ndarray(stereo(SAMPLE_RATE).reshape(1, -1), "s16", "stereo")
            frame.sample_rate, frame.pts = SAMPLE_RATE, first * SAMPLE_RATE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    found, _ = decoded(tmp_path / "a.mkv")
    assert found.shape == (3 * SAMPLE_RATE, 2)
    assert np.abs(found[SAMPLE_RATE : 2 * SAMPLE_RATE]).max() == 0
    assert np.array_equal(found[2 * SAMPLE_RATE :], stereo(SAMPLE_RATE))


@pytest.fixture
def service(tmp_path: Path) -> tuple[SpeechServicer, InMemoryStore]:
    store, backend = InMemoryStore(), EmbeddedBackend()
    servicer = SpeechServicer(
        Backends({"embedded": backend}),
        Listener(backend, words=None, sounds=None),
        store,
        given=GivenSounds(Reader(), tmp_path / "tts"),
        speaking=Places(1, 0),
        cutting=Places(1, 0),
    )
    return servicer, store


async def cut(
    service: tuple[SpeechServicer, InMemoryStore], path: Path, **fields: float
) -> speech_service_pb2.CutScriptResponse:
    servicer, store = service
    audio = artifact_to_proto(store.put(path, "application/octet-stream"))
    request = speech_service_pb2.CutScriptRequest(audio=audio, frame_rate=FRAME_RATE, **fields)
    return await servicer.CutScript(request, None)  # type: ignore[arg-type]


async def test_cutting_tells_of_stereo_sound_for_the_film(
    service: tuple[SpeechServicer, InMemoryStore], tmp_path: Path
) -> None:
    sound = stereo(2 * SAMPLE_RATE)
    response = await cut(service, write(tmp_path / "a.flac", sound, "stereo", "flac"))

    film_audio = artifact_from_proto(response.film_audio, field="film_audio")
    with service[1].open(film_audio) as file:
        assert np.array_equal(read_wav(file, channels=2), sound)
    decoded_audio = artifact_from_proto(response.decoded_audio, field="decoded_audio")
    with service[1].open(decoded_audio) as file:
        assert len(read_wav(file)) == len(sound)
    assert list((tmp_path / "tts" / "decoded").iterdir()) == []


async def test_sound_of_one_channel_needs_no_other_for_the_film(
    service: tuple[SpeechServicer, InMemoryStore], tmp_path: Path
) -> None:
    mono = stereo(SAMPLE_RATE)[:, :1].copy()
    response = await cut(service, write(tmp_path / "a.flac", mono, "mono", "flac"))
    assert response.HasField("decoded_audio")
    assert not response.HasField("film_audio")


def film(folder: Path, sound: Pcm, lengths: list[int]) -> tuple[Path, Path]:
    """Compose a film that carries a stereo sound; return it and what was streamed."""
    given = io.BytesIO()
    with wav_writer(given, channels=2) as writer:
        writer.writeframes(sound.tobytes())
    streamed = b""
    with FilmWriter(folder / "film.mp4", FRAME_RATE, film_audio=given) as film_writer:
        for index, frames in enumerate(lengths):
            clip = folder / f"{index}.mp4"
            with ClipEncoder(
                clip, width=64, height=64, frame_rate=FRAME_RATE, quality=H264("veryfast", 18)
            ) as encoder:
                encoder.write(np.full((frames, 64, 64, 3), index * 9, np.uint8))
            speech = io.BytesIO(wav_bytes(np.zeros(frames * FRAME, np.int16)))
            for fragment in film_writer.add(clip, speech, frames):
                streamed += fragment.data
        streamed += b"".join(fragment.data for fragment in film_writer.finish())
    (folder / "live.mp4").write_bytes(streamed)
    return folder / "film.mp4", folder / "live.mp4"


def test_the_film_and_its_stream_carry_both_channels(tmp_path: Path) -> None:
    lengths = [26, 1, 51]
    sound = stereo(sum(lengths) * FRAME)
    made, live = film(tmp_path, sound, lengths)
    heard, rate = decode_channels(made)
    assert rate == SAMPLE_RATE
    assert heard.shape == (2, len(sound))
    inner = slice(2_048, len(sound) - 2_048)
    error = heard[:, inner] * 32_768 - sound.T[:, inner]
    loudness = np.square(sound[inner].astype(float)).mean()
    assert 10 * np.log10(loudness / np.square(error).mean()) > 30
    assert np.array_equal(heard, decode_channels(live)[0])


def test_the_film_goes_on_in_silence_where_the_sound_has_ended(tmp_path: Path) -> None:
    lengths = [30, 30]
    made, live = film(tmp_path, stereo(20 * FRAME), lengths)
    for path in (made, live):
        heard, _ = decode_channels(path)
        assert heard.shape == (2, 60 * FRAME)
        assert np.abs(heard[:, 21 * FRAME :]).max() < 0.001
        assert np.abs(heard[:, 10 * FRAME : 19 * FRAME]).max() > 0.2


def test_sound_of_another_form_is_refused(tmp_path: Path) -> None:
    mono = io.BytesIO(wav_bytes(np.zeros(FRAME, np.int16)))
    with pytest.raises(InvalidInput, match="1 channels of 16 bits") as refusal:
        FilmWriter(tmp_path / "film.mp4", FRAME_RATE, film_audio=mono)
    assert refusal.value.reason is Reason.AUDIO_UNREADABLE
    assert not (tmp_path / "film.mp4").exists()
