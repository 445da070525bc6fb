"""A fake container's front: `/easy/submit` and `/easy/query`, as Flask with one thread serves them.

Modes beside those of `s2v.testing.fakes_heygem.work`: "lost_submit" (takes a video and cuts the
connection), "lost_end" (the first answer that says how it ended never comes, and is forgotten all
the same), "drops" (says that it took it, and did not), "refuses" (10002), "locked" (10003),
"errors" (9999), "duplicate" (10005, though it is making it), "page" (HTML, 500), "text_codes"
(numbers come as text), "mixed_up" (answers for another video), "odd_status" (none that is known).
"""

import json
import socket
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from s2v.testing.fakes_heygem.work import DONE, FAILED, RUNNING, Inside

_BUSY, _UNKNOWN = "忙碌中", "任务不存在"
_TROUBLE = {"refuses": 10002, "locked": 10003, "errors": 9999}


class FrontHandler(BaseHTTPRequestHandler):
    """Answers as the container does: nearly always 200, with keys in order of the alphabet."""

    inside: ClassVar[Inside]

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its name there)
        """Say nothing."""

    def do_POST(self) -> None:
        """Take a video, or drop it."""
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        inside, mode = self.inside, self.inside.mode
        inside.submitted.append(request)
        inside.tell("submitted")
        missing = [key for key in ("audio_url", "video_url", "code") if not request.get(key)]
        if missing:
            self._answer(10002, f"缺少参数 {missing[0]}", success=False)
        elif mode in _TROUBLE:
            self._answer(_TROUBLE[mode], "系统异常", success=False)
        elif mode == "page":
            self._send(b"<!doctype html><title>500 Internal Server Error</title>", 500)
        elif inside.busy or mode == "busy_for_ever":
            inside.tell("busy")
            self._answer(10001, _BUSY)
        else:
            self._take(request, mode)

    def _take(self, request: dict[str, Any], mode: str) -> None:
        if mode != "drops":
            self.inside.begin(request)
        if mode == "lost_submit":
            self._cut()
        elif mode == "duplicate":
            self._answer(10005, "任务重复", success=False)
        else:
            self._answer(10000, 10000)

    def do_GET(self) -> None:
        """Tell how far a video is; forget it with the answer that tells how it ended."""
        code = parse_qs(urlsplit(self.path).query).get("code", [""])[0]
        inside, mode = self.inside, self.inside.mode
        inside.tell("asked")
        job = inside.jobs.get(code)
        if job is None:
            self._answer(10004, _UNKNOWN)
            return
        status = job.status
        if status in (DONE, FAILED):
            del inside.jobs[code]
            inside.tell("told the end")
            if mode == "lost_end":
                self._cut()
                return
        data = {
            "code": "another" if mode == "mixed_up" else code,
            "status": 7 if mode == "odd_status" else status,
            "progress": job.progress,
            "result": job.result,
            "msg": job.said,
        }
        self._answer(10000, "", data=data)
        if status == RUNNING:
            inside.tell("told that it runs")

    def _answer(
        self,
        code: int,
        said: object,
        *,
        success: bool = True,
        data: dict[str, Any] | None = None,
    ) -> None:
        value = {"code": code, "success": success, "msg": said, "data": data or {}}
        if self.inside.mode == "text_codes":
            value["code"] = str(code)
            value["data"] = {
                key: str(one) if isinstance(one, int) else one for key, one in (data or {}).items()
            }
        text = json.dumps(value, indent=4, sort_keys=True, ensure_ascii=False)
        self._send(text.encode(), 200)

    def _send(self, body: bytes, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _cut(self) -> None:
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True


class ControlHandler(BaseHTTPRequestHandler):
    """Does what a test wants, beside the front."""

    inside: ClassVar[Inside]

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its name there)
        """Say nothing."""

    def do_POST(self) -> None:
        """Do it, and tell what was submitted and what happened."""
        self.inside.ordered(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        told = {"submitted": self.inside.submitted, "happened": self.inside.happened}
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
