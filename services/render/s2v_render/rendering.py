"""Render one segment: read what it takes, run the engine, encode beside it, store the clip."""

import tempfile
from collections.abc import Generator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from s2v.core.artifact import Artifact
from s2v.core.directing import LARGEST_FACE, FaceChoice
from s2v.core.errors import InvalidInput, Reason
from s2v.core.job import Reel
from s2v.core.lengths import VideoShorter
from s2v.core.ports import ArtifactStore, Engine, Frames, Notice, Size, State, Take, Working
from s2v.core.sampling import AS_PRESET, Sampling
from s2v.core.script import Speech
from s2v.core.timebase import samples_per_frame
from s2v.media.pcm import Pcm, read_wav
from s2v.media.video import H264, jpeg
from s2v.store.space import full_disk_named
from s2v_render.encoding import Encoded, Encoding

STATE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class RenderOrder:
    """What one segment's clip shall be; everything in it was checked.

    Attributes:
        speech: the sound to render to, whole frames.
        reference: the portrait.
        engine: name of the engine.
        frame_rate: of the film, frames a second.
        size: of the film.
        quality: how to encode.
        first_frame: this segment's first frame counted from the start of the film.
        seed: equal seeds give equal pictures.
        state: what the segment before left behind; SEQUENTIAL engines only.
        preset: name of one of the engine's presets.
        prompt: what the film shall show; directed engines only, as the next three.
        negative_prompt: what it shall not show.
        sampling: overrides the preset.
        pose: a video whose poses are followed.
        video_shorter: what a reference video shows after its end.
        video_speed: how much faster than usual it plays.
        liveliness: how much a photo's head, brows and eyes move.
        face: which of several faces speaks.
        device_group: whose worker shall render where it is free; empty for any.
        following: the sound after this segment, where it is known; SEQUENTIAL engines only.
        ends_film: whether nothing follows for certain.
        reels: whether somebody waits for reels.
        rendered: reels that are there already, in order; the clip begins with them.
    """

    speech: Speech
    reference: Artifact
    engine: str
    frame_rate: int
    size: Size
    quality: H264
    first_frame: int = 0
    seed: int = 0
    state: Artifact | None = None
    preset: str = ""
    prompt: str = ""
    negative_prompt: str = ""
    sampling: Sampling = AS_PRESET
    pose: Artifact | None = None
    video_shorter: VideoShorter = VideoShorter.PING_PONG
    video_speed: float = 1.0
    liveliness: float = 1.0
    face: FaceChoice = LARGEST_FACE
    device_group: str = ""
    following: Artifact | None = None
    ends_film: bool = False
    reels: bool = False
    rendered: tuple[Reel, ...] = ()


@dataclass(frozen=True, slots=True)
class RenderProgress:
    """How many frames are rendered."""

    frames_done: int
    frames_total: int


@dataclass(frozen=True, slots=True)
class PreviewShown:
    """A small picture; `frame` counts from the start of the film."""

    frame: int
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class ClipRendered:
    """The stored clip."""

    video: Artifact
    frames: int
    width_pixels: int
    height_pixels: int
    state: Artifact | None = None


RenderEvent = RenderProgress | PreviewShown | Notice | Reel | ClipRendered


def render_segment(
    engine: Engine, order: RenderOrder, store: ArtifactStore, *, threads: int = 1
) -> Generator[RenderEvent]:
    """Render one segment; the clip comes last. Closing it stops engine and encoder.

    A take that goes on after reels draws their frames again, for an engine knows no other
    beginning, but the clip has them as they are.

    Raises:
        InvalidInput: the engine refuses the reference, or the speech is not what it says it is.
        NotFound: the speech, the reference, the state or the pose is not in the store.
        NotReady: the engine's weights cannot be used.
        Exhausted: the store, the disk or the device's memory is full.
        Unavailable: a device elsewhere is away or failed.
        RuntimeError: the engine did not keep its promise.
    """
    with tempfile.TemporaryDirectory(prefix="s2v-clip-") as folder, ExitStack() as stack:
        take = take_of(order, store, stack)
        rendered = [stack.enter_context(store.local(reel.video)) for reel in order.rendered]
        with full_disk_named("the folder for temporary files"):
            encoding = Encoding(
                _encoded(order), Path(folder), store, rendered=rendered, threads=threads
            )
            video, state = yield from _film(engine.render(take), order, encoding, store)
    yield ClipRendered(
        video=video,
        frames=order.speech.frames(order.frame_rate),
        width_pixels=order.size.width,
        height_pixels=order.size.height,
        state=state,
    )


def take_of(order: RenderOrder, store: ArtifactStore, stack: ExitStack) -> Take:
    """Return the take; its files are there for as long as the stack is open."""
    return Take(
        pcm=_pcm(order, store),
        phonemes=order.speech.phonemes,
        reference=stack.enter_context(store.local(order.reference)),
        reference_sha256=order.reference.sha256,
        reference_media_type=order.reference.media_type,
        frame_rate=order.frame_rate,
        size=order.size,
        first_frame=order.first_frame,
        seed=order.seed,
        state=_bytes(order.state, store) if order.state else None,
        preset=order.preset,
        prompt=order.prompt,
        negative_prompt=order.negative_prompt,
        sampling=order.sampling,
        pose=stack.enter_context(store.local(order.pose)) if order.pose else None,
        video_shorter=order.video_shorter,
        video_speed=order.video_speed,
        liveliness=order.liveliness,
        face=order.face,
        following=_following(order, store),
        ends_film=order.ends_film,
    )


def _encoded(order: RenderOrder) -> Encoded:
    return Encoded(order.size, order.frame_rate, order.quality, order.rendered, order.reels)


def _following(order: RenderOrder, store: ArtifactStore) -> Pcm | None:
    if order.following is None:
        return None
    with store.open(order.following) as file:
        return read_wav(file)


def _pcm(order: RenderOrder, store: ArtifactStore) -> Pcm:
    with store.open(order.speech.audio) as file:
        pcm = read_wav(file)
    promised = order.speech.samples
    if len(pcm) != promised or promised % samples_per_frame(order.frame_rate):
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"the speech has {len(pcm)} samples and says {promised}; pad it to whole frames of "
            f"{samples_per_frame(order.frame_rate)} samples and say how many there are",
            field="speech.samples",
        )
    return pcm


def _bytes(artifact: Artifact, store: ArtifactStore) -> bytes:
    with store.open(artifact) as file:
        return file.read()


def _film(
    items: Generator[Frames | Notice | Working | State],
    order: RenderOrder,
    encoding: Encoding,
    store: ArtifactStore,
) -> Generator[RenderEvent, None, tuple[Artifact, Artifact | None]]:
    """Run the engine and encode what it yields; return the clip, and the state it left behind."""
    total = order.speech.frames(order.frame_rate)
    state: Artifact | None = None
    done = 0
    with closing(items), encoding:
        for item in items:
            match item:
                case Notice():
                    yield item
                case State(data):
                    state = store.put([data], STATE)  # while the clip is finished
                case Working():
                    # Whoever waits can only close us where we yield.
                    yield RenderProgress(done, total)
                case Frames(rgb):
                    _check(rgb, order.size, frames_left=total - done)
                    encoding.write(rgb)
                    yield from _previews(rgb, first=done, order=order)
                    done += len(rgb)
                    if done == total:
                        encoding.end()  # while the engine makes what it leaves behind
                    yield RenderProgress(done, total)
            yield from encoding.take_reels()
        if done != total:
            raise RuntimeError(f"engine {order.engine} yielded {done} of {total} frames")
        video = yield from encoding.finish()
    return video, state


def _check(rgb: npt.NDArray[np.uint8], size: Size, *, frames_left: int) -> None:
    expected = (size.height, size.width, 3)
    if rgb.dtype != np.uint8 or rgb.shape[1:] != expected or len(rgb) > frames_left:
        raise RuntimeError(
            f"expected at most {frames_left} frames of uint8 {expected}, "
            f"the engine yielded {rgb.dtype} {rgb.shape}"
        )


def _previews(
    rgb: npt.NDArray[np.uint8], *, first: int, order: RenderOrder
) -> Generator[PreviewShown]:
    """Show the first frame of the segment and then one for each second."""
    for index in range(-first % order.frame_rate, len(rgb), order.frame_rate):
        yield PreviewShown(order.first_frame + first + index, jpeg(rgb[index]))
