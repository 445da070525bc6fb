"""Low-rank changes: the ways their files name layers, what is merged, and what is refused."""

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the extra `wan` is not installed")

from safetensors.torch import load_file, save_file

from s2v.core.errors import NotReady
from s2v_render.engines.wan.engine import WanEngine
from s2v_render.engines.wan.model.config import S2VConfig
from s2v_render.engines.wan.model.transformer import S2VTransformer
from s2v_render.engines.wan.settings import LoraChoice, WanSettings, lora_choices
from s2v_render.engines.wan.weights.blank import blank_transformer
from s2v_render.engines.wan.weights.loading import load_models
from s2v_render.engines.wan.weights.lora import Lora, merge_lora
from s2v_render.engines.wan.weights.parts import parts_of
from wan_builders import diffusers_name

TINY = Path(__file__).parents[1] / "data/wan_tiny"
SHARD = TINY / "diffusion_pytorch_model-00002-of-00002.safetensors"
CPU = torch.device("cpu")
RANK = 4
ENDS = (".q", ".k", ".v", ".o", ".ffn.0", ".ffn.2")
STYLES = {
    "PEFT": ("base_model.model.{}.lora_A.weight", "base_model.model.{}.lora_B.weight"),
    "PEFT with an adapter's name": (
        "base_model.model.{}.lora_A.default.weight",
        "base_model.model.{}.lora_B.default.weight",
    ),
    "diffusion_model": (
        "diffusion_model.{}.lora_down.weight",
        "diffusion_model.{}.lora_up.weight",
    ),
    "diffusion_model, A and B": (
        "diffusion_model.{}.lora_A.weight",
        "diffusion_model.{}.lora_B.weight",
    ),
    "bare": ("{}.lora_A.weight", "{}.lora_B.weight"),
    "kohya": ("lora_unet_{}.lora_down.weight", "lora_unet_{}.lora_up.weight"),
}

Pairs = dict[str, tuple[torch.Tensor, torch.Tensor]]


def layers_of(network: torch.nn.Module) -> list[str]:
    """Return the layers that LiveAvatar changes: attention and feed-forward, injectors included."""
    starts = ("blocks.", "audio_injector.injector.")
    names = [name for name, part in network.named_modules() if isinstance(part, torch.nn.Linear)]
    return [name for name in names if name.startswith(starts) and name.endswith(ENDS)]


@pytest.fixture
def model() -> S2VTransformer:
    return parts_of(str(TINY)).transformer(CPU, torch.float32)


def drawn(model: S2VTransformer) -> Pairs:
    generator = torch.Generator().manual_seed(1)
    pairs = {}
    for name in layers_of(model):
        out, into = model.get_submodule(name).weight.shape
        pairs[name] = (
            torch.randn(RANK, into, generator=generator),
            torch.randn(out, RANK, generator=generator),
        )
    return pairs


def write(file: Path, pairs: Pairs, style: str = "PEFT", **further: torch.Tensor) -> Path:
    down, up = STYLES[style]
    spelt = {name: name.replace(".", "_") if style == "kohya" else name for name in pairs}
    tensors = {down.format(spelt[name]): pair[0] for name, pair in pairs.items()}
    tensors |= {up.format(spelt[name]): pair[1] for name, pair in pairs.items()}
    save_file(tensors | further, file)
    return file


def weights(model: S2VTransformer) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def assert_changed(
    model: S2VTransformer, before: dict[str, torch.Tensor], pairs: Pairs, scale: float
) -> None:
    for key, value in model.state_dict().items():
        name = key.removesuffix(".weight")
        wanted = before[key]
        if name in pairs:
            down, up = pairs[name]
            wanted = wanted + scale * (up @ down)
        assert torch.allclose(value, wanted, atol=1e-5), key


@pytest.mark.parametrize("style", STYLES)
def test_every_layer_is_changed_whatever_the_file_calls_it(
    model: S2VTransformer, tmp_path: Path, style: str
) -> None:
    pairs, before = drawn(model), weights(model)
    file = write(tmp_path / "lora.safetensors", pairs, style)
    assert merge_lora(model, Lora(file)) == len(pairs) == 10 * 4 + 4 * 3
    assert_changed(model, before, pairs, scale=1)


def test_diffusers_style_names_of_layers_are_known(model: S2VTransformer, tmp_path: Path) -> None:
    pairs, before = drawn(model), weights(model)
    renamed = {
        diffusers_name(f"{name}.weight").removesuffix(".weight"): pair
        for name, pair in pairs.items()
    }
    assert "blocks.0.attn1.to_out.0" in renamed
    file = write(tmp_path / "lora.safetensors", renamed, "bare")
    assert merge_lora(model, Lora(file)) == len(pairs)
    assert_changed(model, before, pairs, scale=1)


def test_live_avatars_448_layers_are_those_of_the_14b_model() -> None:
    assert len(layers_of(blank_transformer(S2VConfig()))) == 448


def test_the_change_is_scaled_by_alpha_over_rank_and_by_strength(
    model: S2VTransformer, tmp_path: Path
) -> None:
    pairs, before = drawn(model), weights(model)
    file = write(tmp_path / "lora.safetensors", pairs)
    merge_lora(model, Lora(file, alpha=RANK / 2, strength=0.5))
    assert_changed(model, before, pairs, scale=0.25)


def test_the_files_own_alphas_count_before_all_others(
    model: S2VTransformer, tmp_path: Path
) -> None:
    pairs, before = drawn(model), weights(model)
    alphas = {f"diffusion_model.{name}.alpha": torch.tensor(1.0) for name in pairs}
    file = write(tmp_path / "lora.safetensors", pairs, "diffusion_model", **alphas)
    merge_lora(model, Lora(file, alpha=100.0))
    assert_changed(model, before, pairs, scale=1 / RANK)


def test_the_configuration_beside_a_peft_file_tells_its_alpha(
    model: S2VTransformer, tmp_path: Path
) -> None:
    pairs, before = drawn(model), weights(model)
    file = write(tmp_path / "adapter_model.safetensors", pairs)
    (tmp_path / "adapter_config.json").write_text(json.dumps({"r": RANK, "lora_alpha": 2}))
    merge_lora(model, Lora(file))
    assert_changed(model, before, pairs, scale=0.5)


def test_the_change_is_rounded_once_and_not_before(tmp_path: Path) -> None:
    model = parts_of(str(TINY)).transformer(CPU, torch.bfloat16)
    pairs, before = drawn(model), weights(model)
    file = write(tmp_path / "lora.safetensors", pairs)
    merge_lora(model, Lora(file, strength=0.01))
    for name, (down, up) in pairs.items():
        wanted = before[f"{name}.weight"].float() + 0.01 * (up @ down)
        found = model.get_submodule(name).weight
        assert found.dtype == torch.bfloat16
        assert (found.float() - wanted).abs().max() <= 2**-8 * wanted.abs().max()


def test_the_checkpoints_file_stays_as_it_is(tmp_path: Path) -> None:
    before = SHARD.read_bytes()
    model = parts_of(str(TINY)).transformer(CPU, torch.bfloat16)
    merge_lora(model, Lora(write(tmp_path / "lora.safetensors", drawn(model))))
    assert SHARD.read_bytes() == before
    key, stored = next(iter(load_file(SHARD).items()))
    assert torch.equal(
        parts_of(str(TINY)).transformer(CPU, torch.bfloat16).state_dict()[key], stored
    )


def test_a_model_says_what_changed_it(model: S2VTransformer, tmp_path: Path) -> None:
    lora = Lora(write(tmp_path / "avatar.safetensors", drawn(model)))
    models = load_models(str(TINY), device=CPU, dtype=torch.float32, loras=[lora])
    assert models.origin == f"{TINY} (official layout), changed by avatar.safetensors"
    assert not torch.equal(
        models.transformer.blocks[0].ffn[0].weight, model.blocks[0].ffn[0].weight
    )


def refused(model: S2VTransformer, file: Path) -> str:
    before = weights(model)
    with pytest.raises(NotReady) as error:
        merge_lora(model, Lora(file))
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert str(file) in error.value.message
    return error.value.message


def test_layers_that_the_model_lacks_are_named(model: S2VTransformer, tmp_path: Path) -> None:
    pairs = drawn(model)
    pairs["blocks.40.ffn.0"] = tuple(half.clone() for half in pairs["blocks.0.ffn.0"])
    message = refused(model, write(tmp_path / "lora.safetensors", pairs))
    assert "blocks.40.ffn.0.lora_A.weight belongs to no linear layer" in message


def test_a_change_of_another_shape_is_named_with_both(
    model: S2VTransformer, tmp_path: Path
) -> None:
    pairs = drawn(model)
    down, up = pairs["blocks.1.self_attn.q"]
    pairs["blocks.1.self_attn.q"] = (down[:, :40].contiguous(), up)
    message = refused(model, write(tmp_path / "lora.safetensors", pairs))
    assert "blocks.1.self_attn.q.lora_A.weight" in message
    assert "shape (48, 40), expected (48, 48)" in message


def test_half_a_change_is_named(model: S2VTransformer, tmp_path: Path) -> None:
    pairs = drawn(model)
    half = {"base_model.model.blocks.2.ffn.0.lora_A.weight": pairs.pop("blocks.2.ffn.0")[0]}
    message = refused(model, write(tmp_path / "lora.safetensors", pairs, **half))
    assert "of blocks.2.ffn.0 there is only the down half" in message


@pytest.mark.parametrize("key", ["blocks.0.ffn.0.diff_b", "blocks.9.ffn.0.alpha", "surplus"])
def test_what_cannot_be_merged_is_named(model: S2VTransformer, tmp_path: Path, key: str) -> None:
    file = write(tmp_path / "lora.safetensors", drawn(model), **{key: torch.ones(())})
    assert key in refused(model, file)


def test_a_missing_and_a_truncated_file_are_named(model: S2VTransformer, tmp_path: Path) -> None:
    file = tmp_path / "lora.safetensors"
    assert "There is no LoRA file" in refused(model, file)
    write(file, drawn(model))
    file.write_bytes(file.read_bytes()[:-100])
    assert "truncated" in refused(model, file)


def test_whole_changes_of_weights_and_biases_are_added(
    model: S2VTransformer, tmp_path: Path
) -> None:
    pairs, before = drawn(model), weights(model)
    whole = {
        "diffusion_model.blocks.0.ffn.0.diff_b": torch.full((112,), 2.0),
        "diffusion_model.blocks.1.norm3.diff": torch.full((48,), 3.0),
        "diffusion_model.head.head.diff": torch.full((64, 48), 4.0),
    }
    merge_lora(model, Lora(write(tmp_path / "lora.safetensors", pairs, **whole), strength=0.5))
    found = model.state_dict()
    assert torch.allclose(found["blocks.0.ffn.0.bias"], before["blocks.0.ffn.0.bias"] + 1)
    assert torch.allclose(found["blocks.1.norm3.weight"], before["blocks.1.norm3.weight"] + 1.5)
    assert torch.allclose(found["head.head.weight"], before["head.head.weight"] + 2)


def live_avatar(model: S2VTransformer, tmp_path: Path) -> tuple[Path, Pairs]:
    pairs = {
        name: (down.repeat(32, 1), up.repeat(1, 32)) for name, (down, up) in drawn(model).items()
    }
    return write(tmp_path / "liveavatar.safetensors", pairs), pairs


def test_what_was_trained_to_go_block_by_block_is_refused_unless_forced(
    model: S2VTransformer, tmp_path: Path
) -> None:
    file, pairs = live_avatar(model, tmp_path)
    assert "block by block" in refused(model, file)
    before = weights(model)
    assert merge_lora(model, Lora(file, forced=True)) == len(pairs)
    assert_changed(model, before, pairs, scale=0.5)


def test_an_alpha_that_is_told_counts_before_live_avatars(
    model: S2VTransformer, tmp_path: Path
) -> None:
    file, pairs = live_avatar(model, tmp_path)
    before = weights(model)
    merge_lora(model, Lora(file, alpha=128.0, forced=True))
    assert_changed(model, before, pairs, scale=1)


def test_several_files_act_one_after_the_other_and_each_for_its_presets(
    model: S2VTransformer, tmp_path: Path
) -> None:
    pairs, before = drawn(model), weights(model)
    one = write(tmp_path / "one.safetensors", pairs)
    two = write(tmp_path / "two.safetensors", pairs)
    choices = lora_choices(f"{one}*0.5; {two}*0.25@draft,low")
    assert choices == (
        LoraChoice(str(one), 0.5),
        LoraChoice(str(two), 0.25, ("draft", "low")),
    )
    engine = WanEngine(WanSettings(str(TINY), device="cpu", loras=choices))
    for preset, scale in (("draft", 0.75), ("high", 0.5), ("", 0.5), ("low", 0.75)):
        assert_changed(engine.load(preset).transformer, before, pairs, scale=scale)
    assert engine.load("draft") is engine.load("low")


@pytest.mark.parametrize("text", ["*2", "a.safetensors*much", "a.safetensors@"])
def test_what_names_no_file_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not FILE"):
        lora_choices(text)
