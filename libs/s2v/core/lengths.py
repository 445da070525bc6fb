"""What happens where a reference video and the sound are not equally long."""

from dataclasses import dataclass
from enum import StrEnum

from s2v.core.errors import InvalidInput, Reason

MOST_STRETCH = 0.05
"""Slower or faster by more than this looks odd."""
_EQUAL_SECONDS = 0.05
"""About a frame: nobody calls that longer."""


class VideoShorter(StrEnum):
    """What is shown when the video has come to its end and the sound has not."""

    PING_PONG = "ping-pong"
    LOOP = "loop"
    FREEZE = "freeze"
    STRETCH = "stretch"
    REFUSE = "refuse"


class VideoLonger(StrEnum):
    """What happens when the sound has come to its end and the video has not."""

    TRIM = "trim"
    PAD = "pad"
    STRETCH = "stretch"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class LengthPolicy:
    """What happens in either case."""

    video_shorter: VideoShorter = VideoShorter.PING_PONG
    video_longer: VideoLonger = VideoLonger.TRIM

    @property
    def needs_lengths(self) -> bool:
        """Whether both lengths must be known before the work begins."""
        ahead = (VideoShorter.STRETCH, VideoShorter.REFUSE)
        return self.video_shorter in ahead or self.video_longer is not VideoLonger.TRIM


USUAL = LengthPolicy()


@dataclass(frozen=True, slots=True)
class Fitted:
    """How a video and a sound are fitted to each other.

    Attributes:
        video_speed: how much faster than usual the video plays.
        least_seconds: how long the sound lasts at least, with silence at its end.
    """

    video_speed: float = 1.0
    least_seconds: float = 0.0


UNFITTED = Fitted()


def fitted(
    policy: LengthPolicy, *, video_seconds: float, sound_seconds: float, field: str
) -> Fitted:
    """Fit a video to a sound as the policy says, both lengths being known.

    Raises:
        InvalidInput: the policy refuses their lengths (FIELD_INVALID, metadata `video_seconds` and
            `sound_seconds`).
    """
    late = video_seconds - sound_seconds
    if abs(late) <= _EQUAL_SECONDS:
        return UNFITTED
    says = policy.video_longer if late > 0 else policy.video_shorter
    speed = video_seconds / sound_seconds
    if says in (VideoShorter.STRETCH, VideoLonger.STRETCH) and abs(speed - 1) <= MOST_STRETCH:
        return Fitted(video_speed=speed)
    if says is VideoLonger.PAD:
        return Fitted(least_seconds=video_seconds)
    if says in (VideoShorter.PING_PONG, VideoShorter.LOOP, VideoShorter.FREEZE, VideoLonger.TRIM):
        return UNFITTED
    raise _refused(says, video_seconds, sound_seconds, field)


def _refused(
    says: VideoShorter | VideoLonger, video_seconds: float, sound_seconds: float, field: str
) -> InvalidInput:
    longer = "longer" if video_seconds > sound_seconds else "shorter"
    bound = f" by more than {MOST_STRETCH:.0%}" if says.value == "stretch" else ""
    return InvalidInput(
        Reason.FIELD_INVALID,
        f"the reference video ({video_seconds:.2f} s) is {longer} than the sound "
        f"({sound_seconds:.2f} s){bound}; cut one of them, or choose another length policy",
        field=f"{field}.video_{longer}",
        metadata={"video_seconds": f"{video_seconds:g}", "sound_seconds": f"{sound_seconds:g}"},
    )
