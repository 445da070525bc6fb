"""Schedules and steps against what the official solvers computed."""

import json
import os
import re
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the extra `wan` is not installed")

from safetensors.torch import load_file

from s2v.core.sampling import Solver
from s2v_render.engines.wan.model.solvers import Past, advance, schedule

HERE = Path(__file__).parents[1] / "data/wan_s2v"
FIXTURES = Path(os.environ.get("S2V_WAN_FIXTURES", HERE)) / "3_scheduler"
EXPECTED = load_file(FIXTURES / "scheduler.safetensors")
FACTS = json.loads((FIXTURES / "scheduler.json").read_text())
GRIDS = [name.removesuffix(".sigmas") for name in EXPECTED if name.endswith(".sigmas")]
RUNS = [name for name in EXPECTED if name.startswith("traj_")]
TOLERANCE = 1e-5


@pytest.mark.parametrize("name", GRIDS)
def test_noise_levels_and_times_are_the_official_ones(name: str) -> None:
    fact = FACTS[name]
    plan = schedule(Solver(fact["solver"]), steps=fact["steps"], shift=fact["shift"])
    assert (plan.sigmas - EXPECTED[f"{name}.sigmas"]).abs().max() < TOLERANCE
    assert plan.times.tolist() == EXPECTED[f"{name}.timesteps"].tolist()


@pytest.mark.parametrize("name", RUNS)
def test_every_step_leads_where_the_official_one_leads(name: str) -> None:
    solver, steps, shift, dtype = re.fullmatch(  # type: ignore[union-attr]
        r"traj_(.+)_steps(\d+)_shift([\d.]+)_(fp32|bf16)", name
    ).groups()
    plan = schedule(Solver(solver), steps=int(steps), shift=float(shift))
    latents = EXPECTED["toy.x_init"].to(torch.bfloat16 if dtype == "bf16" else torch.float32)
    past, dtypes = Past(), []
    for step in range(plan.steps):
        x = latents.float()
        time = plan.times[step].float()
        wave = torch.cos(time / 250) * EXPECTED["toy.w"]
        velocity = 0.8 * x + 0.3 * torch.tanh(2 * x) - 0.5 * wave
        latents, past = advance(plan, step, latents, velocity, past)
        assert (latents.float() - EXPECTED[name][step].float()).abs().max() < TOLERANCE
        dtypes.append(str(latents.dtype))
    assert dtypes[: len(FACTS[name]["result_dtypes"])] == FACTS[name]["result_dtypes"]
