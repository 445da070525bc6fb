"""Look at the user's files before any work is begun."""

import os
import re
from pathlib import Path

from s2v.core.errors import InvalidInput, Reason
from s2v.media.probe import probe

_ADDRESS = re.compile(r"[a-z]{2,}:/", re.IGNORECASE)


def readable_file(path: Path, option: str) -> None:
    """Make sure that there is a file with something in it.

    Raises:
        InvalidInput: FIELD_INVALID; `field` is the option.
    """
    problem = ""
    if path.is_dir():
        problem = f"{path} is a folder; name a file"
    elif _ADDRESS.match(str(path)):
        address = str(path).replace(":/", "://", 1)
        problem = f"{address} is an address; download it and name the file"
    elif not path.exists():
        problem = f"there is no file {path}"
    elif not os.access(path, os.R_OK):
        problem = f"{path} cannot be read; check its permissions"
    elif path.stat().st_size == 0:
        problem = f"{path} is empty"
    if problem:
        raise InvalidInput(Reason.FIELD_INVALID, problem, field=option)


def text_in_file(path: Path, option: str) -> str:
    """Return what is written in a file.

    Raises:
        InvalidInput: FIELD_INVALID, it cannot be read or is not UTF-8; `field` is the option.
    """
    readable_file(path, option)
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8",
            field=option,
        ) from error


def usable_media(path: Path, option: str, *kinds: str) -> None:
    """Look into a file as the gateway will, so that nothing is started for one that it refuses.

    Raises:
        InvalidInput: the file is no image, audio or video (`kinds`) that can be used; `field` is
            the option.
    """
    readable_file(path, option)
    info = probe(path, field=option)
    if info.kind not in kinds:
        raise InvalidInput(
            Reason.MEDIA_TYPE_UNSUPPORTED,
            f"{path} is {info.media_type}; give a file with {' or '.join(kinds)}",
            field=option,
        )
