"""The presets of the engine `wan`, and how a request overrides one; importing this loads no torch.

`low`, `medium` and `high` have the steps, the guidance and the size that the product was promised
with; `ultra` has the official numbers; `official` has those and the official oddities too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from s2v.core.choices import chosen_preset
from s2v.core.ports import Preset, Sampling, Solver
from s2v_render.engines.wan.planning import OPENING_CUT_FRAMES

MAX_SIDE_PIXELS = 1920


@dataclass(frozen=True, slots=True)
class Recipe:
    """A preset, or what a request made of one.

    Attributes:
        shown: the preset as requests see it; its area bounds a size that nobody asked for.
        steps: denoising steps of each window.
        guidance: how far to turn from the negative prompt; 1 is not at all.
        shift: how much of the steps is spent on noise.
        solver: how steps are taken.
        first_frame_from_reference: whether the film starts from the reference.
        window_frames: model frames of a whole window, a multiple of 4.
        official: whether to do as the official code does where that is odd: bars where the
            reference does not fill the film, pictures 3 frames ahead of the sound, no shortened
            last window, latents as coarse as the weights, every pose picture at a fixed stride,
            and decoding after the encoded motion.
    """

    shown: Preset
    steps: int
    guidance: float
    shift: float = 3.0
    solver: Solver = Solver.UNIPC
    first_frame_from_reference: bool = False
    window_frames: int = 80
    official: bool = False

    @property
    def opening_cut_frames(self) -> int:
        """Model frames that the film's first window loses at its start."""
        return 0 if self.first_frame_from_reference else OPENING_CUT_FRAMES

    @property
    def sound_lead_frames(self) -> int:
        """Model frames by which pictures are ahead of their sound."""
        return self.opening_cut_frames if self.official else 0


def _preset(name: str, description: str, *, area: int, crf: int = 18) -> Preset:
    return Preset(
        name,
        description,
        max_long_side=MAX_SIDE_PIXELS,
        max_short_side=MAX_SIDE_PIXELS,
        max_area_pixels=area,
        crf=crf,
    )


_RECIPES = (
    Recipe(
        _preset("medium", "15 steps at about 640x480 pixels.", area=640 * 480),
        steps=15,
        guidance=3.0,
    ),
    Recipe(
        _preset("draft", "4 unguided steps at about 320x240 pixels.", area=320 * 240, crf=28),
        steps=4,
        guidance=1.0,
    ),
    Recipe(
        _preset("low", "8 steps at about 320x240 pixels.", area=320 * 240, crf=22),
        steps=8,
        guidance=2.0,
    ),
    Recipe(
        _preset("high", "25 steps at about 1280x720 pixels.", area=1280 * 720),
        steps=25,
        guidance=4.0,
    ),
    Recipe(
        _preset("ultra", "40 steps at about 1280x720 pixels.", area=1280 * 720, crf=16),
        steps=40,
        guidance=4.5,
    ),
    Recipe(
        _preset(
            "official",
            "40 steps at about 1280x720 pixels, with the bars, the early pictures and the rounding "
            "of the official code.",
            area=1280 * 720,
        ),
        steps=40,
        guidance=4.5,
        official=True,
    ),
)
PRESETS = tuple(recipe.shown for recipe in _RECIPES)
"""The default one first."""


def recipe_for(preset: str, sampling: Sampling) -> Recipe:
    """Return a preset with what a request says otherwise; an empty name is the default one.

    Raises:
        InvalidInput: there is no such preset (PRESET_UNKNOWN).
    """
    named = {recipe.shown.name: recipe for recipe in _RECIPES}
    chosen = named[chosen_preset(preset, list(named), engine="wan")]
    first = sampling.first_frame_from_reference
    return replace(
        chosen,
        steps=sampling.steps or chosen.steps,
        guidance=chosen.guidance if sampling.guidance is None else sampling.guidance,
        shift=chosen.shift if sampling.shift is None else sampling.shift,
        solver=sampling.solver or chosen.solver,
        first_frame_from_reference=chosen.first_frame_from_reference if first is None else first,
    )
