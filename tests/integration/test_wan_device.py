"""What only a GPU can show of the `wan` engine: steps that never wait, and the same arithmetic."""

import json
import os
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the extra `wan` is not installed")

from safetensors.torch import load_file

from s2v.core.sampling import Solver
from s2v_render.engines.wan.model.config import read_config
from s2v_render.engines.wan.model.transformer import S2VTransformer
from s2v_render.engines.wan.takes.windows import (
    Denoising,
    PastMotion,
    Prompts,
    WindowInput,
    denoised,
    prepared,
)
from wan_builders import build_transformer
from wan_ranks import together, worst_attended

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
    pytest.mark.filterwarnings("ignore:Synchronization debug mode:UserWarning"),
]

HERE = Path(__file__).parents[1] / "data/wan_s2v"
FIXTURES = Path(os.environ.get("S2V_WAN_FIXTURES", HERE)) / "1_transformer"
FRAMES, SIDE = 2, 8


@pytest.fixture(scope="module")
def model() -> S2VTransformer:
    config = read_config(json.loads((FIXTURES / "config.json").read_text()))
    weights = load_file(FIXTURES / "diffusion_pytorch_model.safetensors", device="cuda")
    return build_transformer({name: value.float() for name, value in weights.items()}, config)


@pytest.fixture
def no_waiting() -> Iterator[None]:
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    yield
    torch.cuda.set_sync_debug_mode("default")


@torch.inference_mode()
def steps(model: S2VTransformer, solver: Solver) -> Iterator[object]:
    drawn = torch.Generator("cuda").manual_seed(1)

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=drawn, device="cuda")

    denoising = Denoising(solver=solver, steps=4, window_frames=4 * FRAMES)
    given = WindowInput(
        random(1, 16, FRAMES, SIDE, SIDE), random(1, 25, model.config.audio_dim, 4 * FRAMES)
    )
    motion = PastMotion(random(1, 3, 73, 8 * SIDE, 8 * SIDE), random(1, 16, 19, SIDE, SIDE))
    reference = random(1, 16, 1, SIDE, SIDE)
    text = [model.encode_text([random(rows, model.config.text_dim)]) for rows in (5, 3)]
    conditions = prepared(model, denoising, reference, given, motion=motion)
    return denoised(model, denoising, given, conditions, Prompts(*text))


@pytest.mark.parametrize("solver", list(Solver))
def test_no_step_waits_for_the_device(
    model: S2VTransformer, solver: Solver, request: pytest.FixtureRequest
) -> None:
    run = steps(model, solver)
    next(run)
    request.getfixturevalue("no_waiting")
    assert len(list(run)) == 3


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="there are no two CUDA devices")
def test_gpus_copy_to_each_other_what_each_attends_to(tmp_path: Path) -> None:
    assert max(together(2, tmp_path, worst_attended, 300, context=get_context("spawn"))) < 1e-5
