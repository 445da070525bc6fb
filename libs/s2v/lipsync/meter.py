"""Measure how well the lips of a film fit its sound, whoever made the film.

The face is tracked anew in the decoded pictures; what it should have done follows from the
phonemes alone. Neither the engine's own mouths nor the loudness of the sound have a say: lips that
flap with the loudness would otherwise measure well.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from s2v.core.errors import InvalidInput, Reason
from s2v.core.job import LipSyncMeasurement
from s2v.core.script import Mark
from s2v.face.arrays import Floats, Rgb
from s2v.face.mesh import Landmarks
from s2v.face.tracking import FacesTracker, mouth_opening, mouth_width
from s2v.lipsync.likeness import Comparisons, LikenessMeter
from s2v.lipsync.mouth_look import UNSEEN, MouthLook, MouthWatcher
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
DRIFT_SECONDS = 1.0
"""Slower changes of the opening than this are no speech sounds'."""
_CHANCE_DEVIATIONS = 3.0
"""Of the best of all lags, in standard deviations of one: passed once in a hundred."""
_OFTEN = 0.5
"""Faces seen less than this share of the most seen one's frames are not judged."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What a mouth did on each frame, and how the face compares with the reference's.

    Attributes:
        openings: `mouth_opening`, shape [frames], NaN where no face was found.
        widths: `mouth_width`, likewise.
        frame_rate: frames a second.
        likeness: with the reference.
        look: see `MouthLook`.
        others: the film's other faces, likewise.
    """

    openings: Floats
    widths: Floats
    frame_rate: int
    likeness: Comparisons = field(default_factory=Comparisons)
    look: MouthLook = UNSEEN
    others: tuple["Observed", ...] = ()


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
    """Look at a film, not knowing what is said in it; arguments and errors as of `measure`.

    Several faces are looked at all; the one that is seen most comes first.
    """
    meter = LikenessMeter(reference) if reference is not None else None
    tracker = FacesTracker()
    faces: list[_Watched] = []
    frames = 0
    for picture in pictures:
        for number, found in enumerate(tracker.find(picture)):
            if number == len(faces):
                faces.append(_Watched(frames))
            faces[number].add(picture, found)
            if found and meter and frames % frame_rate == 0:
                meter.compare(picture, found, faces[number].likeness)
        frames += 1
    _require_face(frames, faces)
    first, *others = sorted(
        (face.observed(frame_rate) for face in faces), key=lambda seen: -_share(seen)
    )
    return replace(first, others=tuple(others))


def judge(observed: Observed, phonemes: Sequence[Mark]) -> LipSyncMeasurement:
    """Tell how well what was observed fits the phonemes, on the face that fits them best."""
    faces = (observed, *observed.others)
    least = _OFTEN * max(map(_share, faces))
    judged = [_judged(face, phonemes) for face in faces if _share(face) >= least]
    return max(judged, key=lambda found: found.best_correlation)


def _judged(observed: Observed, phonemes: Sequence[Mark]) -> LipSyncMeasurement:
    openings, frame_rate = observed.openings, observed.frame_rate
    wanted = wanted_openings(phonemes, frames=len(openings), frame_rate=frame_rate)
    most_frames = min(round(MAX_LAG_SECONDS * frame_rate), len(openings) // 2)
    done = _without_drift(openings, frame_rate)
    asked = _without_drift(wanted, frame_rate)
    correlations = _correlations(done, asked, most_frames=most_frames)
    best, lag_frames = _peak(correlations)
    shut = _shut_on_closures(openings, phonemes, frame_rate=frame_rate)
    return LipSyncMeasurement(
        frames=len(openings),
        face_share=_share(observed),
        opening_correlation=float(correlations[most_frames]),
        best_correlation=best,
        lag_milliseconds=lag_frames * 1000 / frame_rate,
        chance_correlation=_chance(done, asked),
        closures=len(shut),
        closure_recall=float(np.mean(shut)) if shut else 0.0,
        rounded_over_wide=_rounded_over_wide(observed.widths, phonemes, frame_rate=frame_rate),
        sharpness_ratio=observed.likeness.sharpness_ratio,
        identity_distance=observed.likeness.identity_distance,
        mouth_colour_distance=observed.look.colour_distance,
        mouth_sharpness_ratio=observed.look.sharpness_ratio,
        mouth_flicker=observed.look.flicker,
        mouth_spill=observed.look.spill,
    )


def wanted_openings(phonemes: Sequence[Mark], *, frames: int, frame_rate: int) -> Floats:
    """Return how far the lips should be apart on each frame, in the units of `mouth_opening`."""
    mouths = mouths_of_phonemes(phonemes, np.ones(1), frames=frames, frame_rate=frame_rate)
    return np.array([mouth.gap for mouth in mouths])


class _Watched:
    """Collects what one face does."""

    def __init__(self, missed: int) -> None:
        self._rows = [(math.nan, math.nan)] * missed
        self._watcher = MouthWatcher()
        self.likeness = Comparisons()

    def add(self, picture: Rgb, found: Landmarks | None) -> None:
        self._watcher.add(picture, found)
        self._rows.append((mouth_opening(found), mouth_width(found)))

    def observed(self, frame_rate: int) -> Observed:
        rows = np.array(self._rows)
        return Observed(rows[:, 0], rows[:, 1], frame_rate, self.likeness, self._watcher.look())


def _share(observed: Observed) -> float:
    return float(np.isfinite(observed.openings).mean())


def _require_face(frames: int, faces: Sequence[object]) -> None:
    if not frames:
        raise InvalidInput(
            Reason.VIDEO_UNREADABLE, "the film holds no picture; give one that plays", field="film"
        )
    if not faces:
        raise InvalidInput(
            Reason.FACE_NOT_FOUND,
            f"no face was found in the film's first {frames} frames; "
            "only films in which a face is seen can be measured",
            field="film",
        )


def _without_drift(curve: Floats, frame_rate: int) -> Floats:
    """Return a curve less its mean over the second around each frame, [frames], NaN as before.

    People open their mouths wider in one sentence than in another, smile, and lean; none of that
    is told by the sounds.
    """
    seen = np.isfinite(curve)
    window = np.ones(round(DRIFT_SECONDS * frame_rate) | 1)
    if len(curve) <= len(window):
        return curve - (np.nanmean(curve) if seen.any() else 0.0)
    sums = np.convolve(np.where(seen, curve, 0.0), window, "same")
    counts = np.convolve(seen.astype(float), window, "same")
    return curve - sums / np.maximum(counts, 1)


def _chance(done: Floats, wanted: Floats) -> float:
    """Return the correlation that lips of another speech exceed once in a hundred films.

    It follows from how much each curve is like itself a little later (Bartlett, 1946): the shorter
    a film and the slower its lips, the more two unlike curves may agree by chance.
    """
    seen = np.isfinite(done)
    count = int(seen.sum())
    if count < _LEAST_FRAMES:
        return 1.0
    own, others = (_self_likeness(np.where(seen, each, 0.0)) for each in (done, wanted))
    together = max(float((own * others).sum()), 1.0)
    return min(1.0, _CHANCE_DEVIATIONS * math.sqrt(together / count))


def _self_likeness(curve: Floats) -> Floats:
    """Return the autocorrelation over all lags, [2 * frames - 1]; zeros for a constant."""
    curve = curve - curve.mean()
    power = float(curve @ curve)
    spectrum = np.abs(np.fft.rfft(curve, 2 * len(curve))) ** 2
    half = np.fft.irfft(spectrum)[: len(curve)] / power if power else np.zeros(len(curve))
    return np.concatenate([half[:0:-1], half])


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
