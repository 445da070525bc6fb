"""How the engine `wan` is set up on a machine; importing this loads no torch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

RANDOM_CHECKPOINTS = ("random:14B", "random:tiny")
"""Random weights, for benchmarks and tests."""

_LORA = re.compile(
    r"(?P<file>[^*@]+?)(?:\*(?P<strength>-?\d+(?:\.\d+)?))?(?:@(?P<presets>\w+(?:,\w+)*))?"
)
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


class Precision(StrEnum):
    """What the transformer is computed in."""

    AUTO = "auto"
    """bf16 on CUDA, fp32 elsewhere."""
    FP32 = "fp32"
    BF16 = "bf16"
    FP8 = "fp8"
    """The blocks' own in fp8, a scale for each row, and all else in bf16; needs such a card."""
    FP8_ATTENTION = "fp8-attention"
    """These in fp8, and the attention of all tokens to all; needs nvidia-cudnn-frontend, too."""

    @property
    def rounds_matrices(self) -> bool:
        """Whether the blocks' own matrices are kept and multiplied in fp8."""
        return self in (Precision.FP8, Precision.FP8_ATTENTION)


class Noise(StrEnum):
    """Where noise is drawn: equal seeds give other pictures by either."""

    CPU = "cpu"
    """On the host: the same on every device."""
    CUDA = "cuda"
    """On the GPU, as the official code does it."""


@dataclass(frozen=True, slots=True)
class LoraChoice:
    """A file of low-rank changes, how strongly it acts, and for which presets; none are all."""

    file: str
    strength: float = 1.0
    presets: tuple[str, ...] = ()


def lora_choices(text: str) -> tuple[LoraChoice, ...]:
    """Return the files that a setting names, as in "FILE*STRENGTH@PRESET,PRESET; FILE".

    Raises:
        ValueError: a part of it is none of these.
    """
    choices = []
    for part in filter(None, map(str.strip, text.split(";"))):
        match = _LORA.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} is not FILE, FILE*STRENGTH or FILE*STRENGTH@PRESET,PRESET")
        presets = match["presets"].split(",") if match["presets"] else []
        choices.append(LoraChoice(match["file"], float(match["strength"] or 1), tuple(presets)))
    return tuple(choices)


@dataclass(frozen=True, slots=True)
class WanSettings:
    """Which weights the engine runs, and where.

    Attributes:
        checkpoint: a folder, the transformer's file, "random:14B" or "random:tiny".
        device: "cuda", "cpu", or "auto", which is cuda where there is one.
        precision: of the transformer; the text encoder has fp32 or bf16.
        offload: whose weights lie on the host.
        loras: files of low-rank changes that are merged into the transformer.
        lora_alpha: by which they are scaled, divided by their rank, where a file does not say it.
        lora_forced: whether they may have been trained for another way of sampling.
        text_encoder: a file or folder of the text encoder that lies elsewhere; empty for none, as
            of the next three.
        tokenizer: a folder of its tokenizer.
        vae: a file or folder of the video autoencoder.
        speech: a file or folder of the speech model.
        noise: where it is drawn.
        kept_texts: how many encoded prompts stay in memory, 4 MB each at most.
    """

    checkpoint: str
    device: str = "auto"
    precision: Precision = Precision.AUTO
    offload: Offload = Offload.NONE
    loras: tuple[LoraChoice, ...] = ()
    lora_alpha: float | None = None
    lora_forced: bool = False
    text_encoder: str = ""
    tokenizer: str = ""
    vae: str = ""
    speech: str = ""
    noise: Noise = Noise.CPU
    kept_texts: int = 8

    @property
    def is_random(self) -> bool:
        """Whether the weights are drawn, not trained."""
        return self.checkpoint.startswith(RANDOM)
