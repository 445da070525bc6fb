"""The render engine `wan`: Wan2.2-S2V-14B makes a photograph speak, window by window."""

from __future__ import annotations

import gc
import sys
import traceback
from collections.abc import Generator
from typing import TYPE_CHECKING

import structlog
from cachetools import LRUCache

from s2v.core.errors import NotReady, Reason
from s2v.core.ports import (
    Capabilities,
    Continuity,
    DigitalSourceType,
    Frames,
    Notice,
    NoticeCode,
    Size,
    State,
    Take,
    Working,
)
from s2v.core.shards import Shard
from s2v.core.timebase import FRAME_RATES
from s2v.media.photo import PHOTO_TYPES
from s2v_render.areas import LEAST_SHARE
from s2v_render.engines.wan.pieces import whole
from s2v_render.engines.wan.planning import MODEL_FPS
from s2v_render.engines.wan.presets import (
    LEAST_AREA_PIXELS,
    MAX_SIDE_PIXELS,
    STEP_PIXELS,
    Recipe,
    offered_presets,
    recipe_for,
)
from s2v_render.engines.wan.settings import Noise, Precision, WanSettings
from s2v_render.engines.wan.sizing import LEAST_SIDE_PIXELS, film_size
from s2v_render.engines.wan.weights.importing import EngineImports

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from s2v_render.engines.wan.memory import MemoryPlan, PartSizes
    from s2v_render.engines.wan.sharding.ranks import Ranks, TakeRanks
    from s2v_render.engines.wan.takes.filming import TakePlan
    from s2v_render.engines.wan.weights.layouts.finding import GivenParts
    from s2v_render.engines.wan.weights.loading import WanModels
    from s2v_render.engines.wan.weights.lora import Lora
    from s2v_render.engines.wan.weights.parts import Parts
    from s2v_render.engines.wan.weights.pausing import Course

_log = structlog.get_logger()

_SETTLE_SECONDS = 180.0
"""A step of the largest film on a small card, and the decoding of a window."""
_PATIENCE_SECONDS = 1800.0
"""Reading the checkpoint from a slow disk; steps and windows take minutes at most."""


class WanEngine:
    """Implements `Engine` and `Preparing` of `s2v.core.ports`, and `s2v.core.shards.Shared`.

    Where a film is cut into takes, motion goes on from the latents that the take before left, as
    it does between the windows of one take. Two things differ from one long take: windows end where
    takes do, and the autoencoder begins a take by decoding those latents instead of remembering
    how it went on, as the official code does at every window.
    """

    def __init__(self, settings: WanSettings) -> None:
        self._settings = settings
        self._presets = offered_presets(settings.loras)
        self._parts: Parts | None = None
        self._sizes: PartSizes | None = None
        self._models: WanModels | None = None
        self._loading: Course[WanModels] | None = None
        self._loras: list[Lora] = []
        self._rows: LRUCache[str, Tensor] = LRUCache(settings.kept_texts)
        self._shard: Shard | None = None
        self._ranks: Ranks | None = None
        self._imports = EngineImports()

    @property
    def capabilities(self) -> Capabilities:
        """What this engine can do."""
        random = " Its weights are random: its films have no meaning." * self._settings.is_random
        return Capabilities(
            continuity=Continuity.SEQUENTIAL,
            frame_rates=FRAME_RATES,
            min_size=Size(LEAST_SIDE_PIXELS, LEAST_SIDE_PIXELS),
            max_size=Size(MAX_SIDE_PIXELS, MAX_SIDE_PIXELS),
            reference_media_types=PHOTO_TYPES,
            digital_source_type=DigitalSourceType.TRAINED_ALGORITHMIC_MEDIA,
            presets=self._presets.offered,
            description=(
                "Wan2.2-S2V, a diffusion model: makes the whole picture move with the speech, as a "
                f"prompt directs.{random}"
            ),
            directed=True,
            size_step_pixels=STEP_PIXELS,
            least_area_pixels=LEAST_AREA_PIXELS,
            default_frame_rate=MODEL_FPS,
            withheld_presets=self._presets.withheld,
            settle_seconds=_SETTLE_SECONDS,
            patience_seconds=_PATIENCE_SECONDS,
        )

    def prepare(self) -> None:
        """Import torch and the libraries, which takes as long as to read the weights."""
        self._imports.ahead()

    def join(self, shard: Shard) -> None:
        """Be one of the ranks that make every take together, each with all weights."""
        self._shard = shard

    def render(self, take: Take) -> Generator[Frames | Notice | Working | State]:
        """Render one take.

        Raises:
            ShardLostError: another rank has ended, or stands still.
            InvalidInput: PRESET_UNKNOWN on "spec.preset"; IMAGE_UNREADABLE or
                IMAGE_SIZE_UNSUPPORTED on "spec.reference"; VIDEO_UNREADABLE on "spec.pose";
                SIZE_UNSUPPORTED on "spec.width_pixels"; FIELD_INVALID on "state".
            NotReady: the checkpoint cannot be used (CHECKPOINT_UNUSABLE).
            Exhausted: the film does not fit into the device's memory (DEVICE_MEMORY_EXCEEDED).
        """
        recipe = recipe_for(take.preset, take.sampling, self._presets)
        size = film_size(take, recipe, self.capabilities)
        yield from self._warnings(size)
        yield from self._within_memory(take, recipe, size)

    def _warnings(self, size: Size) -> Generator[Notice]:
        """Say why a film may not look as it should."""
        if self._settings.is_random:
            yield Notice(
                NoticeCode.RANDOM_WEIGHTS,
                f"the checkpoint is {self._settings.checkpoint}: its weights are random, so that "
                "the film has no meaning",
            )
        elif size.width * size.height < LEAST_SHARE * LEAST_AREA_PIXELS:
            yield Notice(
                NoticeCode.PICTURE_SMALL,
                f"the model was taught no pictures as small as {size.width}x{size.height}, which "
                "may look broken: leave the size out, and have the film scaled down by "
                "finish.width_pixels and finish.height_pixels",
            )

    def _within_memory(
        self, take: Take, recipe: Recipe, size: Size
    ) -> Generator[Frames | Working | State]:
        """Render what fits; say what would fit where the device's memory did not suffice."""
        self._imports.for_take()
        import torch

        yield Working()
        from s2v_render.engines.wan.advising import ran_out
        from s2v_render.engines.wan.takes.filming import plan_take

        yield Working()
        if self._device.type == "cuda":
            torch.cuda.set_device(self._device)  # of this thread, for kernels that ask for it
        plan = plan_take(take, recipe, size)
        planned = self._planned(plan)
        yield Working()  # whoever refuses leaves no other rank waiting for it
        ranks = self._ranks_of(plan)
        if ranks is None:
            return
        shortage = ""
        try:
            yield from self._filmed(plan, ranks)
        except torch.OutOfMemoryError as error:
            shortage = str(error).partition("\n")[0]
            # The tensors of its frames would stay for as long as the error does.
            traceback.clear_frames(error.__traceback__)
        finally:
            _release(self._device)
        if shortage:
            raise ran_out(planned, shortage)

    def _planned(self, plan: TakePlan) -> MemoryPlan:
        """Return what the take needs, written to the log; refuse what does not fit."""
        from s2v_render.engines.wan.advising import (
            ensure_fits,
            ensure_host_holds,
            offload_that_fits,
        )
        from s2v_render.engines.wan.host import free_host_bytes
        from s2v_render.engines.wan.memory import RANK_BYTES, Demand, plan_memory
        from s2v_render.engines.wan.weights.parts import parts_of

        self._parts = self._parts or parts_of(self._settings.checkpoint, given=self._given)
        self._sizes = self._sizes or self._parts.sizes()
        frames = [window.sampled_frames for window in plan.windows]
        demand = Demand(
            self._parts.config,
            plan.size.width,
            plan.size.height,
            parts=self._sizes,
            frames=max(frames, default=0),
            weight_bytes=self._dtype.itemsize,
            vae_bytes=2 if self._device.type == "cuda" else 4,
            fp8=self._settings.precision.rounds_matrices,
            offload=self._settings.offload,
            guided=plan.denoising.guided,
            ranks=self._shard.ranks if self._shard else 1,
        )
        planned = plan_memory(demand)
        _log.info(
            "take planned",
            windows=frames,
            steps=plan.recipe.steps,
            guidance=plan.recipe.guidance,
            memory=planned.table(),
        )
        available = _available_bytes(self._device)
        if self._ranks is not None:
            available += RANK_BYTES  # held already
        if planned.peak_bytes > available:
            lighter = offload_that_fits(planned, available_bytes=available)
            _log.warning("take does not fit", would_fit_with_offload=lighter)
        ensure_fits(planned, available_bytes=available)
        loads = self._models is None and self._loading is None and self._device.type == "cuda"
        # The first rank asks for all of them, before any takes some of it.
        if loads and (self._shard is None or self._shard.rank == 0):
            ensure_host_holds(planned, available_bytes=free_host_bytes())
        return planned

    def _ranks_of(self, plan: TakePlan) -> TakeRanks | None:
        """Return who shares a take with this rank, None where it has no part in it."""
        from s2v_render.engines.wan.sharding.ranks import ALONE, Ranks

        if self._shard is None:
            return ALONE
        assert self._parts is not None
        self._ranks = self._ranks or Ranks(self._shard, self._device)
        heads = self._parts.config.num_heads
        return self._ranks.for_take(heads=heads, guided=plan.denoising.guided)

    def _filmed(self, plan: TakePlan, ranks: TakeRanks) -> Generator[Frames | Working | State]:
        from s2v_render.engines.wan.takes.filming import filmed

        models = yield from self._loaded(plan.recipe.shown.name)
        yield Working()
        yield from filmed(
            models,
            plan,
            rows_of=self._rows_of,
            device=self._device,
            rests=self._settings.offload.streams_encoders,
            ranks=ranks,
            noise_from=self._noise_from,
            unseen=self._shard is not None and self._shard.rank > 0,
        )

    @property
    def _device(self) -> torch.device:
        import torch

        name = self._settings.device
        if name == "auto":
            name = "cuda" if torch.cuda.is_available() else "cpu"
        if name == "cuda":
            return torch.device(name, self._shard.rank if self._shard else 0)
        return torch.device(name)

    @property
    def _noise_from(self) -> torch.device:
        """Where noise is drawn.

        Raises:
            NotReady: CHECKPOINT_UNUSABLE, the GPU shall draw it and there is none.
        """
        import torch

        if self._settings.noise is Noise.CPU:
            return torch.device("cpu")
        if self._device.type == "cuda":
            return self._device
        raise NotReady(
            Reason.CHECKPOINT_UNUSABLE,
            "S2V_RENDER_WAN_NOISE is cuda, and the engine computes on a CPU: set it to cpu",
        )

    @property
    def _dtype(self) -> torch.dtype:
        import torch

        precision = self._settings.precision
        if precision is Precision.AUTO:
            precision = Precision.BF16 if self._device.type == "cuda" else Precision.FP32
        return torch.float32 if precision is Precision.FP32 else torch.bfloat16

    @property
    def _given(self) -> GivenParts:
        from pathlib import Path

        from s2v_render.engines.wan.weights.layouts.finding import GivenParts

        settings = self._settings
        named = (settings.text_encoder, settings.tokenizer, settings.vae, settings.speech)
        return GivenParts(*(Path(place) if place else None for place in named))

    def load(self, preset: str = "") -> WanModels:
        """Return the models for a preset, the default one if it is empty.

        They are loaded at the first take at the latest, and again for presets of other LoRAs.
        """
        return whole(self._loaded(preset or self._presets.offered[0].name))

    def _loaded(self, preset: str) -> Generator[Working, None, WanModels]:
        """Return the models; whoever goes away meanwhile leaves the rest of it to the next take."""
        from s2v_render.engines.wan.weights.pausing import Course

        loras = self._loras_for(preset)
        if self._loras != loras:
            # Before others are loaded: there is no room for two transformers.
            self._models, self._loras = None, loras
            if self._loading is not None:
                self._loading.leave()
                self._loading = None
        if self._models is None:
            self._loading = self._loading or Course(self._load)
            while not self._loading.go_on():
                yield Working()
            loading, self._loading = self._loading, None
            self._models = loading.result()
        return self._models

    def _load(self) -> WanModels:
        from s2v_render.engines.wan.weights.loading import load_models

        settings, device = self._settings, self._device
        if device.index is not None:
            import torch

            torch.cuda.set_device(device)  # of this thread, for kernels that ask for it
        return load_models(
            settings.checkpoint,
            device=self._device,
            dtype=self._dtype,
            given=self._given,
            offload=settings.offload,
            loras=self._loras,
            fp8=settings.precision.rounds_matrices,
            fp8_attention=settings.precision is Precision.FP8_ATTENTION,
        )

    def _loras_for(self, preset: str) -> list[Lora]:
        """Return what is merged for a preset: what was trained for few steps harms many."""
        from pathlib import Path

        from s2v_render.engines.wan.weights.lora import Lora

        settings = self._settings
        return [
            Lora(
                Path(choice.file).expanduser(),
                strength=choice.strength,
                alpha=settings.lora_alpha,
                forced=settings.lora_forced,
            )
            for choice in settings.loras
            if not choice.presets or preset in choice.presets
        ]

    def _rows_of(self, prompt: str) -> Tensor:
        """Return a prompt's rows on the host; the last few stay encoded."""
        from s2v_render.engines.wan.model.text import encode, token_ids

        if (rows := self._rows.get(prompt)) is None:
            models = self._models
            assert models is not None
            ids = token_ids(models.tokenizer, prompt)
            rows = self._rows[prompt] = encode(models.text_encoder, ids).cpu()
        return rows


def _available_bytes(device: torch.device) -> int:
    """Return what is free, and what this process holds already; a host may swap and is trusted."""
    import torch

    if device.type != "cuda":
        return sys.maxsize
    free, _ = torch.cuda.mem_get_info(device)
    return int(free + torch.cuda.memory_reserved(device))


def _release(device: torch.device) -> None:
    """Give the device's memory back that a take held."""
    import torch

    if device.type == "cuda":
        gc.collect()
        torch.cuda.empty_cache()
