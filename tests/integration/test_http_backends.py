"""What HTTP voice backends do when their servers fail, lie, hang or never end."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from s2v.core.errors import NotReady, Reason, S2VError, Unavailable
from s2v.core.ports import Utterance
from s2v_gateway.remote.discretion import without_places
from s2v_tts.backends import openai_http
from s2v_tts.backends.http.backend import HttpBackend
from speech_servers import KEY, SAMPLE, VOICES, speaking

TEXT = "Would you keep a beautiful bee?"
KINDS = ("fish", "ziming", "openai_http")


def sound(backend: HttpBackend, text: str = TEXT, voice: str = "") -> bytes:
    name = voice or backend.voices[0].name
    return b"".join(utterance.pcm.tobytes() for utterance in backend.speak(text, name))


def failure(backend: HttpBackend, voice: str = "") -> S2VError:
    with pytest.raises(S2VError) as raised:
        sound(backend, voice=voice)
    return raised.value


def sounding(utterances: Iterator[Utterance]) -> Utterance:
    return next(utterance for utterance in utterances if len(utterance.pcm))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("cut", Reason.SPEECH_FAILED),
        ("short_wav", Reason.SPEECH_FAILED),
        ("silence", Reason.SPEECH_FAILED),
        ("empty", Reason.SPEECH_FAILED),
        ("page", Reason.SPEECH_FAILED),
        ("packed", Reason.SPEECH_FAILED),
        ("mp3", Reason.SPEECH_FAILED),
        ("clipped", Reason.SPEECH_FAILED),
        ("fails", Reason.SPEECH_FAILED),
        ("busy", Reason.SERVICE_UNAVAILABLE),
        ("endless", Reason.SPEECH_FAILED),
        ("refuses", Reason.VOICE_UNUSABLE),
        ("elsewhere", Reason.VOICE_UNUSABLE),
    ],
)
def test_what_is_not_the_whole_speech_is_a_failure(
    kind: str, mode: str, reason: Reason, tmp_path: Path
) -> None:
    with speaking(kind, tmp_path, max_bytes=1 << 20) as said:
        said.server.behave(mode)
        error = failure(said.backend)

        assert error.reason is reason
        assert '"only"' in error.message
        assert without_places(error.message) == error.message  # so a client reads it in full
        assert KEY not in error.message
        assert len(said.server.requests) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["hang", "stall"])
def test_a_server_that_comes_no_further_is_given_up_with_a_remedy(
    kind: str, mode: str, tmp_path: Path
) -> None:
    limits = {"first_sound_seconds": 2.0, "stall_seconds": 1.0}
    with speaking(kind, tmp_path, **limits) as said:
        said.server.behave(mode)
        error = failure(said.backend)
        said.server.wait_for("left")

    assert error.reason is Reason.STAGE_STALLED
    assert without_places(error.message) == error.message
    assert isinstance(error, Unavailable)
    assert "start it again" in error.message


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["hang", "stall", "endless"])
def test_closing_the_iterator_closes_the_connection(kind: str, mode: str, tmp_path: Path) -> None:
    with speaking(kind, tmp_path, max_bytes=1 << 40) as said:
        said.server.behave(mode)
        utterances = said.backend.speak(TEXT, said.backend.voices[0].name)
        first = next(utterances) if mode == "hang" else sounding(utterances)
        said.server.wait_for("begun")
        cast("Iterator[Utterance] | object", utterances).close()  # type: ignore[union-attr]
        said.server.wait_for("left")

    assert bool(len(first.pcm)) == (mode != "hang")


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_sound_comes_before_the_last_is_made(kind: str, tmp_path: Path) -> None:
    with speaking(kind, tmp_path) as said:
        said.server.behave()
        whole = np.frombuffer(sound(said.backend), np.int16)
        said.server.behave("held")
        utterances = said.backend.speak(TEXT, said.backend.voices[0].name)
        early = sounding(utterances)
        said.server.go_on()
        late = [utterance.pcm for utterance in utterances]

    assert (np.concatenate([early.pcm, *late]) == whole).all()


@pytest.mark.parametrize("kind", KINDS)
def test_silence_before_the_first_sound_is_left_out(kind: str, tmp_path: Path) -> None:
    with speaking(kind, tmp_path) as said:
        pcm = np.frombuffer(sound(said.backend), np.int16)

    (loud,) = np.nonzero(np.abs(pcm.astype(int)) > 100)
    assert loud[0] <= 48_000 // 10 + 960


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("host", ["127.0.0.1", "fish..local"])
def test_a_server_that_is_away_is_told_so(kind: str, host: str, tmp_path: Path) -> None:
    with speaking(kind, tmp_path, host=host) as said:
        pass
    error = failure(said.backend)

    assert error.reason is Reason.SERVICE_UNAVAILABLE
    assert "does not answer" in error.message


@pytest.mark.parametrize("kind", ["fish", "openai_http"])
def test_a_wrong_key_is_for_the_operator_to_put_right(kind: str, tmp_path: Path) -> None:
    with speaking(kind, tmp_path) as said:
        (tmp_path / "key").write_text("another-key")
        for voice in said.backend.voices:
            error = failure(said.backend, voice.name)
            assert error.reason is Reason.VOICE_UNUSABLE
            assert "key_file" in error.message
            assert "another-key" not in error.message

        (tmp_path / "key").write_text(KEY)
        assert sound(said.backend)


@pytest.mark.parametrize("key", ["", "two\nlines", "\N{SNOWMAN}"])
def test_a_file_without_a_key_is_for_the_operator_to_put_right(key: str, tmp_path: Path) -> None:
    with speaking("fish", tmp_path) as said:
        (tmp_path / "key").write_text(key)
        error = failure(said.backend)
        assert error.reason is Reason.VOICE_UNUSABLE
        assert "holds no key" in error.message


@pytest.mark.parametrize("kind", KINDS)
def test_no_proxy_of_the_environment_is_used(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with speaking(kind, tmp_path) as said:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
        assert sound(said.backend)


@pytest.mark.parametrize("kind", KINDS)
def test_long_texts_are_asked_for_in_pieces_and_white_space_is_one_space(
    kind: str, tmp_path: Path
) -> None:
    text = "  Keep a\n\nbee.   " * 100
    with speaking(kind, tmp_path) as said:
        sound(said.backend, text)
        field = "input" if kind == "openai_http" else "text"
        asked = [request[field] for request in said.server.requests]

    assert len(asked) > 1
    assert " ".join(asked) == " ".join(text.split())


@pytest.mark.parametrize("mode", ["fails", "busy", "refuses", "silence"])
def test_what_one_server_cannot_do_the_next_one_does(mode: str, tmp_path: Path) -> None:
    with speaking("openai_http", tmp_path, groups=("gpu0", "gpu1")) as said:
        said.servers[0].behave(mode)
        assert sound(said.backend)
        assert [len(server.requests) for server in said.servers] == [1, 1]


def test_a_server_that_fails_in_mid_speech_has_no_other_go_on_for_it(tmp_path: Path) -> None:
    with speaking("fish", tmp_path, groups=("gpu0", "gpu1")) as said:
        said.servers[0].behave("cut")
        failure(said.backend)
        assert [len(server.requests) for server in said.servers] == [1, 0]


def test_a_server_that_keeps_failing_is_left_alone(tmp_path: Path) -> None:
    with speaking("openai_http", tmp_path, failures=2) as said:
        said.server.behave("fails")
        for _ in range(2):
            failure(said.backend)
        error = failure(said.backend)

        assert len(said.server.requests) == 2
        assert "2 times in a row" in error.message
        assert error.retry_after_seconds is not None


def test_the_idlest_server_speaks(tmp_path: Path) -> None:
    with speaking("fish", tmp_path, groups=("gpu0", "gpu1")) as said:
        said.servers[0].behave("held")
        first = threading.Thread(target=sound, args=(said.backend,))
        first.start()
        said.servers[0].wait_for("begun")

        sound(said.backend)
        assert [len(server.requests) for server in said.servers] == [1, 1]
        said.servers[0].go_on()
        first.join()


@pytest.mark.parametrize("top", ["", 'encoding = "json"', "streaming = false"])
def test_fish_sounds_the_same_however_it_is_asked(top: str, tmp_path: Path) -> None:
    with speaking("fish", tmp_path) as said:
        packed = [sound(said.backend, voice=voice.name) for voice in said.backend.voices]
    (tmp_path / "other").mkdir()
    with speaking("fish", tmp_path / "other", top=top) as said:
        other = [sound(said.backend, voice=voice.name) for voice in said.backend.voices]
        requests = said.server.requests

    assert packed == other
    assert {request["format"] for request in requests} == {"wav"}
    assert [request["references"] for request in requests] == [1, 0]


def test_fish_never_speaks_with_a_reference_that_it_does_not_have(tmp_path: Path) -> None:
    with speaking("fish", tmp_path) as said:
        assert sound(said.backend, voice="kept")
        (tmp_path / "inside" / "bert" / "bert.lab").unlink()
        said.server.behave()
        error = failure(said.backend, "kept")

        assert isinstance(error, NotReady)
        assert error.reason is Reason.VOICE_UNUSABLE
        assert '"bert"' in error.message
        assert said.server.requests == []


def test_ziming_is_asked_in_its_own_words_and_without_its_normaliser(tmp_path: Path) -> None:
    text = "\N{DEVANAGARI LETTER KA}\N{DEVANAGARI LETTER KHA}\N{DEVANAGARI LETTER GA}"
    with speaking("ziming", tmp_path) as said:
        assert sound(said.backend, text, "inside")
        [request] = said.server.requests

    assert request["is_norm"] == 0
    assert request["topP"] == 0.7
    assert "top_p" not in request
    assert request["reference_audio"] == "/code/data/reference/bert.wav"
    assert request["reference_text"] == "What Bert says."


def test_ziming_hears_a_sample_once_and_gets_back_what_it_heard_untouched(tmp_path: Path) -> None:
    with speaking("ziming", tmp_path) as said:
        sound(said.backend, voice="heard")
        sound(said.backend, voice="heard")
        prepared, *spoken = said.server.requests
        [placed] = (tmp_path / "inside" / "s2v").iterdir()

    assert placed.read_bytes() == SAMPLE
    assert prepared["path"] == "/v1/preprocess_and_tran"
    assert prepared["reference_audio"] == f"s2v/{placed.name}"
    assert prepared["lang"] == "zh"
    for request in spoken:
        assert request["reference_text"] == "what the recogniser heard|||and split"
        assert request["reference_audio"] == f"/code/sessions/format_denoise_{placed.name}"


def test_ziming_without_its_ear_says_what_helps(tmp_path: Path) -> None:
    with speaking("ziming", tmp_path) as said:
        said.server.behave("deaf")
        error = failure(said.backend, "heard")

        assert isinstance(error, Unavailable)
        assert "`transcript`" in error.message
        assert sound(said.backend, voice="anna")


def test_ziming_that_answers_200_for_a_failure_has_failed(tmp_path: Path) -> None:
    with speaking("ziming", tmp_path) as said:
        (tmp_path / "inside" / "reference" / "bert.wav").unlink()
        assert failure(said.backend, "inside").reason is Reason.SPEECH_FAILED


def test_openai_is_asked_for_the_voice_and_the_model_of_the_file(tmp_path: Path) -> None:
    voices = VOICES["openai_http"] + "options = {speed = 1.25}"
    with speaking("openai_http", tmp_path, voices=voices) as said:
        sound(said.backend, voice="deep")
        [request] = said.server.requests

    assert request == {
        "path": "/v1/audio/speech",
        "model": "tts-1-hd",
        "input": TEXT,
        "voice": "onyx",
        "response_format": "wav",
        "speed": 1.25,
    }


def test_openai_sounds_the_same_with_and_without_a_header(tmp_path: Path) -> None:
    with speaking("openai_http", tmp_path) as said:
        wav = sound(said.backend)
    with speaking("openai_http", tmp_path, top='format = "pcm"') as said:
        assert sound(said.backend) == wav


def test_openai_without_such_a_voice_is_for_the_operator_to_put_right(tmp_path: Path) -> None:
    voices = '[[voices]]\nname = "nobody"\nlanguage = "en-US"'
    with speaking("openai_http", tmp_path, voices=voices) as said:
        error = failure(said.backend)

    assert error.reason is Reason.VOICE_UNUSABLE
    assert "refuses the request (400)" in error.message


def test_openai_that_takes_any_voice_is_asked_for_its_list_first(tmp_path: Path) -> None:
    voices = """
        [[voices]]
        name = "alloy"
        language = "en-US"
        [[voices]]
        name = "nobody"
        language = "en-US"
    """
    top = 'voice_list = "/v1/audio/voices"'
    with speaking("openai_http", tmp_path, top=top, voices=voices) as said:
        said.server.behave("any voice")
        assert sound(said.backend)
        assert failure(said.backend, "nobody").reason is Reason.VOICE_UNUSABLE
        assert len(said.server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        ({"voices": ["a", "b"]}, {"a", "b"}),
        ({"object": "list", "data": [{"id": "a", "name": "Anna"}]}, {"a", "Anna"}),
        ([{"voice_id": "a"}], {"a"}),
        ({"detail": "Not Found"}, None),
        (None, None),
    ],
)
def test_lists_of_voices_are_read_however_they_are_spelt(
    answer: object, names: set[str] | None
) -> None:
    assert openai_http._names(answer) == names


@pytest.mark.parametrize("kind", KINDS)
def test_servers_are_greeted_at_the_start_whether_they_answer_or_not(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with speaking(kind, tmp_path) as said:
        said.backend.warm()
        assert "speech server answers" in capsys.readouterr().out
    said.backend.warm()
    assert "does not answer" in capsys.readouterr().out
