"""What s2v.toml says counts where the environment says nothing; what is wrong in it is named."""

from pathlib import Path

import pytest

from s2v.rpc.settings import BadSettings, checked_settings, origin_of
from s2v.rpc.settings_file import as_environment, sections_of, settings_file
from s2v_gateway.settings import GatewaySettings
from s2v_render.settings import RenderSettings
from s2v_tts.settings import TtsSettings


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("S2V_HOME", str(tmp_path))
    return tmp_path / "s2v.toml"


def test_a_setting_is_what_the_first_says_that_says_something(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert checked_settings(TtsSettings).store_url == str(file.parent / "artifacts")
    assert origin_of(TtsSettings, "store_url") == ""

    file.write_text('[tts]\nstore_url = "memory://file"\n[gateway]\nlog_level = "DEBUG"\n')
    assert checked_settings(TtsSettings).store_url == "memory://file"
    assert origin_of(TtsSettings, "store_url") == f"[tts] store_url of {file}"
    assert checked_settings(TtsSettings).log_level == "INFO"
    assert checked_settings(GatewaySettings).log_level == "DEBUG"

    monkeypatch.setenv("S2V_STORE_URL", "memory://all")
    assert checked_settings(TtsSettings).store_url == "memory://all"
    assert origin_of(TtsSettings, "store_url") == "S2V_STORE_URL"

    monkeypatch.setenv("S2V_TTS_STORE_URL", "memory://own")
    assert checked_settings(TtsSettings).store_url == "memory://own"
    assert origin_of(TtsSettings, "store_url") == "S2V_TTS_STORE_URL"
    assert checked_settings(RenderSettings).store_url == "memory://all"


def test_a_variable_names_another_file_or_none(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("[tts]\nmax_speaking = 1\n")
    other = tmp_path / "other.toml"
    other.write_text("[tts]\nmax_speaking = 2\n")
    monkeypatch.setenv("S2V_CONFIG", str(other))
    assert checked_settings(TtsSettings).max_speaking == 2
    monkeypatch.setenv("S2V_CONFIG", "")
    assert settings_file() is None
    assert checked_settings(TtsSettings).max_speaking == 4
    monkeypatch.setenv("S2V_CONFIG", str(tmp_path / "none.toml"))
    with pytest.raises(BadSettings, match=r"S2V_CONFIG: there is no file .*none\.toml; mend it"):
        checked_settings(TtsSettings)


def test_values_are_written_as_toml_has_them(file: Path) -> None:
    (file.parent / "secret").write_text("whsec_" + "A" * 32 + "\n")
    file.write_text(
        f"""
        [gateway]
        metrics_listen = 9464
        measure_films = false
        http_hosts = ["films.example", "other.example"]
        tenant_quotas = {{studio = {{jobs = 2}}}}
        webhook_secret = {{file = "{file.parent}/secret"}}
        """
    )
    settings = checked_settings(GatewaySettings)
    assert settings.metrics_listen == "9464"
    assert settings.measure_films is False
    assert settings.http_hosts == ("films.example", "other.example")
    assert settings.tenant_quotas["studio"].jobs == 2
    assert settings.webhook_secret.get_secret_value() == "whsec_" + "A" * 32


def test_as_variables_the_file_says_the_same(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(
        """
        [gateway]
        measure_films = false
        max_running_jobs = 7
        http_hosts = ["films.example", "other.example"]
        tenant_quotas = {studio = {jobs = 2}}
        [render]
        profile = true
        """
    )
    by_file = [checked_settings(kind) for kind in (GatewaySettings, RenderSettings)]
    for name, value in as_environment(sections_of(file)).items():
        monkeypatch.setenv(name, value)
    file.unlink()
    assert [checked_settings(kind) for kind in (GatewaySettings, RenderSettings)] == by_file
    assert origin_of(GatewaySettings, "max_running_jobs") == "S2V_GATEWAY_MAX_RUNNING_JOBS"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[tts\n", "{file}: cannot be read: "),
        ("max_speaking = 1\n", "{file}: max_speaking stands in no section; put it into one of"),
        ("[speech]\n", "{file}: unknown section [speech]; there are [gateway], [tts], "),
        ("[tts]\nmax_speakin = 1\n", "unknown setting [tts] max_speakin of {file}; did you mean "),
        ("[tts]\nmax_speaking = 0\n", "bad setting [tts] max_speaking of {file}: Input should be"),
        ('[tts]\nbackend = "x"\n', "bad setting [tts] backend of {file}: no backend 'x'; there"),
        (
            '[tts]\nvoices_file = {file = "/no/such"}\n',
            "bad setting [tts] voices_file of {file}: cannot be read: ",
        ),
    ],
)
def test_what_is_wrong_in_the_file_is_named(file: Path, text: str, problem: str) -> None:
    file.write_text(text)
    with pytest.raises(BadSettings) as caught:
        checked_settings(TtsSettings)
    assert problem.replace("{file}", str(file)) in caught.value.problems[0]


def test_all_problems_are_told_at_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("[tts]\nmax_speaking = 0\ncolour = 1\n")
    monkeypatch.setenv("S2V_TTS_MAX_CUTTING", "many")
    monkeypatch.setenv("S2V_TTS_MAX_WAITIN", "1")
    with pytest.raises(BadSettings) as caught:
        checked_settings(TtsSettings)
    told = str(caught.value)
    for name in ("[tts] max_speaking", "[tts] colour", "S2V_TTS_MAX_CUTTING", "S2V_TTS_MAX_WAITIN"):
        assert told.count(name) == 1 + (name == "S2V_TTS_MAX_WAITIN")
    assert "did you mean S2V_TTS_MAX_WAITING?" in told


def test_what_may_be_secret_is_told_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S2V_GATEWAY_DATABASE_URL", "mysql://me:geheim@host/x?password=geheim")
    monkeypatch.setenv("S2V_GATEWAY_WEBHOOK_SECRET", "geheim")
    with pytest.raises(BadSettings) as caught:
        checked_settings(GatewaySettings)
    assert len(caught.value.problems) == 2
    assert "geheim" not in str(caught.value)
