"""Messages about the lengths of videos and sound, to values and back."""

from typing import TypeVar

from s2v.api.common.v1 import lengths_pb2
from s2v.core.errors import InvalidInput, Reason
from s2v.core.lengths import USUAL, LengthPolicy, VideoLonger, VideoShorter

T = TypeVar("T")

_SHORTER = {
    VideoShorter.PING_PONG: lengths_pb2.VIDEO_SHORTER_PING_PONG,
    VideoShorter.LOOP: lengths_pb2.VIDEO_SHORTER_LOOP,
    VideoShorter.FREEZE: lengths_pb2.VIDEO_SHORTER_FREEZE,
    VideoShorter.STRETCH: lengths_pb2.VIDEO_SHORTER_STRETCH,
    VideoShorter.REFUSE: lengths_pb2.VIDEO_SHORTER_REFUSE,
}
_SHORTER_BACK: dict[int, VideoShorter] = {
    lengths_pb2.VIDEO_SHORTER_UNSPECIFIED: USUAL.video_shorter,
    **{number: value for value, number in _SHORTER.items()},
}
_LONGER = {
    VideoLonger.TRIM: lengths_pb2.VIDEO_LONGER_TRIM,
    VideoLonger.PAD: lengths_pb2.VIDEO_LONGER_PAD,
    VideoLonger.STRETCH: lengths_pb2.VIDEO_LONGER_STRETCH,
    VideoLonger.REFUSE: lengths_pb2.VIDEO_LONGER_REFUSE,
}
_LONGER_BACK: dict[int, VideoLonger] = {
    lengths_pb2.VIDEO_LONGER_UNSPECIFIED: USUAL.video_longer,
    **{number: value for value, number in _LONGER.items()},
}


def lengths_to_proto(policy: LengthPolicy) -> lengths_pb2.LengthPolicy | None:
    """Spell a policy as a message; None for the usual one."""
    if policy == USUAL:
        return None
    return lengths_pb2.LengthPolicy(
        video_shorter=_SHORTER[policy.video_shorter], video_longer=_LONGER[policy.video_longer]
    )


def lengths_from_proto(message: lengths_pb2.LengthPolicy, *, field: str) -> LengthPolicy:
    """Read a policy.

    Raises:
        InvalidInput: FIELD_INVALID, a number that is none of it.
    """
    return LengthPolicy(
        shorter_from_proto(message.video_shorter, field=f"{field}.video_shorter"),
        _known(_LONGER_BACK, message.video_longer, f"{field}.video_longer"),
    )


def shorter_to_proto(value: VideoShorter) -> lengths_pb2.VideoShorter:
    """Spell what is shown after a video's end as an enum value."""
    return _SHORTER[value]


def shorter_from_proto(number: int, *, field: str) -> VideoShorter:
    """Read what is shown after a video's end.

    Raises:
        InvalidInput: FIELD_INVALID, a number that is none of it.
    """
    return _known(_SHORTER_BACK, number, field)


def _known(values: dict[int, T], number: int, field: str) -> T:
    if number in values:
        return values[number]
    message = f"there is no value number {number} here; use one of: {', '.join(map(str, values))}"
    raise InvalidInput(Reason.FIELD_INVALID, message, field=field)
