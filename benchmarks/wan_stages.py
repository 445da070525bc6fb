"""What `wan.py` measures beside forwards: a whole window from its words, and the autoencoder."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from wan_sides import MOTION, rounded_twin

from s2v_render.engines.wan.model.config import LATENT_CHANNELS
from s2v_render.engines.wan.model.speech import SAMPLE_RATE, feature_indices, gathered
from s2v_render.engines.wan.model.text import encode, token_ids
from s2v_render.engines.wan.model.transformer import S2VTransformer
from s2v_render.engines.wan.model.vae import Vae
from s2v_render.engines.wan.ops.attention import attends_in_fp8
from s2v_render.engines.wan.ops.kernels import fastest_kernels, use
from s2v_render.engines.wan.planning import MODEL_FPS
from s2v_render.engines.wan.takes.windows import (
    Denoising,
    PastMotion,
    Prompts,
    Stepped,
    Window,
    WindowInput,
    initial_noise,
    latent_shape,
    windows,
)
from s2v_render.engines.wan.weights.fast import fastest_vae
from s2v_render.engines.wan.weights.parts import Parts

PROMPT = "A person talks."
_Result = TypeVar("_Result")


@dataclass
class Stages:
    """Seconds of each stage of something, and the most memory of tensors on the device."""

    name: str
    seconds: dict[str, float] = field(default_factory=dict)
    peak_gib: float = 0.0

    def timed(self, stage: str, function: Callable[[], _Result]) -> _Result:
        """Call the function and note how long it took until the device was at rest."""
        _rest()
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
        started = time.perf_counter()
        result = function()
        _rest()
        self.seconds[stage] = time.perf_counter() - started
        if torch.cuda.is_available():
            self.peak_gib = max(self.peak_gib, torch.cuda.max_memory_allocated() / 2**30)
        return result


def window(
    parts: Parts,
    network: S2VTransformer,
    device: torch.device,
    size: str,
    *,
    frames: int,
    fp8: bool,
    steps: int,
) -> Stages:
    """Make windows of so many frames without guidance, and return what one amid a film took.

    Its words, sound and portrait are encoded anew; the one before it is not counted.
    """
    dtype, head_dim = network.kernels.dtype, network.config.head_dim
    fp8_attention = fp8 and attends_in_fp8(device, head_dim)
    kernels = fastest_kernels(device, dtype, head_dim, fp8_attention=fp8_attention)
    used = rounded_twin(network) if fp8 else network
    use(kernels, used)
    encoder = parts.text_encoder(device, dtype)
    speech, vae = parts.speech(device), fastest_vae(parts.vae(device), device)
    tokenizer = parts.tokenizer()
    width, height = map(int, size.split("x"))
    shape = latent_shape(frames, height=height, width=width)
    sound = np.random.default_rng(0).standard_normal(frames * SAMPLE_RATE // MODEL_FPS)
    portrait = torch.rand(1, 3, 1, height, width, device=device) * 2 - 1
    latents = torch.randn(1, LATENT_CHANNELS, MOTION[1], *shape[3:], device=device)

    def made(steps: int) -> Stages:
        kind = "fp8" + "-attention" * fp8_attention if fp8 else str(dtype).removeprefix("torch.")
        noted = Stages(f"window of {frames} frames, {steps} steps, {size}, {kind}")
        begun = time.perf_counter()
        text = noted.timed(
            "text", lambda: used.encode_text([encode(encoder, token_ids(tokenizer, PROMPT))])
        )
        features = noted.timed(
            "sound", lambda: _features(speech.features(sound.astype(np.float32)), frames)
        )
        reference = noted.timed("portrait", lambda: vae.encode(portrait))
        given = WindowInput(
            initial_noise(shape, seed=1, device=device, dtype=torch.float32), features.to(device)
        )
        _rest()
        apart = time.perf_counter()
        events = windows(
            used,
            vae,
            Denoising(steps=steps, guidance=1.0),
            reference_BCTYX=reference,
            prompts=Prompts(text),
            inputs=[given, given],
            motion=PastMotion(None, latents),
            opening=False,
        )
        _window(events)
        begun += time.perf_counter() - apart
        for step in range(steps):
            assert isinstance(noted.timed(f"step {step + 1}", lambda: next(events)), Stepped)
        done = noted.timed("decoding and encoding motion", lambda: _window(events))
        pixels = done.pixels_BCTYX
        noted.timed("to the host", lambda: ((pixels + 1) * 127.5).round().to(torch.uint8).cpu())
        noted.seconds["whole"] = time.perf_counter() - begun
        return noted

    made(1)
    return made(steps)


def _window(events: Iterator[object]) -> Window:
    return next(event for event in events if isinstance(event, Window))


def autoencoder(parts: Parts, device: torch.device, size: str, *, frames: int) -> Stages:
    """Encode the motion and decode a window, in fp32 and as the engine does, and compare."""
    width, height = map(int, size.split("x"))
    fine = Vae(parts.vae(device), device=device)
    quick = fastest_vae(parts.vae(device), device)
    coarse = torch.rand(1, 3, MOTION[0], 30, 52, device=device) * 2 - 1
    pixels = F.interpolate(coarse, size=(MOTION[0], height, width), mode="trilinear")
    wanted = fine.encode(pixels)
    latents = wanted[:, :, : frames // 4]
    noted = Stages(f"autoencoder, {size}")
    _both(noted, "fp32 ", fine, pixels, latents)
    seen = fine.decode(latents)
    noted.peak_gib = 0.0
    _both(noted, "", quick, pixels, latents)
    off = quick.encode(pixels) - wanted
    noted.name += f" (latents off by {off.norm() / wanted.norm():.4f}"
    error = (quick.decode(latents) - seen).square().mean()
    noted.name += f", pixels at {10 * torch.log10(4 / error.clamp(min=1e-12)):.1f} dB)"
    return noted


def _both(noted: Stages, kind: str, vae: Vae, pixels: Tensor, latents: Tensor) -> None:
    vae.encode(pixels)
    vae.decode(latents)
    noted.timed(f"{kind}encode", lambda: vae.encode(pixels))
    noted.timed(f"{kind}decode", lambda: vae.decode(latents))


def _features(heard: Tensor, frames: int) -> Tensor:
    return gathered(heard, feature_indices(heard.shape[1], frames=frames, fps=MODEL_FPS))


def _rest() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
