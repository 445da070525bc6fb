"""Random weights: seeded, told in words, and tame over forty layers and forty steps."""

import importlib.util
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the extra `wan` is not installed")

from s2v.core.errors import NotReady
from s2v_render.engines.wan.model.config import S2VConfig
from s2v_render.engines.wan.model.text import token_ids
from s2v_render.engines.wan.model.transformer import S2VTransformer
from s2v_render.engines.wan.model.vae import Vae
from s2v_render.engines.wan.takes.windows import (
    Denoising,
    PastMotion,
    Prompts,
    WindowInput,
    denoised,
    prepared,
)
from s2v_render.engines.wan.weights.loading import load_models
from s2v_render.engines.wan.weights.parts import parts_of

ROOT = Path(__file__).parents[2]
TINY = ROOT / "tests/data/wan_tiny"
CPU = torch.device("cpu")
DEEP = S2VConfig(
    dim=64, ffn_dim=160, num_heads=2, freq_dim=64, text_dim=48, audio_dim=32, text_len=16
)
"""As deep as the 14B model."""


def deep(dtype: torch.dtype) -> S2VTransformer:
    from s2v_render.engines.wan.weights.random import RandomParts, architectures

    tiny = architectures()["tiny"]
    made = type(tiny)(DEEP, tiny.text, tiny.speech, tiny.vae_width)
    return RandomParts(made, name="deep", seed=0, draw_on=CPU).transformer(CPU, dtype)


@pytest.mark.parametrize(("dtype", "steps"), [(torch.float32, 40), (torch.bfloat16, 4)], ids=str)
@torch.inference_mode()
def test_forty_steps_through_forty_layers_stay_tame(dtype: torch.dtype, steps: int) -> None:
    model = deep(dtype)
    assert len(model.blocks) == 40
    drawn = torch.Generator().manual_seed(1)

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=drawn)

    denoising = Denoising(steps=steps, guidance=4.5, window_frames=8)
    given = WindowInput(random(1, 16, 2, 8, 8), random(1, 25, 32, 8))
    motion = PastMotion(random(1, 3, 73, 64, 64), random(1, 16, 19, 8, 8))
    conditions = prepared(model, denoising, random(1, 16, 1, 8, 8), given, motion=motion)
    prompts = Prompts(*(model.encode_text([random(5, 48)]) for _ in range(2)))
    spreads = [
        step.latents_BCTYX.std().item()
        for step in denoised(model, denoising, given, conditions, prompts)
    ]
    assert len(spreads) == steps
    assert 0.1 < min(spreads) <= max(spreads) < 20


@torch.inference_mode()
def test_the_autoencoders_pictures_are_neither_black_nor_white_nor_one_colour() -> None:
    vae = Vae(parts_of("random:tiny").vae(CPU))
    latents = torch.randn(1, 16, 3, 4, 4, generator=torch.Generator().manual_seed(1))
    pixels = vae.decode(latents)
    assert 0.2 < pixels.std() < 0.9
    assert 0.1 < vae.encode(pixels).std() < 10


def test_equal_seeds_give_equal_weights_and_others_do_not() -> None:
    first, again = (parts_of("random:tiny", seed=3) for _ in range(2))
    other = parts_of("random:tiny", seed=4)
    here, there, elsewhere = (
        parts.transformer(CPU, torch.float32).state_dict() for parts in (first, again, other)
    )
    assert all(torch.equal(here[key], there[key]) for key in here)
    differing = [key for key in here if not torch.equal(here[key], elsewhere[key])]
    assert "blocks.0.self_attn.q.weight" in differing


def test_random_weights_say_that_they_mean_nothing() -> None:
    models = load_models("random:tiny", device=CPU, dtype=torch.float32, seed=7)
    assert models.origin == "random weights (random:tiny, seed 7): no meaning"


def test_the_14b_model_is_whole_though_nothing_is_drawn_yet() -> None:
    sizes = parts_of("random:14B").sizes()
    assert sizes.transformer == 16_295_755_609
    assert sizes.text_encoder == 5_680_910_336


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(NotReady, match="no random:7B; use random:14B or random:tiny"):
        parts_of("random:7B")


def test_the_byte_tokenizer_knows_every_text_and_marks_its_end() -> None:
    from s2v_render.engines.wan.weights.random import byte_tokenizer

    tokenizer = byte_tokenizer()
    ids = token_ids(tokenizer, "Grüße, 世界!")
    assert tokenizer.decode(ids, skip_special_tokens=True) == "Grüße, 世界!"
    assert ids[-1] == tokenizer.eos_token_id
    assert len(ids) == len("Grüße, 世界!".encode()) + 1
    assert max(ids) < 320


def test_the_small_checkpoint_is_what_its_tool_writes(tmp_path: Path) -> None:
    file = ROOT / "tools/make_tiny_wan.py"
    spec = importlib.util.spec_from_file_location("make_tiny_wan", file)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    tool.main(tmp_path)
    wrote = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    there = {path.relative_to(TINY) for path in TINY.rglob("*") if path.is_file()}
    assert there - wrote == {Path("README.md")}
    assert wrote <= there
    made, stored = (
        load_models(str(folder), device=CPU, dtype=torch.float32) for folder in (tmp_path, TINY)
    )
    for part in ("transformer", "text_encoder"):
        ours, theirs = getattr(made, part).state_dict(), getattr(stored, part).state_dict()
        assert all(torch.equal(ours[key], theirs[key]) for key in theirs)
