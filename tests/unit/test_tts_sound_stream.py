import struct

import numpy as np
import pytest
import soxr

from s2v.media.pcm import Pcm
from s2v_tts.backends.http.wave import BadSound, SoundStream

RATE = 24_000
TONE = np.rint(8_000 * np.sin(np.arange(RATE) / 20)).astype("<i2")


def wav(
    pcm: bytes,
    *,
    form: int = 1,
    channels: int = 1,
    rate: int = RATE,
    bits: int = 16,
    length: int | None = None,
    before: bytes = b"",
    extra: bytes = b"",
) -> bytes:
    block = channels * bits // 8
    fmt = struct.pack("<HHIIHH", form, channels, rate, rate * block, block, bits) + extra
    body = b"WAVE" + before + struct.pack("<4sI", b"fmt ", len(fmt)) + fmt
    size = len(pcm) if length is None else length
    return b"RIFF\xff\xff\xff\xff" + body + struct.pack("<4sI", b"data", size) + pcm


def heard(data: bytes, *, at_once: int = 1_000, bare_rate: int | None = None) -> Pcm:
    stream = SoundStream(bare_rate)
    parts = [data[first : first + at_once] for first in range(0, len(data), at_once)]
    return np.concatenate([*map(stream.feed, parts), stream.end()])


def right(pcm: Pcm) -> bool:
    expected = soxr.resample(TONE / 32_767, RATE, 48_000, quality="VHQ") * 32_767
    return len(pcm) == len(expected) and bool(np.abs(pcm - expected).max() < 3)


@pytest.mark.parametrize("at_once", [1, 7, 44, 4_096, 1 << 20])
def test_sound_is_the_same_however_its_bytes_come(at_once: int) -> None:
    assert right(heard(wav(TONE.tobytes()), at_once=at_once))
    assert right(heard(TONE.tobytes(), at_once=at_once, bare_rate=RATE))


@pytest.mark.parametrize("length", [0, 0xFFFFFFFF, 0x7FFFFFFF, 0xFFFFFFFF - 36])
def test_a_stream_has_no_length_to_keep_to(length: int) -> None:
    assert right(heard(wav(TONE.tobytes(), length=length)))


def test_stereo_floats_and_other_chunks_are_read() -> None:
    stereo = np.repeat(TONE, 2).tobytes()
    floats = (TONE / 32_767).astype("<f4").tobytes()
    listed = struct.pack("<4sI", b"LIST", 5) + b"INFOx\0"
    extensible = struct.pack("<HHI", 22, 16, 4) + struct.pack("<H", 1) + bytes(14)

    assert right(heard(wav(stereo, channels=2)))
    assert right(heard(wav(floats, form=3, bits=32)))
    assert right(heard(wav(TONE.tobytes(), before=listed)))
    assert right(heard(wav(TONE.tobytes(), form=0xFFFE, extra=extensible)))


def test_what_follows_the_samples_is_no_sound() -> None:
    assert right(heard(wav(TONE.tobytes(), length=2 * RATE) + b"LIST\x04\0\0\0INFO"))


def test_numbers_that_are_none_and_what_is_too_loud_do_no_harm() -> None:
    floats = np.array([np.nan, np.inf, -np.inf, 9.0, 0.5] * 100, "<f4").tobytes()
    pcm = heard(wav(floats, form=3, bits=32))

    assert pcm.dtype == np.int16
    assert len(pcm) == 1_000


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "without any sound"),
        (b"RIFF", "without any sound"),
        (wav(b"")[:30], "without any sound"),
        (wav(TONE.tobytes())[:-100], "broke off"),
        (wav(TONE.tobytes()[:-1], length=0), "broke off"),
        (wav(TONE.tobytes(), bits=24), "24 bits"),
        (wav(TONE.tobytes(), channels=6), "6 channels"),
        (wav(TONE.tobytes(), channels=0), "0 channels"),
        (wav(TONE.tobytes(), rate=0), "0 Hz"),
        (wav(TONE.tobytes(), form=85), "format 85"),
        (b"RIFF\0\0\0\0WAVEdata\0\0\0\0" + bytes(100), "header is damaged"),
        (b"RIFF\0\0\0\0WAVEfmt \x02\0\0\0\x01\0data\0\0\0\0", "header is damaged"),
        (b"RIFF\0\0\0\0WAVEjunk\xff\xff\xff\x00" + bytes(1 << 17), "does not end"),
        (b'{"code": -1, "msg": "asr failed"}', "text"),
        (b"<!DOCTYPE html>", "text"),
        (b"ID3\x04" + bytes(100), "MP3"),
        (b"OggS" + bytes(100), "Ogg"),
        (b"fLaC" + bytes(100), "FLAC"),
        (bytes(100), "no WAV"),
    ],
)
def test_what_is_no_such_wav_is_told_so(data: bytes, problem: str) -> None:
    with pytest.raises(BadSound, match=problem):
        heard(data)


@pytest.mark.parametrize(
    ("data", "problem"),
    [(b"", "without any sound"), (bytes(101), "broke off"), (b"Internal Server Error", "text")],
)
def test_bare_samples_are_not_just_anything(data: bytes, problem: str) -> None:
    with pytest.raises(BadSound, match=problem):
        heard(data, bare_rate=RATE)


def test_bare_samples_may_begin_with_any_number() -> None:
    for number in range(-256, 256):
        beginning = np.array([number, number, 0, 0, -number, number], "<i2").tobytes()
        assert len(heard(beginning * 100, bare_rate=48_000)) == 600
