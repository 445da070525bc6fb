"""What a film will need of a device's memory, and of the host's, before it starts.

Nothing here touches a device or loads torch. Weights are counted; what a stage needs on top is
counted from the tensors that are alive at its height, and was compared with a device: within 2 % at
832x480 and 1280x704 pixels with an autoencoder in fp32, and at 832x480 with one in bf16; of two
ranks that share tokens at most 5 % less than planned (`benchmarks/results/`). Strips of the
autoencoder and more ranks than two are counted likewise, but were not compared.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from s2v_render.engines.wan.model.config import S2VConfig
from s2v_render.engines.wan.settings import Offload
from s2v_render.engines.wan.sharding.cutting import scaled, shares, widened
from s2v_render.engines.wan.sharding.layout import Division, layout_for

GIB = 2**30
_MIB = 2**20
_FP32_BYTES = 4
_LATENT_FRAMES = 4
_TOKEN_PIXELS = 16
_MOTION_FRAMES = 73
_MOTION_LATENTS = 19
_HEARD_TOKENS_PER_FRAME = 5

_STREAM_BYTES = 8
"""Per token and channel: the residual stream, and what a block sees of it."""
_TURNING_BYTES = {2: 12, 4: 8}
"""Per token and channel: queries on their way through fp32 while they are turned."""
_TURNED = 9
"""Of ranks that share tokens: queries, keys and values as they were and as they came, what they
gather twice, and once more with all heads."""
RANK_BYTES = 2700 * _MIB
"""What a rank of several holds between takes, beside its weights and the context: seen on two H200
after a guided film, when it had spoken to the other one in every way."""
_TEXT_BYTES = 300 * _MIB
_SPEECH_BYTES = 700 * _MIB
"""For the 25 seconds that a window hears at most."""
_DECODING_BYTES = {4: 225, 2: 130}
"""By the size of the autoencoder's numbers: per pixel and unit of its width, what it remembers
included. In bf16 it takes two latents at once."""
_ENCODING_BYTES = {4: 180, 2: 115}
_REMEMBERED_BYTES = {4: 99, 2: 58}
"""In bf16 with the channels that are empty."""
DECODING_REACH, ENCODING_REACH = 7, 6
"""Lines of pixels on each side of a rank's strip that it computes, too."""
_WIDENED_BYTES = 16
"""What a decoded strip was before lines of other ranks came to it."""
_PIXELS_PER_LATENT = 8
_PIXEL_BYTES = 3 * _FP32_BYTES
_CONTEXT_BYTES = 600 * _MIB
"""What the driver takes for the program and its kernels."""
_LOST = 0.06
"""Share of a stage's memory that is lost between tensors."""
_PINNED_LOST = 0.02
"""Share of pinned memory that is lost between tensors; each part takes whole GiB of it."""
_HOST_BYTES = 4 * GIB
"""What the program takes of the host's memory for itself."""


@dataclass(frozen=True, slots=True)
class PartSizes:
    """Parameters of each part of a model.

    Attributes:
        transformer: in its dtype.
        text_encoder: in the transformer's dtype.
        vae: in fp32 or bf16.
        speech: in fp32.
        embedding: of the text encoder's, the table of tokens: its largest layer.
        vae_width: base width of the autoencoder.
    """

    transformer: int = 16_295_755_609
    text_encoder: int = 5_680_910_336
    vae: int = 126_892_531
    speech: int = 315_438_720
    embedding: int = 256_384 * 4096
    vae_width: int = 96


@dataclass(frozen=True, slots=True)
class Demand:
    """What is to be made, and how.

    Attributes:
        config: what shapes the transformer.
        parts: how large the parts are; the defaults are those of the 14B model.
        width: of the film, pixels.
        height: of the film, pixels.
        frames: model frames of the longest window, a multiple of 4.
        weight_bytes: of a number of the transformer: 2 in bfloat16, 4 in float32.
        vae_bytes: of a number of the autoencoder, as `weight_bytes`.
        fp8: whether the matrices of the blocks take one byte a number.
        offload: whose weights lie on the host.
        guided: whether there is a second prompt, to turn from.
        ranks: how many processes of one machine make it, each on a GPU of its own.
    """

    config: S2VConfig
    width: int
    height: int
    parts: PartSizes = PartSizes()
    frames: int = 80
    weight_bytes: int = 2
    vae_bytes: int = 2
    fp8: bool = False
    offload: Offload = Offload.NONE
    guided: bool = True
    ranks: int = 1

    @property
    def division(self) -> Division:
        """Which part of it each rank has."""
        return layout_for(self.ranks, heads=self.config.num_heads, guided=self.guided)

    @property
    def loading_ranks(self) -> int:
        """How many ranks ever have a part in a film, and so all weights."""
        heads = self.config.num_heads
        return max(
            layout_for(self.ranks, heads=heads, guided=guided).ranks for guided in (False, True)
        )

    @property
    def pixels(self) -> int:
        """Pixels of one picture."""
        return self.width * self.height

    def __str__(self) -> str:
        return (
            f"{self.width}x{self.height} pixels, windows of {self.frames} frames, "
            f"offload={self.offload}"
            + (f", {self.division.ranks} ranks" if self.division.ranks > 1 else "")
        )


@dataclass(frozen=True, slots=True)
class Amount:
    """So many bytes for something; `on_device` is False where they lie on the host."""

    name: str
    size_bytes: int
    on_device: bool = True


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """What a demand needs of each rank: weights stay with the engine, stages come one by one."""

    demand: Demand
    weights: tuple[Amount, ...]
    stages: tuple[Amount, ...]

    @property
    def resident_bytes(self) -> int:
        """What stays on the device."""
        kept = sum(part.size_bytes for part in self.weights if part.on_device)
        return kept + (RANK_BYTES if self.demand.ranks > 1 else 0)

    @property
    def peak_bytes(self) -> int:
        """What must be free on the device before anything is loaded."""
        stage = max(stage.size_bytes for stage in self.stages)
        return self.resident_bytes + int(stage * (1 + _LOST)) + _CONTEXT_BYTES

    @property
    def host_bytes(self) -> int:
        """What has to be free of the host's memory before anything is loaded; it cannot swap most.

        Nothing where no weights lie there. Every rank has a copy of its own; only files that are
        mapped while they are read are the same to all, and those can be given up.
        """
        there = [part.size_bytes for part in self.weights if not part.on_device]
        if not there:
            return 0
        pinned = sum(math.ceil(size * (1 + _PINNED_LOST) / GIB) * GIB for size in there)
        one = pinned + _remembered_bytes(self.demand) + _HOST_BYTES
        return self.demand.loading_ranks * one

    def table(self) -> str:
        """Return the plan as lines of text, for people."""
        lines = [str(self.demand)]
        for part in self.weights:
            where = "" if part.on_device else "  on the host"
            lines.append(f"  {part.name:<34}{gib(part.size_bytes)}{where}")
        if self.demand.ranks > 1:
            lines.append(f"  {'ways to the other ranks':<34}{gib(RANK_BYTES)}")
        lines += [f"  while {stage.name:<28}{gib(stage.size_bytes)}" for stage in self.stages]
        lines.append(f"  {'peak on the device':<34}{gib(self.peak_bytes)}")
        if self.host_bytes:
            lines.append(f"  {'on the host':<34}{gib(self.host_bytes)}")
        return "\n".join(lines)


def plan_memory(demand: Demand) -> MemoryPlan:
    """Return what a demand needs of a device's memory."""
    parts, offload = demand.parts, demand.offload
    here, there = not offload.streams_encoders, not offload.streams_transformer
    weights = (
        Amount("transformer", _transformer_bytes(demand), on_device=there),
        Amount("text encoder", parts.text_encoder * demand.weight_bytes, on_device=here),
        Amount("video autoencoder", parts.vae * demand.vae_bytes, on_device=here),
        Amount("speech model", parts.speech * _FP32_BYTES, on_device=here),
    )
    table = parts.embedding * demand.weight_bytes if offload.streams_encoders else 0
    carried = _text_bytes(demand) + demand.pixels * _PIXEL_BYTES * _MOTION_FRAMES
    remembered = _remembered_bytes(demand)
    resting = 0 if offload.streams_encoders else remembered
    return MemoryPlan(
        demand,
        weights,
        (
            Amount("encoding text", _TEXT_BYTES + table),
            Amount("listening", _SPEECH_BYTES + _text_bytes(demand)),
            Amount("denoising", _denoising_bytes(demand) + carried + resting),
            Amount("decoding", _decoding_bytes(demand) + carried),
            Amount("encoding motion", _encoding_bytes(demand) + carried + remembered),
        ),
    )


def _transformer_bytes(demand: Demand) -> int:
    config, whole = demand.config, demand.parts.transformer * demand.weight_bytes
    if not demand.fp8:
        return whole
    square, wide = config.dim**2, config.dim * config.ffn_dim
    blocks = config.num_layers * (6 * square + 2 * wide)
    injectors = len(config.audio_inject_layers) * 2 * square
    return whole - (demand.weight_bytes - 1) * (blocks + injectors)


def tokens(demand: Demand) -> tuple[int, int]:
    """Return how many tokens a window denoises, and how many it is conditioned on."""
    rows, columns = demand.height // _TOKEN_PIXELS, demand.width // _TOKEN_PIXELS
    picture = rows * columns
    motion = picture + (rows // 2) * (columns // 2) + 4 * (rows // 4) * (columns // 4)
    if not demand.config.enable_framepack:
        motion = _MOTION_LATENTS * picture
    return demand.frames // _LATENT_FRAMES * picture, picture + motion


def _denoising_bytes(demand: Demand) -> int:
    config, size = demand.config, demand.weight_bytes
    noise, context = tokens(demand)
    sharing = demand.division.sequence
    own = math.ceil((noise + context) / sharing)
    cast = size if size < _FP32_BYTES else 0
    attention = config.dim * (4 * size + cast + _TURNING_BYTES[size])
    if sharing > 1:
        attention = config.dim * size * (_TURNED + 1) - config.dim * size // sharing
    thinking = config.dim * cast + 2 * size * config.ffn_dim
    blocks = own * (config.dim * _STREAM_BYTES + max(attention, thinking))
    blocks += min(own, noise) * config.dim * _FP32_BYTES
    heard = len(config.audio_inject_layers) * demand.frames // _LATENT_FRAMES
    sounds = (1 + demand.guided) * 2 * heard * _HEARD_TOKENS_PER_FRAME * config.dim * size
    scene = context * config.dim * _FP32_BYTES + (noise + context) * config.head_dim * _FP32_BYTES
    visiting = config.dim * config.ffn_dim * size if demand.offload.streams_transformer else 0
    return blocks + sounds + scene + visiting


def _text_bytes(demand: Demand) -> int:
    """Return what the blocks attend to of the prompts; it stays for the whole film."""
    config = demand.config
    one = config.num_layers * 2 * config.text_len * config.dim * demand.weight_bytes
    return (1 + demand.guided) * one


def _decoding_bytes(demand: Demand) -> int:
    frames = 2 * _PIXEL_BYTES * demand.frames
    working = _DECODING_BYTES[demand.vae_bytes]
    if demand.division.ranks > 1:
        working += _WIDENED_BYTES
    strip = _strip_pixels(demand, reach=DECODING_REACH)
    return strip * working * demand.parts.vae_width + demand.pixels * frames


def _encoding_bytes(demand: Demand) -> int:
    frames = _PIXEL_BYTES * (_MOTION_FRAMES + demand.frames)
    working = _ENCODING_BYTES[demand.vae_bytes] * demand.parts.vae_width
    return _strip_pixels(demand, reach=ENCODING_REACH) * working + demand.pixels * frames


def _remembered_bytes(demand: Demand) -> int:
    strip = _strip_pixels(demand, reach=DECODING_REACH)
    return strip * demand.parts.vae_width * _REMEMBERED_BYTES[demand.vae_bytes]


def _strip_pixels(demand: Demand, *, reach: int) -> int:
    """Return the pixels of the largest strip that a rank computes: all, where it is alone."""
    longer, across = max(demand.width, demand.height), min(demand.width, demand.height)
    strips = (
        widened(scaled(share, _PIXELS_PER_LATENT), reach, longer)
        for share in shares(longer // _PIXELS_PER_LATENT, demand.division.ranks)
    )
    return across * max(map(len, strips))


def gib(size_bytes: int) -> str:
    """Return a number of bytes in words, as wide as a column."""
    return f"{size_bytes / GIB:8.2f} GiB"
