"""How long a film may become, as far as that can be told before anything is spoken."""

import unicodedata
from collections import Counter

from s2v.core.job import JobSpec
from s2v.text.markup import read_marked

_SECONDS_A_LETTER = 1 / 15
_SECONDS_A_WIDE_LETTER = 1 / 4.5
"""Of Chinese, Japanese and Korean, in which a letter is a syllable or a word."""


def expected_seconds(spec: JobSpec, *, audio_seconds: float) -> float:
    """Return the length of the given sound, or of the text at a usual pace."""
    if spec.audio:
        return audio_seconds
    spoken = read_marked(spec.text).spoken
    widths = Counter(map(unicodedata.east_asian_width, spoken))
    wide = widths["W"] + widths["F"]
    seconds = wide * _SECONDS_A_WIDE_LETTER + (len(spoken) - wide) * _SECONDS_A_LETTER
    return seconds / (spec.speed or 1.0)
