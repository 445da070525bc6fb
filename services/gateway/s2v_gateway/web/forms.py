"""Read forms: texts into memory, files into a folder, neither longer than allowed."""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import IO, TYPE_CHECKING
from urllib.parse import parse_qsl

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.requests import Request

from s2v.core.errors import Exhausted, InvalidInput, Reason
from s2v.store.space import full_disk_named
from s2v_gateway.web.bodies import chunks, json_object, whole
from s2v_gateway.web.calling import Link, RequestLimits

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")
_SPOOL = "the folder for temporary files"
_ENVELOPE_BYTES = 1 << 16


@dataclass(slots=True)
class Form:
    """What a form has: texts by name, and files by name, which are gone when it is."""

    texts: dict[str, str] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)


@asynccontextmanager
async def form_of(
    request: Request, link: Link, *, texts: frozenset[str], files: frozenset[str]
) -> AsyncIterator[Form]:
    """Give the form that a request brings, as multipart, URL-encoded, or as JSON without files.

    Args:
        request: has the form.
        link: has the limits and the folder for files.
        texts: names that texts may have.
        files: names that files may have.

    Raises:
        InvalidInput: FIELD_INVALID, it is none, or has a name that is none of these, or twice.
        Exhausted: UPLOAD_TOO_LARGE or STORAGE_FULL.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    with ExitStack() as stack:
        form = _FormReading(link, texts, files, stack)
        if kind == b"multipart/form-data":
            await _read_parts(request, form, link.limits, options.get(b"boundary", b""))
        else:
            await _read_texts(request, form, link.limits, kind)
        yield form.form


@asynccontextmanager
async def spooled(request: Request, link: Link, *, name: str = "") -> AsyncIterator[Path]:
    """Give a body as a file that is gone afterwards; `name` is what its sender calls it."""
    limits = link.limits
    body = chunks(request, limit_bytes=limits.upload_bytes, seconds=limits.request_seconds)
    with ExitStack() as stack:
        with full_disk_named(_SPOOL):
            file = stack.enter_context(_temporary(link.spool, name))
        async for chunk in body:
            with full_disk_named(_SPOOL):
                await asyncio.to_thread(file.write, chunk)
        with full_disk_named(_SPOOL):
            await asyncio.to_thread(file.flush)
        yield Path(file.name)


async def _read_parts(
    request: Request, form: "_FormReading", limits: RequestLimits, boundary: bytes
) -> None:
    if not boundary:
        raise _bad("the multipart body names no boundary", "content-type")
    most = form.most_files * limits.upload_bytes + limits.message_bytes + _ENVELOPE_BYTES
    try:
        parser = MultipartParser(boundary, form.callbacks)
        async for chunk in chunks(request, limit_bytes=most, seconds=limits.request_seconds):
            await asyncio.to_thread(parser.write, chunk)
    except FormParserError as error:
        raise _bad(f"the body is no multipart form: {error}", "body") from None
    if not form.ended:
        raise _bad("the multipart body is cut off", "body")


async def _read_texts(
    request: Request, form: "_FormReading", limits: RequestLimits, kind: bytes
) -> None:
    data = await whole(request, limit_bytes=limits.message_bytes, seconds=limits.request_seconds)
    if kind == b"application/json":
        for name, value in json_object(data).items():
            inner = value if isinstance(value, dict) else {"": value}
            for key, one in inner.items():
                form.add(f"{name}[{key}]" if key else name, one)
    elif kind == b"application/x-www-form-urlencoded":
        for name, value in parse_qsl(data.decode(errors="replace"), keep_blank_values=True):
            form.add(name, value)
    elif data.strip():
        raise _bad(
            f"the body is {kind.decode('latin-1') or 'of no type'}; "
            "send multipart/form-data or application/json",
            "content-type",
        )


class _FormReading:
    """A form as far as it was read."""

    def __init__(
        self, link: Link, texts: frozenset[str], files: frozenset[str], stack: ExitStack
    ) -> None:
        self.form = Form()
        self.ended = False
        self.most_files = len(files)
        self._link = link
        self._names = {"text": texts, "file": files}
        self._stack = stack
        self._headers: dict[bytes, bytes] = {}
        self._header, self._value = bytearray(), bytearray()
        self._name = ""
        self._text = bytearray()
        self._text_bytes = 0
        self._file: IO[bytes] | None = None
        self._file_bytes = 0

    @property
    def callbacks(self) -> "MultipartCallbacks":
        """What the parser tells what it finds."""
        return {
            "on_part_begin": self._headers.clear,
            "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._take_header,
            "on_headers_finished": self._begin,
            "on_part_data": lambda data, start, end: self._take(data[start:end]),
            "on_part_end": self._end_part,
            "on_end": self._end,
        }

    def add(self, name: str, value: object) -> None:
        """Add a text."""
        self._check("text", name)
        if isinstance(value, dict | list):
            raise _bad(f"{name} must be a text or a number", name)
        if value is not None:
            self.form.texts[name] = str(value)

    def _check(self, kind: str, name: str) -> None:
        if name not in self._names[kind]:
            other = self._names["text"] | self._names["file"]
            known = ", ".join(sorted(self._names[kind])) or "none"
            problem = f"{name} is no {kind}" if name in other else f"there is no field {name!r}"
            raise _bad(f"{problem}; the {kind}s of this form are: {known}", name)
        if name in self.form.texts or name in self.form.files:
            raise _bad(f"{name} is given twice", name)

    def _take_header(self) -> None:
        self._headers[bytes(self._header).lower()] = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _begin(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        self._name = options.get(b"name", b"").decode(errors="replace")
        file_name = options.get(b"filename")
        self._check("text" if file_name is None else "file", self._name)
        self._text.clear()
        if file_name is None:
            return
        with full_disk_named(_SPOOL):
            suffixed = _temporary(self._link.spool, file_name.decode(errors="replace"))
            self._file = self._stack.enter_context(suffixed)
        self._file_bytes = 0

    def _take(self, data: bytes) -> None:
        if self._file is None:
            self._text_bytes += len(data)
            self._limit(self._text_bytes, self._link.limits.message_bytes)
            self._text += data
            return
        self._file_bytes += len(data)
        self._limit(self._file_bytes, self._link.limits.upload_bytes)
        with full_disk_named(_SPOOL):
            self._file.write(data)

    def _end_part(self) -> None:
        if self._file is None:
            self.form.texts[self._name] = self._text.decode(errors="replace")
            return
        with full_disk_named(_SPOOL):
            self._file.flush()
        self.form.files[self._name] = Path(self._file.name)
        self._file = None

    def _end(self) -> None:
        self.ended = True

    def _limit(self, size: int, most: int) -> None:
        if size > most:
            raise Exhausted(
                Reason.UPLOAD_TOO_LARGE,
                f"{self._name} has more than {most} bytes; send less",
                field=self._name,
                metadata={"limit_bytes": str(most)},
            )


def _temporary(folder: Path, name: str) -> IO[bytes]:
    suffix = PurePath(name).suffix
    kept = suffix if _SUFFIX.fullmatch(suffix) else ""
    file: IO[bytes] = tempfile.NamedTemporaryFile(dir=folder, suffix=kept)  # noqa: SIM115
    return file


def _bad(problem: str, name: str) -> InvalidInput:
    return InvalidInput(Reason.FIELD_INVALID, problem, field=name)
