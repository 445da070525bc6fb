"""Wrong settings stop the start with a message that names the key."""

import pytest

from s2v.rpc.settings import read_settings
from s2v_gateway.settings import GatewaySettings


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S2V_GATEWAY_MAX_RUNNING_JOBS", "7")
    assert read_settings(GatewaySettings).max_running_jobs == 7


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("S2V_GATEWAY_MAX_RUNNING_JOBS", "many"),
        ("S2V_GATEWAY_MAX_RUNNING_JOBS", "0"),
        ("S2V_GATEWAY_LOG_LEVEL", "LOUD"),
        ("S2V_GATEWAY_MAX_RUNING_JOBS", "4"),
        ("S2V_GATEWAY_DATABASE_URL", "mysql://somewhere"),
        ("S2V_GATEWAY_STORE_URL", "nonsense://bucket"),
    ],
)
def test_a_bad_value_or_an_unknown_key_is_named(
    monkeypatch: pytest.MonkeyPatch, key: str, value: str
) -> None:
    monkeypatch.setenv(key, value)
    with pytest.raises(SystemExit, match=key):
        read_settings(GatewaySettings)


def test_everything_is_kept_in_one_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S2V_HOME", "/somewhere")
    settings = read_settings(GatewaySettings)
    assert settings.store_url == "/somewhere/artifacts"
    assert settings.database == "sqlite:////somewhere/gateway/gateway.db"


def test_one_variable_moves_the_store_of_every_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S2V_STORE_URL", "memory://shared")
    assert read_settings(GatewaySettings).store_url == "memory://shared"
