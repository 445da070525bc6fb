"""The video that a fake container makes, and the ways in which it can be none."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from s2v.core.timebase import frames_covering, samples_per_frame
from s2v.media.film import FilmMuxer
from s2v.media.pcm import Pcm, read_wav
from s2v.media.playback import played
from s2v.media.video import H264, ClipEncoder

FRAME_RATE = 25
_MOUTH = 0.25
_FULL = 8_000.0


def make_video(audio: Path, video: Path, target: Path, *, fraction: float, sounds: bool) -> None:
    """Write the driving video with a mouth: a square at the bottom, the brighter the louder.

    It is as long as the sound, or a fraction of that; a driving video that is too short begins
    anew. Its pictures come in the sizes of the driving video, 25 a second.
    """
    with audio.open("rb") as file:
        pcm = read_wav(file)
    count = max(1, round(frames_covering(len(pcm), FRAME_RATE) * fraction))
    with TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        _write_clip(clip, pcm, video, count)
        if not sounds:
            shutil.copyfile(clip, target)
            return
        muxer = FilmMuxer(target, FRAME_RATE, marking=None)
        for _ in muxer.append(clip, [pcm]):
            pass
        for _ in muxer.finish():
            pass


def damage(path: Path) -> None:
    """Overwrite the last third of the pictures' bytes, as a full disk or a crash may leave them."""
    data = bytearray(path.read_bytes())
    begin = data.rindex(b"mdat")
    end = len(data)
    first = begin + (end - begin) // 2
    data[first:end] = bytes(byte ^ 0x5A for byte in data[first:end])
    path.write_bytes(data)


def _write_clip(clip: Path, pcm: Pcm, video: Path, count: int) -> None:
    driving = list(played(video, FRAME_RATE))
    height, width, _ = driving[0].shape
    with ClipEncoder(
        clip, width=width, height=height, frame_rate=FRAME_RATE, quality=H264("ultrafast", 15)
    ) as encoder:
        for frame in range(count):
            picture = driving[frame % len(driving)].copy()
            top, left = round(height * (1 - _MOUTH)), round(width * (0.5 - _MOUTH / 2))
            picture[top:, left : left + round(width * _MOUTH)] = _loudness(pcm, frame)
            encoder.write(picture[None])


def _loudness(pcm: Pcm, frame: int) -> int:
    length = samples_per_frame(FRAME_RATE)
    part = pcm[frame * length : (frame + 1) * length].astype(np.float64)
    level = float(np.sqrt(np.mean(part**2))) if len(part) else 0.0
    return min(255, round(255 * level / _FULL))
