"""How the engine `wan` is set up on a machine; importing this loads no torch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

RANDOM = "random:"
"""A checkpoint of this kind has no trained weights: "random:14B" or "random:tiny"."""


class Offload(StrEnum):
    """Whose weights lie in the host's memory and visit the device layer by layer."""

    NONE = "none"
    """Nobody's: all weights are on the device all the time."""
    PARTS = "parts"
    """Those of the text encoder, the speech model and the autoencoder."""
    LAYERS = "layers"
    """These, and the transformer; slow, for small cards."""

    @property
    def streams_encoders(self) -> bool:
        """Whether the text encoder, the speech model and the autoencoder lie on the host."""
        return self is not Offload.NONE

    @property
    def streams_transformer(self) -> bool:
        """Whether the transformer lies on the host."""
        return self is Offload.LAYERS


@dataclass(frozen=True, slots=True)
class WanSettings:
    """Which weights the engine runs, and where.

    Attributes:
        checkpoint: a folder, "random:14B" or "random:tiny".
        device: "cuda", "cpu", or "auto", which is cuda where there is one.
        dtype: of the transformer and the text encoder: "bfloat16", "float32", or "auto", which is
            bfloat16 on cuda.
        offload: whose weights lie on the host.
        lora: a file of low-rank changes that are merged into the transformer; empty for none.
        lora_alpha: by which they are scaled, divided by their rank; None takes the file's own.
        batch_frames: model frames yielded at once.
        kept_texts: how many encoded prompts stay in memory, 4 MB each at most.
    """

    checkpoint: str
    device: str = "auto"
    dtype: str = "auto"
    offload: Offload = Offload.NONE
    lora: str = ""
    lora_alpha: float | None = None
    batch_frames: int = 8
    kept_texts: int = 8

    @property
    def is_random(self) -> bool:
        """Whether the weights are drawn, not trained."""
        return self.checkpoint.startswith(RANDOM)
