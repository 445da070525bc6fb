"""Small files of every kind that is read."""

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

_PICTURE = np.kron(
    np.random.default_rng(0).integers(0, 255, (16, 20, 3), np.uint8), np.ones((8, 8, 1), np.uint8)
)
_TURNED = Image.Exif()
_TURNED[0x0112] = 6
_IMAGES = {
    "plain.jpg": {},
    "progressive.jpg": {"progressive": True},
    "turned.jpg": {"exif": _TURNED},
    "plain.png": {},
    "turned.png": {"exif": _TURNED},
    "plain.webp": {},
    "lossless.webp": {"lossless": True},
    "moving.webp": {"save_all": True, "append_images": [Image.fromarray(_PICTURE[::-1])]},
    "plain.avif": {},
    "plain.gif": {},
    "moving.gif": {"save_all": True, "append_images": [Image.fromarray(_PICTURE[::-1])]},
    "plain.bmp": {},
    "plain.tif": {},
    "lzw.tif": {"compression": "tiff_lzw"},
    "turned.tif": {"exif": _TURNED},
}
_VIDEOS = {
    "h264.mp4": ("libx264", "yuv420p"),
    "h265.mp4": ("libx265", "yuv420p"),
    "av1.mp4": ("libsvtav1", "yuv420p"),
    "mpeg4.mov": ("mpeg4", "yuv420p"),
    "prores.mov": ("prores_ks", "yuv422p10le"),
    "vp8.webm": ("libvpx", "yuv420p"),
    "vp9.webm": ("libvpx-vp9", "yuv420p"),
}
_SOUNDS = {
    "sound.wav": "pcm_s16le",
    "float.wav": "pcm_f32le",
    "sound.aiff": "pcm_s16be",
    "sound.mp3": "libmp3lame",
    "sound.flac": "flac",
    "sound.ogg": "libopus",
    "sound.m4a": "aac",
    "sound.aac": "aac",
    "alac.m4a": "alac",
    "pcm.mov": "pcm_s16le",
    "sound.caf": "alac",
    "sound.wv": "wavpack",
    "sound.au": "pcm_s16be",
    "sound.mka": "ac3",
}
_HEIC = Path(__file__).parents[1] / "data" / "turned.heic"


def write_kinds(folder: Path) -> list[Path]:
    """Write one file of each kind into a folder.

    Videos are written in a thread that ends: libsvtav1, run by root, makes its caller a
    real-time one (SCHED_FIFO 99), and every thread and process begun from that one.
    """
    for name, options in _IMAGES.items():
        Image.fromarray(_PICTURE).save(folder / name, **options)
    with ThreadPoolExecutor(max_workers=1) as passing:
        for name, (codec, pixels) in _VIDEOS.items():
            passing.submit(write_video, folder / name, codec=codec, pixels=pixels).result()
    for name, codec in _SOUNDS.items():
        write_sound(folder / name, codec)
    (folder / "turned.heic").write_bytes(_HEIC.read_bytes())
    return sorted(folder.iterdir())


def write_video(
    path: Path,
    *,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    frames: int = 6,
    aspect: Fraction = Fraction(1),
) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 128, pixels
        stream.codec_context.sample_aspect_ratio = aspect
        for number in range(frames):
            picture = np.ascontiguousarray(np.roll(_PICTURE, 4 * number, axis=1))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def write_sound(path: Path, codec: str, *, layout: str = "stereo", seconds: float = 0.5) -> Path:
    channels = av.AudioLayout(layout).nb_channels
    tone = np.sin(np.arange(round(seconds * 48_000)) * 0.0576) * 0.4
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=48_000, layout=layout)
        samples = np.stack([tone] * channels).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout)
        frame.sample_rate, frame.pts = 48_000, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
