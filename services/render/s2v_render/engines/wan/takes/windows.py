"""How a film is sampled, window by window: noise, steps, decoding, and the motion carried on.

Shape suffixes: B batch (1 here), C channels, T frames, Y rows, X columns, A audio layers, E width
of a speech feature, V video frames of a window.
Source: reference facts of the official `WanS2V.generate`, proved by the parity fixtures.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from s2v.core.sampling import Solver
from s2v_render.engines.wan.model.config import LATENT_CHANNELS
from s2v_render.engines.wan.model.solvers import Past, Schedule, advance, schedule
from s2v_render.engines.wan.model.transformer import S2VTransformer, Scene, SpeechContext, Text
from s2v_render.engines.wan.model.vae import (
    SPATIAL_RATIO,
    TEMPORAL_RATIO,
    DecodingStream,
    Vae,
    joined,
)
from s2v_render.engines.wan.pieces import told_as
from s2v_render.engines.wan.planning import OPENING_CUT_FRAMES
from s2v_render.engines.wan.sharding.ranks import ALONE, TakeRanks

_REFERENCE_MOTION_FRAMES = 6


@dataclass(frozen=True, slots=True)
class Denoising:
    """The numbers of a run; the defaults are the official ones.

    Attributes:
        solver: how steps are taken.
        steps: how many a window takes.
        shift: how much of them is spent on noise.
        guidance: how far to turn from the negative prompt and from silence; at most 1 is not at
            all, which halves the work.
        window_frames: video frames of a window, a multiple of 4.
        motion_frames: video frames before a window that it sees, 4k + 1.
        redecodes_motion: whether a window is decoded after the encoded motion, as the official code
            does, and not after the latents before it, which takes half the time.
    """

    solver: Solver = Solver.UNIPC
    steps: int = 40
    shift: float = 3.0
    guidance: float = 4.5
    window_frames: int = 80
    motion_frames: int = 73
    redecodes_motion: bool = False

    @property
    def guided(self) -> bool:
        """Whether every step asks the model twice."""
        return self.guidance > 1

    @property
    def motion_latents(self) -> int:
        """Latent frames of the motion."""
        return (self.motion_frames + 3) // TEMPORAL_RATIO


@dataclass(frozen=True, slots=True)
class PastMotion:
    """What was seen last: latents, and their -1..1 pixels; None is what the latents decode to."""

    pixels_BCTYX: Tensor | None
    latents_BCTYX: Tensor


@dataclass(frozen=True, slots=True)
class Prompts:
    """What to show and, where there is guidance, what not to."""

    positive: Text
    negative: Text | None = None


@dataclass(frozen=True, slots=True)
class WindowInput:
    """What one window is made of.

    Attributes:
        noise_BCTYX: what its latents start as, and how many there are; UniPC keeps their dtype.
        features_BAEV: speech features, four a latent frame.
        pose_BCTYX: pose latents, as many as there is noise; None is a blank pose.
        dropped_frames: video frames at its end that are not wanted, nor carried on; the last
            window's only.
        leads_on: whether anything is sampled after it; else its motion is not encoded.
    """

    noise_BCTYX: Tensor
    features_BAEV: Tensor
    pose_BCTYX: Tensor | None = None
    dropped_frames: int = 0
    leads_on: bool = True


@dataclass(frozen=True, slots=True)
class Stepped:
    """A step was taken: `latents` as it left them, `step` of `steps`, counted from 1."""

    latents_BCTYX: Tensor
    step: int
    steps: int


@dataclass(frozen=True, slots=True)
class Coded:
    """A piece of a window was decoded, or of motion.

    Attributes:
        pixels_BCTYX: what the film shows of it, as in `Window`; None of what it does not show.
    """

    pixels_BCTYX: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """A window is done: fp32 pixels in -1..1 of the frames to keep, and the motion after them.

    There is no motion where nothing follows.
    """

    pixels_BCTYX: Tensor
    latents_BCTYX: Tensor
    motion: PastMotion | None


@dataclass(frozen=True, slots=True)
class Conditions:
    """What all steps of one window are conditioned on; `silent` only where there is guidance."""

    scene: Scene
    sound: SpeechContext
    silent: SpeechContext | None


def initial_noise(
    shape: tuple[int, ...],
    *,
    seed: int,
    device: torch.device | str,
    dtype: torch.dtype,
    drawn_on: torch.device | str = "cpu",
) -> Tensor:
    """Return noise of this shape; on the host it is drawn in fp32, whatever its dtype.

    Args:
        shape: of the noise.
        seed: equal ones give equal noise on devices of one kind.
        device: where it is wanted.
        dtype: what it is rounded to.
        drawn_on: where it is drawn; on the host every device gets the same.
    """
    source = torch.device(drawn_on)
    generator = torch.Generator(source).manual_seed(seed)
    drawn_as = torch.float32 if source.type == "cpu" else dtype
    drawn = torch.randn(shape, generator=generator, dtype=drawn_as, device=source)
    return drawn.to(device, dtype)


def latent_shape(frames: int, *, height: int, width: int) -> tuple[int, int, int, int, int]:
    """Return the shape of a window's latents: so many video frames of a size in pixels."""
    rows, columns = height // SPATIAL_RATIO, width // SPATIAL_RATIO
    return (1, LATENT_CHANNELS, frames // TEMPORAL_RATIO, rows, columns)


def still_motion(
    vae: Vae, denoising: Denoising, reference_BCTYX: Tensor, *, shows_reference: bool = False
) -> PastMotion:
    """Return motion before a film: grey, or grey that ends in six frames of the reference.

    Args:
        vae: encodes it.
        denoising: how long it is.
        reference_BCTYX: pixels of the portrait, one frame.
        shows_reference: whether the reference is seen, so that the film starts from it.
    """
    repeated = reference_BCTYX.expand(-1, -1, denoising.motion_frames, -1, -1)
    pixels = torch.zeros_like(repeated)
    if shows_reference:
        pixels[:, :, -_REFERENCE_MOTION_FRAMES:] = reference_BCTYX
    return PastMotion(pixels, vae.encode(pixels))


def unseen_motion(denoising: Denoising, reference_BCTYX: Tensor) -> PastMotion:
    """Return motion before a film that opens without seeing it: grey pixels, and no latents."""
    grey = torch.zeros_like(reference_BCTYX).expand(-1, -1, denoising.motion_frames, -1, -1)
    return PastMotion(grey, reference_BCTYX.new_empty(0))


def pose_latents(vae: Vae, frames_CTYX: Tensor) -> Tensor:
    """Return the latents of one window's pose frames, shape [1, 16, T / 4, Y / 8, X / 8]."""
    led = torch.cat([frames_CTYX[:, :1], frames_CTYX], dim=1)
    return vae.encode(led[None])[:, :, 1:]


def moved_on(
    vae: Vae, before_BCTYX: Tensor, pixels_BCTYX: Tensor
) -> Generator[Coded, None, PastMotion]:
    """Return the motion after more frames were seen: the last of both, encoded anew."""
    length = before_BCTYX.shape[2]
    missing = max(0, length - pixels_BCTYX.shape[2])
    kept = before_BCTYX[:, :, length - missing :]
    pixels = torch.cat([kept, pixels_BCTYX[:, :, -length:]], dim=2)
    latents = yield from told_as(Coded(), vae.encoding(pixels))
    return PastMotion(pixels, latents)


@torch.inference_mode()
def windows(
    transformer: S2VTransformer,
    vae: Vae,
    denoising: Denoising,
    *,
    reference_BCTYX: Tensor,
    prompts: Prompts,
    inputs: Iterable[WindowInput],
    motion: PastMotion,
    opening: bool,
    rests: bool = False,
    ranks: TakeRanks = ALONE,
) -> Generator[Stepped | Coded | Window]:
    """Sample windows one after the other; closing it stops between two steps, or pieces of one.

    Args:
        transformer: predicts velocities.
        vae: decodes them and encodes motion.
        denoising: the numbers.
        reference_BCTYX: latents of the portrait, one frame.
        prompts: what to show.
        inputs: one entry a window.
        motion: what was seen before the first of them.
        opening: whether the first of them opens the film, does not see the motion, and loses its
            first three frames.
        rests: whether decoding leaves the device between windows.
        ranks: that share the steps; each of them is given the same and yields the same.

    Raises:
        ValueError: there is guidance but no negative prompt.
    """
    if denoising.guided and prompts.negative is None:
        raise ValueError(f"Guidance {denoising.guidance} needs a negative prompt to turn from.")
    stream: DecodingStream | None = None
    for given in inputs:
        seen = None if opening else motion
        conditions = prepared(transformer, denoising, reference_BCTYX, given, motion=seen)
        latents = yield from denoised(
            transformer, denoising, given, conditions, prompts, ranks=ranks
        )
        before = motion.pixels_BCTYX
        if stream is None or denoising.redecodes_motion:
            stream = vae.stream()
            led = yield from told_as(
                Coded(),
                joined(stream.decoding(reference_BCTYX if seen is None else seen.latents_BCTYX)),
            )
            before = led if before is None else before
        assert before is not None
        unseen_latents = given.dropped_frames // TEMPORAL_RATIO
        decoding = stream.decoding(latents[:, :, : latents.shape[2] - unseen_latents])
        pixels = yield from _shown(
            decoding,
            first=OPENING_CUT_FRAMES if opening else 0,
            end=given.noise_BCTYX.shape[2] * TEMPORAL_RATIO - given.dropped_frames,
        )
        if not given.leads_on:
            yield Window(pixels, latents, None)
            return
        motion = yield from moved_on(vae, before, pixels)
        if rests:
            stream.rest()
        opening = False
        yield Window(pixels, latents, motion)


def _shown(pieces: Iterable[Tensor], *, first: int, end: int) -> Generator[Coded, None, Tensor]:
    """Tell of each piece what lies between two frames of all of them; return that in one."""
    at, kept = 0, []
    for piece in pieces:
        kept.append(piece[:, :, max(first - at, 0) : max(end - at, 0)])
        at += piece.shape[2]
        yield Coded(kept[-1])
    return torch.cat(kept, dim=2)


def prepared(
    transformer: S2VTransformer,
    denoising: Denoising,
    reference_BCTYX: Tensor,
    given: WindowInput,
    *,
    motion: PastMotion | None,
) -> Conditions:
    """Return what all steps of a window have in common; None shows the model no motion."""
    span = (denoising.motion_frames, denoising.motion_latents)
    features = given.features_BAEV
    sound = transformer.encode_sound(features, motion_frames=span)
    silent = None
    if denoising.guided:
        silent = transformer.encode_sound(torch.zeros_like(features), motion_frames=span)
    scene = transformer.encode_scene(
        reference_BCTYX,
        frames=given.noise_BCTYX.shape[2],
        motion_BCTYX=None if motion is None else motion.latents_BCTYX,
        pose_BCTYX=given.pose_BCTYX,
    )
    return Conditions(scene, sound, silent)


def denoised(
    transformer: S2VTransformer,
    denoising: Denoising,
    given: WindowInput,
    conditions: Conditions,
    prompts: Prompts,
    *,
    ranks: TakeRanks = ALONE,
) -> Generator[Stepped, None, Tensor]:
    """Take all steps of a window and return its latents; nothing here waits for the device."""
    plan = schedule(denoising.solver, steps=denoising.steps, shift=denoising.shift)
    latents, past = given.noise_BCTYX, Past()

    def asked(time: Tensor, text: Text, sound: SpeechContext) -> Tensor:
        velocity: Tensor = transformer(
            latents, time, scene=conditions.scene, text=text, sound=sound, ranks=ranks.sequence
        )
        return velocity

    for step, time in enumerate(_times(plan, latents)):
        if prompts.negative is None or conditions.silent is None:
            velocity = asked(time, prompts.positive, conditions.sound)
        else:
            sides = ((prompts.positive, conditions.sound), (prompts.negative, conditions.silent))
            toward, away = _predicted(partial(asked, time), sides, ranks)
            velocity = away + denoising.guidance * (toward - away)
        latents, past = advance(plan, step, latents, velocity, past)
        yield Stepped(latents, step + 1, plan.steps)
    return latents


def _predicted(
    asked: Callable[[Text, SpeechContext], Tensor],
    sides: tuple[tuple[Text, SpeechContext], tuple[Text, SpeechContext]],
    ranks: TakeRanks,
) -> tuple[Tensor, Tensor]:
    """Return what is predicted on both sides of the guidance; ranks may have one side each."""
    if ranks.branch is not None:
        return ranks.both(asked(*sides[ranks.branch]))
    toward, away = sides
    return asked(*toward), asked(*away)


def _times(plan: Schedule, latents: Tensor) -> Iterator[Tensor]:
    """Return what the model is told at each step, shape [B], on the device."""
    on_device = plan.times.to(latents.device)
    return iter(on_device[:, None].expand(-1, len(latents)))
