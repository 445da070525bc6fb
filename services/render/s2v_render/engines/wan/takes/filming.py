"""One take from its speech to its frames: the windows it needs, what each is made of, what is left.

Shape suffixes: B batch (1 here), C channels, T frames, Y rows, X columns.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from s2v.core.ports import Frames, Size, State, Take, Working
from s2v.core.timebase import SAMPLE_RATE, samples_per_frame
from s2v.face.detector import FaceDetector
from s2v.media.confined.reading import Reader
from s2v_render.engines.reference.fitting import fitted
from s2v_render.engines.reference.looking import head_in
from s2v_render.engines.wan.model.speech import FilmLevel
from s2v_render.engines.wan.model.text import NEGATIVE_PROMPT
from s2v_render.engines.wan.planning import (
    PlannedWindow,
    frames_made_before,
    plan_windows,
    shown_frame,
)
from s2v_render.engines.wan.presets import Recipe
from s2v_render.engines.wan.sharding.ranks import ALONE, TakeRanks
from s2v_render.engines.wan.takes.carried import Carried, read_carried
from s2v_render.engines.wan.takes.hearing import (
    CARRIED_SECONDS,
    FOLLOWING_SECONDS,
    Soundtrack,
    heard,
    level_after,
    officially_heard,
)
from s2v_render.engines.wan.takes.pictures import official_fit, pixels_of
from s2v_render.engines.wan.takes.posing import PoseVideo
from s2v_render.engines.wan.takes.showing import FilmFrames
from s2v_render.engines.wan.takes.windows import (
    Coded,
    Denoising,
    PastMotion,
    Prompts,
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
class TakePlan:
    """A take, and what was decided about it.

    Attributes:
        take: what was asked for.
        recipe: how it is sampled.
        size: of the film.
        start: the first model frame that is to be made.
        end: the one after the last.
        carried: what the take before left behind; None opens the film.
    """

    take: Take
    recipe: Recipe
    size: Size
    start: int
    end: int
    carried: Carried | None

    @property
    def frames(self) -> int:
        """Frames of the film in this take."""
        return len(self.take.pcm) // samples_per_frame(self.take.frame_rate)

    @property
    def end_sample(self) -> int:
        """The sample of the film after the take's last."""
        rate = samples_per_frame(self.take.frame_rate)
        return self.take.first_frame * rate + len(self.take.pcm)

    @property
    def opens_unseen(self) -> bool:
        """Whether the first window sees no motion, and loses its first frames."""
        return self.carried is None and self.recipe.opening_cut_frames > 0

    @property
    def windows(self) -> tuple[PlannedWindow, ...]:
        """The windows to sample."""
        return plan_windows(
            self.start,
            self.end,
            window_frames=self.recipe.window_frames,
            cut_frames=self.recipe.opening_cut_frames if self.carried is None else 0,
            first_index=self.carried.windows if self.carried else 0,
            even=not self.recipe.official,
        )

    @property
    def denoising(self) -> Denoising:
        """The numbers of the run."""
        recipe = self.recipe
        return Denoising(
            solver=recipe.solver,
            steps=recipe.steps,
            shift=recipe.shift,
            guidance=recipe.guidance,
            window_frames=recipe.window_frames,
            redecodes_motion=recipe.official,
        )


def plan_take(take: Take, recipe: Recipe, size: Size) -> TakePlan:
    """Return what has to be made for a take.

    Raises:
        InvalidInput: the state belongs elsewhere (FIELD_INVALID on "state").
    """
    rate = take.frame_rate
    count = len(take.pcm) // samples_per_frame(rate)
    end = frames_made_before(take.first_frame + count, rate)
    if take.state is None:
        return TakePlan(take, recipe, size, shown_frame(take.first_frame, rate), end, None)
    made = frames_made_before(take.first_frame, rate)
    carried = read_carried(take.state, size=size, model_frames=made)
    return TakePlan(take, recipe, size, made, end, carried)


@torch.inference_mode()
def filmed(
    models: WanModels,
    plan: TakePlan,
    *,
    rows_of: Callable[[str], Tensor],
    device: torch.device,
    rests: bool,
    ranks: TakeRanks = ALONE,
    noise_from: torch.device | str = "cpu",
    unseen: bool = False,
) -> Generator[Item]:
    """Make the frames of a take, window by window, and then its state.

    Args:
        models: ready to run.
        plan: what to make.
        rows_of: encodes a prompt, shape [rows, width].
        device: where everything is computed.
        rests: whether decoding leaves the device between windows.
        ranks: that share the steps and the pictures; each of them yields all items.
        noise_from: where noise is drawn.
        unseen: whether nobody looks at the frames: there are as many, and none is drawn.
    """
    models = replace(models, vae=models.vae.over(ranks.strips))
    track = _track(plan)
    motion = None if plan.carried is None else plan.carried.motion_latents_BCTYX
    with _showing(plan, unseen=unseen) as showing:
        if plan.windows:
            motion = yield from _sampled(
                models,
                plan,
                track,
                rows_of,
                showing=showing,
                device=device,
                rests=rests,
                ranks=ranks,
                noise_from=noise_from,
            )
        yield from showing.last()
    if motion is not None and not plan.take.ends_film:
        yield State(_carried(plan, track, motion, showing.picture).to_bytes())


def _showing(plan: TakePlan, *, unseen: bool) -> FilmFrames:
    take = plan.take
    shown = FilmFrames(
        take.first_frame,
        plan.frames,
        take.frame_rate,
        how=plan.recipe.between,
        threads=torch.get_num_threads(),
        unseen=unseen,
    )
    if plan.carried is not None:
        shown.begin_with(plan.start - 1, plan.carried.last_frame)
    return shown


def _carried(
    plan: TakePlan, track: Soundtrack, motion_latents_BCTYX: Tensor, picture: Rgb
) -> Carried:
    sound = track.before(plan.end_sample).last(CARRIED_SECONDS)
    before = plan.carried.windows if plan.carried else 0
    windows_made = before + len(plan.windows)
    level = _level(plan)
    return Carried(motion_latents_BCTYX, picture, sound, plan.end, windows_made, level)


def _sampled(
    models: WanModels,
    plan: TakePlan,
    track: Soundtrack,
    rows_of: Callable[[str], Tensor],
    *,
    showing: FilmFrames,
    device: torch.device,
    rests: bool,
    ranks: TakeRanks,
    noise_from: torch.device | str,
) -> Generator[Item, None, Tensor | None]:
    """Sample all windows; return the motion of the last, or None where nothing follows."""
    prompts = _prompts(models, plan, rows_of, device)
    yield Working()
    pixels = _reference(plan, device)
    reference = models.vae.encode(pixels)
    motion: PastMotion | None = None
    yield Working()
    coming = _Coming(number for window in plan.windows for number in window.kept)
    for event in windows(
        models.transformer,
        models.vae,
        plan.denoising,
        reference_BCTYX=reference,
        prompts=prompts,
        inputs=_inputs(models, plan, track, device, noise_from=noise_from),
        motion=_motion(models, plan, pixels),
        opening=plan.opens_unseen,
        rests=rests,
        ranks=ranks,
    ):
        # What was decoded before this event: the device is at the next piece meanwhile.
        if arrived := coming.arrived():
            yield from showing.of(*arrived)
        else:
            yield from showing.go_on()
        match event:
            case Coded(pixels_BCTYX=Tensor() as pixels):
                coming.send(pixels)
            case Window():
                motion = event.motion
        yield Working()
    return None if motion is None else motion.latents_BCTYX


def _prompts(
    models: WanModels, plan: TakePlan, rows_of: Callable[[str], Tensor], device: torch.device
) -> Prompts:
    def text(prompt: str) -> Tensor:
        return models.transformer.encode_text([rows_of(prompt).to(device)])

    positive = text(plan.take.prompt or PROMPT)
    if not plan.denoising.guided:
        return Prompts(positive)
    return Prompts(positive, text(plan.take.negative_prompt or NEGATIVE_PROMPT))


def _reference(plan: TakePlan, device: torch.device) -> Tensor:
    take = plan.take
    photo = Reader().still(take.reference, take.reference_media_type, field="spec.reference")
    if plan.recipe.official:
        size = plan.size
        picture = official_fit(Image.fromarray(photo), height=size.height, width=size.width)
    else:
        rows = plan.size.height
        whole = fitted(
            photo, plan.size, find_face=lambda each: head_in(each, FaceDetector(), rows=rows)
        )
        picture = Image.fromarray(whole)
    return pixels_of(picture).to(device)


def _motion(models: WanModels, plan: TakePlan, reference_BCTYX: Tensor) -> PastMotion:
    if plan.carried is not None:
        latents = plan.carried.motion_latents_BCTYX
        return PastMotion(None, latents.to(reference_BCTYX.device))
    if plan.opens_unseen:
        return unseen_motion(plan.denoising, reference_BCTYX)
    return still_motion(models.vae, plan.denoising, reference_BCTYX, shows_reference=True)


def _inputs(
    models: WanModels,
    plan: TakePlan,
    track: Soundtrack,
    device: torch.device,
    *,
    noise_from: torch.device | str = "cpu",
) -> Iterator[WindowInput]:
    """Make what each window needs when its turn comes."""
    recipe, take = plan.recipe, plan.take
    hears = officially_heard if recipe.official else heard
    pose = None
    if take.pose is not None:
        pose = PoseVideo(take.pose, plan.size, official=recipe.official)
    for window in plan.windows:
        count = window.sampled_frames
        first = window.first_frame + recipe.sound_lead_frames
        features = hears(models.speech, track, first_frame=first, frames=count).to(device)
        latents = None
        if pose is not None:
            latents = pose_latents(models.vae, pose.frames(first, count).to(device))
        noise = _noise(models, plan, window, device, drawn_on=noise_from)
        leads_on = window.index < plan.windows[-1].index or not take.ends_film
        yield WindowInput(noise, features, latents, window.dropped_frames, leads_on)


def _noise(
    models: WanModels,
    plan: TakePlan,
    window: PlannedWindow,
    device: torch.device,
    *,
    drawn_on: torch.device | str,
) -> Tensor:
    """Return fp32 noise; official noise is coarse, and stays as coarse as the weights are."""
    size, seed = plan.size, plan.take.seed + window.index
    shape = latent_shape(window.sampled_frames, height=size.height, width=size.width)
    if not plan.recipe.official:
        return initial_noise(
            shape, seed=seed, device=device, dtype=torch.float32, drawn_on=drawn_on
        )
    noise = initial_noise(shape, seed=seed, device=device, dtype=torch.bfloat16, drawn_on=drawn_on)
    return noise.to(models.transformer.kernels.dtype)


def _track(plan: TakePlan) -> Soundtrack:
    """Return what can be heard: the end of the film so far, the take, and what follows it."""
    take = plan.take
    nothing = take.pcm[:0]
    before = plan.carried.sound if plan.carried else nothing
    following = nothing if take.following is None else take.following
    following = following[: FOLLOWING_SECONDS * SAMPLE_RATE]
    first = take.first_frame * samples_per_frame(take.frame_rate) - len(before)
    pcm = np.concatenate([before, take.pcm, following])
    return Soundtrack(pcm, first, level_after(_level(plan), following))


def _level(plan: TakePlan) -> FilmLevel:
    """Return how loud the film is until the end of the take."""
    before = plan.carried.level if plan.carried else FilmLevel()
    return level_after(before, plan.take.pcm)


class _Coming:
    """Pictures on their way to the host; one batch of them at most.

    Args:
        model_frames: numbers of all that will come.
    """

    def __init__(self, model_frames: Iterable[int]) -> None:
        self._numbers = iter(model_frames)
        self._sent: Tensor | None = None
        self._copied: torch.cuda.Event | None = None

    def send(self, pixels_BCTYX: Tensor) -> None:
        """Begin to bring fp32 pixels in -1..1 to the host, without waiting for the device."""
        if not pixels_BCTYX.shape[2]:
            return
        values = pixels_BCTYX[0].permute(1, 2, 3, 0)
        pictures = ((values + 1) * 127.5).round().to(torch.uint8)
        if pictures.device.type != "cuda":
            self._sent = pictures
            return
        self._sent = torch.empty(pictures.shape, dtype=torch.uint8, pin_memory=True)
        self._sent.copy_(pictures, non_blocking=True)
        self._copied = torch.cuda.Event()
        self._copied.record()

    def arrived(self) -> tuple[list[int], Rgb] | None:
        """Wait for what was sent last; return its numbers and pictures, None if that was before."""
        if self._sent is None:
            return None
        if self._copied is not None:
            self._copied.synchronize()
        pictures: Rgb = self._sent.numpy()
        self._sent = None
        return list(islice(self._numbers, len(pictures))), pictures
