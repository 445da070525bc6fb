"""The S2V transformer against what the official modules computed, on every case there is."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the extra `wan` is not installed")

from safetensors.torch import load_file

from s2v_render.engines.wan.model.config import read_config
from s2v_render.engines.wan.model.transformer import S2VTransformer, Scene, SpeechContext, Text
from s2v_render.engines.wan.ops.kernels import plain_kernels, use
from s2v_render.engines.wan.ops.plain import PlainOps
from s2v_render.engines.wan.weights.layouts.diffusers import transformer_name
from wan_builders import build_transformer, diffusers_name

HERE = Path(__file__).parents[1] / "data/wan_s2v"
FIXTURES = Path(os.environ.get("S2V_WAN_FIXTURES", HERE)) / "1_transformer"
CASES: dict[str, dict[str, Any]] = json.loads((FIXTURES / "cases.json").read_text())
TAPS = sorted(FIXTURES.glob("taps_*.safetensors"))
ADAINS = sorted(FIXTURES.glob("unit_adain_*.safetensors"))
TOLERANCE = 1e-4

Tensors = dict[str, torch.Tensor]


def tensors(name: str) -> Tensors:
    return {key: value.float() for key, value in load_file(FIXTURES / name).items()}


@pytest.fixture(scope="module")
def model() -> S2VTransformer:
    config = read_config(json.loads((FIXTURES / "config.json").read_text()))
    return build_transformer(tensors("diffusion_pytorch_model.safetensors"), config)


@pytest.fixture(scope="module")
def inputs() -> Tensors:
    return tensors("cases_inputs.safetensors")


@pytest.fixture(scope="module")
def expected() -> Tensors:
    return tensors("cases_expected.safetensors")


def conditions(
    model: S2VTransformer, inputs: Tensors, name: str
) -> tuple[torch.Tensor, Scene, Text, SpeechContext]:
    case = CASES[name]
    x = inputs[f"{name}.x"]
    silence = torch.zeros(len(x), 25, model.config.audio_dim, 4 * x.shape[2])
    scene = model.encode_scene(
        inputs[f"{name}.ref_latents"],
        frames=x.shape[2],
        motion_BCTYX=None if case["drop_motion_frames"] else inputs[f"{name}.motion_latents"],
        pose_BCTYX=inputs.get(f"{name}.cond_states"),
        newest_motion=case["add_last_motion"],
    )
    text = model.encode_text([inputs[f"{name}.context.{sample}"] for sample in range(len(x))])
    sound = model.encode_sound(
        inputs.get(f"{name}.audio_input", silence), motion_frames=tuple(case["motion_frames"])
    )
    return x, scene, text, sound


@torch.inference_mode()
def predicted(model: S2VTransformer, inputs: Tensors, name: str) -> torch.Tensor:
    x, scene, text, sound = conditions(model, inputs, name)
    time = torch.tensor(CASES[name]["t"])
    return model(x, time, scene=scene, text=text, sound=sound)


@pytest.mark.parametrize("name", CASES)
def test_the_velocity_is_the_official_one(
    model: S2VTransformer, inputs: Tensors, expected: Tensors, name: str
) -> None:
    out = predicted(model, inputs, name)
    assert out.dtype == torch.float32
    assert (out - expected[f"{name}.out"]).abs().max() < TOLERANCE


@pytest.mark.parametrize("name", CASES)
def test_in_bfloat16_the_velocity_points_the_same_way(
    model: S2VTransformer, inputs: Tensors, expected: Tensors, name: str
) -> None:
    half = {key: weight.bfloat16() for key, weight in model.state_dict().items()}
    coarse = build_transformer(half, model.config)
    use(plain_kernels(torch.bfloat16), coarse)
    out = predicted(coarse, inputs, name)
    alike = torch.cosine_similarity(out.flatten(), expected[f"{name}.out"].flatten(), dim=0)
    assert alike >= 0.9995


@pytest.mark.parametrize("file", TAPS, ids=lambda path: path.stem)
def test_every_part_says_what_the_official_part_says(
    model: S2VTransformer, inputs: Tensors, file: Path
) -> None:
    taps, name = tensors(file.name), file.stem.removeprefix("taps_")
    found: Tensors = {}

    def listen(part: torch.nn.Module, tap: str) -> None:
        part.register_forward_hook(lambda _, __, out: found.update({tap: out.clone()}))

    copied = build_transformer(model.state_dict(), model.config)
    for part, tap in (
        (copied.text_embedding, "text_embedding"),
        (copied.time_embedding, "time_embedding"),
        (copied.time_projection, "time_projection"),
        (copied.blocks[0].ffn, "block0_ffn_out"),
        (copied.head, "head_out"),
        *((block, f"block{number}_out") for number, block in enumerate(copied.blocks)),
    ):
        listen(part, tap)
    x, scene, text, sound = conditions(copied, inputs, name)
    time = torch.tensor(CASES[name]["t"])
    copied(x, time, scene=scene, text=text, sound=sound)
    found["rope_cos"], found["rope_sin"] = scene.turn.cos_SP[None], scene.turn.sin_SP[None]
    if copied.config.enable_framepack:
        found["motion_tokens"] = copied.frame_packer(inputs[f"{name}.motion_latents"])
    rows = taps["text_embedding"].shape[1]
    found["text_embedding"] = found["text_embedding"][:, :rows]
    checked = found.keys() & taps.keys()
    assert len(checked) >= 8
    for tap in checked:
        assert (found[tap] - taps[tap]).abs().max() < TOLERANCE, tap


@pytest.mark.parametrize("file", ADAINS, ids=lambda path: path.stem)
def test_the_norm_of_the_audio_injector_holds_for_small_activations(
    model: S2VTransformer, file: Path
) -> None:
    case = tensors(file.name)
    tokens, said = case["tokens"], case["global_audio_token"]
    norm = model.audio_injector.norm(1, tokens.flatten(0, 1)[None], len(tokens), said)
    out = PlainOps().normed(tokens.flatten(0, 1)[None], norm, out=torch.float32)
    assert isinstance(out, torch.Tensor)
    out = out.view_as(tokens)
    assert (out - case["expected"]).abs().max() < TOLERANCE


def test_a_diffusers_style_checkpoint_is_the_same_model(
    model: S2VTransformer, inputs: Tensors, expected: Tensors
) -> None:
    foreign = {diffusers_name(k): weight for k, weight in model.state_dict().items()}
    back = {transformer_name(k): weight for k, weight in foreign.items()}
    out = predicted(build_transformer(back, model.config), inputs, name := next(iter(CASES)))
    assert (out - expected[f"{name}.out"]).abs().max() < TOLERANCE
