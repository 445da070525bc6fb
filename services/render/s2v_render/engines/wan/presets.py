"""The presets of the engine `wan`, and how a request overrides one; importing this loads no torch.

`low`, `medium` and `high` have the steps and the guidance that the product was promised with;
`ultra` has the official numbers; `official` has those and the official oddities too. None is
smaller than the smallest size that the model was taught; smaller films are scaled down from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from s2v.core.choices import chosen_preset
from s2v.core.ports import Preset, Sizing
from s2v.core.sampling import Between, Sampling, Solver
from s2v_render.engines.wan.planning import OPENING_CUT_FRAMES
from s2v_render.engines.wan.settings import LoraChoice

STEP_PIXELS = 16
"""A token's side; what the model looks back at is cut in steps of 64, and rounded down."""
MAX_SIDE_PIXELS = 1920
LEAST_AREA_PIXELS = 832 * 480
"""The smallest official size."""


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
        between: what is shown between model frames.
        needs_lora: whether it is of no use without a LoRA that was taught so few steps.
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
    between: Between = Between.MOTION
    needs_lora: bool = False
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
        sizing=Sizing.AREA,
        crf=crf,
    )


_RECIPES = (
    Recipe(
        _preset("medium", "15 steps at about 832x480 pixels.", area=LEAST_AREA_PIXELS),
        steps=15,
        guidance=3.0,
    ),
    Recipe(
        _preset(
            "draft",
            "4 unguided steps at about 832x480 pixels, by a LoRA that was taught them.",
            area=LEAST_AREA_PIXELS,
            crf=24,
        ),
        steps=4,
        guidance=1.0,
        solver=Solver.EULER,
        needs_lora=True,
    ),
    Recipe(
        _preset("low", "8 steps at about 832x480 pixels.", area=LEAST_AREA_PIXELS, crf=22),
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
        replace(
            _preset(
                "official",
                "40 steps at about 1280x720 pixels, with the bars, the early pictures and the "
                "rounding of the official code.",
                area=1280 * 720,
            ),
            sizing=Sizing.OFFICIAL,
        ),
        steps=40,
        guidance=4.5,
        between=Between.REPEAT,
        official=True,
    ),
)
PRESET_NAMES = tuple(recipe.shown.name for recipe in _RECIPES)


@dataclass(frozen=True, slots=True)
class OfferedPresets:
    """The presets of an engine as it is set up.

    Attributes:
        offered: the default one first.
        withheld: the others, and what would have them offered, by name.
    """

    offered: tuple[Preset, ...]
    withheld: Mapping[str, str]


def offered_presets(loras: Sequence[LoraChoice]) -> OfferedPresets:
    """Return what can be asked of the model with these LoRAs.

    A preset of few steps needs one that is meant for it by name: without, noise is left in its
    pictures.
    """
    named = {preset for lora in loras for preset in lora.presets}
    missing = [each for each in _RECIPES if each.needs_lora and each.shown.name not in named]
    remedies = {each.shown.name: _needs_lora(each) for each in missing}
    offered = tuple(each.shown for each in _RECIPES if each not in missing)
    return OfferedPresets(offered, remedies)


def _needs_lora(recipe: Recipe) -> str:
    name = recipe.shown.name
    return (
        f"{name} needs a LoRA that was taught {recipe.steps} steps: set S2V_RENDER_WAN_LORA of the "
        f'render service to "FILE@{name}"'
    )


def recipe_for(preset: str, sampling: Sampling, presets: OfferedPresets) -> Recipe:
    """Return a preset with what a request says otherwise; an empty name is the default one.

    Raises:
        InvalidInput: there is no such preset (PRESET_UNKNOWN).
    """
    offered = [each.name for each in presets.offered]
    name = chosen_preset(preset, offered, engine="wan", withheld=presets.withheld)
    chosen = next(recipe for recipe in _RECIPES if recipe.shown.name == name)
    first = sampling.first_frame_from_reference
    return replace(
        chosen,
        steps=sampling.steps or chosen.steps,
        guidance=chosen.guidance if sampling.guidance is None else sampling.guidance,
        shift=chosen.shift if sampling.shift is None else sampling.shift,
        solver=sampling.solver or chosen.solver,
        first_frame_from_reference=chosen.first_frame_from_reference if first is None else first,
        window_frames=sampling.window_frames or chosen.window_frames,
        between=sampling.between or chosen.between,
    )
