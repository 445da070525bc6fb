"""What a client of Generate sends after its config: text, sound, pictures, each in pieces."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace

from s2v.api.gateway.v1 import generation_service_pb2
from s2v.core.errors import InvalidInput, Reason, S2VError
from s2v.core.job import JobSpec
from s2v.rpc.finishing import in_thread
from s2v.text.limits import text_too_long
from s2v.text.segmentation import complete_sentences
from s2v_gateway.access.callers import Caller
from s2v_gateway.assets.uploads import Intake, Uploads
from s2v_gateway.orders.limits import Limits

Request = generation_service_pb2.GenerateRequest

_MAX_CHUNK_BYTES = 1024 * 1024
_AHEAD = 4
_PAUSE_SECONDS = 0.5
"""Who has written a sentence and then nothing for so long has come to its end."""
_AUDIO, _REFERENCE, _POSE = "spec.script.audio", "spec.reference", "spec.pose"
_TEXT = "spec.script.text"
_FIELDS = {"audio_chunk": _AUDIO, "reference_chunk": _REFERENCE, "pose_chunk": _POSE}


class Inputs:
    """Reads what comes until there is enough to begin, then what of the text follows.

    Args:
        spec: what the config names already.
    """

    def __init__(
        self,
        caller: Caller,
        spec: JobSpec,
        uploads: Uploads,
        limits: Limits,
        *,
        requests: AsyncIterator[Request],
        stack: AsyncExitStack,
    ) -> None:
        self._caller = caller
        self._spec = spec
        self._uploads = uploads
        self._limits = limits
        self._stack = stack
        self._incoming: asyncio.Queue[Request | BaseException | None] = asyncio.Queue(_AHEAD)
        self._pump = asyncio.create_task(self._read(requests))
        self._files: dict[str, Intake] = {}
        self._last_field = ""
        self._characters = 0
        self._unread = ""
        self._begun = False
        self.streamed = False
        self.ended = False

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        caller: Caller,
        spec: JobSpec,
        uploads: Uploads,
        limits: Limits,
        *,
        requests: AsyncIterator[Request],
    ) -> "AsyncIterator[Inputs]":
        """Take inputs; what did not become an asset is gone afterwards."""
        async with AsyncExitStack() as stack:
            inputs = cls(caller, spec, uploads, limits, requests=requests, stack=stack)
            try:
                yield inputs
            finally:
                inputs._pump.cancel()
                with suppress(asyncio.CancelledError):
                    await inputs._pump

    async def enough(self) -> JobSpec:
        """Wait until the work can begin; return what is asked for, of an open script its beginning.

        Raises:
            S2VError: a message is none that fits, a file is no media that can be used, something
                came twice, or there is too much of it.
        """
        if self._named_all():
            return self._spec
        while not self.ended:
            request = await self._next(timeout_seconds=self._pause())
            if request is not None:
                await self._take(request)
            if (spec := await self._begin(paused=request is None)) is not None:
                return spec
        return await self._whole()

    async def more(self) -> str:
        """Wait for more of the text: whole sentences, at the end what is left; empty at the end.

        Raises:
            S2VError: a message is none that fits, or there is too much text.
        """
        while not self.ended:
            request = await self._next(timeout_seconds=self._pause())
            if request is not None:
                await self._take_text_only(request)
            if sentences := self._sentences(paused=request is None):
                return sentences
        rest, self._unread = self._unread, ""
        return rest

    def _named_all(self) -> bool:
        """Whether the config named everything, so that nothing needs to come."""
        script = self._spec.text or (self._spec.audio and self._spec.transcript)
        return bool(script and self._spec.reference)

    def _pause(self) -> float | None:
        return _PAUSE_SECONDS if self._unread.strip() and not self.ended else None

    async def _begin(self, *, paused: bool) -> JobSpec | None:
        """Return the spec if a first sentence is there, and all that must come before the text."""
        has_sound = self._spec.audio or _AUDIO in self._files
        if has_sound or self._spec.text or self._last_field in _FIELDS.values():
            return None
        if not (self._spec.reference or _REFERENCE in self._files):
            return None
        sentences = self._sentences(paused=paused)
        if not sentences:
            return None
        self._begun = True
        self._check_length()
        return await self._completed(text=sentences, transcript="")

    async def _whole(self) -> JobSpec:
        """Return the spec when nothing follows."""
        text, self._unread = self._unread, ""
        # What is written beside sound is not spoken: it is what was said.
        has_sound = self._spec.audio or _AUDIO in self._files
        return await self._completed(
            text="" if has_sound else text, transcript=text if has_sound else ""
        )

    async def _completed(self, *, text: str, transcript: str) -> JobSpec:
        names = {
            field: (await in_thread(intake.finish)).name for field, intake in self._files.items()
        }
        await self._stack.aclose()
        spec = self._spec
        return replace(
            spec,
            text=_either(spec.text, text, _TEXT),
            transcript=_either(spec.transcript, transcript, "spec.script.transcript"),
            audio=_either(spec.audio, names.get(_AUDIO, ""), _AUDIO),
            reference=_either(spec.reference, names.get(_REFERENCE, ""), _REFERENCE),
            pose=_either(spec.pose, names.get(_POSE, ""), _POSE),
        )

    def _sentences(self, *, paused: bool) -> str:
        end = complete_sentences(self._unread, paused=paused)
        sentences, self._unread = self._unread[:end], self._unread[end:]
        return sentences

    async def _take(self, request: Request) -> None:
        kind = request.WhichOneof("input")
        match kind:
            case "text_chunk":
                self._last_field = _TEXT
                self._take_text(request.text_chunk)
            case "audio_chunk" | "reference_chunk" | "pose_chunk":
                self._last_field = _FIELDS[kind]
                await self._append(self._last_field, getattr(request, kind))
            case "end_of_input":
                self.ended = True
            case _:
                raise config_expected("after the config, send text or chunks of files")

    async def _take_text_only(self, request: Request) -> None:
        kind = request.WhichOneof("input") or ""
        if kind in _FIELDS or (kind == "text_chunk" and not self._begun):
            raise InvalidInput(
                Reason.FIELD_INVALID,
                f"{kind} came when the work had begun; send files before the text, and leave out "
                "of the config what comes in chunks",
                field=_FIELDS.get(kind, _TEXT),
            )
        await self._take(request)

    def _take_text(self, chunk: str) -> None:
        self.streamed = True
        self._characters += len(chunk)
        self._check_length()
        self._unread += chunk

    def _check_length(self) -> None:
        # It may be a transcript, the longer of the two; a text is measured when all is there.
        limit = max(self._limits.max_text_characters, self._limits.max_transcript_characters)
        if self._begun:
            limit = self._limits.max_text_characters
        if self._characters > limit:
            raise text_too_long(self._characters, what="text", field=_TEXT, max_characters=limit)

    async def _append(self, field: str, data: bytes) -> None:
        if len(data) > _MAX_CHUNK_BYTES:
            raise InvalidInput(
                Reason.FIELD_INVALID,
                f"a chunk has {len(data)} bytes; send at most {_MAX_CHUNK_BYTES} at once",
                field=field,
            )
        if field not in self._files:
            lease = self._uploads.intake(self._caller, field=field)
            self._files[field] = await in_thread(lease.__enter__)
            self._stack.push_async_callback(in_thread, lease.__exit__, None, None, None)
        await in_thread(self._files[field].append, data)

    async def _read(self, requests: AsyncIterator[Request]) -> None:
        """Fetch what comes, a little ahead: a read of gRPC's cannot be given up halfway."""
        try:
            async for request in requests:
                await self._incoming.put(request)
        except Exception as error:  # noqa: BLE001 - raised by whoever reads the queue
            await self._incoming.put(error)
        else:
            await self._incoming.put(None)

    async def _next(self, *, timeout_seconds: float | None) -> Request | None:
        """Return the next message, or None when none came in time, or at the end (`ended`)."""
        try:
            async with asyncio.timeout(timeout_seconds):
                came = await self._incoming.get()
        except TimeoutError:
            return None
        if isinstance(came, BaseException):
            raise came
        if came is None:
            self.ended = True
        return came


def config_expected(message: str) -> S2VError:
    """Return the error for a message that came where the config or a chunk should be."""
    return InvalidInput(Reason.CONFIG_EXPECTED, message, field="config")


def _either(given: str, sent: str, field: str) -> str:
    if given and sent:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"{field} is in the config and came in chunks; give it once",
            field=field,
        )
    return given or sent
