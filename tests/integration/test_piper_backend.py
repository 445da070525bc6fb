"""Voice files of Piper: how they speak, and which are refused."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from piper_voices import FRAMES, HOP_SAMPLES, RATE, Letters, write_voice
from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Voice
from s2v_tts.backends.piper import PiperBackend
from s2v_tts.backends.piper.phonemising import Espeak, is_installed
from s2v_tts.backends.piper.voice_file import SETTING

SYMBOL_SECONDS = 2 * FRAMES * HOP_SAMPLES / RATE
needs_espeak = pytest.mark.skipif(
    not is_installed(), reason="the extra `piper` is not installed: pip install 's2v[piper]'"
)


@pytest.fixture
def backend(tmp_path: Path) -> PiperBackend:
    write_voice(tmp_path, "nl_NL-hum", hertz=220)
    return PiperBackend(tmp_path, Letters())


def test_the_files_of_the_folder_are_the_voices(backend: PiperBackend, tmp_path: Path) -> None:
    write_voice(tmp_path, "a", hertz=110, language={}, espeak={"voice": "de"})

    assert list(backend.voices) == [Voice("nl_NL-hum", "nl-NL", "A voice of Piper.")]
    assert [voice.language for voice in PiperBackend(tmp_path, Letters()).voices] == ["de", "nl-NL"]


def test_every_sound_has_its_own_length(backend: PiperBackend) -> None:
    (spoken,) = backend.speak("Zo is dat.", "nl_NL-hum")
    seconds = [(m.end_sample - m.first_sample) / 48_000 for m in spoken.phonemes]

    assert [mark.label for mark in spoken.phonemes] == list("zoisdat")
    assert np.allclose(seconds, SYMBOL_SECONDS, atol=0.001)
    assert [mark.label for mark in spoken.words] == ["Zo", "is", "dat."]


def test_a_word_that_is_spoken_as_several_has_them_all(tmp_path: Path) -> None:
    class Counting(Letters):
        def phonemes(self, text: str, language: str) -> list[str]:
            return super().phonemes(text.replace("27", "so seven"), language)

    write_voice(tmp_path, "hum", hertz=220)
    (spoken,) = PiperBackend(tmp_path, Counting()).speak("Am 27 da.", "hum")

    assert [mark.label for mark in spoken.words] == ["Am", "27", "da."]
    assert len(spoken.phonemes) == 2 + 7 + 2
    assert spoken.words[1].end_sample == spoken.phonemes[8].end_sample


def test_no_stretch_is_long(backend: PiperBackend) -> None:
    spoken = list(backend.speak("la " * 400, "nl_NL-hum"))

    assert len(spoken) >= 8
    assert sum(len(utterance.words) for utterance in spoken) == 400


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"phoneme_type": "pinyin"}, "reads pinyin, not espeak's phonemes"),
        ({"audio": {}}, "is no voice of Piper: audio.sample_rate: Field required"),
        ({"audio": {"sample_rate": 1}}, "audio.sample_rate"),
    ],
)
def test_a_file_of_another_kind_is_refused(
    tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    write_voice(tmp_path, "hum", hertz=220, **changes)
    with pytest.raises(InvalidInput, match=words) as refusal:
        PiperBackend(tmp_path, Letters())

    assert (refusal.value.reason, refusal.value.field) == (Reason.FIELD_INVALID, SETTING)


def test_a_network_of_another_kind_is_refused_when_it_is_loaded(tmp_path: Path) -> None:
    write_voice(tmp_path, "hum", hertz=220).write_bytes(b"no network")

    with pytest.raises(InvalidInput, match=r"hum\.onnx is no voice of Piper"):
        PiperBackend(tmp_path, Letters()).warm()


def test_no_folder_and_an_empty_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="name a folder"):
        PiperBackend(None, Letters())
    with pytest.raises(InvalidInput, match=r"there is no NAME\.onnx"):
        PiperBackend(tmp_path, Letters())


def test_the_service_says_which_setting_is_wrong(tmp_path: Path) -> None:
    settings = {"S2V_TTS_BACKEND": "piper", SETTING: str(tmp_path), "S2V_HOME": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-m", "s2v_tts.main"],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"bad setting {SETTING}: ")


@needs_espeak
def test_espeak_tells_in_a_process_of_its_own_how_words_are_said() -> None:
    espeak = Espeak()

    assert "".join(espeak.phonemes("Guten Tag.", "de")) == "ɡˈuːtən tˈɑːk."  # noqa: RUF001
    assert "".join(espeak.phonemes("Hello.", "en-us")) == "həlˈoʊ."  # noqa: RUF001
    assert "piper" not in sys.modules


@needs_espeak
def test_a_child_that_died_is_followed_by_another() -> None:
    espeak = Espeak()
    espeak.phonemes("Guten Tag.", "de")
    assert espeak._child is not None
    espeak._child.kill()
    espeak._child.wait()

    assert espeak.phonemes("Tag.", "de")
