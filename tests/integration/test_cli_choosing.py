"""What `s2v make` and `s2v serve` tell their services about engines."""

from pathlib import Path

import pytest

from s2v.core.errors import InvalidInput, Reason
from s2v_cli.choosing import engine_settings


def test_nothing_asked_for_is_nothing_told() -> None:
    assert engine_settings("", "") == {}


def test_a_checkpoint_is_told_with_its_whole_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "weights").mkdir()
    monkeypatch.chdir(tmp_path)

    assert engine_settings("wan", "weights") == {
        "S2V_RENDER_ENGINE": "wan",
        "S2V_RENDER_WAN_CHECKPOINT": str(tmp_path / "weights"),
    }


def test_random_weights_are_told_by_their_name() -> None:
    assert engine_settings("", "random:14B") == {"S2V_RENDER_WAN_CHECKPOINT": "random:14B"}


def test_a_folder_that_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidInput, match="there is no folder nowhere") as refusal:
        engine_settings("wan", "nowhere")
    assert refusal.value.reason is Reason.FIELD_INVALID
    assert refusal.value.field == "--checkpoint"
