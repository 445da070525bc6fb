"""Which track of a file is heard, and how its channels become one or two."""

from collections.abc import Iterator
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from s2v.core.errors import Reason
from s2v.media.limits import DEFAULT_LIMITS, FileLimits, beyond

_WEIGHTS = {"FC": 0.5, "FL": 0.25, "FR": 0.25}
"""Of a layout with a centre, where the dialogue of films is; they cannot clip."""
_CANCELLED = 10 ** (-25 / 10)
"""Power of the mix over that of its loudest channel, below which they cancel each other."""

_AT_ONCE = 16_384
"""Samples that are mixed together; a frame has a thousand."""

_STEREO = 2
_SIDE = 0.5**0.5
"""How loud a centre or what is behind is on either side (ITU-R BS.775)."""

Floats = npt.NDArray[np.float32]


def sounding_track(container: Any) -> Any | None:
    """Return the track of sound that a player takes: the default one, or else the first.

    One whose coding is not known is passed over; None if there is none.
    """
    known = [stream for stream in container.streams.audio if stream.codec_context is not None]
    default = av.stream.Disposition.default
    return next((s for s in known if s.disposition & default), known[0] if known else None)


def check_sound(track: Any, *, field: str, limits: FileLimits = DEFAULT_LIMITS) -> None:
    """Refuse a track that claims to be what no recording is.

    Raises:
        InvalidInput: AUDIO_UNREADABLE, metadata names the limit.
    """
    check_rate(track.codec_context.sample_rate, field=field, limits=limits)
    channels = track.codec_context.channels
    if channels > limits.max_channels:
        raise beyond(
            Reason.AUDIO_UNREADABLE,
            "max_channels",
            limits.max_channels,
            found=f"{channels} channels",
            field=field,
        )


def check_rate(rate: int, *, field: str, limits: FileLimits = DEFAULT_LIMITS) -> None:
    """Refuse a sample rate that would make hours of sound from a few bytes, or the reverse.

    Raises:
        InvalidInput: AUDIO_UNREADABLE, metadata names the limit.
    """
    if limits.min_sample_rate <= rate <= limits.max_sample_rate:
        return
    limit = "min_sample_rate" if rate < limits.min_sample_rate else "max_sample_rate"
    found = f"{rate} samples of sound a second"
    most = getattr(limits, limit)
    raise beyond(Reason.AUDIO_UNREADABLE, limit, most, found=found, field=field)


class Mixer:
    """Makes one or two channels of several, and takes note of whether they cancel each other.

    For one channel they are averaged; in a layout with a centre the centre counts as much as left
    and right together, and what is behind or low does not count. For two, left and right stay what
    they are, and others are shared out as in ITU-R BS.775, so that nothing clips.

    Args:
        channels: how many to make, 1 or 2.
        only: of the given channels, the one to take alone; for one channel.

    Attributes:
        channels: as given.
        found_channels: the most that a frame so far had.
    """

    def __init__(self, *, channels: int = 1, only: int | None = None) -> None:
        self.channels = channels
        self.found_channels = 0
        self._only = only
        self._mixed = 0.0
        self._channels: npt.NDArray[np.float64] = np.zeros(0)
        self._resampler: Any = None
        self._made_for: tuple[Any, ...] = ()

    def mixed(self, frame: Any) -> Iterator[Floats]:
        """Yield sound in -1..1, shape [samples] or [samples, 2], as soon as there is enough of it.

        FFmpeg interleaves the channels: of planar frames of eight or more PyAV reads planes that
        are not there.
        """
        made_for = (frame.format.name, frame.layout.name, frame.sample_rate)
        if made_for != self._made_for:
            yield from self.rest()
            self._resampler = av.AudioResampler("flt", frame.layout, frame.sample_rate, _AT_ONCE)
            self._made_for = made_for
        yield from map(self._mix, self._resampler.resample(frame))

    def rest(self) -> Iterator[Floats]:
        """Yield what is left of the frames so far."""
        if self._resampler is not None:
            yield from map(self._mix, self._resampler.resample(None))
        self._resampler, self._made_for = None, ()

    @property
    def only(self) -> int | None:
        """Which channel has to be taken alone because the mix would be silent; None for none."""
        loudest = float(self._channels.max(initial=0.0))
        if self._only is not None or self._mixed >= loudest * _CANCELLED:
            return None
        return int(self._channels.argmax())

    def _mix(self, frame: Any) -> Floats:
        channels = frame.layout.nb_channels
        samples = np.nan_to_num(frame.to_ndarray().reshape(-1, channels))
        self.found_channels = max(self.found_channels, channels)
        if self.channels == _STEREO:
            return np.ascontiguousarray(samples @ _stereo_weights(frame.layout))
        if self._only is not None:
            return np.ascontiguousarray(samples[:, min(self._only, channels - 1)])
        mixed: Floats = samples @ _weights(frame.layout)
        if channels > 1:
            self._note(samples, mixed)
        return mixed

    def _note(self, samples: Floats, mixed: Floats) -> None:
        powers = np.square(samples).sum(axis=0, dtype=np.float64)
        known = max(len(powers), len(self._channels))
        self._channels = np.pad(self._channels, (0, known - len(self._channels)))
        self._channels[: len(powers)] += powers
        self._mixed += float(np.dot(mixed, mixed))


def _weights(layout: Any) -> Floats:
    names = [channel.name for channel in layout.channels]
    if len(names) > 2 and "FC" in names:
        return np.array([_WEIGHTS.get(name, 0.0) for name in names], np.float32)
    return np.full(layout.nb_channels, 1 / layout.nb_channels, np.float32)


def _stereo_weights(layout: Any) -> Floats:
    """Return how loud each channel is on the left and on the right, shape [channels, 2]."""
    names = [channel.name for channel in layout.channels]
    if len(names) == _STEREO:
        return np.eye(_STEREO, dtype=np.float32)
    if "FL" not in names or "FR" not in names:
        return np.full((len(names), _STEREO), 1 / len(names), np.float32)
    weights = np.array([_on_sides(name) for name in names], np.float32)
    shared: Floats = weights / weights.sum(axis=0).max()
    return shared


def _on_sides(name: str) -> tuple[float, float]:
    match name:
        case "FL":
            return 1.0, 0.0
        case "FR":
            return 0.0, 1.0
        case "LFE" | "LFE2":
            return 0.0, 0.0
    if name.endswith(("L", "LC")):
        return _SIDE, 0.0
    return (0.0, _SIDE) if name.endswith(("R", "RC")) else (_SIDE, _SIDE)
