"""A video's pictures by number, as `s2v.media.footage` gives them, decoded by a child."""

import os
import socket
import struct
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from s2v.media.colour import Rgb
from s2v.media.confined.children import Broken, ConfinedChild
from s2v.media.confined.pictures import exactly, receive, send
from s2v.media.footage import Footage

_HEAD = struct.Struct("<IIdI")
"""Width, height, seconds and how many times follow, each a double."""
_WANTED = struct.Struct("<III")
"""Number, width and height of a picture."""


class ConfinedFootage:
    """The pictures of a video; for one thread at a time.

    Attributes:
        width, height, times, seconds: as those of `Footage`.
    """

    def __init__(
        self, child: ConfinedChild, line: socket.socket, *, most_pictures: int, most_pixels: int
    ) -> None:
        self._child = child
        self._line = line
        self._most_pixels = most_pixels
        head = exactly(line.fileno(), _HEAD.size)
        if len(head) < _HEAD.size:
            raise self._end()
        self.width, self.height, self.seconds, count = _HEAD.unpack(head)
        if not 0 < count <= most_pictures or not 0 < self.width * self.height <= most_pixels:
            raise Broken("", f"{count} pictures of {self.width}x{self.height} pixels")
        times = exactly(line.fileno(), 8 * count)
        if len(times) < 8 * count:
            raise self._end()
        self.times: npt.NDArray[np.float64] = np.frombuffer(times, "<f8")

    def picture(self, number: int, width: int, height: int) -> Rgb:
        """Return a picture scaled to a size, as `Footage.picture`.

        Raises:
            S2VError: what the child refused the file with.
            Broken: the child died, or exceeded its allowance.
        """
        try:
            self._line.sendall(_WANTED.pack(number, width, height))
        except OSError as error:
            raise self._end() from error
        picture = receive(self._line.fileno(), most_pixels=self._most_pixels)
        if picture is None:
            raise self._end()
        if picture.shape != (height, width, 3):
            raise Broken("", f"a picture of the shape {picture.shape}")
        picture.flags.writeable = False
        return picture

    def _end(self) -> Broken:
        """Return why the child has ended; what it refused the file with is raised."""
        self._child.result()
        return Broken("", "it ended too early", died=True)


def serve(footage: Footage, output: BinaryIO) -> int:
    """Send what was asked for on the other end of a child's output; tell how many pictures."""
    output.write(_HEAD.pack(footage.width, footage.height, footage.seconds, len(footage.times)))
    output.write(footage.times.astype("<f8").data)
    output.flush()
    count = 0
    while wanted := os.read(output.fileno(), _WANTED.size):
        send(footage.picture(*_WANTED.unpack(wanted)), output)
        output.flush()
        count += 1
    return count
