"""What all fake speech servers share: their misbehaviour, and how they are told of it.

Modes, each of the next answers that are sound: "hang" (nothing comes), "stall" (half of it comes),
"held" (half of it comes, the rest when told to go on), "cut" (the connection ends in the middle),
"short_wav" (less than its header says, properly ended), "endless", "silence", "empty", "page" (of
text, called sound), "packed" (with gzip), "mp3", "clipped" (a twentieth of a second), "fails" (500,
with the key in it), "busy" (429), "elsewhere" (a redirect to itself), "refuses" (400).
"""

import gzip
import json
import select
import socket
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

from s2v.testing.fakes_speech.sound import header, samples_of

_CHUNK_BYTES = 4_096


@dataclass
class Told:
    """What a server was told and what happened to it."""

    key: str = ""
    folder: str = ""
    mode: str = ""
    says: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def tell(self, what: str) -> None:
        """Tell those who wait that something happened."""
        with self.changed:
            self.happened[what] += 1
            self.changed.notify_all()

    def ordered(self, order: Mapping[str, Any]) -> None:
        """Do what a test wants."""
        if "mode" in order:
            self.mode, self.says = order["mode"], order.get("says", "")
            self.requests.clear()
            self.happened.clear()
        if order.get("go_on"):
            self.tell("going on")
        if what := order.get("wait_for"):
            self.wait_for(what)

    def wait_for(self, what: str) -> None:
        """Wait until something has happened."""
        with self.changed:
            self.changed.wait_for(lambda: self.happened[what])


class SpeechHandler(BaseHTTPRequestHandler):
    """Answers; a subclass adds what its kind of server does."""

    protocol_version = "HTTP/1.1"
    state: ClassVar[Told]
    rate: ClassVar[int]

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its name there)
        """Say nothing."""

    def routed(self) -> None:
        """Answer a request of the kind of server; see the subclasses."""
        raise NotImplementedError

    def do_GET(self) -> None:
        """Answer."""
        self._answer()

    def do_POST(self) -> None:
        """Answer."""
        self._answer()

    def _answer(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/fake":
            self.state.ordered(json.loads(self.body))
            self.send_json({"requests": self.state.requests})
            return
        self.routed()

    def json(self) -> Any:
        """Return the request's body."""
        return json.loads(self.body)

    @property
    def knows_the_key(self) -> bool:
        """Whether the key, if one is asked for, came with the request."""
        return self.state.key in ("", self.headers.get("Authorization", "").removeprefix("Bearer "))

    def send_json(self, value: object, status: int = 200) -> None:
        """Send JSON."""
        self.send_whole(json.dumps(value).encode(), "application/json", status)

    def send_whole(self, body: bytes, kind: str, status: int = 200, **headers: str) -> None:
        """Send an answer whose length is known."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def send_sound(
        self, pcm: bytes, *, wav: bool, streaming: bool, kind: str = "audio/wav"
    ) -> None:
        """Send samples, or what the mode has instead."""
        self.state.tell("begun")
        if self.state.says:
            pcm = samples_of(Path(self.state.says))
        if self._misbehaved(pcm, kind):
            return
        if streaming:
            head = header(self.rate, 0xFFFFFFFF - 36) if wav else b""
            self._send_chunks([head, pcm] if head else [pcm], kind)
            return
        head = header(self.rate, len(pcm)) if wav else b""
        self.send_whole(head + pcm, kind)

    def _misbehaved(self, pcm: bytes, kind: str) -> bool:
        head = header(self.rate, len(pcm))
        half = head + pcm[: len(pcm) // 4 * 2]
        match self.state.mode:
            case "hang":
                self._wait_for_leaving()
            case "stall" | "held":
                self._send_halves(half, pcm[len(half) - len(head) :], kind)
            case "cut":
                self._send_chunks([half], kind, ended=False)
                self.connection.shutdown(socket.SHUT_RDWR)
            case "short_wav":
                self.send_whole(half, kind)
            case "endless":
                self._send_for_ever(half, kind)
            case "silence":
                self.send_whole(head + bytes(len(pcm)), kind)
            case "empty":
                self.send_whole(b"", kind)
            case "page":
                self.send_whole(b"<!DOCTYPE html><title>Sign in</title>", kind)
            case "packed":
                self.send_whole(gzip.compress(head + pcm), kind, Content_Encoding="gzip")
            case "mp3":
                self.send_whole(b"ID3\x04\0\0\0\0\0\0\0\0" + bytes(4_000), kind)
            case "clipped":
                self.send_whole(header(self.rate, self.rate // 10) + pcm[: self.rate // 10], kind)
            case "fails":
                key = self.headers.get("Authorization", "")
                self.send_json({"error": f"out of memory for {key}"}, 500)
            case "busy":
                self.send_json({"error": "busy"}, 429)
            case "refuses":
                self.send_json({"error": "text too long"}, 400)
            case "elsewhere":
                self.send_response(307)
                self.send_header("Location", self.path)
                self.send_header("Content-Length", "0")
                self.end_headers()
            case _:
                return False
        return True

    def _send_halves(self, first: bytes, rest: bytes, kind: str) -> None:
        self._send_chunks([first], kind, ended=False)
        if self.state.mode == "stall":
            self._wait_for_leaving()
            return
        self.state.wait_for("going on")
        self._write_chunks([rest])
        self.wfile.write(b"0\r\n\r\n")

    def _send_for_ever(self, sound: bytes, kind: str) -> None:
        try:
            self._send_chunks([sound], kind, ended=False)
            while True:
                self._write_chunks([sound[44:]])
        except OSError:
            self.state.tell("left")
            self.close_connection = True

    def _send_chunks(self, parts: Iterable[bytes], kind: str, *, ended: bool = True) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self._write_chunks(parts)
        if ended:
            self.wfile.write(b"0\r\n\r\n")

    def _write_chunks(self, parts: Iterable[bytes]) -> None:
        for part in parts:
            for first in range(0, len(part), _CHUNK_BYTES):
                chunk = part[first : first + _CHUNK_BYTES]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        self.wfile.flush()

    def _wait_for_leaving(self) -> None:
        """Wait until the client has closed the connection."""
        select.select([self.connection], [], [])
        self.state.tell("left")
        self.close_connection = True
