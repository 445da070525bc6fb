"""Open a media file of unknown origin without letting it reach for anything but itself."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import av

from s2v.core.errors import Reason
from s2v.media.indexes import check_index
from s2v.media.limits import DEFAULT_LIMITS, FileLimits, beyond

_DEMUXERS = "wav,aiff,mp3,flac,ogg,aac,mov,mp4,m4a,matroska,webm,caf,wv,au,amr,asf"
"""Self-contained formats only: no playlist may name another file or an address."""

_PYAV_MAJOR = int(av.__version__.partition(".")[0])
_TOLERANT = {"metadata_errors": "replace"} if _PYAV_MAJOR < 19 else {}
"""Old tags are not always UTF-8; PyAV 18 has to be told not to mind, 19 does not."""


Source = Path | BinaryIO
"""A file by its name, or one that is open already and is read from its start."""


@contextmanager
def opened(source: Source) -> Iterator[BinaryIO]:
    """Give an open file at its start; one that was open stays so."""
    if isinstance(source, Path):
        with source.open("rb") as file:
            yield file
        return
    source.seek(0)
    yield source


def first_bytes(source: Source, count: int) -> bytes:
    """Return the beginning of a file."""
    with opened(source) as file:
        return file.read(count)


def open_media(
    source: Source,
    *,
    reason: Reason = Reason.VIDEO_UNREADABLE,
    field: str = "",
    limits: FileLimits = DEFAULT_LIMITS,
) -> Any:
    """Open a file for reading with PyAV.

    Raises:
        av.error.FFmpegError: it is none of the formats that S2V reads, or its header is broken.
        InvalidInput: it claims more tracks or a longer index than the limits allow (`reason`).
    """
    with opened(source) as file:
        check_index(file, reason=reason, field=field, limits=limits)
    options = {"format_whitelist": _DEMUXERS}
    if isinstance(source, Path):
        options["protocol_whitelist"] = "file"
        container: Any = av.open(f"file:{source}", container_options=options, **_TOLERANT)
    else:
        os.lseek(source.fileno(), 0, os.SEEK_SET)
        options |= {"protocol_whitelist": "fd", "fd": str(source.fileno())}
        container = av.open("fd:", container_options=options, **_TOLERANT)
        _use_no_threads(container)
    if len(container.streams) > limits.max_streams:
        found = f"{len(container.streams)} tracks"
        container.close()
        raise beyond(reason, "max_streams", limits.max_streams, found=found, field=field)
    return container


def _use_no_threads(container: Any) -> None:
    """Decode in the calling thread: who reads an open file may not be able to start others."""
    for stream in container.streams:
        if stream.codec_context is not None:
            stream.codec_context.thread_count = 1
