"""Services that others could reach know each other's calls, or do not start."""

from pathlib import Path

import pytest

from s2v.core.errors import Reason, Unauthenticated, Unavailable
from s2v.rpc.settings import read_settings
from s2v.rpc.trust import admit_by_token, read_token
from s2v_compositor.settings import CompositorSettings
from s2v_gateway.remote.discretion import discreet
from s2v_gateway.settings import GatewaySettings
from s2v_render.settings import RenderSettings
from s2v_tts.settings import TtsSettings

TOKEN = "0123456789abcdef" * 4


@pytest.mark.parametrize("kind", [TtsSettings, RenderSettings, CompositorSettings])
def test_what_others_could_reach_needs_a_token(
    kind: type[TtsSettings], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    prefix = kind.model_config["env_prefix"]
    monkeypatch.setenv(f"{prefix}LISTEN", "0.0.0.0:50059")
    with pytest.raises(SystemExit, match="set S2V_INTERNAL_TOKEN_FILE"):
        read_settings(kind)
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    monkeypatch.setenv("S2V_INTERNAL_TOKEN_FILE", str(tmp_path / "token"))
    assert read_settings(kind).internal_token == TOKEN


def test_gateways_that_others_could_reach_need_one_between_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("S2V_GATEWAY_DATABASE_URL", "postgresql://s2v@db/s2v")
    monkeypatch.setenv("S2V_GATEWAY_PEER_LISTEN", "10.0.0.1:50055")
    with pytest.raises(SystemExit, match="set S2V_INTERNAL_TOKEN_FILE"):
        read_settings(GatewaySettings)
    (tmp_path / "token").write_text(TOKEN)
    monkeypatch.setenv("S2V_INTERNAL_TOKEN_FILE", str(tmp_path / "token"))
    assert read_settings(GatewaySettings).peer_listen == "10.0.0.1:50055"


@pytest.mark.parametrize("listen", ["127.0.0.1:50059", "unix:/run/s2v/tts.sock", "localhost:1"])
def test_what_only_this_machine_reaches_needs_none(
    listen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("S2V_TTS_LISTEN", listen)
    assert read_settings(TtsSettings).internal_token == ""


@pytest.mark.parametrize("text", ["", "short", "x" * 20 + "\n" + "y" * 20, "ä" * 40])
def test_what_is_no_token_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(text)
    with pytest.raises(ValueError, match="token"):
        read_token(tmp_path / "token")


def test_nobody_is_asked_without_a_token() -> None:
    assert admit_by_token("") is None


def test_clients_are_not_blamed_for_what_services_do_not_know_of_each_other() -> None:
    told = discreet("tts", Unauthenticated(Reason.CREDENTIALS_INVALID, "another token"))
    assert isinstance(told, Unavailable)
    assert "token" not in told.message
