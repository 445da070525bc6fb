"""What is sent to a container: a plain video of the reference, just long enough, and the sound."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import Size, Take, Working
from s2v.core.timebase import SAMPLE_RATE, frames_covering
from s2v.face.arrays import Rgb
from s2v.face.detector import FaceDetector
from s2v.media.confined.footage import ConfinedFootage
from s2v.media.confined.reading import Reader
from s2v.media.pcm import Pcm
from s2v.media.video import H264, ClipEncoder
from s2v_render.engines.reference.fitting import (
    FIELD,
    FaceBox,
    Framing,
    covering,
    crop_corner,
    fitted,
    own_size,
)
from s2v_render.engines.reference.looking import face_in
from s2v_render.engines.reference.playing import playing_of

FRAME_RATE = 25
"""What the model hears is cut into so many pieces a second, whatever the video's rate is."""
_SPARE_FRAMES = 12
"""Beyond the sound's end: the container shall never begin the video anew."""
_LEAST_SAMPLES = SAMPLE_RATE
_QUALITY = H264("veryfast", 14)
_BATCH_FRAMES = 8
_LOOKS = 8
"""How many pictures of a video are searched for a face."""


def sound_to_send(pcm: Pcm) -> Pcm:
    """Return a take's sound, with silence after it if it is too short to be heard at all."""
    return np.pad(pcm, (0, max(0, _LEAST_SAMPLES - len(pcm))))


def size_of(take: Take, shown: Size) -> Size:
    """Return the size of a take's film over a reference that is shown so large."""
    return take.size or own_size(shown)


def drive(
    take: Take, samples: int, target: Path, *, reader: Reader, detector: FaceDetector
) -> Generator[Working, None, Size]:
    """Write what the film shows of the reference, H.264 at FRAME_RATE; return its size.

    A video plays on from where the take before it ended; a picture stands still.

    Raises:
        InvalidInput: IMAGE_UNREADABLE, VIDEO_UNREADABLE or FACE_NOT_FOUND on "spec.reference",
            SIZE_UNSUPPORTED where the face does not fit.
    """
    count = frames_covering(samples, FRAME_RATE) + _SPARE_FRAMES
    with _pictures(take, reader, detector) as (size, picture):
        encoder = ClipEncoder(
            target,
            width=size.width,
            height=size.height,
            frame_rate=FRAME_RATE,
            quality=_QUALITY,
        )
        with encoder:
            for start in range(0, count, _BATCH_FRAMES):
                batch = range(start, min(start + _BATCH_FRAMES, count))
                encoder.write(np.stack([picture(frame) for frame in batch]))
                yield Working()
    return size


@contextmanager
def _pictures(
    take: Take, reader: Reader, detector: FaceDetector
) -> Iterator[tuple[Size, Callable[[int], Rgb]]]:
    """Give the size, and what each frame of the take shows."""
    if not take.reference_media_type.startswith("video/"):
        photo = reader.still(take.reference, take.reference_media_type, field=FIELD)
        size = size_of(take, Size(photo.shape[1], photo.shape[0]))
        if face_in(photo, detector) is None:
            raise _no_face()
        still = fitted(photo, size, find_face=lambda scaled: face_in(scaled, detector))
        yield size, lambda _: still
        return
    with reader.footage(take.reference, field=FIELD) as footage:
        shown = Size(footage.width, footage.height)
        size = size_of(take, shown)
        cover = covering(shown, size)
        left, top = crop_corner(cover, size, _face_in(footage, cover, detector))
        framing = Framing(cover, left, top, size)
        playing = playing_of(
            footage.times,
            footage.seconds,
            FRAME_RATE,
            shorter=take.video_shorter,
            speed=take.video_speed,
        )
        first = round(take.first_frame * FRAME_RATE / take.frame_rate)
        yield size, lambda frame: framing.picture(footage, playing.number(first + frame))


def _face_in(footage: ConfinedFootage, size: Size, detector: FaceDetector) -> FaceBox:
    """Return where the first face is that some pictures of a video show."""
    last = len(footage.times) - 1
    for number in sorted(set(np.linspace(0, last, _LOOKS).round().astype(int).tolist())):
        face = face_in(footage.picture(number, size.width, size.height), detector)
        if face:
            return face
    raise _no_face()


def _no_face() -> InvalidInput:
    return InvalidInput(
        Reason.FACE_NOT_FOUND,
        "the reference shows no face that can be found; use one with a face that looks at the "
        "camera",
        field=FIELD,
    )
