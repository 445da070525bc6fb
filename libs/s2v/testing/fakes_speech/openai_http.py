"""A server that speaks as OpenAI's does."""

from s2v.testing.fakes_speech.server import SpeechHandler
from s2v.testing.fakes_speech.sound import hummed

VOICES = ("alloy", "ash", "echo", "nova", "onyx", "shimmer")
_KINDS = {"wav": "audio/wav", "pcm": "audio/pcm"}
_MAX_CHARACTERS = 4_096


class OpenAiHandler(SpeechHandler):
    """Answers `/v1/audio/speech`, in chunks, as WAV of no known length or as bare samples.

    It lists its voices at `/v1/audio/voices`, as many such servers do. In the mode "any voice" it
    speaks with a default voice for one that it does not have, as some do.
    """

    rate = 24_000

    def routed(self) -> None:
        """See `SpeechHandler`."""
        if not self.knows_the_key:
            key = self.headers.get("Authorization", "")
            self._refuse(401, f"Incorrect API key provided: {key}.")
        elif self.path == "/v1/audio/speech" and self.command == "POST":
            self._speak()
        elif self.path == "/v1/audio/voices":
            self.send_json({"voices": VOICES})
        else:
            self._refuse(404, "Invalid URL")

    def _speak(self) -> None:
        request = self.json()
        self.state.requests.append({"path": self.path, **request})
        form = request.get("response_format", "mp3")
        if request["voice"] not in VOICES and self.state.mode != "any voice":
            self._refuse(400, f"Input should be one of {VOICES}")
        elif form not in _KINDS:
            self._refuse(400, f"{form} is not made here")
        elif len(request["input"]) > _MAX_CHARACTERS:
            self._refuse(400, "string too long")
        else:
            voice = (request["model"], request["voice"])
            pcm = hummed(request["input"], voice, self.rate)
            self.send_sound(pcm, wav=form == "wav", streaming=True, kind=_KINDS[form])

    def _refuse(self, status: int, message: str) -> None:
        error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
        self.send_json({"error": error}, status)
