"""Ask one container over HTTP: what its answers mean, and which of them mean nothing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import httpx2
import structlog

from s2v_render.engines.heygem.containers import Container, HeygemLimits

_log = structlog.get_logger()

_CONNECT_SECONDS = 5.0
_MAX_ANSWER_BYTES = 1 << 20
_MAX_SAID_CHARACTERS = 200
_FOUND, _UNKNOWN = 10000, 10004
NOBODY = "s2v-nobody"
"""No video has this code: asking for it is the one question that changes nothing."""


class NoAnswer(Exception):
    """There was no answer, or none that makes sense; what was asked for may have happened.

    Attributes:
        is_gone: whether nobody listens there.
    """

    def __init__(self, why: str, *, is_gone: bool = False) -> None:
        super().__init__(why)
        self.is_gone = is_gone


class Receipt(Enum):
    """What a container does with a video that it is asked for."""

    ACCEPTED = auto()
    BUSY = auto()
    """It has dropped it: it makes another one."""
    REFUSED = auto()
    """It will never take it."""
    FAILED = auto()
    """It may take it the next time."""


class Status(Enum):
    """How far a container is with a video."""

    RUNNING = auto()
    DONE = auto()
    FAILED = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """How far it is, where the video lies below `temp` once it is done, and what it says."""

    status: Status
    result: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """A video that is to be made.

    Attributes:
        code: names it; the same for the same video.
        audio, video: files in the container's `temp`.
        better: whether small faces are made sharper, which takes longer.
    """

    code: str
    audio: str
    video: str
    better: bool


class ContainerLine:
    """Asks a container; nobody else may ask for the codes that this one submits."""

    def __init__(self, container: Container, limits: HeygemLimits) -> None:
        self._container = container
        self._client = httpx2.Client(
            base_url=container.url,
            headers={"User-Agent": "s2v", "Accept-Encoding": "identity"},
            timeout=httpx2.Timeout(limits.answer_seconds, connect=_CONNECT_SECONDS),
            trust_env=False,
            follow_redirects=False,
        )

    def submit(self, wish: Wish) -> tuple[Receipt, str]:
        """Ask for a video; return what becomes of it, and what was said.

        Raises:
            NoAnswer: the answer is lost, and nobody knows.
        """
        body = {
            "audio_url": wish.audio,
            "video_url": wish.video,
            "code": wish.code,
            "chaofen": int(wish.better),
            "watermark_switch": 0,
            "digital_auth": 0,
            "pn": 1,
        }
        answer = self._asked("POST", "/easy/submit", json=body)
        said = _said(answer)
        match _code(answer):
            case 10000:
                return Receipt.ACCEPTED, said
            case 10001 | 10006:  # which comes with "success": true
                return Receipt.BUSY, said
            case 10002:
                return Receipt.REFUSED, said
        return Receipt.FAILED, said

    def query(self, code: str) -> Answer:
        """Ask how far a video is; once it is done or has failed it is forgotten with that answer.

        Raises:
            NoAnswer: the answer is lost, and with it perhaps the last one.
        """
        answer = self._asked("GET", "/easy/query", params={"code": code})
        number = _code(answer)
        if number == _UNKNOWN:
            return Answer(Status.UNKNOWN, said=_said(answer))
        data = answer.get("data")
        if number != _FOUND or not isinstance(data, dict):
            raise NoAnswer(f"it answers {number} to the question how far it is")
        if data.get("code", code) != code:
            raise NoAnswer("it answers for another video")
        status = _STATUS.get(_whole(data.get("status")))
        if status is None:
            raise NoAnswer(f"it knows a status of {data.get('status')!r}")
        result = data.get("result")
        return Answer(status, result if isinstance(result, str) else "", _said(data))

    def greet(self) -> None:
        """Ask whether it is there; changes nothing.

        Raises:
            NoAnswer: it does not answer.
        """
        self.query(NOBODY)

    def _asked(self, method: str, path: str, **request: Any) -> Mapping[str, Any]:
        try:
            with self._client.stream(method, path, **request) as response:
                text = _read(response)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, UnicodeError) as error:
            raise self._silence("it does not answer", str(error), is_gone=True) from error
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            raise self._silence("it gave no whole answer", str(error)) from error
        try:
            answer = json.loads(text)
        except ValueError:
            answer = None
        if response.status_code != 200 or not isinstance(answer, dict):
            raise self._silence(f"it answers nonsense ({response.status_code})", repr(text))
        return answer

    def _silence(self, why: str, detail: str, *, is_gone: bool = False) -> NoAnswer:
        _log.warning(
            "container gave no answer",
            container=self._container.name,
            url=self._container.url,
            problem=why,
            detail=detail[:_MAX_SAID_CHARACTERS],
        )
        return NoAnswer(why, is_gone=is_gone)


_STATUS: Mapping[int | None, Status] = {1: Status.RUNNING, 2: Status.DONE, 3: Status.FAILED}


def _read(response: httpx2.Response) -> bytes:
    text = b""
    for chunk in response.iter_bytes():
        text += chunk[: _MAX_ANSWER_BYTES - len(text)]
        if len(text) == _MAX_ANSWER_BYTES:
            break
    return text


def _code(answer: Mapping[str, Any]) -> int | None:
    return _whole(answer.get("code"))


def _whole(value: object) -> int | None:
    """Return a number that may have come as text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else None


def _said(answer: Mapping[str, Any]) -> str:
    """Return what a container says, which may be a number, as one short line."""
    text = " ".join(str(answer.get("msg") or "").split())
    return "".join(filter(str.isprintable, text))[:_MAX_SAID_CHARACTERS]
