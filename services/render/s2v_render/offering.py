"""Which engines this service offers, what each is made with, and what keeps the others away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from s2v.core.registry import Registry
from s2v_render.engines import REGISTRY
from s2v_render.engines.heygem.containers import HeygemLimits, HeygemSettings, read_containers
from s2v_render.engines.wan.settings import WanSettings, lora_choices
from s2v_render.settings import RenderSettings
from s2v_render.workers.config import Elsewhere

_WITHHELD = {
    "heygem": (
        "engine heygem needs containers: name them in a file and set S2V_RENDER_HEYGEM_FILE of the "
        "render service to it"
    ),
    "wan": (
        "engine wan needs a checkpoint: set S2V_RENDER_WAN_CHECKPOINT of the render service, or "
        "give --checkpoint to `s2v serve` or `s2v make`"
    ),
}


@dataclass(frozen=True, slots=True)
class Remotely:
    """A device elsewhere, its engine, and what that is made with."""

    elsewhere: Elsewhere
    engine: str
    settings: object

    @property
    def registry(self) -> Registry:
        """The engine alone."""
        return REGISTRY.only([self.engine])


@dataclass(frozen=True, slots=True)
class Offer:
    """The engines of this service.

    Attributes:
        registry: those that render on this machine, or this cluster.
        settings: what one of these is made with, by its name.
        remotely: the devices elsewhere that others render on.
        withheld: what would have to be done to offer the rest, by name.
        uses_gpu: whether one of this machine's computes on a GPU where there is one.
    """

    registry: Registry
    settings: Mapping[str, object] = field(default_factory=dict)
    remotely: Sequence[Remotely] = ()
    withheld: Mapping[str, str] = field(default_factory=dict)
    uses_gpu: bool = False


def offered(settings: RenderSettings) -> Offer:
    """Return what is offered under these settings; imports no network and no torch."""
    missing = {"heygem": not settings.heygem_file, "wan": not settings.wan_checkpoint}
    here = [name for name in REGISTRY.names if name != "heygem" and not missing.get(name)]
    return Offer(
        REGISTRY.only(here),
        settings={"wan": _wan(settings)} if settings.wan_checkpoint else {},
        remotely=_containers(settings) if settings.heygem_file else (),
        withheld={name: remedy for name, remedy in _WITHHELD.items() if missing[name]},
        uses_gpu=bool(settings.wan_checkpoint),
    )


def _wan(settings: RenderSettings) -> WanSettings:
    return WanSettings(
        checkpoint=settings.wan_checkpoint,
        offload=settings.wan_offload,
        precision=settings.wan_precision,
        loras=lora_choices(settings.wan_lora),
        lora_alpha=settings.wan_lora_alpha,
        lora_forced=settings.wan_lora_forced,
        text_encoder=settings.wan_text_encoder,
        tokenizer=settings.wan_tokenizer,
        vae=settings.wan_vae,
        speech=settings.wan_speech,
        noise=settings.wan_noise,
    )


def _containers(settings: RenderSettings) -> list[Remotely]:
    limits = HeygemLimits(
        take_seconds=settings.heygem_take_seconds, poll_seconds=settings.heygem_poll_seconds
    )
    return [
        Remotely(
            Elsewhere(
                f"heygem {container.name}",
                container.group,
                failures=settings.heygem_failures,
                rest_seconds=settings.heygem_rest_seconds,
            ),
            "heygem",
            HeygemSettings(container, limits),
        )
        for container in read_containers(Path(settings.heygem_file))
    ]
