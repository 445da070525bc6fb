"""Measure finished films in the background and write down what was found."""

import asyncio
from collections.abc import Iterable

import structlog

from s2v.core.errors import S2VError
from s2v.core.job import Film, FilmStats, Order
from s2v.core.script import LipSync, Speech
from s2v.core.stages import Stages
from s2v.core.timebase import SAMPLE_RATE
from s2v_gateway.records.database import written
from s2v_gateway.records.jobs import Jobs

_log = structlog.get_logger()

MEASURED_SECONDS = 20
"""How much of a film's start is measured: enough to tell, whatever its length."""


class Measuring:
    """Measures films whose jobs have ended; the job is finished whatever comes of it.

    A film that was not measured yet when the process ends stays unmeasured: its job has no stats.
    """

    def __init__(self, jobs: Jobs, stages: Stages) -> None:
        self._jobs = jobs
        self._stages = stages
        self._pieces: set[asyncio.Task[None]] = set()

    def begin(self, order: Order, film: Film, speeches: Iterable[Speech]) -> None:
        """Measure a film some time from now, if the sounds of its first segments are known."""
        if first := measurable(speeches):
            piece = asyncio.create_task(self._measure(order, film, first))
            self._pieces.add(piece)
            piece.add_done_callback(self._pieces.discard)

    def close(self) -> None:
        """Measure no more."""
        for piece in self._pieces:
            piece.cancel()

    async def _measure(self, order: Order, film: Film, speeches: tuple[Speech, ...]) -> None:
        try:
            lip_sync = await self._stages.measure(order, film, speeches)
            await written(self._jobs.note_stats, order.job_id, FilmStats(lip_sync))
        except S2VError as error:
            _log.warning("film not measured", reason=error.reason.value, message=error.message)
        except Exception as error:  # noqa: BLE001 - nobody waits for it
            _log.error("measuring crashed", exc_info=error)
        else:
            _log.info(
                "film measured",
                opening_correlation=round(lip_sync.opening_correlation, 3),
                lag_milliseconds=round(lip_sync.lag_milliseconds, 1),
            )


def measurable(speeches: Iterable[Speech]) -> tuple[Speech, ...]:
    """Return the speeches that a film is measured by: the first ones, in order.

    They end where MEASURED_SECONDS are full or where only the loudness is known; there are none
    if no phoneme is among them.
    """
    first: list[Speech] = []
    samples = 0
    for speech in speeches:
        if samples >= MEASURED_SECONDS * SAMPLE_RATE or speech.lip_sync is LipSync.LOUDNESS:
            break
        first.append(speech)
        samples += speech.samples
    return tuple(first) if any(speech.phonemes for speech in first) else ()
