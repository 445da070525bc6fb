"""Which engines this service offers, what each is made with, and what keeps the others away."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from s2v.core.registry import Registry
from s2v_render.engines import REGISTRY
from s2v_render.engines.wan.settings import WanSettings
from s2v_render.settings import RenderSettings

_NEEDS_CHECKPOINT = "wan"
_WITHHELD = {
    _NEEDS_CHECKPOINT: (
        "engine wan needs a checkpoint: set S2V_RENDER_WAN_CHECKPOINT of the render service, or "
        "give --checkpoint to `s2v serve` or `s2v make`"
    )
}


@dataclass(frozen=True, slots=True)
class Offer:
    """The engines of this service.

    Attributes:
        registry: those that are offered.
        settings: what an engine is made with, by its name.
        withheld: what would have to be done to offer the others, by name.
        uses_gpu: whether one of them computes on a GPU where there is one.
    """

    registry: Registry
    settings: Mapping[str, object] = field(default_factory=dict)
    withheld: Mapping[str, str] = field(default_factory=dict)
    uses_gpu: bool = False


def offered(settings: RenderSettings) -> Offer:
    """Return what is offered under these settings; imports no network and no torch."""
    if not settings.wan_checkpoint:
        names = [name for name in REGISTRY.names if name not in _WITHHELD]
        return Offer(REGISTRY.only(names), withheld=_WITHHELD)
    wan = WanSettings(
        checkpoint=settings.wan_checkpoint,
        offload=settings.wan_offload,
        lora=settings.wan_lora,
        lora_alpha=settings.wan_lora_alpha,
    )
    return Offer(REGISTRY, {_NEEDS_CHECKPOINT: wan}, uses_gpu=True)
