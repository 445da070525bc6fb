"""What to say where a film does not fit into memory, and what would fit instead.

Nothing here touches a device or loads torch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from s2v.core.directing import MIN_WINDOW_FRAMES
from s2v.core.errors import Exhausted, NotReady, Reason
from s2v_render.engines.wan.memory import Demand, MemoryPlan, gib, plan_memory
from s2v_render.engines.wan.presets import LEAST_AREA_PIXELS, STEP_PIXELS
from s2v_render.engines.wan.settings import Offload

_SMALLER_BY_PIXELS = 64
_SHORTER_BY_FRAMES = 16


def ensure_fits(planned: MemoryPlan, *, available_bytes: int) -> None:
    """Refuse what does not fit, and say what would.

    Args:
        planned: what is to be made.
        available_bytes: free on the device, with what the engine's own weights hold there.

    Raises:
        Exhausted: DEVICE_MEMORY_EXCEEDED on "spec.width_pixels".
    """
    if planned.peak_bytes <= available_bytes:
        return
    raise Exhausted(
        Reason.DEVICE_MEMORY_EXCEEDED,
        f"{planned.demand} needs {gib(planned.peak_bytes).strip()} of device memory, and "
        f"{gib(available_bytes).strip()} can be had; {advice(planned, available_bytes)}",
        field="spec.width_pixels",
    )


def ran_out(planned: MemoryPlan, shortage: str) -> Exhausted:
    """Return the refusal of what was planned and did not fit all the same: only less can.

    Args:
        planned: what was to be made.
        shortage: what the device says.
    """
    return Exhausted(
        Reason.DEVICE_MEMORY_EXCEEDED,
        f"the device's memory ran out at {planned.demand} ({shortage}); "
        f"{advice(planned, planned.peak_bytes - 1)}",
        field="spec.width_pixels",
    )


def ensure_host_holds(planned: MemoryPlan, *, available_bytes: int) -> None:
    """Refuse weights that the host has no room for: the system would end the process.

    Args:
        planned: what is to be made.
        available_bytes: free on the host, before anything is loaded.

    Raises:
        NotReady: CHECKPOINT_UNUSABLE; no request can change it.
    """
    if planned.host_bytes <= available_bytes:
        return
    demand = planned.demand
    lighter = list(Offload)[: list(Offload).index(demand.offload)]
    offloads = (replace(demand, offload=offload) for offload in reversed(lighter))
    found = [each.offload for each in offloads if _host_holds(each, available_bytes)]
    told = f"set it to {' or '.join(found)}"
    fewer = (replace(demand, ranks=ranks) for ranks in range(demand.ranks - 1, 0, -1))
    if fits := next((each for each in fewer if _host_holds(each, available_bytes)), None):
        told += f", or S2V_RENDER_RANKS to {fits.ranks}"
    raise NotReady(
        Reason.CHECKPOINT_UNUSABLE,
        f"S2V_RENDER_WAN_OFFLOAD is {demand.offload}, which needs "
        f"{gib(planned.host_bytes).strip()} of the host's memory, most of which cannot be "
        f"swapped, and {gib(available_bytes).strip()} can be had; {told}, or give the host more "
        "memory",
    )


def _host_holds(demand: Demand, available_bytes: int) -> bool:
    return plan_memory(demand).host_bytes <= available_bytes


def advice(planned: MemoryPlan, available_bytes: int) -> str:
    """Return what would fit instead, in words, of what a request can choose."""
    found = fitting(planned, available_bytes=available_bytes)
    if not found:
        return "no film would fit as this server is set up"
    return "what fits: " + "; or ".join(
        f"{_wish(other.demand, planned.demand)} ({gib(other.peak_bytes).strip()})"
        for other in found
    )


def _wish(other: Demand, demand: Demand) -> str:
    """Return how to ask for something else, in words."""
    wishes = []
    if other.pixels != demand.pixels:
        wishes.append(f"{other.width}x{other.height} pixels")
    if other.frames != demand.frames:
        wishes.append(f"sampling.window_frames {other.frames}")
    return " with ".join(wishes)


def fitting(planned: MemoryPlan, *, available_bytes: int) -> tuple[MemoryPlan, ...]:
    """Return what would fit instead, of what a request can choose; empty if nothing would.

    At most one of each: a smaller picture; shorter windows; and, if neither suffices, both.
    """
    demand = planned.demand
    firsts = [_first_fitting(way, available_bytes) for way in (_smaller(demand), _shorter(demand))]
    found = tuple(first for first in firsts if first)
    if found:
        return found
    shortest = replace(demand, frames=min(demand.frames, MIN_WINDOW_FRAMES))
    last = _first_fitting(_smaller(shortest), available_bytes)
    return (last,) if last else ()


def offload_that_fits(planned: MemoryPlan, *, available_bytes: int) -> Offload | None:
    """Return how few weights have to lie on the host for it to fit; None where that is no help."""
    heavier = list(Offload)[list(Offload).index(planned.demand.offload) + 1 :]
    ways = (replace(planned.demand, offload=offload) for offload in heavier)
    found = _first_fitting(ways, available_bytes)
    return found.demand.offload if found else None


def _first_fitting(demands: Iterator[Demand], available_bytes: int) -> MemoryPlan | None:
    plans = (plan_memory(demand) for demand in demands)
    return next((each for each in plans if each.peak_bytes <= available_bytes), None)


def _smaller(demand: Demand) -> Iterator[Demand]:
    """Yield pictures of about the same shape, each narrower than the one before, none too small."""
    for width in range(demand.width - _SMALLER_BY_PIXELS, 0, -_SMALLER_BY_PIXELS):
        height = round(demand.height * width / demand.width / STEP_PIXELS) * STEP_PIXELS
        if width * height >= LEAST_AREA_PIXELS:
            yield replace(demand, width=width, height=height)


def _shorter(demand: Demand) -> Iterator[Demand]:
    for frames in range(
        demand.frames - _SHORTER_BY_FRAMES, MIN_WINDOW_FRAMES - 1, -_SHORTER_BY_FRAMES
    ):
        yield replace(demand, frames=frames)
