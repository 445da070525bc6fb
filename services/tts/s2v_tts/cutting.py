"""Cut a script into segments: a text at its sentences, given sound at its pauses."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from s2v.core.errors import InvalidInput, Reason
from s2v.core.lexicon import Lexicon
from s2v.core.script import Segment
from s2v.core.timebase import samples_per_frame, seconds
from s2v.media.limits import MAX_AUDIO_SECONDS, check_audio_seconds
from s2v.text.cutting import cut_marked
from s2v.text.limits import MAX_TEXT_CHARACTERS, check_text
from s2v.text.markup import read_marked
from s2v_tts.loudness import SILENCE_DBFS, audible_range, levels_dbfs

_TEXT_FIELD = "spec.script.text"
_AUDIO_FIELD = "spec.script.audio"

_SHORTEST_SECONDS = 4
_LONGEST_SECONDS = 15
_OPENING_SECONDS = (1.5, 6)
"""The first segment is shorter if a pause allows, so that the first frames come soon."""
_PAUSE_RADIUS_SECONDS = 0.2
_PAUSE_DB = 20
"""A pause is so much quieter than the loud parts of the speech."""


def cut_script_text(
    text: str,
    *,
    max_characters: int = MAX_TEXT_CHARACTERS,
    continues: bool = False,
    lexicon: Lexicon | None = None,
) -> tuple[Segment, ...]:
    """Cut a text, with marks or without, into segments; it may continue an earlier one.

    Cuts are at the ends of sentences, and never inside of a phrase of the lexicon.

    Raises:
        InvalidInput: as `s2v.text.limits.check_text`.
    """
    check_text(text, what="text", field=_TEXT_FIELD, max_characters=max_characters, lexicon=lexicon)
    pieces = cut_marked(read_marked(text), continues=continues, lexicon=lexicon)
    return tuple(Segment(index, text=piece) for index, piece in enumerate(pieces))


def cut_audio(
    pcm: npt.NDArray[np.int16], *, frame_rate: int, max_seconds: float = MAX_AUDIO_SECONDS
) -> tuple[Segment, ...]:
    """Cut sound (mono int16 at 48 kHz) at its pauses into segments of 4 to 15 seconds.

    The segments cover the sound exactly and without gaps; borders inside are frame borders. Where
    nobody pauses, the quietest border is taken.

    Raises:
        InvalidInput: shorter than 0.25 seconds (AUDIO_TOO_SHORT), longer than `max_seconds`
            (AUDIO_TOO_LONG), or nowhere louder than -60 dBFS (AUDIO_SILENT).
    """
    _require_speech(pcm, max_seconds)
    frame_samples = samples_per_frame(frame_rate)
    levels = levels_dbfs(pcm, frame_samples)
    cuts = [border * frame_samples for border in _inner_borders(levels, frame_rate)]
    edges = [0, *cuts, len(pcm)]
    return tuple(
        Segment(index, first_sample=first, end_sample=end)
        for index, (first, end) in enumerate(pairwise(edges))
    )


def _require_speech(pcm: npt.NDArray[np.int16], max_seconds: float) -> None:
    check_audio_seconds(seconds(len(pcm)), field=_AUDIO_FIELD, max_seconds=max_seconds)
    if audible_range(pcm) == (0, 0):
        message = (
            f"The sound is silent: nothing in it is louder than {SILENCE_DBFS:g} dB of full scale. "
            "Send sound with speech in it."
        )
        raise InvalidInput(Reason.AUDIO_SILENT, message, field=_AUDIO_FIELD)


def _inner_borders(levels: npt.NDArray[np.float32], frame_rate: int) -> list[int]:
    """Return the frames that begin a segment, but for the first."""
    shortest = _SHORTEST_SECONDS * frame_rate
    longest = _LONGEST_SECONDS * frame_rate
    around = _levels_around_borders(levels, round(_PAUSE_RADIUS_SECONDS * frame_rate))
    borders = _opening_border(levels, around, frame_rate)
    first = borders[-1] if borders else 0
    while len(levels) - first > longest:
        earliest = first + shortest
        latest = min(first + longest, len(levels) - shortest)
        first = earliest + int(np.argmin(around[earliest : latest + 1]))
        borders.append(first)
    return borders


def _opening_border(
    levels: npt.NDArray[np.float32], around: npt.NDArray[np.float64], frame_rate: int
) -> list[int]:
    earliest = round(_OPENING_SECONDS[0] * frame_rate)
    rest = len(levels) - _SHORTEST_SECONDS * frame_rate
    latest = min(round(_OPENING_SECONDS[1] * frame_rate), rest)
    if latest < earliest:
        return []
    border = earliest + int(np.argmin(around[earliest : latest + 1]))
    is_pause = around[border] < np.percentile(levels, 90) - _PAUSE_DB
    return [border] if is_pause else []


def _levels_around_borders(levels: npt.NDArray[np.float32], radius: int) -> npt.NDArray[np.float64]:
    """Return the mean level around the start of each frame, in dB, shape [frames + 1].

    It is lowest in the middle of the longest quiet. Levels below silence count as silence, else a
    single frame of digital zeros would outweigh a real pause.
    """
    sums = np.concatenate([[0.0], np.cumsum(np.maximum(levels, SILENCE_DBFS), dtype=np.float64)])
    borders = np.arange(len(sums))
    first = np.maximum(borders - max(radius, 1), 0)
    end = np.minimum(borders + max(radius, 1), len(levels))
    around: npt.NDArray[np.float64] = (sums[end] - sums[first]) / (end - first)
    return around
