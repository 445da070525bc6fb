"""What part of a file is asked for (RFC 9110, sections 13 and 14)."""

import re
from dataclasses import dataclass

from starlette.requests import Request

_RANGE = re.compile(r"bytes=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*")


class Unsatisfiable(Exception):
    """The file has none of the bytes that are asked for."""


@dataclass(frozen=True, slots=True)
class FilePart:
    """Bytes of a file from `start` on; `whole` says that they are all of it."""

    start: int
    length: int
    whole: bool


def part_of(request: Request, *, size: int, etag: str) -> FilePart:
    """Return the part of a file that a request asks for.

    A range of another kind, several ranges, and a range of another file (If-Range) are passed over,
    as HTTP has it.

    Raises:
        Unsatisfiable: the range begins behind the end.
    """
    everything = FilePart(0, size, whole=True)
    match = _RANGE.fullmatch(request.headers.get("range", ""))
    if match is None or request.headers.get("if-range", etag) != etag:
        return everything
    first, last = match.groups()
    if not first and not last:
        return everything
    if not first:
        start = max(0, size - int(last))
        end = size if int(last) else 0
    else:
        start = int(first)
        end = min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return everything
    if start >= size or start >= end:
        raise Unsatisfiable
    return FilePart(start, end - start, whole=False)


def is_known(request: Request, etag: str) -> bool:
    """Tell whether a client has the file already (If-None-Match)."""
    given = request.headers.get("if-none-match", "")
    tags = {tag.strip().removeprefix("W/") for tag in given.split(",")}
    return bool(tags & {etag, "*"})
