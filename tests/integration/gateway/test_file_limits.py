"""What an uploaded file may claim can be made less by the gateway's settings."""

import io
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from gateway_world import Start, failure, png, wav
from media_kinds import write_sound, write_video
from s2v_gateway.settings import FileSettings, GatewaySettings


def jpeg_of_scans() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(file, "JPEG", progressive=True)
    return file.getvalue()


def two_tracks(path: Path) -> bytes:
    with av.open(str(path), "w") as container:
        for stream in [container.add_stream("aac", rate=48_000, layout="mono") for _ in range(2)]:
            frame = av.AudioFrame.from_ndarray(np.ones((1, 24_000), np.float32), "fltp", "mono")
            frame.sample_rate, frame.pts = 48_000, 0
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return path.read_bytes()


@pytest.mark.parametrize(
    ("name", "most", "media_type"),
    [
        ("max_pixels", 4096, "image/png"),
        ("max_side_pixels", 64, "image/png"),
        ("max_scans", 2, "image/jpeg"),
        ("max_streams", 1, "audio/mp4"),
        ("max_index_entries", 2, "video/mp4"),
        ("max_sample_rate", 44_100, "audio/wav"),
        ("max_channels", 1, "audio/flac"),
    ],
)
async def test_a_file_beyond_a_setting_is_refused_with_its_number(
    start: Start, tmp_path: Path, name: str, most: int, media_type: str
) -> None:
    wide = io.BytesIO()
    Image.new("RGB", (80, 64)).save(wide, "PNG")
    files = {
        "image/png": wide.getvalue(),
        "image/jpeg": jpeg_of_scans(),
        "video/mp4": write_video(tmp_path / "a.mp4", frames=20).read_bytes(),
        "audio/mp4": two_tracks(tmp_path / "a.m4a"),
        "audio/wav": wav(),
        "audio/flac": write_sound(tmp_path / "a.flac", "flac").read_bytes(),
    }
    server = await start(**{name: most})

    error = await failure(server.upload(files[media_type], media_type))

    assert str(most) in error.message
    assert str(most) in error.metadata.values()
    assert await server.upload(png())


@pytest.mark.parametrize("name", FileSettings.model_fields)
def test_no_setting_allows_what_the_other_services_refuse(name: str) -> None:
    most = FileSettings.model_fields[name].default
    assert getattr(GatewaySettings(), name) == most
    with pytest.raises(ValidationError, match=f"less than or equal to {most}"):
        GatewaySettings(**{name: most + 1})
