"""From noise to a picture in steps: schedules of noise levels, and what one step does.

The velocity v points away from the picture: x0 = x - sigma * v. All coefficients are computed on
the host from the schedule, so that a step never waits for the device; diffusers' UniPC would, in
`torch.linalg.solve`.
Sources: UniPC (arXiv 2302.04867, B2 variant), DPM-Solver++ (arXiv 2211.01095, 2M), and the grids of
the official `get_sampling_sigmas` and of diffusers' `FlowMatchEulerDiscreteScheduler`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from s2v.core.sampling import Solver

_TIMES = 1000
_LARGEST_UNIPC_SIGMA = float(np.float32(0.999))
"""As the official code has it: rounded to fp32, and then computed with in fp64."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The noise levels of a run.

    Attributes:
        solver: how steps are taken between them.
        sigmas: fp32 on the host, shape [steps + 1], falling from about 1 to 0.
        times: fp64 on the host, shape [steps], what the model is told, 0..1000.
    """

    solver: Solver
    sigmas: Tensor
    times: Tensor

    @property
    def steps(self) -> int:
        """How often the model is asked."""
        return len(self.times)


@dataclass(frozen=True, slots=True)
class Past:
    """What a step remembers of the ones before it.

    Attributes:
        pictures: the last two predictions of x0, the latest last.
        latents: what the last step started from, after its correction.
    """

    pictures: tuple[Tensor, ...] = ()
    latents: Tensor | None = None


def schedule(solver: Solver, *, steps: int, shift: float) -> Schedule:
    """Return the noise levels of so many steps; a larger shift spends more of them on noise."""
    if solver is Solver.EULER:
        from diffusers import FlowMatchEulerDiscreteScheduler

        grid = FlowMatchEulerDiscreteScheduler(shift=shift)
        grid.set_timesteps(steps)
        return Schedule(solver, grid.sigmas.float(), grid.timesteps.double())
    largest = _LARGEST_UNIPC_SIGMA if solver is Solver.UNIPC else 1.0
    even = np.linspace(largest, 0, steps + 1)[:-1]
    sigmas = shift * even / (1 + (shift - 1) * even)
    times = torch.from_numpy(sigmas * _TIMES).long().double()
    return Schedule(solver, torch.from_numpy(np.append(sigmas, 0).astype(np.float32)), times)


def advance(
    plan: Schedule, step: int, latents: Tensor, velocity: Tensor, past: Past
) -> tuple[Tensor, Past]:
    """Take step `step`, 0..steps-1, and return the latents after it and what to remember.

    Args:
        plan: the schedule.
        step: which step, counted from 0.
        latents: before the step. UniPC keeps their dtype, the others return the velocity's.
        velocity: what the model predicted for them, fp32.
        past: what the step before returned; empty before the first.
    """
    if plan.solver is Solver.UNIPC:
        return _unipc(plan.sigmas, step, latents, velocity, past)
    if plan.solver is Solver.DPM:
        return _dpmpp(plan.sigmas, step, latents, velocity, past)
    change = (plan.sigmas[step + 1] - plan.sigmas[step]) * velocity
    return (latents + change).to(velocity.dtype), past


def _unipc(
    sigmas: Tensor, step: int, latents: Tensor, velocity: Tensor, past: Past
) -> tuple[Tensor, Past]:
    picture = latents - sigmas[step] * velocity
    if past.latents is not None:
        latents = _corrected(sigmas, step, picture, past, before=past.latents)
    pictures = (*past.pictures[-1:], picture)
    h = _log_snr(sigmas[step + 1]) - _log_snr(sigmas[step])
    moved, weight = _moved(sigmas, step, latents, picture, h)
    if _order(step, len(sigmas) - 1) > 1:
        ratio = (_log_snr(sigmas[step - 1]) - _log_snr(sigmas[step])) / h
        moved = moved - weight * (0.5 * ((pictures[0] - picture) / ratio))
    return moved.to(latents.dtype), Past(pictures, latents)


def _corrected(sigmas: Tensor, step: int, picture: Tensor, past: Past, *, before: Tensor) -> Tensor:
    """Return what the last step should have led to, now that its end has been looked at."""
    last = step - 1
    h = _log_snr(sigmas[step]) - _log_snr(sigmas[last])
    moved, weight = _moved(sigmas, last, before, past.pictures[-1], h)
    change = picture - past.pictures[-1]
    if _order(last, len(sigmas) - 1) == 1:
        return (moved - weight * (0.5 * change)).to(before.dtype)
    ratio = (_log_snr(sigmas[last - 1]) - _log_snr(sigmas[last])) / h
    older, newer = _corrector_weights(h, ratio).to(before.dtype)
    slope = (past.pictures[-2] - past.pictures[-1]) / ratio
    return (moved - weight * (older.float() * slope + newer * change)).to(before.dtype)


def _moved(
    sigmas: Tensor, step: int, latents: Tensor, picture: Tensor, h: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the latents one step on, if x0 stays as it is, and the weight of its change."""
    weight = (1 - sigmas[step + 1]) * torch.expm1(-h)
    return sigmas[step + 1] / sigmas[step] * latents - weight * picture, weight


def _corrector_weights(h: Tensor, ratio: Tensor) -> Tensor:
    phi = torch.expm1(-h)
    first = phi / -h - 1
    second = first / -h - 0.5
    one = torch.ones(())
    matrix = torch.stack([torch.stack([one, one]), torch.stack([ratio, one])])
    return torch.linalg.solve(matrix, torch.stack([first / phi, second * 2 / phi]))


def _order(step: int, steps: int) -> int:
    """Return 2, but 1 for the first and the last step."""
    return min(2, step + 1, steps - step)


def _dpmpp(
    sigmas: Tensor, step: int, latents: Tensor, velocity: Tensor, past: Past
) -> tuple[Tensor, Past]:
    picture = latents - sigmas[step] * velocity
    h = _log_snr(sigmas[step + 1]) - _log_snr(sigmas[step])
    moved, weight = _moved(sigmas, step, latents.float(), picture, h)
    if _order(step, len(sigmas) - 1) > 1:
        ratio = (_log_snr(sigmas[step]) - _log_snr(sigmas[step - 1])) / h
        moved = moved - 0.5 * weight * ((1 / ratio) * (picture - past.pictures[-1]))
    return moved.to(velocity.dtype), Past((picture,))


def _log_snr(sigma: Tensor) -> Tensor:
    return torch.log(1 - sigma) - torch.log(sigma)
