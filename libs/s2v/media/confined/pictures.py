"""Pictures on their way from a child, which may send anything, to whoever asked for them."""

import os
import select
import struct
from typing import BinaryIO

import numpy as np

from s2v.media.colour import Rgb
from s2v.media.confined.children import Broken

_SIZE = struct.Struct("<II")
"""Height and width, before the pixels of each picture."""
_STALL_SECONDS = 60.0


def send(picture: Rgb, output: BinaryIO) -> None:
    """Write a picture."""
    height, width, _ = picture.shape
    output.write(_SIZE.pack(height, width))
    output.write(np.ascontiguousarray(picture).data)


def receive(descriptor: int, *, most_pixels: int) -> Rgb | None:
    """Read a picture; None where the child has ended.

    Raises:
        Broken: what came is no picture, or nothing came for a minute.
    """
    size = exactly(descriptor, _SIZE.size)
    if not size:
        return None
    if len(size) < _SIZE.size:
        raise Broken("", "a size that is cut off", died=True)
    height, width = _SIZE.unpack(size)
    if height * width > most_pixels:
        raise Broken("", f"a picture of {width}x{height} pixels")
    pixels = np.frombuffer(exactly(descriptor, height * width * 3), np.uint8)
    if len(pixels) < height * width * 3:
        raise Broken("", "a picture that is cut off", died=True)
    return pixels.reshape(height, width, 3)


def exactly(descriptor: int, count: int) -> bytearray:
    """Read so many bytes; fewer where the child has ended.

    Raises:
        Broken: nothing came for a minute.
    """
    data = bytearray(count)
    view, done = memoryview(data), 0
    while done < count:
        if not select.select([descriptor], [], [], _STALL_SECONDS)[0]:
            raise Broken("seconds", "no picture came")
        try:
            got = os.readv(descriptor, [view[done:]])
        except ConnectionResetError:  # it ended with something still to read
            break
        if not got:
            break
        done += got
    view.release()
    del data[done:]
    return data
