"""What children can be asked for; imported by the nursery, with all that it needs, beforehand."""

import codecs
import importlib
import pkgutil
import struct
from dataclasses import asdict
from itertools import islice
from typing import BinaryIO

import av
import numpy as np
from PIL import AvifImagePlugin

from s2v.media.colour import Rgb
from s2v.media.confined.messages import Json
from s2v.media.limits import FileLimits
from s2v.media.pcm import decode_to_wav
from s2v.media.playback import average_rate, played
from s2v.media.probe import probe
from s2v.media.still import still

SIZE = struct.Struct("<II")
"""Height and width, before the pixels of each picture that goes into an output."""


_LATER = ("PIL.ExifTags", "PIL.ImagePalette", "PIL.MpoImagePlugin", "PIL.TiffTags")
_CODINGS = ("ascii", "latin-1", "cp1252", "utf-16", "utf-8-sig", "idna")


def load_all() -> None:
    """Import what would be imported only when it is needed, when a child cannot any more."""
    for package in pkgutil.walk_packages(av.__path__, "av."):
        if not package.name.endswith(("__main__", "datasets")):
            importlib.import_module(package.name)
    for name in _LATER:
        importlib.import_module(name)
    for coding in _CODINGS:
        codecs.lookup(coding)
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # a child may not have more, and shares the processor


def look(
    source: BinaryIO, output: BinaryIO | None, *, media_type: str, field: str, limits: Json
) -> Json:
    """Tell what a file holds."""
    return asdict(probe(source, media_type, field=field, limits=FileLimits(**limits)))


def sound(source: BinaryIO, output: BinaryIO | None, *, max_seconds: float, field: str) -> Json:
    """Write the sound of a file into the output as WAV; tell how many samples."""
    if output is None:
        raise ValueError("there is no output")
    return {"samples": decode_to_wav(source, output, max_seconds=max_seconds, field=field)}


def rate(source: BinaryIO, output: BinaryIO | None, *, field: str) -> Json:
    """Tell how many pictures a second a video has on average."""
    return {"rate": average_rate(source, field=field)}


def pictures(
    source: BinaryIO, output: BinaryIO | None, *, frame_rate: int, frames: int | None, field: str
) -> Json:
    """Write a video's pictures into the output as they are played."""
    count = 0
    for picture in islice(played(source, frame_rate, field=field), frames):
        _write(picture, output)
        count += 1
    return {"pictures": count}


def picture(source: BinaryIO, output: BinaryIO | None, *, media_type: str, field: str) -> Json:
    """Write an image, or a video's first picture, into the output."""
    _write(still(source, media_type, field=field), output)
    return {"pictures": 1}


def _write(picture: Rgb, output: BinaryIO | None) -> None:
    if output is None:
        raise ValueError("there is no output")
    height, width, _ = picture.shape
    output.write(SIZE.pack(height, width))
    output.write(np.ascontiguousarray(picture).data)
