"""Open a media file of unknown origin without letting it reach for anything but itself."""

from pathlib import Path
from typing import Any

import av

_DEMUXERS = "wav,aiff,mp3,flac,ogg,aac,mov,mp4,m4a,matroska,webm"
"""Self-contained formats only: no playlist may name another file or an address."""

_PYAV_MAJOR = int(av.__version__.partition(".")[0])
_TOLERANT = {"metadata_errors": "replace"} if _PYAV_MAJOR < 19 else {}
"""Old tags are not always UTF-8; PyAV 18 has to be told not to mind, 19 does not."""


def open_media(path: Path) -> Any:
    """Open a file for reading with PyAV.

    Raises:
        av.error.FFmpegError: it is none of the formats that S2V reads, or its header is broken.
    """
    options = {"format_whitelist": _DEMUXERS, "protocol_whitelist": "file"}
    return av.open(f"file:{path}", container_options=options, **_TOLERANT)
