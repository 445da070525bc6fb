import pytest

torch = pytest.importorskip("torch", reason="the extra `wan` is not installed")

from s2v.core.sampling import Solver
from s2v_render.engines.wan.model.solvers import Past, advance, schedule


def velocity(latents: torch.Tensor, time: float) -> torch.Tensor:
    return 0.7 * latents.float() + torch.tanh(latents.float()) - time / 900


def run(solver: Solver, *, steps: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    plan = schedule(solver, steps=steps, shift=3.0)
    latents = torch.linspace(-2, 2, 24).view(1, 2, 3, 2, 2).to(dtype)
    past = Past()
    for step in range(plan.steps):
        moved = velocity(latents, plan.times[step].item())
        latents, past = advance(plan, step, latents, moved, past)
    return latents


@pytest.mark.parametrize("steps", [1, 2, 3, 10, 40])
def test_unipc_takes_the_steps_that_diffusers_takes_on_the_same_grid(steps: int) -> None:
    from diffusers import UniPCMultistepScheduler

    plan = schedule(Solver.UNIPC, steps=steps, shift=3.0)
    theirs = UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0
    )
    even = torch.linspace(0.999, 0, steps + 1, dtype=torch.float64)[:-1]
    theirs.set_timesteps(sigmas=even.numpy())
    latents = torch.linspace(-2, 2, 24).view(1, 2, 3, 2, 2)
    for step in range(steps):
        moved = velocity(latents, plan.times[step].item())
        latents = theirs.step(moved, theirs.timesteps[step], latents).prev_sample
    assert torch.allclose(run(Solver.UNIPC, steps=steps), latents, atol=1e-5)


def test_euler_takes_the_steps_that_diffusers_takes() -> None:
    from diffusers import FlowMatchEulerDiscreteScheduler

    theirs = FlowMatchEulerDiscreteScheduler(shift=3.0)
    theirs.set_timesteps(4)
    latents = torch.linspace(-2, 2, 24).view(1, 2, 3, 2, 2)
    for time in theirs.timesteps:
        latents = theirs.step(velocity(latents, time.item()), time, latents).prev_sample
    assert torch.allclose(run(Solver.EULER, steps=4), latents, atol=1e-5)


def test_unipc_keeps_the_dtype_of_the_latents_and_the_others_that_of_the_velocity() -> None:
    assert run(Solver.UNIPC, steps=3, dtype=torch.bfloat16).dtype == torch.bfloat16
    assert run(Solver.DPM, steps=3, dtype=torch.bfloat16).dtype == torch.float32
    assert run(Solver.EULER, steps=3, dtype=torch.bfloat16).dtype == torch.float32


@pytest.mark.parametrize("solver", list(Solver))
def test_more_steps_come_closer_to_where_the_flow_leads(solver: Solver) -> None:
    exact = run(solver, steps=400)
    few, many = ((run(solver, steps=steps) - exact).abs().max() for steps in (5, 40))
    assert many < few


def test_the_grids_of_the_official_code_and_of_few_step_students() -> None:
    unipc = schedule(Solver.UNIPC, steps=4, shift=3.0)
    assert unipc.times.tolist() == [999, 899, 749, 499]
    assert schedule(Solver.DPM, steps=4, shift=5.0).times.tolist() == [1000, 937, 833, 625]
    euler = schedule(Solver.EULER, steps=4, shift=3.0)
    assert [round(time, 1) for time in euler.times.tolist()] == [1000.0, 857.7, 602.2, 8.9]
    assert unipc.sigmas[-1] == euler.sigmas[-1] == 0
