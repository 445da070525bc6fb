"""Look at the user's files before any work is begun."""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import typer

from s2v.core.errors import InvalidInput, Reason
from s2v.text.limits import MAX_TEXT_CHARACTERS

STDIN = Path("-")
_MAX_MEDIA_BYTES = 1 << 30
_CHUNK_BYTES = 1 << 20
_ADDRESS = re.compile(r"[a-z]{2,}:/", re.IGNORECASE)


def readable_file(path: Path, option: str) -> None:
    """Make sure that there is a file with something in it, or something that files come through.

    Raises:
        InvalidInput: FIELD_INVALID; `field` is the option.
    """
    try:
        problem = "" if path == STDIN else _problem(path)
    except OSError as error:
        problem = f"{path} cannot be read: {error.strerror}"
    if problem:
        raise InvalidInput(Reason.FIELD_INVALID, problem, field=option)


def _problem(path: Path) -> str:
    if path.is_dir():
        return f"{path} is a folder; name a file"
    if _ADDRESS.match(str(path)):
        address = str(path).replace(":/", "://", 1)
        return f"{address} is an address; download it and name the file"
    if not path.exists():
        return f"there is no file {path}"
    if not os.access(path, os.R_OK):
        return f"{path} cannot be read; check its permissions"
    if path.is_file() and path.stat().st_size == 0:
        return f"{path} is empty"
    return ""


def text_in_file(path: Path, option: str, *, max_characters: int = MAX_TEXT_CHARACTERS) -> str:
    """Return what is written in a file or comes through a pipe; `-` is standard input.

    Raises:
        InvalidInput: it cannot be read, is empty or is not UTF-8 (FIELD_INVALID), or is longer than
            it may be (TEXT_TOO_LONG); `field` is the option.
    """
    readable_file(path, option)
    most_bytes = 4 * max_characters + len("\ufeff".encode())
    with _opened(path, option) as file:
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        problem = f"{_title(path)} holds more than the {max_characters} characters that it may"
        raise InvalidInput(Reason.TEXT_TOO_LONG, problem, field=option)
    if not data:
        raise InvalidInput(Reason.FIELD_INVALID, f"{_title(path)} is empty", field=option)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"{_title(path)} is not UTF-8 text (byte {error.start}); save it as UTF-8",
            field=option,
        ) from error


def as_file(context: typer.Context, path: Path, option: str) -> Path:
    """Return a file that can be read as often as needed: a pipe is copied, for this command.

    Raises:
        InvalidInput: FIELD_INVALID, it cannot be read, or nothing or too much comes through it;
            `field` is the option.
    """
    readable_file(path, option)
    if path != STDIN and path.is_file():
        return path
    folder = context.with_resource(tempfile.TemporaryDirectory(prefix="s2v-"))
    copy = Path(folder) / "input"
    with _opened(path, option) as source, copy.open("xb") as file:
        left = _MAX_MEDIA_BYTES
        while left > 0 and (chunk := source.read(min(left, _CHUNK_BYTES))):
            left -= len(chunk)
            file.write(chunk)
    if left == _MAX_MEDIA_BYTES or not left:
        problem = "is empty" if left else f"holds more than {_MAX_MEDIA_BYTES / 1e6:.0f} MB"
        raise InvalidInput(Reason.FIELD_INVALID, f"{_title(path)} {problem}", field=option)
    return copy


@contextmanager
def _opened(path: Path, option: str) -> Iterator[BinaryIO]:
    """Open what is read once, from its beginning to its end."""
    try:
        if path == STDIN:
            if sys.stdin is None:
                raise InvalidInput(Reason.FIELD_INVALID, "there is no standard input", field=option)
            yield sys.stdin.buffer
            return
        with path.open("rb") as file:
            yield file
    except OSError as error:
        problem = f"{_title(path)} cannot be read: {error.strerror}"
        raise InvalidInput(Reason.FIELD_INVALID, problem, field=option) from error


def _title(path: Path) -> str:
    return "standard input" if path == STDIN else str(path)


def usable_media(path: Path, option: str, *kinds: str) -> None:
    """Look into a file as the gateway will, so that nothing is started for one that it refuses.

    Raises:
        InvalidInput: the file is no image, audio or video (`kinds`) that can be used; `field` is
            the option.
    """
    # It loads decoders, which most commands never need.
    from s2v.media.probe import probe

    readable_file(path, option)
    info = probe(path, field=option)
    if info.kind not in kinds:
        raise InvalidInput(
            Reason.MEDIA_TYPE_UNSUPPORTED,
            f"{path} is {info.media_type}; give a file with {' or '.join(kinds)}",
            field=option,
        )
