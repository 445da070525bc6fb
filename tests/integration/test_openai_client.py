"""OpenAI's own client and types on both sides of `openai_http`."""

from pathlib import Path

import pytest
from pydantic import TypeAdapter

from s2v.testing.fakes_speech import running
from speech_servers import KEY, VOICES, speaking

TEXT = "Would you keep a beautiful bee?"


@pytest.mark.parametrize("form", ["wav", "pcm"])
def test_what_is_asked_is_what_the_types_of_openai_ask_for(form: str, tmp_path: Path) -> None:
    # A second to import: in every process that looks for tests, if it stood above.
    from openai.types.audio.speech_create_params import SpeechCreateParams

    voices = VOICES["openai_http"] + "options = {speed = 1.25, instructions = 'calmly'}"
    with speaking("openai_http", tmp_path, top=f'format = "{form}"', voices=voices) as said:
        for voice in said.backend.voices:
            list(said.backend.speak(TEXT, voice.name))
        requests = said.server.requests

    known = SpeechCreateParams.__annotations__.keys() | {"path"}
    wanted = TypeAdapter(SpeechCreateParams)
    for request in requests:
        assert request.keys() <= known
        wanted.validate_python(request)
    assert len(requests) == 2


def test_the_fake_answers_the_client_of_openai_as_the_real_server_does() -> None:
    import openai

    with (
        running("openai_http", key=KEY) as server,
        openai.OpenAI(base_url=f"{server.url}/v1", api_key=KEY, max_retries=0) as client,
        openai.OpenAI(base_url=f"{server.url}/v1", api_key="other", max_retries=0) as stranger,
    ):
        wav, pcm = (
            client.audio.speech.create(
                model="tts-1", voice="alloy", input=TEXT, response_format=form
            ).read()
            for form in ("wav", "pcm")
        )
        assert wav.startswith(b"RIFF")
        assert wav[44:] == pcm
        with pytest.raises(openai.BadRequestError):
            client.audio.speech.create(model="tts-1", voice="nobody", input=TEXT)
        with pytest.raises(openai.AuthenticationError):
            stranger.audio.speech.create(model="tts-1", voice="alloy", input=TEXT)
