"""Fish-Speech's server as `tools/api_server.py` is, traps included."""

import base64
import threading
from pathlib import Path
from typing import Any

import msgpack

from s2v.testing.fakes_speech.server import SpeechHandler
from s2v.testing.fakes_speech.sound import hummed

_ONE_AT_A_TIME = threading.Lock()
_DECODED_FROM = 255
"""Base64 that is not longer stays the text that it is."""


class FishHandler(SpeechHandler):
    """Answers `/v1/tts`, `/v1/references/list` and `/v1/health`; all of them ask for the key.

    Streams have no header. An id that is not known makes an empty folder and speaks with a default
    voice. Formats that soundfile does not know are a fault of the server's. Unknown fields are
    ignored, and all texts wait for one worker.
    """

    rate = 44_100

    def routed(self) -> None:
        """See `SpeechHandler`."""
        if not self.knows_the_key:
            self._refuse(401, "Invalid token")
        elif self.path.startswith("/v1/health"):
            self.send_json({"status": "ok"})
        elif self.path.startswith("/v1/references/list"):
            self._list()
        elif self.path == "/v1/tts" and self.command == "POST":
            self._speak()
        else:
            self._refuse(404, "Not Found")

    def _list(self) -> None:
        answer = {"success": True, "reference_ids": self._known(), "message": ""}
        wants_json = "format=json" in self.path or "json" in self.headers.get("Accept", "")
        if wants_json:
            self.send_json(answer)
            return
        self.send_whole(msgpack.packb(answer), "application/msgpack")

    def _known(self) -> list[str]:
        return sorted({path.parent.name for path in Path(self.state.folder).glob("*/*.lab")})

    def _speak(self) -> None:
        request = self._read()
        if request is None:
            self._refuse(415, "Unsupported Media Type")
            return
        told = {**request, "references": len(request.get("references", []))}
        self.state.requests.append({"path": self.path, **told})
        if not isinstance(request.get("top_p", 0.8), float):
            self._refuse(422, "top_p: Input should be a valid number")
            return
        form, streaming = request.get("format", "wav"), request.get("streaming", False)
        if streaming and form != "wav":
            self._refuse(400, "Streaming only supports WAV format")
        elif form not in ("wav", "mp3", "flac"):
            self._refuse(500, f"Unknown format: '{form}'")
        else:
            with _ONE_AT_A_TIME:
                pcm = hummed(request["text"], self._voice(request), self.rate)
            self.send_sound(pcm, wav=not streaming, streaming=streaming)

    def _read(self) -> dict[str, Any] | None:
        kind = self.headers.get("Content-Type", "")
        if kind == "application/msgpack":
            packed: dict[str, Any] = msgpack.unpackb(self.body)
            return packed
        if kind != "application/json":
            return None
        request: dict[str, Any] = self.json()
        for reference in request.get("references", []):
            if len(reference["audio"]) > _DECODED_FROM:
                reference["audio"] = base64.b64decode(reference["audio"])
        return request

    def _voice(self, request: dict[str, Any]) -> object:
        identity = request.get("reference_id")
        if identity:
            if identity in self._known():
                return identity
            (Path(self.state.folder) / identity).mkdir(exist_ok=True)
            return "somebody else"
        references = request.get("references", [])
        if references:
            return [(bytes(one["audio"]), one["text"]) for one in references]
        return ("nobody", request.get("seed"))

    def _refuse(self, status: int, message: str) -> None:
        self.send_json({"statusCode": status, "message": message, "error": message}, status)
