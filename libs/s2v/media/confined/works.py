"""What children can be asked for; imported by the nursery, with all that it needs, beforehand."""

import codecs
import importlib
import pkgutil
from dataclasses import asdict
from itertools import islice
from typing import BinaryIO

import av
import numpy as np
from PIL import AvifImagePlugin

from s2v.media.confined.footage import serve
from s2v.media.confined.messages import Json
from s2v.media.confined.pictures import send
from s2v.media.footage import Footage
from s2v.media.limits import FileLimits
from s2v.media.pcm import decode_to_wav
from s2v.media.photo import read_layer
from s2v.media.playback import average_rate, played
from s2v.media.probe import probe
from s2v.media.proving import prove
from s2v.media.still import still
from s2v.media.video import decode_frames

_LATER = ("numpy.ma", "PIL.ExifTags", "PIL.ImagePalette", "PIL.MpoImagePlugin", "PIL.TiffTags")
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


def sound(
    source: BinaryIO, output: BinaryIO | None, *, max_seconds: float, field: str, channels: int
) -> Json:
    """Write the sound of a file into the output as WAV; tell of it."""
    written = decode_to_wav(
        source, _wanted(output), max_seconds=max_seconds, field=field, channels=channels
    )
    return asdict(written)


def rate(source: BinaryIO, output: BinaryIO | None, *, field: str) -> Json:
    """Tell how many pictures a second a video has on average."""
    return {"rate": average_rate(source, field=field)}


def proof(source: BinaryIO, output: BinaryIO | None, *, field: str) -> Json:
    """Tell what a video holds, if it is whole."""
    return asdict(prove(source, field=field))


def pictures(
    source: BinaryIO, output: BinaryIO | None, *, frame_rate: int, frames: int | None, field: str
) -> Json:
    """Write a video's pictures into the output as they are played."""
    count = 0
    for picture in islice(played(source, frame_rate, field=field), frames):
        send(picture, _wanted(output))
        count += 1
    return {"pictures": count}


def frames(source: BinaryIO, output: BinaryIO | None, *, stride: int) -> Json:
    """Write every so-manieth picture of a video into the output."""
    count = 0
    for picture in islice(decode_frames(source), None, None, stride):
        send(picture, _wanted(output))
        count += 1
    return {"pictures": count}


def footage(source: BinaryIO, output: BinaryIO | None, *, field: str) -> Json:
    """Answer with the pictures that are asked for on the output, a socket."""
    with Footage(source, field=field) as opened:
        return {"pictures": serve(opened, _wanted(output))}


def picture(source: BinaryIO, output: BinaryIO | None, *, media_type: str, field: str) -> Json:
    """Write an image, or a video's first picture, into the output."""
    send(still(source, media_type, field=field), _wanted(output))
    return {"pictures": 1}


def layer(source: BinaryIO, output: BinaryIO | None, *, field: str) -> Json:
    """Write an image into the output, then how opaque it is, as a grey one."""
    rgb, opacity = read_layer(source, field=field)
    for each in (rgb, np.dstack([opacity] * 3)):
        send(each, _wanted(output))
    return {"pictures": 2}


def _wanted(output: BinaryIO | None) -> BinaryIO:
    if output is None:
        raise ValueError("there is no output")
    return output
