"""Scripts that are still being written while their films are made."""

import asyncio
from collections import defaultdict

from s2v_gateway.film.workflow import Piece
from s2v_gateway.records.database import written
from s2v_gateway.records.jobs import JobRecords


class OpenScripts:
    """Takes the pieces of scripts as they come, and gives them to those who make the films.

    A piece that was taken survives the death of the process. All methods are called on one event
    loop.
    """

    def __init__(self, records: JobRecords) -> None:
        self._records = records
        self._grown: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def append(self, job_id: str, number: int, text: str) -> None:
        """Keep the next piece; the first one, number 0, came with the order."""
        await written(self._records.append_text, job_id, number, text)
        self._wake(job_id)

    async def close(self, job_id: str) -> None:
        """The script is written to its end, or nobody writes it any more."""
        await written(self._records.close_script, job_id)
        self._wake(job_id)

    async def read(self, job_id: str, number: int) -> Piece:
        """Wait for the piece of that number; an empty last one if the script ended before it."""
        while True:
            grown = self._grown[job_id]
            pieces, more_may_come = await written(self._records.text_pieces, job_id)
            if not more_may_come:
                self._grown.pop(job_id, None)
            if number < len(pieces):
                last = not more_may_come and number == len(pieces) - 1
                return Piece(pieces[number], last)
            if not more_may_come:
                return Piece("", last=True)
            await grown.wait()

    def _wake(self, job_id: str) -> None:
        if event := self._grown.pop(job_id, None):
            event.set()
