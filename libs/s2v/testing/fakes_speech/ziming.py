"""HeyGem's text-to-speech container as `tools/server/views_guiji.py` is, traps included."""

import hashlib
from pathlib import Path

from s2v.testing.fakes_speech.server import SpeechHandler
from s2v.testing.fakes_speech.sound import hummed

HEARD = "what the recogniser heard|||and split"


class ZimingHandler(SpeechHandler):
    """Answers `/v1/preprocess_and_tran`, `/v1/invoke` and `/v1/health`; asks for no key.

    Failures are 200 with a code. A sample that is not in the folder is one. With `is_norm` every
    letter outside of ASCII and Chinese becomes a comma, so other scripts are silence. In the mode
    "deaf" the other container, which recognises speech, is away.
    """

    rate = 44_100

    def routed(self) -> None:
        """See `SpeechHandler`."""
        if self.path == "/v1/health":
            self.send_json({"status": "ok"})
        elif self.path == "/v1/preprocess_and_tran":
            self._prepare()
        elif self.path == "/v1/invoke":
            self._speak()
        else:
            self.send_json({"detail": "Not Found"}, 404)

    def _prepare(self) -> None:
        request = self.json()
        self.state.requests.append({"path": self.path, **request})
        if self.state.mode == "deaf":
            self.send_json({"code": -1, "msg": "'NoneType' object has no attribute 'send'"})
        elif self._file(request["reference_audio"]) is None:
            self.send_json({"code": -1, "msg": "asr failed"})
        else:
            audio = f"/code/sessions/format_denoise_{Path(request['reference_audio']).name}"
            self.send_json(
                {"code": 0, "asr_format_audio_url": audio, "reference_audio_text": HEARD}
            )

    def _speak(self) -> None:
        request = self.json()
        self.state.requests.append({"path": self.path, **request})
        reference = request["reference_audio"]
        if not reference.startswith("/code/sessions/") and self._file(reference) is None:
            self.send_json({"code": -1, "msg": f"No such file: {reference}"})
            return
        text = _commas(request["text"]) if request.get("is_norm", 1) else request["text"]
        voice = (self._sound_of(reference), request["reference_text"])
        self.send_sound(hummed(text, voice, self.rate), wav=True, streaming=False)

    def _sound_of(self, reference: str) -> str:
        """Tell what is in a sample, or in the one that a prepared sample was made of."""
        name = Path(reference).name.removeprefix("format_denoise_")
        found = sorted(Path(self.state.folder).rglob(name))
        return hashlib.sha256(found[0].read_bytes()).hexdigest() if found else name

    def _file(self, inside: str) -> Path | None:
        path = Path(self.state.folder) / inside.removeprefix("/code/data/")
        return path if path.is_file() else None


def _commas(text: str) -> str:
    return "".join(c if c.isascii() or "一" <= c <= "鿿" else "," for c in text)
