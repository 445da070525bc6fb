"""What cannot work is refused with a typed answer that names the field and the remedy."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

from s2v.api.common.v1 import media_pb2
from s2v.api.gateway.v1 import job_pb2
from s2v.client import Client
from s2v.core.errors import Reason, S2VError
from s2v.media.pcm import wav_bytes
from s2v.rpc.errors import from_status

PORTRAIT = Path("libs/s2v/samples/portrait.jpg").read_bytes()


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def jpeg(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG")
    return file.getvalue()


def tone(seconds: float) -> bytes:
    samples = np.arange(int(seconds * 48_000))
    return wav_bytes((8000 * np.sin(samples * 0.05)).astype(np.int16))


def silence(seconds: float) -> bytes:
    return wav_bytes(np.zeros(int(seconds * 48_000), np.int16))


def three_hours() -> bytes:
    """Three hours of sound at 8 bits and 8 kHz: 86 MB."""
    count = 3 * 3600 * 8000
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", 36 + count, b"WAVE", b"fmt ", 16, 1, 1, 8000, 8000, 1, 8, b"data", count),
    )
    return header + b"\x80\x90" * (count // 2)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"this is not an image, whatever it is called", Reason.MEDIA_TYPE_UNSUPPORTED),
        (PORTRAIT[: len(PORTRAIT) // 2], Reason.IMAGE_UNREADABLE),
        (jpeg(Image.new("RGB", (1, 1))), Reason.IMAGE_SIZE_UNSUPPORTED),
        (png_header(20_000, 20_000), Reason.IMAGE_SIZE_UNSUPPORTED),
    ],
    ids=["no image", "truncated jpeg", "1x1", "20000x20000"],
)
def test_a_file_that_is_no_usable_image_is_refused_when_it_is_uploaded(
    client: Client, installation: Any, data: bytes, reason: Reason
) -> None:
    blobs = stored(installation.home)
    with pytest.raises(S2VError) as caught:
        client.upload(data)
    assert caught.value.reason is reason
    assert caught.value.field
    assert stored(installation.home) == blobs
    assert not list((installation.home / "gateway" / "uploads").iterdir())


def stored(home: Path) -> set[Path]:
    return {path for path in (home / "artifacts").rglob("*") if path.is_file()}


def ended(client: Client, *, reference: bytes = PORTRAIT, audio: bytes = b"") -> job_pb2.Job:
    script = job_pb2.Script(text="Hello there.")
    if audio:
        script = job_pb2.Script(audio=client.upload(audio).name)
    spec = job_pb2.JobSpec(script=script, reference=client.upload(reference).name, preset="draft")
    return list(client.watch(client.create_job(spec).name))[-1].finished


def test_an_image_without_a_face_fails_the_job_and_says_so(client: Client) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (256, 256, 3), np.uint8)
    blurred = Image.fromarray(noise).filter(ImageFilter.GaussianBlur(8))
    job = ended(client, reference=jpeg(blurred))
    assert job.state == job_pb2.JOB_STATE_FAILED
    error = from_status(job.error)
    assert (error.reason, error.field) == (Reason.FACE_NOT_FOUND, "spec.reference")


def test_of_several_faces_the_largest_is_used_and_the_user_is_told(client: Client) -> None:
    face = Image.open(io.BytesIO(PORTRAIT))
    both = Image.new("RGB", (900, 512), "grey")
    both.paste(face, (0, 0))
    both.paste(face.resize((320, 320)), (560, 150))
    job = ended(client, reference=jpeg(both))
    assert job.state == job_pb2.JOB_STATE_SUCCEEDED, job.error
    assert [notice.code for notice in job.notices] == [media_pb2.NOTICE_CODE_SEVERAL_FACES]


@pytest.mark.parametrize(
    ("audio", "reason"),
    [
        (silence(2.0), Reason.AUDIO_SILENT),
        (tone(0.02), Reason.AUDIO_TOO_SHORT),
        (three_hours(), Reason.AUDIO_TOO_LONG),
    ],
    ids=["silent", "20 ms", "3 hours"],
)
def test_sound_that_cannot_be_spoken_to_is_refused(
    client: Client, audio: bytes, reason: Reason
) -> None:
    try:
        error = from_status(ended(client, audio=audio).error)
    except S2VError as refused:
        error = refused
    assert (error.reason, error.field) == (reason, "spec.script.audio")


def test_a_file_that_is_no_sound_is_refused(client: Client) -> None:
    with pytest.raises(S2VError) as caught:
        ended(client, audio=b"RIFF\x00\x00\x00\x00WAVEfmt nothing of the kind")
    assert caught.value.reason in (Reason.AUDIO_UNREADABLE, Reason.MEDIA_TYPE_UNSUPPORTED)
    with pytest.raises(S2VError) as caught:
        ended(client, audio=PORTRAIT)
    assert (caught.value.reason, caught.value.field) == (
        Reason.MEDIA_TYPE_UNSUPPORTED,
        "spec.script.audio",
    )
