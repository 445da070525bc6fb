"""How long a film may take to make, by how long others took."""

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass

from s2v.core.job import JobSpec
from s2v_gateway.records.throughput import KEPT, Throughput

DEFAULT_WORK_SECONDS = 2.0
"""Of work for a second of film, as long as nothing like it was ever measured."""
USUAL_FILM_SECONDS = 20.0
"""Taken for the length of a film of which nobody has guessed it."""
_FADING = 0.9
"""What each measurement counts, compared with the next newer one."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A guess: the film's length, the work on it, and how many measurements that stands on."""

    film_seconds: float
    work_seconds: float
    measured_films: int


class Estimator:
    """Remembers how long films took, in the order in which they were finished."""

    def __init__(self) -> None:
        self._kept: defaultdict[tuple[str, str], deque[Throughput]] = defaultdict(
            lambda: deque(maxlen=KEPT)
        )

    def learn(self, measured: Throughput) -> None:
        """Take the newest measurement into account."""
        self._kept[measured.engine, measured.preset].append(measured)

    def estimate(self, spec: JobSpec, film_seconds: float) -> Estimate:
        """Guess by films of the same engine, preset and size.

        Where none of that size was made, or the spec leaves the size open, by films of the same
        engine and preset; then work on a picture is taken to be as long as the picture is large.
        """
        film_seconds = film_seconds or USUAL_FILM_SECONDS
        pixels = spec.width_pixels * spec.height_pixels
        kept = self._kept.get((spec.engine, spec.preset), ())
        alike = [one for one in kept if one.pixels == pixels]
        rates = [
            (one.work_seconds / one.film_seconds * _scale(pixels, one.pixels), one.film_seconds)
            for one in alike or kept
        ]
        rate = _median(rates) if rates else DEFAULT_WORK_SECONDS
        return Estimate(film_seconds, film_seconds * rate, len(rates))


def _scale(pixels: int, measured_pixels: int) -> float:
    return pixels / measured_pixels if pixels else 1.0


def _median(rates: Iterable[tuple[float, float]]) -> float:
    """Return the weighted median of rates with their films' lengths, the newest last.

    A film counts as much as it is long, and the less the older it is.
    """
    newest_first = reversed(list(rates))
    weighted = sorted(
        (rate, length * _FADING**age) for age, (rate, length) in enumerate(newest_first)
    )
    half = sum(weight for _, weight in weighted) / 2
    for rate, weight in weighted:
        half -= weight
        if half <= 0:
            return rate
    return weighted[-1][0]
