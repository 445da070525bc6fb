"""One clock for the whole system: samples at 48 kHz, of which every frame holds a whole number.

All speech is mono PCM at SAMPLE_RATE. A film's frame rate must divide it, so the border between
two frames is always a sample and no rounding ever accumulates between picture and sound.
"""

SAMPLE_RATE = 48_000
MIN_FRAME_RATE = 10
MAX_FRAME_RATE = 60
FRAME_RATES = tuple(
    fps for fps in range(MIN_FRAME_RATE, MAX_FRAME_RATE + 1) if SAMPLE_RATE % fps == 0
)
DEFAULT_FRAME_RATE = 25


def samples_per_frame(frame_rate: int) -> int:
    """Return how many samples one frame lasts.

    Raises:
        ValueError: the rate is not in FRAME_RATES.
    """
    if frame_rate not in FRAME_RATES:
        raise ValueError(f"frame rate {frame_rate} is not one of {FRAME_RATES}")
    return SAMPLE_RATE // frame_rate


def frames_covering(samples: int, frame_rate: int) -> int:
    """Return the smallest number of whole frames that lasts at least so many samples."""
    return -(-samples // samples_per_frame(frame_rate))


def seconds(samples: int) -> float:
    """Convert samples at SAMPLE_RATE to seconds."""
    return samples / SAMPLE_RATE
