"""Measure finished films: how well their lips fit their sound."""

from collections.abc import Iterable, Sequence
from functools import partial

import structlog

from s2v.core.errors import Reason, S2VError
from s2v.core.job import Film, FilmStats, Order, StatsState
from s2v.core.script import LipCues, Speech
from s2v.core.stages import Stages
from s2v.core.timebase import SAMPLE_RATE
from s2v_gateway.film.workflow import Checkpoint

_log = structlog.get_logger()

MEASURED_SECONDS = 20
"""How much of a film's start is measured: enough to tell, whatever its length."""


class Measuring:
    """Measures films whose jobs have ended; a job has succeeded whatever comes of it."""

    def __init__(self, stages: Stages) -> None:
        self._stages = stages

    async def measure(
        self, order: Order, film: Film, speeches: Iterable[Speech], checkpoint: Checkpoint
    ) -> FilmStats:
        """Measure a film by the sounds of its first segments, or tell why it cannot be."""
        work = partial(self._measured, order, film, measurable(speeches))
        try:
            return await checkpoint.run(work, FilmStats)
        except S2VError as error:
            _log.warning("film not measured", reason=error.reason.value, message=error.message)
            return _not_measured(_why(error))
        except Exception as error:  # noqa: BLE001 - the film is there, whatever the meter does
            _log.error("measuring crashed", exc_info=error)
            return _not_measured("measuring failed; the server's log has the details")

    async def _measured(self, order: Order, film: Film, speeches: Sequence[Speech]) -> FilmStats:
        if not speeches:
            return _not_measured("only the loudness of its sound is known")
        lip_sync = await self._stages.measure(order, film, speeches)
        _log.info(
            "film measured",
            opening_correlation=round(lip_sync.opening_correlation, 3),
            lag_milliseconds=round(lip_sync.lag_milliseconds, 1),
        )
        return FilmStats(lip_sync, StatsState.DONE)


def measurable(speeches: Iterable[Speech]) -> tuple[Speech, ...]:
    """Return the speeches that a film is measured by: the first ones, in order.

    They end where MEASURED_SECONDS are full or where only the loudness is known; there are none
    if no phoneme is among them.
    """
    first: list[Speech] = []
    samples = 0
    for speech in speeches:
        if samples >= MEASURED_SECONDS * SAMPLE_RATE or speech.cues is LipCues.LOUDNESS:
            break
        first.append(speech)
        samples += speech.samples
    return tuple(first) if any(speech.phonemes for speech in first) else ()


def _why(error: S2VError) -> str:
    if error.reason is Reason.INTERNAL:
        return "measuring failed; the server's log has the details"
    return error.message


def _not_measured(reason: str) -> FilmStats:
    return FilmStats(None, StatsState.NOT_MEASURED, reason)
