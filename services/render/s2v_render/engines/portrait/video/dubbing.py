"""A take whose reference is a video: its pictures go on, with another mouth."""

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import islice

import numpy as np

from s2v.core.ports import Frames, Notice, NoticeCode, Take
from s2v.face.arrays import Rgb
from s2v.face.detector import FaceDetector
from s2v.face.mesh import FaceMesh
from s2v.lipsync.phones import Mouth
from s2v.media.confined.footage import ConfinedFootage
from s2v_render.engines.portrait.video.following import followed
from s2v_render.engines.portrait.video.resync import draw
from s2v_render.engines.portrait.video.sitter import Sitter
from s2v_render.engines.portrait.video.steadying import LOOK_AHEAD_FRAMES, Sitting, sittings
from s2v_render.engines.reference.playing import playing_of

_FACE_LOST = Notice(
    NoticeCode.FACE_LOST,
    "in some frames the reference shows no face that can be made to speak; they show it as it is",
)
"""The same for every take, so that a film is told it once."""
_CONVERGING_FRAMES = 5
"""How many pictures it takes until the landmarks no longer depend on where they were looked for."""
_BEFORE_FRAMES = LOOK_AHEAD_FRAMES + _CONVERGING_FRAMES


def dubbed(
    footage: ConfinedFootage,
    sitter: Sitter,
    mouths: Sequence[Mouth],
    *,
    take: Take,
    batch_frames: int,
    threads: int,
    networks: tuple[FaceDetector, FaceMesh],
) -> Generator[Frames | Notice]:
    """Yield a frame of the footage for each mouth, and last a notice if some show no face.

    Pictures around the take are looked at, too, so that takes meet without a jump. While a batch
    is drawn, the pictures of the next one are read and their faces followed on another thread.
    """
    playing = playing_of(
        footage.times,
        footage.seconds,
        take.frame_rate,
        shorter=take.video_shorter,
        speed=take.video_speed,
    )
    first_frame = take.first_frame
    shown = range(first_frame - _BEFORE_FRAMES, first_frame + len(mouths) + LOOK_AHEAD_FRAMES)
    pictures = (
        (sitter.framing.picture(footage, playing.number(frame)), playing.turns(frame))
        for frame in shown
    )
    ready = sittings(followed(pictures, sitter.place, *networks), sitter.skull)
    ready = islice(ready, _BEFORE_FRAMES, _BEFORE_FRAMES + len(mouths))
    face_lost, done = False, 0
    # Closed before the caller closes the footage, which the other thread reads.
    with (
        closing(_ahead(ready, batch_frames)) as batches,
        ThreadPoolExecutor(threads, "draw") as pool,
    ):
        for batch in batches:
            size = sitter.framing.size
            rgb = np.empty((len(batch), size.height, size.width, 3), np.uint8)

            def drawn(sitting: Sitting, mouth: Mouth, out: Rgb) -> None:
                draw(sitting, mouth, sitter.mouthpiece, sitter.shut, out)

            list(pool.map(drawn, batch, mouths[done : done + len(batch)], rgb))
            done += len(batch)
            face_lost = face_lost or any(sitting.held is None for sitting in batch)
            yield Frames(rgb)
    if face_lost:
        yield _FACE_LOST


def _ahead(items: Iterator[Sitting], count: int) -> Generator[list[Sitting]]:
    """Yield lists of so many items, the next of which is being made meanwhile."""
    with ThreadPoolExecutor(1, "follow") as thread:
        coming = thread.submit(lambda: list(islice(items, count)))
        while batch := coming.result():
            coming = thread.submit(lambda: list(islice(items, count)))
            yield batch
