"""One take from its speech to its frames: the windows it needs, what each is made of, what is left.

Shape suffixes: B batch (1 here), C channels, T frames, Y rows, X columns.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from s2v.core.ports import Frames, Size, State, Take, Working
from s2v.core.timebase import samples_per_frame
from s2v.media.photo import read_photo
from s2v_render.engines.wan.model.solvers import Solver
from s2v_render.engines.wan.model.text import NEGATIVE_PROMPT
from s2v_render.engines.wan.planning import (
    PlannedWindow,
    film_frames,
    frames_made_before,
    plan_windows,
    shown_frame,
)
from s2v_render.engines.wan.presets import Choice
from s2v_render.engines.wan.takes.carried import Carried, read_carried
from s2v_render.engines.wan.takes.hearing import CARRIED_SECONDS, Track, heard, officially_heard
from s2v_render.engines.wan.takes.pictures import fit, official_fit, pixels_of
from s2v_render.engines.wan.takes.posing import PoseVideo
from s2v_render.engines.wan.takes.windows import (
    Motion,
    Prompts,
    Sampling,
    Stepped,
    Window,
    WindowInput,
    initial_noise,
    latent_shape,
    pose_latents,
    still_motion,
    unseen_motion,
    windows,
)
from s2v_render.engines.wan.weights.loading import WanModels

PROMPT = "A person is talking to the camera."
"""What a film shows when a request does not say."""

Item = Frames | Working | State
Rgb = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Order:
    """A take, and what was decided about it.

    Attributes:
        take: what was asked for.
        choice: how it is sampled.
        size: of the film.
        start: the first model frame that is to be made.
        end: the one after the last.
        carried: what the take before left behind; None opens the film.
    """

    take: Take
    choice: Choice
    size: Size
    start: int
    end: int
    carried: Carried | None

    @property
    def frames(self) -> int:
        """Frames of the film in this take."""
        return len(self.take.pcm) // samples_per_frame(self.take.frame_rate)

    @property
    def opens_unseen(self) -> bool:
        """Whether the first window sees no motion, and loses its first frames."""
        return self.carried is None and self.choice.opening_cut_frames > 0

    @property
    def windows(self) -> tuple[PlannedWindow, ...]:
        """The windows to sample."""
        return plan_windows(
            self.start,
            self.end,
            window_frames=self.choice.window_frames,
            cut_frames=self.choice.opening_cut_frames if self.carried is None else 0,
            first_index=self.carried.windows if self.carried else 0,
            shortens_last=not self.choice.official,
        )

    @property
    def sampling(self) -> Sampling:
        """The numbers of the run."""
        choice = self.choice
        return Sampling(
            solver=Solver(choice.solver.value),
            steps=choice.steps,
            shift=choice.shift,
            guidance=choice.guidance,
            window_frames=choice.window_frames,
            redecodes_motion=choice.official,
        )


def order_of(take: Take, choice: Choice, size: Size) -> Order:
    """Return what has to be made for a take.

    Raises:
        InvalidInput: the state belongs elsewhere (FIELD_INVALID on "state").
    """
    rate = take.frame_rate
    count = len(take.pcm) // samples_per_frame(rate)
    end = frames_made_before(take.first_frame + count, rate)
    if take.state is None:
        return Order(take, choice, size, shown_frame(take.first_frame, rate), end, None)
    made = frames_made_before(take.first_frame, rate)
    carried = read_carried(take.state, size=size, model_frames=made)
    return Order(take, choice, size, made, end, carried)


@torch.inference_mode()
def filmed(
    models: WanModels,
    order: Order,
    *,
    rows_of: Callable[[str], Tensor],
    device: torch.device,
    batch_frames: int,
    rests: bool,
) -> Generator[Item]:
    """Make the frames of a take, window by window, and then its state.

    Args:
        models: ready to run.
        order: what to make.
        rows_of: encodes a prompt, shape [rows, width].
        device: where everything is computed.
        batch_frames: model frames that are yielded at once.
        rests: whether decoding leaves the device between windows.
    """
    yield from _shared(order)
    track = _track(order)
    left = order.carried
    if order.windows:
        left = yield from _sampled(
            models, order, track, rows_of, device=device, batch_frames=batch_frames, rests=rests
        )
    assert left is not None
    sound = track.last(CARRIED_SECONDS)
    yield State(
        Carried(
            left.motion_latents_BCTYX, left.last_frame, sound, order.end, left.windows
        ).to_bytes()
    )


def _shared(order: Order) -> Iterator[Frames]:
    """Show the last model frame of the take before for as long as this one shows it too."""
    if order.carried is None:
        return
    shown = range(order.start - 1, order.start)
    if count := len(_film_frames(order, shown)):
        yield Frames(np.repeat(order.carried.last_frame[None], count, axis=0))


def _sampled(
    models: WanModels,
    order: Order,
    track: Track,
    rows_of: Callable[[str], Tensor],
    *,
    device: torch.device,
    batch_frames: int,
    rests: bool,
) -> Generator[Item, None, Carried]:
    prompts = _prompts(models, order, rows_of, device)
    yield Working()
    pixels = _reference(order, device)
    reference = models.vae.encode(pixels)
    motion = _motion(models, order, pixels)
    yield Working()
    planned = iter(order.windows)
    last_picture = None
    for event in windows(
        models.transformer,
        models.vae,
        order.sampling,
        reference_BCTYX=reference,
        prompts=prompts,
        inputs=_inputs(models, order, track, device),
        motion=motion,
        opening=order.opens_unseen,
        rests=rests,
    ):
        if isinstance(event, Stepped):
            yield Working()
            continue
        window = next(planned)
        motion = event.motion
        for batch in _batches(event, window, batch_frames):
            last_picture = batch.pictures[-1]
            if shown := _film_frames(order, batch.model_frames):
                first = batch.model_frames.start
                yield Frames(batch.pictures[[frame - first for frame in shown]])
    assert last_picture is not None
    sound = track.last(CARRIED_SECONDS)
    return Carried(motion.latents_BCTYX, last_picture, sound, order.end, window.index + 1)


def _prompts(
    models: WanModels, order: Order, rows_of: Callable[[str], Tensor], device: torch.device
) -> Prompts:
    def text(prompt: str) -> Tensor:
        return models.transformer.encode_text([rows_of(prompt).to(device)])

    positive = text(order.take.prompt or PROMPT)
    if not order.sampling.guided:
        return Prompts(positive)
    return Prompts(positive, text(order.take.negative_prompt or NEGATIVE_PROMPT))


def _reference(order: Order, device: torch.device) -> Tensor:
    picture = Image.fromarray(read_photo(order.take.reference))
    fitted = official_fit if order.choice.official else fit
    return pixels_of(fitted(picture, height=order.size.height, width=order.size.width)).to(device)


def _motion(models: WanModels, order: Order, reference_BCTYX: Tensor) -> Motion:
    if order.carried is not None:
        latents = order.carried.motion_latents_BCTYX
        return Motion(None, latents.to(reference_BCTYX.device))
    if order.opens_unseen:
        return unseen_motion(order.sampling, reference_BCTYX)
    return still_motion(models.vae, order.sampling, reference_BCTYX, shows_reference=True)


def _inputs(
    models: WanModels, order: Order, track: Track, device: torch.device
) -> Iterator[WindowInput]:
    """Make what each window needs when its turn comes."""
    choice, take = order.choice, order.take
    hears = officially_heard if choice.official else heard
    pose = None
    if take.pose is not None:
        pose = PoseVideo(take.pose, order.size, official=choice.official)
    for window in order.windows:
        count = window.sampled_frames
        first = window.first_frame + choice.sound_lead_frames
        features = hears(models.speech, track, first, count).to(device)
        latents = None
        if pose is not None:
            latents = pose_latents(models.vae, pose.frames(first, count).to(device))
        noise = _noise(models, order, window, device)
        yield WindowInput(noise, features, latents, window.dropped_frames)


def _noise(models: WanModels, order: Order, window: PlannedWindow, device: torch.device) -> Tensor:
    """Return fp32 noise; official noise is coarse, and stays as coarse as the weights are."""
    size, seed = order.size, order.take.seed + window.index
    shape = latent_shape(window.sampled_frames, height=size.height, width=size.width)
    if not order.choice.official:
        return initial_noise(shape, seed=seed, device=device, dtype=torch.float32)
    noise = initial_noise(shape, seed=seed, device=device, dtype=torch.bfloat16)
    return noise.to(models.transformer.patch_embedding.weight.dtype)


def _track(order: Order) -> Track:
    take = order.take
    first = take.first_frame * samples_per_frame(take.frame_rate)
    if order.carried is None:
        return Track(take.pcm, first)
    before = order.carried.sound
    return Track(np.concatenate([before, take.pcm]), first - len(before))


@dataclass(frozen=True, slots=True)
class _Batch:
    model_frames: range
    pictures: Rgb


def _batches(window: Window, planned: PlannedWindow, batch_frames: int) -> Iterator[_Batch]:
    """Bring a window's pixels to the host, a few frames at a time."""
    kept = planned.kept
    for start in range(0, len(kept), batch_frames):
        values = window.pixels_BCTYX[0, :, start : start + batch_frames].permute(1, 2, 3, 0)
        pictures = ((values + 1) * 127.5).round().to(torch.uint8).cpu().numpy()
        yield _Batch(kept[start : start + batch_frames], pictures)


def _film_frames(order: Order, model_frames: range) -> tuple[int, ...]:
    take = order.take
    return film_frames(
        model_frames,
        first_frame=take.first_frame,
        frames=order.frames,
        frame_rate=take.frame_rate,
    )
