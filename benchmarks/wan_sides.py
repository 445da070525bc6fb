"""What `wan.py` measures against each other: one transformer's weights, computed in several ways.

Shape suffixes: B batch, C channels, T frames, Y rows, X columns, A audio layers, V video frames,
E width of a speech feature.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from s2v_render.engines.wan.model.config import AUDIO_LAYERS, LATENT_CHANNELS, S2VConfig
from s2v_render.engines.wan.model.transformer import S2VTransformer, Scene, SpeechContext, Text
from s2v_render.engines.wan.ops.attention import attends_in_fp8
from s2v_render.engines.wan.ops.kernels import Kernels, fastest_kernels, plain_kernels, use
from s2v_render.engines.wan.weights.blank import blank_transformer
from s2v_render.engines.wan.weights.fast import round_to_fp8

MOTION = (73, 19)
"""Video frames and latents of the motion before a window."""
OUTLIER_EVERY = 64
OUTLIER = 30.0


@dataclass(frozen=True)
class Inputs:
    """What one forward of the transformer is asked: random numbers, the same for every side."""

    x_BCTYX: Tensor
    time_B: Tensor
    reference_BCTYX: Tensor
    motion_BCTYX: Tensor
    features_BAEV: Tensor
    text: Tensor


class Side(Protocol):
    """One way to compute a forward; what can be made before the steps is made by `prepare`."""

    name: str

    def prepare(self, given: Inputs) -> Callable[[], Tensor]:
        """Return what makes the velocity, fp32, shape [B, C, T, Y, X]."""


class Foreign(Protocol):
    """What a module given by `--impl` builds from the official weights, by their names."""

    def __call__(
        self, weights: Mapping[str, Tensor], config: S2VConfig
    ) -> Callable[[Inputs], Callable[[], Tensor]]:
        """Return what prepares a forward of given inputs."""


class OwnSide:
    """The project's own transformer with given kernels."""

    def __init__(self, name: str, network: S2VTransformer, kernels: Kernels) -> None:
        self.name = name
        self._network, self._kernels = network, kernels

    def prepare(self, given: Inputs) -> Callable[[], Tensor]:
        """Return the forward; scene, text and sound are encoded before."""
        network = self._network
        use(self._kernels, network)
        scene, text, sound = _conditions(network, given)

        def forward() -> Tensor:
            use(self._kernels, network)
            made: Tensor = network(given.x_BCTYX, given.time_B, scene=scene, text=text, sound=sound)
            return made

        return forward


class ForeignSide:
    """Somebody else's transformer of the same weights."""

    def __init__(self, place: str, network: S2VTransformer) -> None:
        module, _, constructor = place.partition(":")
        build: Foreign = getattr(importlib.import_module(module), constructor)
        self.name = place
        self._prepare = build(network.state_dict(), network.config)

    def prepare(self, given: Inputs) -> Callable[[], Tensor]:
        """Return the forward."""
        return self._prepare(given)


def sides(
    network: S2VTransformer, device: torch.device, dtype: torch.dtype, *, fp8: bool, foreign: str
) -> list[Side]:
    """Return the plain way first, then the fast one, fp8 and the foreign one, as wanted."""
    fast = fastest_kernels(device, dtype, network.config.head_dim)
    found: list[Side] = [
        OwnSide("plain", network, plain_kernels(dtype)),
        OwnSide("fast", network, fast),
    ]
    if fp8:
        twin, head_dim = rounded_twin(network), network.config.head_dim
        found.append(OwnSide("fp8", twin, fast))
        if attends_in_fp8(device, head_dim):
            attending = fastest_kernels(device, dtype, head_dim, fp8_attention=True)
            found.append(OwnSide("fp8-attention", twin, attending))
    if foreign:
        found.append(ForeignSide(foreign, network))
    return found


def rounded_twin(network: S2VTransformer) -> S2VTransformer:
    """Return a transformer that shares all weights but those of the matrices in fp8."""
    twin = blank_transformer(network.config)
    twin.load_state_dict(network.state_dict(), strict=True, assign=True)
    round_to_fp8(twin.requires_grad_(False), next(twin.parameters()).device)
    return twin


def inject_outliers(network: S2VTransformer) -> None:
    """Let every 64th input of the blocks' matrices count 30 times as much, as some do in real ones.

    Each row is scaled back, so that what flows keeps its size.
    """
    for block in network.blocks:
        for part in block.modules():
            if isinstance(part, nn.Linear):
                before = part.weight.norm(dim=1, keepdim=True)
                part.weight[:, ::OUTLIER_EVERY] *= OUTLIER
                part.weight.mul_(before / part.weight.norm(dim=1, keepdim=True))


def random_inputs(
    config: S2VConfig, *, width: int, height: int, frames: int, device: torch.device
) -> Inputs:
    """Return inputs of a window of a size in pixels, drawn from one seed."""
    generator = torch.Generator(device).manual_seed(1)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(shape, device=device, generator=generator)

    rows, columns = height // 8, width // 8
    return Inputs(
        drawn(1, LATENT_CHANNELS, frames // 4, rows, columns),
        torch.tensor([700.0], device=device),
        drawn(1, LATENT_CHANNELS, 1, rows, columns),
        drawn(1, LATENT_CHANNELS, MOTION[1], rows, columns),
        drawn(1, AUDIO_LAYERS, config.audio_dim, frames),
        drawn(40, config.text_dim),
    )


def forward_flops(config: S2VConfig, tokens: int, noise: int, frames: int) -> tuple[float, float]:
    """Return the floating-point operations of a forward's matrices and of its attention."""
    dim, layers, heard = config.dim, config.num_layers, len(config.audio_inject_layers)
    matrices = 2.0 * layers * tokens * (6 * dim * dim + 2 * dim * config.ffn_dim)
    matrices += 4.0 * heard * dim * dim * noise
    reached = layers * tokens * (tokens + config.text_len)
    listened = heard * noise * (config.num_audio_token + 1)
    return matrices + 4.0 * heard * dim * dim * frames // 4, 4.0 * dim * (reached + listened)


def _conditions(network: S2VTransformer, given: Inputs) -> tuple[Scene, Text, SpeechContext]:
    scene = network.encode_scene(
        given.reference_BCTYX,
        frames=given.x_BCTYX.shape[2],
        motion_BCTYX=given.motion_BCTYX,
    )
    sound = network.encode_sound(given.features_BAEV, motion_frames=MOTION)
    return scene, network.encode_text([given.text]), sound
