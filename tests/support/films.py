"""What a film holds, decoded as a player does."""

from pathlib import Path

import av
import numpy as np

from s2v.media.pcm import Pcm, resample


def decode_sound(path: Path) -> Pcm:
    """Decode a film's sound as `decode_channels` does, into one channel."""
    sound, rate = decode_channels(path)
    return resample(sound.mean(axis=0, dtype=np.float32), rate)


def decode_channels(path: Path) -> tuple[np.ndarray, int]:
    """Decode a film's sound so that sample 0 is heard when the film starts, as a player does.

    Returns it in -1..1, shape [channels, samples], with its rate. Sound before the start is
    dropped, a late start is filled with silence, and the padding that the encoder put after the
    end of the track is cut.
    """
    with av.open(path) as container:
        packets = (packet for packet in container.demux(audio=0) if packet.size)
        end_seconds = max((packet.pts + packet.duration) * packet.time_base for packet in packets)
    with av.open(path) as container:
        frames = list(container.decode(audio=0))
    rate = frames[0].sample_rate
    start = round(frames[0].pts * frames[0].time_base * rate)
    sound = np.concatenate([_channels(frame) for frame in frames], axis=1)
    sound = sound[:, -start:] if start < 0 else np.pad(sound, ((0, 0), (start, 0)))
    return sound[:, : round(end_seconds * rate)], rate


def frame_times(path: Path) -> list[float]:
    """Return when each picture of a video is shown, in seconds from the start of the file."""
    with av.open(path) as container:
        return [float(frame.time) for frame in container.decode(video=0)]


def _channels(frame: av.AudioFrame) -> np.ndarray:
    samples = frame.to_ndarray()
    if not frame.format.is_planar:
        samples = samples.reshape(-1, frame.layout.nb_channels).T
    if np.issubdtype(samples.dtype, np.integer):
        samples = samples / -float(np.iinfo(samples.dtype).min)
    return samples.astype(np.float32)
