"""The operations of the `wan` engine: fused and plain ones agree, and fp8 errs little."""

import os
import stat
import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

torch = pytest.importorskip("torch", reason="the extra `wan` is not installed")

from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from s2v.core.errors import NotReady
from s2v_render.engines.wan.memory import Demand, plan_memory
from s2v_render.engines.wan.model.config import S2VConfig
from s2v_render.engines.wan.model.vae import Vae
from s2v_render.engines.wan.ops import attention
from s2v_render.engines.wan.ops.attention import PLAIN_ATTENTION, fastest_attention
from s2v_render.engines.wan.ops.kernels import fastest_kernels
from s2v_render.engines.wan.ops.linear import Fp8Linear
from s2v_render.engines.wan.ops.plain import PlainOps
from s2v_render.engines.wan.ops.protocol import FP8, Activation, Gate, Norm, Rotations, Rowwise
from s2v_render.engines.wan.settings import Offload
from s2v_render.engines.wan.weights.fast import (
    ensure_fp8,
    ensure_fp8_attention,
    fastest_vae,
    round_to_fp8,
)
from s2v_render.engines.wan.weights.loading import load_models
from s2v_render.engines.wan.weights.parts import parts_of

on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
CPU, CUDA = torch.device("cpu"), torch.device("cuda")
PLAIN = PlainOps()
FLASH_4_SETTINGS = [f"FLASH_ATTENTION_CUTE_DSL_CACHE_{name}" for name in ("ENABLED", "DIR")]
HEADS, WIDTH, TOKENS, NOISE = 5, 320, 37, 20


def drawn(*shape: int, seed: int = 1, device: str = "cpu") -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(device)


def unpacked(x: Activation) -> Tensor:
    if not isinstance(x, Rowwise):
        return x.float()
    return (x.values_SI.float() * x.scale_S1).unflatten(0, (x.batch, -1))


def alike(found: Tensor, wanted: Tensor) -> float:
    return float(torch.cosine_similarity(found.float().flatten(), wanted.float().flatten(), dim=0))


def norm(groups: int, batch: int, device: str = "cpu", *, tokens: int = NOISE) -> Norm:
    scale, shift = drawn(2, batch, groups, WIDTH, seed=7, device=device)
    return Norm(1 + scale, shift, tokens, 1e-6)


@pytest.mark.gpu
@on_gpu
@pytest.mark.parametrize("out", [torch.bfloat16, FP8], ids=str)
@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize(("groups", "tokens"), [(1, TOKENS), (2, NOISE), (5, 8)])
def test_fused_norms_are_plain_ones(out: torch.dtype, batch: int, groups: int, tokens: int) -> None:
    from s2v_render.engines.wan.ops.fused import FusedOps

    longer = drawn(batch, TOKENS + 3, WIDTH, device="cuda")
    y = drawn(batch, TOKENS, WIDTH, seed=2, device="cuda").bfloat16()
    after = norm(groups, batch, "cuda", tokens=tokens)
    gate = Gate(drawn(batch, groups, WIDTH, seed=3, device="cuda"), tokens)
    streams, told = [], []
    for ops in (PLAIN, FusedOps()):
        whole = longer.clone()
        x = whole[:, :TOKENS]
        told.append(unpacked(ops.normed(x, after, out=out)))
        told.append(unpacked(ops.add_normed(x, y, after, gate=gate, out=out)))
        ops.add(x, y)
        ops.add(x, y, gate=gate)
        streams.append(whole)
    assert torch.allclose(*streams, atol=1e-5)
    assert torch.equal(streams[1][:, TOKENS:], longer[:, TOKENS:])
    for plain, fused in zip(told[:2], told[2:], strict=True):
        assert (plain - fused).norm() / plain.norm() < (0.01 if out == FP8 else 0.002)


@pytest.mark.gpu
@on_gpu
@pytest.mark.parametrize("normed", [True, False])
@pytest.mark.parametrize("turned", [True, False])
def test_fused_heads_are_plain_ones(normed: bool, turned: bool) -> None:
    from s2v_render.engines.wan.ops.fused import FusedOps

    x = drawn(2, TOKENS, WIDTH, device="cuda").bfloat16()
    weight = drawn(WIDTH, seed=4, device="cuda").bfloat16() if normed else None
    angles = drawn(TOKENS, WIDTH // HEADS // 2, seed=5, device="cuda")
    turn = Rotations(angles.cos(), angles.sin()) if turned else None
    plain, fused = (
        ops.head_rows(x.clone(), weight, eps=1e-6, heads=HEADS, turn=turn)
        for ops in (PLAIN, FusedOps())
    )
    assert fused.shape == (2, TOKENS, HEADS, WIDTH // HEADS)
    assert (plain.float() - fused.float()).norm() / plain.float().norm() < 0.004


@pytest.mark.gpu
@on_gpu
@pytest.mark.parametrize("out", [torch.bfloat16, FP8], ids=str)
def test_fused_gelu_and_rounding_are_plain_ones(out: torch.dtype) -> None:
    from s2v_render.engines.wan.ops.fused import FusedOps

    x = 3 * drawn(2, TOKENS, WIDTH, device="cuda").bfloat16()
    for name in ("gelu", "rounded"):
        plain, fused = (unpacked(getattr(ops, name)(x, out=out)) for ops in (PLAIN, FusedOps()))
        assert (plain - fused).norm() / plain.norm() < (0.01 if out == FP8 else 0.004)


@pytest.mark.gpu
@on_gpu
def test_the_card_multiplies_fp8_as_plain_torch_does() -> None:
    from s2v_render.engines.wan.ops.fused import FusedOps

    layer = Fp8Linear(nn.Linear(WIDTH, 64).cuda())
    x = PLAIN.rounded(drawn(2, TOKENS, WIDTH, device="cuda"), out=FP8)
    assert isinstance(x, Rowwise)
    plain, fused = (
        ops.multiplied(x, layer.weight, layer.scale, layer.bias) for ops in (PLAIN, FusedOps())
    )
    assert (plain.float() - fused.float()).norm() / plain.float().norm() < 0.01


@pytest.mark.gpu
@on_gpu
def test_the_fused_autoencoder_is_nearly_the_plain_one() -> None:
    fine = Vae(parts_of("random:tiny").vae(CPU))
    quick = fastest_vae(parts_of("random:tiny").vae(CPU).cuda(), CUDA)
    pixels = drawn(1, 3, 17, 64, 48).clamp(-1, 1)
    wanted, found = fine.encode(pixels), quick.encode(pixels.cuda()).cpu()
    assert alike(found, wanted) > 0.999
    stream = quick.stream()
    seen = torch.cat([stream.decode(part) for part in wanted.split([3, 2], dim=2)], dim=2).cpu()
    assert alike(seen, fine.decode(wanted)) > 0.999


@pytest.mark.gpu
@on_gpu
@pytest.mark.parametrize("offload", [Offload.PARTS, Offload.LAYERS])
@pytest.mark.parametrize("fp8", [False, True])
def test_fused_networks_work_where_their_weights_only_visit(offload: Offload, fp8: bool) -> None:
    made = []
    for where in (Offload.NONE, offload):
        models = load_models(
            "random:tiny", device=CUDA, dtype=torch.bfloat16, offload=where, fp8=fp8
        )
        noise, motion = drawn(1, 16, 2, 8, 8, device="cuda"), drawn(1, 16, 19, 8, 8, device="cuda")
        scene = models.transformer.encode_scene(motion[:, :, :1], frames=2, motion_BCTYX=motion)
        features = drawn(1, 25, 32, 8, device="cuda")
        sound = models.transformer.encode_sound(features, motion_frames=(73, 19))
        text = models.transformer.encode_text([drawn(3, 48, device="cuda")])
        time = torch.tensor([500.0], device="cuda")
        velocity = models.transformer(noise, time, scene=scene, text=text, sound=sound)
        made.append((velocity, models.vae.decode(noise), models.vae.encode(drawn(1, 3, 9, 64, 64))))
    for whole, visiting in zip(*made, strict=True):
        assert whole.isfinite().all()
        assert alike(visiting, whole) > 0.9999


@pytest.fixture
def triton(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Triton that is installed and keeps what it compiles; returns where."""
    folder = tmp_path / "home" / "cache"
    known = ModuleType("triton")
    known.knobs = SimpleNamespace(cache=SimpleNamespace(dir=str(folder)))  # type: ignore[attr-defined]
    known.__spec__ = ModuleSpec("triton", None)
    monkeypatch.setitem(sys.modules, "triton", known)
    for name in FLASH_4_SETTINGS:
        monkeypatch.setenv(name, "")  # so that it is put back
        monkeypatch.delenv(name)
    return folder


def test_what_flash_4_compiles_is_kept_where_nobody_else_writes(triton: Path) -> None:
    attention.keep_what_flash_4_compiles()
    folder = triton / "flash-attn-4"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [os.environ[name] for name in FLASH_4_SETTINGS] == ["1", str(folder)]


def test_own_settings_of_flash_4_go_before(triton: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FLASH_4_SETTINGS[0], "0")
    attention.keep_what_flash_4_compiles()
    assert os.environ[FLASH_4_SETTINGS[0]] == "0"


def test_where_nothing_can_be_kept_flash_4_keeps_nothing(triton: Path) -> None:
    triton.parent.write_text("in the way")
    attention.keep_what_flash_4_compiles()
    assert not any(name in os.environ for name in FLASH_4_SETTINGS)


@pytest.mark.gpu
@on_gpu
def test_attention_is_the_chosen_one_whatever_the_process_set() -> None:
    chosen = fastest_attention(torch.device("cuda"), torch.bfloat16, 128)
    assert chosen is not PLAIN_ATTENTION
    q, k, v = (drawn(1, 64, 2, 128, seed=seed, device="cuda").bfloat16() for seed in (1, 2, 3))
    free = chosen.attend(q, k, v)
    with sdpa_kernel(SDPBackend.MATH):
        held = chosen.attend(q, k, v)
    assert torch.equal(free, held)
    assert alike(free, PLAIN_ATTENTION.attend(q, k, v)) > 0.9999


@pytest.mark.gpu
@on_gpu
@pytest.mark.skipif(not find_spec("cudnn"), reason="nvidia-cudnn-frontend is not installed")
@pytest.mark.parametrize("common", [0.0, 20.0])
def test_attention_in_fp8_errs_little_where_keys_have_much_in_common_too(common: float) -> None:
    chosen = fastest_attention(CUDA, torch.bfloat16, 128, fp8=True)
    q, k, v = (drawn(1, 4100, 2, 128, seed=seed, device="cuda").bfloat16() for seed in (1, 2, 3))
    k += common * drawn(128, seed=4, device="cuda").bfloat16()
    wanted = PLAIN_ATTENTION.attend(q, k, v)
    assert 0.99 < alike(chosen.attend(q, k, v), wanted) < 0.99999
    assert (
        alike(
            chosen.attend(q, k[:, :64], v[:, :64]), PLAIN_ATTENTION.attend(q, k[:, :64], v[:, :64])
        )
        > 0.9999
    )


def test_a_cpu_is_told_that_it_cannot_attend_in_fp8() -> None:
    with pytest.raises(NotReady, match=r"fp8-attention, which does not work here.*Use fp8"):
        ensure_fp8_attention(CPU, 128)


@pytest.mark.parametrize("outlier", [1.0, 30.0])
def test_fp8_matrices_err_little_with_outlier_channels_too(outlier: float) -> None:
    linear = nn.Linear(WIDTH, 64).requires_grad_(False)
    linear.weight.copy_(drawn(64, WIDTH, seed=8) * WIDTH**-0.5)
    linear.weight[:, ::40] *= outlier
    x = drawn(1, TOKENS, WIDTH, seed=9)
    x[..., 3::80] *= outlier
    rounded = PLAIN.rounded(x, out=FP8)
    assert alike(Fp8Linear(linear)(rounded), linear(x).detach()) > 0.998


def test_what_every_step_multiplies_by_is_rounded_and_nothing_else() -> None:
    network = parts_of("random:tiny").transformer(CPU, torch.bfloat16)
    config = network.config
    count = round_to_fp8(network, CPU)
    assert count == 8 * config.num_layers + 2 * len(config.audio_inject_layers)
    assert isinstance(network.blocks[0].cross_attn.q, Fp8Linear)
    assert isinstance(network.blocks[0].cross_attn.k, nn.Linear)


def test_a_transformer_in_fp8_is_planned_for_as_it_is() -> None:
    parts = parts_of("random:tiny")
    network = parts.transformer(CPU, torch.bfloat16)
    round_to_fp8(network, CPU)
    held = sum(
        weight.nbytes for name, weight in network.named_parameters() if not name.endswith(".scale")
    )
    planned = plan_memory(Demand(network.config, 64, 64, parts=parts.sizes(), fp8=True))
    assert next(each.size_bytes for each in planned.weights if each.name == "transformer") == held


def test_a_cpu_is_told_that_it_cannot_do_fp8() -> None:
    with pytest.raises(NotReady, match=r"S2V_RENDER_WAN_PRECISION asks for fp8, and a CPU cannot"):
        ensure_fp8(CPU)


def test_a_cpu_computes_plainly_and_says_so() -> None:
    kernels = fastest_kernels(CPU, torch.float32, S2VConfig().head_dim)
    assert str(kernels) == "float32, operations by torch, attention by torch"
