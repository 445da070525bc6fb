"""How a diffusion model is asked to make pictures of noise."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Solver(StrEnum):
    """How a diffusion model's steps follow each other."""

    UNIPC = "unipc"
    DPM = "dpm++"
    EULER = "euler"


class Between(StrEnum):
    """What a film shows between the pictures of a model that makes fewer a second."""

    REPEAT = "repeat"
    """The last one again."""
    MOTION = "motion"
    """What lies between the two, along the way that things moved from one to the other."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a diffusion model makes pictures of noise; 0 and None leave it to the preset.

    Attributes:
        steps: denoising steps of each window, 1 to 1000.
        guidance: how much more the prompt counts than the negative one, 0 to 100; 1 is as much.
        shift: how much longer the steps stay where the noise is strong, over 0, to 100.
        solver: how a step is made.
        first_frame_from_reference: whether the film begins with the very reference.
        window_frames: model frames of the longest window, a multiple of 4 from 32 to 120.
        between: what is shown between model frames.
    """

    steps: int = 0
    guidance: float | None = None
    shift: float | None = None
    solver: Solver | None = None
    first_frame_from_reference: bool | None = None
    window_frames: int = 0
    between: Between | None = None


AS_PRESET = Sampling()
"""Leaves all of it to the preset."""
