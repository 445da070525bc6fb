"""The text encoder against what the official one computed, and how prompts are prepared."""

import os
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the extra `wan` is not installed")

from safetensors.torch import load_file

from s2v_render.engines.wan.model.text import NEGATIVE_PROMPT, clean, encode
from wan_builders import build_text_encoder

HERE = Path(__file__).parents[1] / "data/wan_s2v"
FIXTURES = Path(os.environ.get("S2V_WAN_FIXTURES", HERE)) / "6_text_encoder"
CASES = load_file(FIXTURES / "cases.safetensors")


@pytest.mark.parametrize("sample", range(len(CASES["ids"])))
def test_rows_of_a_text_are_the_official_ones(sample: int) -> None:
    weights = load_file(next(FIXTURES.glob("t5*.safetensors")))
    encoder = build_text_encoder({name: weight.float() for name, weight in weights.items()})
    rows = encode(encoder, CASES["ids"][sample][CASES["mask"][sample].bool()])
    assert rows.shape == CASES[f"context.{sample}"].shape
    assert (rows - CASES[f"context.{sample}"]).abs().max() < 1e-4


def test_prompts_are_mended_and_their_white_space_collapsed() -> None:
    assert clean("  a  &amp;amp; b\n\tcafÃ© ") == "a & b café"


def test_the_negative_prompt_is_left_as_the_model_knows_it() -> None:
    phrases = NEGATIVE_PROMPT.split("，")  # noqa: RUF001
    assert phrases[0] == phrases[2] == "画面模糊"
    assert phrases[-1] == "倒着走"
    assert len(phrases) == 21
