import re
from pathlib import Path

import pytest

from s2v.core.errors import InvalidInput
from s2v_tts.backends import DIALECTS
from s2v_tts.backends.http.voices_file import SETTING, read_voices_file
from s2v_tts.settings import TtsSettings

PAGE = Path("docs/voices-http.md").read_text("utf-8")
EXAMPLES = re.findall(r"```toml\n# S2V_TTS_BACKEND=(\w+)\n(.*?)```", PAGE, re.DOTALL)
SERVER = '[[servers]]\nname = "gpu0"\nurl = "http://127.0.0.1:8080/"\n'
VOICE = '[[voices]]\nname = "anna"\nlanguage = "en-US"\n'


def written(folder: Path, text: str) -> Path:
    """Write the file, and in its folder what it names."""
    for name in re.findall(r'(?:sample|key_file|data_dir) = "([^"]+)"', text):
        (folder / name.strip("/")).parent.mkdir(parents=True, exist_ok=True)
        (folder / name.strip("/")).touch()
    path = folder / "voices.toml"
    path.write_text(text.replace('data_dir = "/', 'data_dir = "'))
    return path


def test_paths_count_from_the_folder_of_the_file(tmp_path: Path) -> None:
    text = f'{SERVER}key_file = "key"\n{VOICE}sample = "anna.wav"\n'
    file = read_voices_file(written(tmp_path, text))

    assert file.servers[0].url == "http://127.0.0.1:8080"
    assert file.servers[0].key_file == tmp_path / "key"
    assert file.voices[0].sample == tmp_path / "anna.wav"


@pytest.mark.parametrize(("kind", "text"), EXAMPLES, ids=[kind for kind, _ in EXAMPLES])
def test_the_examples_of_the_page_can_be_used(kind: str, text: str, tmp_path: Path) -> None:
    DIALECTS.load(kind)(read_voices_file(written(tmp_path, text)))


def test_the_page_has_an_example_of_each_kind() -> None:
    assert {kind for kind, _ in EXAMPLES} == set(DIALECTS.names)


def test_the_page_names_every_setting_and_its_default() -> None:
    rows = re.findall(r"^\| (`S2V_TTS_HTTP.*?) \| ([\d, ]+)( MiB)? \|", PAGE, re.MULTILINE)
    told = {
        name.lower(): float(default) * (1 << 20 if unit else 1)
        for names, defaults, unit in rows
        for name, default in zip(
            re.findall(r"S2V_TTS_(\w+)", names), defaults.split(","), strict=True
        )
    }
    fields = TtsSettings.model_fields
    assert told == {name: fields[name].default for name in fields if name.startswith("http_")}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("servers = [", "cannot be read"),
        (VOICE, "servers: Field required"),
        (SERVER, "voices: Field required"),
        (f"voices = []\n{SERVER}", "voices: Tuple should have at least 1 item"),
        (SERVER + SERVER + VOICE, "two servers have the name 'gpu0'"),
        (SERVER + VOICE + VOICE, "two voices have the name 'anna'"),
        (f"{SERVER}key = 'k'\n{VOICE}", "servers.0.key: Extra inputs"),
        (SERVER.replace("http://", "http://me:secret@") + VOICE, "servers.0.url: use http"),
        (SERVER.replace("8080/", "8080/?key=secret") + VOICE, "servers.0.url: use http"),
        (SERVER.replace("http://", "ftp://") + VOICE, "servers.0.url: use http"),
        (SERVER.replace("8080", "808080") + VOICE, "servers.0.url: use http"),
        (SERVER + VOICE.replace("anna", "an na"), "voices.0.name"),
        (SERVER + VOICE.replace("en-US", "English!"), "voices.0.language"),
    ],
)
def test_what_is_wrong_with_the_file_is_named(text: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_voices_file(written(tmp_path, text))

    assert refusal.value.field == SETTING
    assert problem in refusal.value.message
    assert "secret" not in refusal.value.message


@pytest.mark.parametrize("line", ["sample = 'gone'", "key_file = 'gone'", "data_dir = 'gone'"])
def test_what_the_file_names_has_to_be_there(line: str, tmp_path: Path) -> None:
    lines = (VOICE, SERVER) if line.startswith("sample") else (SERVER, VOICE)
    with pytest.raises(InvalidInput, match=r"there is no .*gone"):
        read_voices_file(written(tmp_path, f"{lines[1]}{lines[0]}{line}\n"))


@pytest.mark.parametrize(
    ("kind", "lines", "remedy"),
    [
        ("fish", "", "either `sample`"),
        ("fish", 'sample = "a.wav"\nreference = "anna"', "either `sample`"),
        ("ziming", "", "either `sample`"),
        ("ziming", 'sample = "a.wav"', "`data_dir`"),
        ("openai_http", 'sample = "a.wav"', "`reference`"),
        ("fish", 'reference = "a"\noptions = {format = "mp3"}', "format is no option"),
        ("ziming", 'reference = "a"\noptions = {is_norm = 1}', "is_norm is no option"),
        ("openai_http", "options = {voice = 'x'}", "voice is no option"),
    ],
)
def test_a_voice_that_its_servers_could_not_speak_with_is_refused(
    kind: str, lines: str, remedy: str, tmp_path: Path
) -> None:
    file = read_voices_file(written(tmp_path, SERVER + VOICE + lines))
    with pytest.raises(InvalidInput) as refusal:
        DIALECTS.load(kind)(file)

    assert refusal.value.field == SETTING
    assert "anna" in refusal.value.message
    assert remedy in refusal.value.message
