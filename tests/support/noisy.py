"""Speech with noise in it, and how much of it is left."""

import numpy as np

from s2v.media.pcm import Pcm


def with_noise(speech: Pcm, snr_db: float, *, seed: int = 0) -> Pcm:
    """Return the speech with white noise, half as loud so that nothing clips."""
    sound = speech.astype(np.float64) / 2
    noise = np.random.default_rng(seed).standard_normal(len(sound))
    noise *= np.sqrt(np.mean(sound**2) / 10 ** (snr_db / 10))
    return np.clip(np.rint(sound + noise), -32768, 32767).astype(np.int16)


def si_sdr_db(speech: Pcm, heard: Pcm) -> float:
    """Return how much louder the speech in a sound is than all else in it, at whatever level."""
    wanted, found = (sound.astype(np.float64) for sound in (speech, heard))
    target = wanted * (found @ wanted) / (wanted @ wanted)
    return float(10 * np.log10(np.sum(target**2) / np.sum((found - target) ** 2)))
