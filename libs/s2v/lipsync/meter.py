"""Measure how well the lips of a film fit its sound, whoever made the film.

The face is tracked anew in the decoded pictures; what it should have done follows from the
phonemes alone. Neither the engine's own mouths nor the loudness of the sound have a say: lips that
flap with the loudness would otherwise measure well.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from s2v.core.errors import InvalidInput, Reason
from s2v.core.job import LipSyncMeasurement
from s2v.core.script import Mark
from s2v.face.arrays import Floats, Rgb
from s2v.face.tracking import FaceTracker, mouth_opening, mouth_width
from s2v.lipsync.likeness import LikenessMeter
from s2v.lipsync.phones import PHONES
from s2v.lipsync.visemes import mouths_of_phonemes, timed_symbols

MAX_LAG_SECONDS = 0.4
_ROUNDED, _WIDE = frozenset("uw"), frozenset("iszʦʣ")

_STILL = 0.006
"""Openings that differ by less than this are the tracker's noise on a mouth that stands still."""
_SHUT_SHARE = 0.18
"""Shut is what lies within this share of the clip's own range above its narrowest openings."""
_SURELY_SHUT = 0.01
_WIDEST_REST = 0.03
"""A tracker may read this much on shut lips; a mouth that never gets narrower is never shut."""
_LEAST_FRAMES = 8


@dataclass(frozen=True, slots=True)
class Observed:
    """What the mouth did on each frame, and how the face compares with the reference's.

    Attributes:
        openings: `mouth_opening`, shape [frames], NaN where no face was found.
        widths: `mouth_width`, likewise.
        frame_rate: frames a second.
        sharpness_ratio: see `LikenessMeter`.
        identity_distance: see `LikenessMeter`.
    """

    openings: Floats
    widths: Floats
    frame_rate: int
    sharpness_ratio: float | None = None
    identity_distance: float | None = None


def measure(
    pictures: Iterable[Rgb],
    phonemes: Sequence[Mark],
    *,
    frame_rate: int,
    reference: Rgb | None = None,
) -> LipSyncMeasurement:
    """Measure a film from its start to its last picture.

    Args:
        pictures: uint8 RGB [height, width, 3], one after the other; only one is held at a time.
        phonemes: IPA marks of the whole film, in samples from its start.
        frame_rate: pictures a second.
        reference: the portrait that the film was made of; sharpness and identity are compared
            with it.

    Raises:
        InvalidInput: there is no picture (VIDEO_UNREADABLE) or no face in any (FACE_NOT_FOUND).
    """
    return judge(observe(pictures, frame_rate=frame_rate, reference=reference), phonemes)


def observe(pictures: Iterable[Rgb], *, frame_rate: int, reference: Rgb | None = None) -> Observed:
    """Look at a film, not knowing what is said in it; arguments and errors as of `measure`."""
    likeness = LikenessMeter(reference) if reference is not None else None
    rows = np.array(list(_mouths(pictures, likeness, frame_rate=frame_rate))).reshape(-1, 2)
    _require_face(rows[:, 0])
    return Observed(
        rows[:, 0],
        rows[:, 1],
        frame_rate,
        likeness.sharpness_ratio if likeness else None,
        likeness.identity_distance if likeness else None,
    )


def judge(observed: Observed, phonemes: Sequence[Mark]) -> LipSyncMeasurement:
    """Tell how well what was observed fits the phonemes."""
    openings, frame_rate = observed.openings, observed.frame_rate
    wanted = wanted_openings(phonemes, frames=len(openings), frame_rate=frame_rate)
    most_frames = min(round(MAX_LAG_SECONDS * frame_rate), len(openings) // 2)
    correlations = _correlations(openings, wanted, most_frames=most_frames)
    best, lag_frames = _peak(correlations)
    shut = _shut_on_closures(openings, phonemes, frame_rate=frame_rate)
    return LipSyncMeasurement(
        frames=len(openings),
        face_share=float(np.isfinite(openings).mean()),
        opening_correlation=float(correlations[most_frames]),
        best_correlation=best,
        lag_milliseconds=lag_frames * 1000 / frame_rate,
        closures=len(shut),
        closure_recall=float(np.mean(shut)) if shut else 0.0,
        rounded_over_wide=_rounded_over_wide(observed.widths, phonemes, frame_rate=frame_rate),
        sharpness_ratio=observed.sharpness_ratio,
        identity_distance=observed.identity_distance,
    )


def wanted_openings(phonemes: Sequence[Mark], *, frames: int, frame_rate: int) -> Floats:
    """Return how far the lips should be apart on each frame, in the units of `mouth_opening`."""
    mouths = mouths_of_phonemes(phonemes, np.ones(1), frames=frames, frame_rate=frame_rate)
    return np.array([mouth.gap for mouth in mouths])


def _mouths(
    pictures: Iterable[Rgb], likeness: LikenessMeter | None, *, frame_rate: int
) -> Iterator[tuple[float, float]]:
    """Yield opening and width of the mouth in every picture, NaN without a face."""
    tracker = FaceTracker()
    for index, picture in enumerate(pictures):
        found = tracker.find(picture)
        if found and likeness and index % frame_rate == 0:
            likeness.compare(picture, found)
        yield mouth_opening(found), mouth_width(found)


def _require_face(openings: Floats) -> None:
    if not len(openings):
        raise InvalidInput(
            Reason.VIDEO_UNREADABLE, "the film holds no picture; give one that plays", field="film"
        )
    if not np.isfinite(openings).any():
        raise InvalidInput(
            Reason.FACE_NOT_FOUND,
            f"no face was found in the film's first {len(openings)} frames; "
            "only films in which a face is seen can be measured",
            field="film",
        )


def _correlations(openings: Floats, wanted: Floats, *, most_frames: int) -> Floats:
    """Return the correlation for every lag from `-most_frames` to `most_frames`."""
    lags = range(-most_frames, most_frames + 1)
    if np.nanmax(openings) - np.nanmin(openings) < _STILL:
        return np.zeros(len(lags))
    return np.array([_correlation(*_overlap(openings, wanted, lag=lag)) for lag in lags])


def _overlap(openings: Floats, wanted: Floats, *, lag: int) -> tuple[Floats, Floats]:
    """Pair what was done with what should have been done `lag` frames earlier."""
    if lag < 0:
        return openings[:lag], wanted[-lag:]
    return openings[lag:], wanted[: len(wanted) - lag]


def _correlation(done: Floats, wanted: Floats) -> float:
    seen = np.isfinite(done)
    done, wanted = done[seen], wanted[seen]
    if len(done) < _LEAST_FRAMES or not done.std() or not wanted.std():
        return 0.0
    return float(np.corrcoef(done, wanted)[0, 1])


def _peak(correlations: Floats) -> tuple[float, float]:
    """Return the highest correlation and its lag, between frames by a parabola through three."""
    best = int(np.argmax(correlations))
    lag = float(best - len(correlations) // 2)
    if not correlations.any():
        return 0.0, 0.0
    if 0 < best < len(correlations) - 1:
        before, at, after = correlations[best - 1 : best + 2]
        curvature = before - 2 * at + after
        lag += float((before - after) / (2 * curvature)) if curvature else 0.0
    return float(correlations[best]), lag


def _shut_on_closures(openings: Floats, phonemes: Sequence[Mark], *, frame_rate: int) -> list[bool]:
    """Tell of every m, b and p whether the lips were shut on a frame of it, or one beside it.

    What counts as shut is relative to the clip: a tracker reads more on some shut lips than on
    others, and some people open them less than others.
    """
    rest, wide = np.nanpercentile(openings, (5, 95))
    limit = max(_SURELY_SHUT, min(rest, _WIDEST_REST) + _SHUT_SHARE * max(wide - rest, 0.0))
    shut = []
    for symbol, start, end in timed_symbols(phonemes):
        first, last = int(start * frame_rate) - 1, math.ceil(end * frame_rate)
        around = openings[max(first, 0) : last + 1]
        if symbol in PHONES and PHONES[symbol].closes and np.isfinite(around).any():
            shut.append(bool(np.nanmin(around) <= limit))
    return shut


def _rounded_over_wide(widths: Floats, phonemes: Sequence[Mark], *, frame_rate: int) -> float:
    middles = (np.arange(len(widths)) + 0.5) / frame_rate
    means = []
    for sounds in (_ROUNDED, _WIDE):
        during = np.zeros(len(widths), bool)
        for symbol, start, end in timed_symbols(phonemes):
            if symbol in sounds:
                during |= (start <= middles) & (middles < end)
        found = widths[during & np.isfinite(widths)]
        if not len(found):
            return 0.0
        means.append(float(found.mean()))
    return means[0] / means[1]
