"""Sound in and out of files."""

import io
from pathlib import Path

import av
import numpy as np
import pytest

from films import decode_sound
from s2v.core.errors import InvalidInput, Reason
from s2v.core.timebase import SAMPLE_RATE
from s2v.media.pcm import (
    Pcm,
    decode_audio,
    lengthen_wav,
    mapped_wav,
    read_wav,
    resample,
    wav_bytes,
    wav_samples,
)


def tone(seconds: float, *, rate: int = SAMPLE_RATE, hertz: float = 440) -> np.ndarray:
    return 0.4 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def pcm_tone(seconds: float) -> Pcm:
    return np.asarray(np.rint(tone(seconds) * 32_768), dtype=np.int16)


def encode(path: Path, codec: str, channels: list[np.ndarray], rate: int) -> Path:
    layout = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}[len(channels)]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        frame = av.AudioFrame.from_ndarray(
            np.stack(channels, axis=1).reshape(1, -1).astype(np.float32), "flt", layout
        )
        frame.sample_rate, frame.pts = rate, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_pcm_survives_a_wav_file_unchanged(tmp_path: Path) -> None:
    pcm = np.random.default_rng(1).integers(-32_768, 32_768, 10_000).astype(np.int16)
    (tmp_path / "a.wav").write_bytes(wav_bytes(pcm))
    assert (tmp_path / "a.wav").read_bytes() == wav_bytes(pcm)
    assert np.array_equal(decode_audio(tmp_path / "a.wav"), pcm)
    assert np.array_equal(read_wav(io.BytesIO(wav_bytes(pcm))), pcm)


def test_a_range_of_a_wav_is_read_and_cut_at_its_end() -> None:
    pcm = np.arange(1000, dtype=np.int16)
    source = io.BytesIO(wav_bytes(pcm))
    assert wav_samples(source) == 1000
    assert read_wav(source, 10, 20).tolist() == list(range(10, 20))
    assert read_wav(source, 990, 2000).tolist() == list(range(990, 1000))
    assert read_wav(source, 5000, 6000).tolist() == []


def test_a_wav_of_another_format_is_refused(tmp_path: Path) -> None:
    other = encode(tmp_path / "a.wav", "pcm_s16le", [tone(0.1, rate=16_000)], 16_000)
    with other.open("rb") as source, pytest.raises(InvalidInput, match="16000 Hz") as refusal:
        read_wav(source)
    assert refusal.value.reason is Reason.AUDIO_UNREADABLE
    with pytest.raises(InvalidInput, match="no WAV file"):
        read_wav(io.BytesIO(b"RIFF"))


@pytest.mark.parametrize(
    ("name", "codec", "rate", "channels"),
    [
        ("a.wav", "pcm_u8", 8_000, 2),
        ("a.wav", "pcm_s24le", 96_000, 2),
        ("a.wav", "pcm_f32le", 16_000, 1),
        ("a.mp3", "libmp3lame", 44_100, 2),
        ("a.flac", "flac", 44_100, 2),
        ("a.ogg", "libopus", 48_000, 1),
        ("a.m4a", "aac", 44_100, 2),
        ("a.aac", "aac", 22_050, 1),
        ("a.mp4", "aac", 48_000, 2),
        ("a.webm", "libopus", 48_000, 2),
    ],
)
def test_every_accepted_format_decodes_to_48_khz_mono(
    tmp_path: Path, name: str, codec: str, rate: int, channels: int
) -> None:
    path = encode(tmp_path / name, codec, [tone(1, rate=rate)] * channels, rate)
    pcm = decode_audio(path)
    assert pcm.dtype == np.int16
    assert len(pcm) == pytest.approx(SAMPLE_RATE, abs=4_500)  # bare AAC cannot say its padding
    spectrum = np.abs(np.fft.rfft(pcm[4_000:44_000]))
    assert np.argmax(spectrum) * SAMPLE_RATE / 40_000 == pytest.approx(440, abs=2)
    assert np.sqrt(np.mean(pcm[4_000:44_000] ** 2.0)) / 32_768 == pytest.approx(0.283, abs=0.02)


def test_channels_are_averaged(tmp_path: Path) -> None:
    one, other = tone(0.2), tone(0.2, rate=SAMPLE_RATE) * 0.5
    path = encode(tmp_path / "a.wav", "pcm_s16le", [one, other], SAMPLE_RATE)
    assert np.allclose(decode_audio(path), (one + other) / 2 * 32_768, atol=1.5)


def test_channels_that_cancel_each_other_are_not_silent(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.wav", "pcm_s16le", [tone(0.2), -tone(0.2)], SAMPLE_RATE)
    assert np.allclose(decode_audio(path), tone(0.2) * 32_768, atol=1.5)


def test_a_part_with_a_centre_keeps_what_is_said_there(tmp_path: Path) -> None:
    quiet = np.zeros(SAMPLE_RATE, np.float32)
    channels = [quiet, quiet, tone(1), quiet, quiet, quiet]
    path = encode(tmp_path / "a.m4a", "aac", channels, SAMPLE_RATE)
    pcm = decode_audio(path)[4_000:44_000]
    assert np.sqrt(np.mean(pcm**2.0)) / 32_768 == pytest.approx(0.283 / 2, abs=0.02)


def test_planar_sound_of_eight_channels_is_read_within_its_bounds(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.m4a", "aac", [tone(1)] * 8, SAMPLE_RATE)
    pcm = decode_audio(path)[4_000:44_000]
    assert np.sqrt(np.mean(pcm**2.0)) / 32_768 == pytest.approx(0.283, abs=0.02)


def test_the_default_track_is_heard(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.webm"), "w") as container:
        streams = [
            container.add_stream("libopus", rate=SAMPLE_RATE, layout="mono") for _ in range(2)
        ]
        streams[0].disposition = 0
        streams[1].disposition = av.stream.Disposition.default
        container.start_encoding()
        for stream, hertz in zip(streams, (440, 880), strict=True):
            sound = tone(1, hertz=hertz)[np.newaxis].astype(np.float32)
            frame = av.AudioFrame.from_ndarray(sound, "flt", "mono")
            frame.sample_rate, frame.pts = SAMPLE_RATE, 0
            container.mux([*stream.encode(frame), *stream.encode(None)])
    spectrum = np.abs(np.fft.rfft(decode_audio(tmp_path / "a.webm")[4_000:44_000]))
    assert np.argmax(spectrum) * SAMPLE_RATE / 40_000 == pytest.approx(880, abs=2)


def with_gaps(path: Path, *firsts: float, seconds: float = 1) -> Path:
    """Write a tone of so many seconds that begins at each of these times."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=SAMPLE_RATE, layout="mono")
        for first in firsts:
            sound = np.rint(tone(seconds) * 32_767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(sound[np.newaxis], "s16", "mono")
            frame.sample_rate, frame.pts = SAMPLE_RATE, round(first * SAMPLE_RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_small_gaps_add_up(tmp_path: Path) -> None:
    path = with_gaps(tmp_path / "a.mkv", *(0.25 * at for at in range(40)), seconds=0.2)
    assert len(decode_audio(path)) / SAMPLE_RATE == pytest.approx(9.95, abs=0.11)


def test_a_gap_stays_silent(tmp_path: Path) -> None:
    pcm = decode_audio(with_gaps(tmp_path / "a.mkv", 0, 2))
    assert len(pcm) == pytest.approx(3 * SAMPLE_RATE, abs=4_500)
    assert np.abs(pcm[round(1.2 * SAMPLE_RATE) : round(1.8 * SAMPLE_RATE)]).max() <= 1


def test_sound_longer_than_the_limit_is_refused_without_being_decoded_whole(
    tmp_path: Path,
) -> None:
    (tmp_path / "long.wav").write_bytes(wav_bytes(np.zeros(20 * SAMPLE_RATE, np.int16)))
    assert len(decode_audio(tmp_path / "long.wav", max_seconds=20)) == 20 * SAMPLE_RATE
    with pytest.raises(InvalidInput, match=r"at most 19\.5 s are allowed") as refusal:
        decode_audio(tmp_path / "long.wav", max_seconds=19.5)
    assert refusal.value.reason is Reason.AUDIO_TOO_LONG
    assert refusal.value.field == "spec.script.audio"


def test_three_hours_are_refused_from_their_first_seconds(tmp_path: Path) -> None:
    (tmp_path / "hours.wav").write_bytes(wav_bytes(np.zeros(SAMPLE_RATE, np.int16)))
    header = bytearray((tmp_path / "hours.wav").read_bytes()[:44])
    size = 3 * 3600 * SAMPLE_RATE * 2
    header[4:8] = (size + 36).to_bytes(4, "little")
    header[40:44] = size.to_bytes(4, "little")
    with (tmp_path / "hours.wav").open("wb") as target:
        target.write(header)
        target.truncate(size + 44)  # a hole; reading it all would show in the test's time
    with pytest.raises(InvalidInput, match="at most 2 s are allowed"):
        decode_audio(tmp_path / "hours.wav", max_seconds=2)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"these are words, not sound" * 100,
        np.random.default_rng(2).bytes(100_000),
        b"\xff\xfb\x90\x64" + np.random.default_rng(3).bytes(100_000),
        b"#EXTM3U\n#EXTINF:10,\n/etc/hostname\n",
        b"ffconcat version 1.0\nfile a.wav\n",
    ],
)
def test_what_is_not_sound_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(wav_bytes(pcm_tone(0.5)))
    (tmp_path / "noise").write_bytes(data)
    with pytest.raises(InvalidInput) as refusal:
        decode_audio(tmp_path / "noise")
    assert refusal.value.reason is Reason.AUDIO_UNREADABLE
    assert refusal.value.field == "spec.script.audio"


def test_a_video_without_sound_is_refused(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "mute.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width = stream.height = 64
        frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(InvalidInput, match="holds no sound"):
        decode_audio(tmp_path / "mute.mp4")


def test_a_tag_that_is_not_utf_8_is_no_obstacle(tmp_path: Path) -> None:
    wav = wav_bytes(pcm_tone(0.1))
    tag = b"INFOINAM" + (6).to_bytes(4, "little") + b"caf\xe9\xff\0"
    data = wav[:36] + b"LIST" + len(tag).to_bytes(4, "little") + tag + wav[36:]
    (tmp_path / "a.wav").write_bytes(data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:])
    assert len(decode_audio(tmp_path / "a.wav")) == 4_800


def test_resampling_keeps_duration_level_and_pitch() -> None:
    floats = resample(tone(1, rate=24_000).astype(np.float32), 24_000)
    ints = resample(np.rint(tone(1, rate=24_000) * 32_768).astype(np.int16), 24_000)
    for pcm in (floats, ints):
        assert len(pcm) == SAMPLE_RATE
        assert np.abs(pcm[1_000:-1_000] - pcm_tone(1)[1_000:-1_000].astype(int)).max() <= 3


def test_loud_floats_are_clipped_not_wrapped() -> None:
    assert resample(np.array([2.0, -2.0], np.float32), SAMPLE_RATE).tolist() == [32_767, -32_768]


def test_a_late_track_is_heard_late(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "late.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(
            tone(0.5).astype(np.float32)[None], format="fltp", layout="mono"
        )
        frame.sample_rate, frame.pts = SAMPLE_RATE, SAMPLE_RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    pcm = decode_sound(tmp_path / "late.mp4")
    assert len(pcm) == pytest.approx(1.5 * SAMPLE_RATE, abs=1_100)
    assert np.abs(pcm[: SAMPLE_RATE - 2_048]).max() == 0


@pytest.mark.parametrize("least", [0, 48_000, 60_000])
def test_a_wav_is_lengthened_with_silence_where_it_is_too_short(tmp_path: Path, least: int) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav_bytes(pcm_tone(1.0)))
    lengthen_wav(path, least)
    expected = np.pad(pcm_tone(1.0), (0, max(least - SAMPLE_RATE, 0)))
    assert path.read_bytes() == wav_bytes(expected)
    assert np.array_equal(mapped_wav(path), expected)
    assert np.array_equal(decode_audio(path), expected)
