"""Ask one speech server over HTTP: bounded in time and memory, and every failure named once."""

import asyncio
import functools
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx2
import structlog

from s2v.core.errors import NotReady, Reason, S2VError, Unavailable
from s2v_tts.backends.http.voices_file import SpeechServer

_log = structlog.get_logger()

T = TypeVar("T")

_KEY = re.compile(r"[!-~]+")
_MAX_SMALL_BYTES = 1 << 20
"""Of an answer that is no sound."""
_MAX_LOGGED_CHARACTERS = 300
_MAX_HEADER_BYTES = 1_024
"""Some send the header of a WAV long before its sound."""
_RETRY_SECONDS = 1.0
_AWAY = frozenset({408, 425, 429, 502, 503, 504})
"""Said by servers that are busy, and by proxies of those that are not there."""


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """How much is put up with from a server; the settings of these names say what each means."""

    connect_seconds: float
    first_sound_seconds: float
    stall_seconds: float
    total_seconds: float
    max_bytes: int
    failures: int
    rest_seconds: float


class SpeechCall:
    """Calls a server, over connections that end with it; see `calling`."""

    def __init__(
        self, client: httpx2.AsyncClient, server: SpeechServer, limits: HttpLimits
    ) -> None:
        self.server = server
        self._client = client
        self._limits = limits
        self._key = ""
        self._now = asyncio.get_running_loop().time
        self._asked_at = self._now()
        self._ends_at = self._now() + limits.total_seconds

    async def asked(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> tuple[int, Any]:
        """Return the status and the JSON of a small answer; None where it is none.

        Raises:
            Unavailable, NotReady: as `opened`, but for statuses from 400 on except 401 and 403.
        """
        request = self._request(method, path, {"Accept": "application/json"}, json=body)
        response = await self.in_time(self._sent(request), self._limits.first_sound_seconds)
        try:
            if response.status_code in (401, 403):
                raise self._refused(response.status_code, "")
            text = await self._small(response)
        finally:
            await response.aclose()
        return response.status_code, _json(text)

    @asynccontextmanager
    async def opened(
        self, path: str, *, headers: Mapping[str, str], content: bytes
    ) -> AsyncIterator[httpx2.Response]:
        """Post a request and give its answer, which has begun and is no failure.

        Raises:
            Unavailable: it does not answer or is busy (SERVICE_UNAVAILABLE), fails (SPEECH_FAILED),
                or is too long about it (STAGE_STALLED).
            NotReady: it refuses the key or the request, or sends elsewhere (VOICE_UNUSABLE).
        """
        request = self._request("POST", path, headers, content=content)
        self._asked_at = self._now()
        response = await self.in_time(self._sent(request), self._limits.first_sound_seconds)
        try:
            if response.status_code != 200:
                text = await self._small(response)
                raise self._refused(response.status_code, text)
            if _is_text(response):
                text = await self._small(response)
                raise self.failed("answered with text where sound was promised", detail=text)
            yield response
        finally:
            await response.aclose()

    async def chunks(self, response: httpx2.Response) -> AsyncIterator[bytes]:
        """Yield the bytes of an answer as they come.

        Raises:
            Unavailable: it broke off or has more bytes than it may (SPEECH_FAILED), or nothing
                came for too long (STAGE_STALLED).
        """
        chunks = response.aiter_raw()  # a page that unpacks to gigabytes is no sound
        received = 0
        while True:
            begun = received > _MAX_HEADER_BYTES
            seconds = self._limits.stall_seconds if begun else self._until_first_sound()
            with self._told():
                chunk = await self.in_time(anext(chunks, b""), seconds)
            if not chunk:
                return
            received += len(chunk)
            if received > self._limits.max_bytes:
                raise self.failed(
                    f"went on for more than the {self._limits.max_bytes} bytes that "
                    "S2V_TTS_HTTP_MAX_BYTES allows, which no text of this length needs"
                )
            yield chunk

    async def in_time(self, waiting: Awaitable[T], seconds: float) -> T:
        """Wait so long at most, and never beyond the end of the whole call.

        Raises:
            Unavailable: nothing came (STAGE_STALLED).
        """
        begun = self._now()
        try:
            async with asyncio.timeout_at(min(begun + seconds, self._ends_at)):
                return await waiting
        except TimeoutError as error:
            raise self._stalled(self._now() - begun) from error

    def failed(self, problem: str, *, detail: str = "") -> Unavailable:
        """Return the error for a server that answered wrongly; `problem` goes on from "it"."""
        return self._unavailable(Reason.SPEECH_FAILED, problem, detail)

    def away(self, problem: str, *, detail: str = "") -> Unavailable:
        """Return the error for a server that is away or busy, which is worth waiting for."""
        return self._unavailable(Reason.SERVICE_UNAVAILABLE, problem, detail)

    def _unavailable(self, reason: Reason, problem: str, detail: str) -> Unavailable:
        self._warn(problem, detail)
        return Unavailable(
            reason,
            f'The speech server "{self.server.name}" {problem}; look at its log, start it again if '
            "need be.",
            retry_after_seconds=_RETRY_SECONDS,
        )

    def unusable(self, problem: str, *, detail: str = "") -> NotReady:
        """Return the error for what only its operator can put right."""
        self._warn(problem, detail)
        message = f'The speech server "{self.server.name}" {problem}.'
        return NotReady(Reason.VOICE_UNUSABLE, message, field="spec.voice")

    def _until_first_sound(self) -> float:
        return self._asked_at + self._limits.first_sound_seconds - self._now()

    async def _sent(self, request: httpx2.Request) -> httpx2.Response:
        with self._told():
            return await self._client.send(request, stream=True)

    def _request(
        self, method: str, path: str, headers: Mapping[str, str], **body: Any
    ) -> httpx2.Request:
        self._key = self._read_key()
        key = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        return self._client.build_request(
            method, f"{self.server.url}{path}", headers={**headers, **key}, **body
        )

    def _read_key(self) -> str:
        if self.server.key_file is None:
            return ""
        try:
            key = self.server.key_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise self.unusable("has a key_file that cannot be read; put the key there") from error
        if not _KEY.fullmatch(key):
            raise self.unusable("has a key_file that holds no key; put one line of ASCII there")
        return key

    async def _small(self, response: httpx2.Response) -> str:
        """Return the text of an answer, or its beginning."""
        text = b""
        with self._told():
            async for chunk in response.aiter_bytes():
                text += chunk[: _MAX_SMALL_BYTES - len(text)]
                if len(text) == _MAX_SMALL_BYTES:
                    break
        return text.decode("utf-8", "replace")

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except httpx2.ConnectTimeout as error:
            raise self.away("cannot be reached in time", detail=str(error)) from error
        except (httpx2.ConnectError, UnicodeError) as error:  # of a name that none can have
            raise self.away("does not answer", detail=str(error)) from error
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            raise self.failed("broke off in the middle of its answer", detail=str(error)) from error

    def _refused(self, status: int, text: str) -> S2VError:
        if status in (401, 403):
            return self.unusable(f"refuses our key ({status}); put the right one into its key_file")
        if 300 <= status < 400:
            return self.unusable(
                f"sends us elsewhere ({status}), which is not followed; give the url of the server "
                "that it means"
            )
        if status in _AWAY:
            return self.away(f"is away or busy ({status})", detail=text)
        if status >= 500:
            return self.failed(f"failed ({status})", detail=text)
        problem = f"refuses the request ({status}); the log of the tts service has what it said"
        return self.unusable(problem, detail=text)

    def _stalled(self, seconds: float) -> Unavailable:
        problem = f"gave no sound for {seconds:.0f} seconds"
        self._warn(problem, "")
        return Unavailable(
            Reason.STAGE_STALLED,
            f'The speech server "{self.server.name}" {problem}; start it again, or, if it is that '
            "slow, raise S2V_TTS_HTTP_FIRST_SOUND_SECONDS, _STALL_SECONDS or _TOTAL_SECONDS.",
            retry_after_seconds=_RETRY_SECONDS,
        )

    def _warn(self, problem: str, detail: str) -> None:
        detail = detail.replace(self._key, "[key]") if self._key else detail
        _log.warning(
            "speech server failed",
            server=self.server.name,
            url=self.server.url,
            problem=problem,
            detail=detail[:_MAX_LOGGED_CHARACTERS],
        )


@asynccontextmanager
async def calling(server: SpeechServer, limits: HttpLimits) -> AsyncIterator[SpeechCall]:
    """Give a call; every connection is closed at the end.

    Neither proxies nor keys of the environment are used, and no redirect is followed.
    """
    async with httpx2.AsyncClient(
        headers={"Accept-Encoding": "identity", "User-Agent": "s2v"},
        timeout=httpx2.Timeout(limits.stall_seconds, connect=limits.connect_seconds, read=None),
        verify=_trusted(),
        trust_env=False,
        follow_redirects=False,
    ) as client:
        yield SpeechCall(client, server, limits)


@functools.cache
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()


def _is_text(response: httpx2.Response) -> bool:
    kind = response.headers.get("Content-Type", "").lower()
    return kind.startswith("text/") or "json" in kind


def _json(text: str) -> Any:
    try:
        return httpx2.Response(200, text=text).json()
    except ValueError:
        return None
