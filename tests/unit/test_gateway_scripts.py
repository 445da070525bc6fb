"""Scripts that are still being written: pieces are kept, waited for and given out in order."""

import asyncio

import pytest
import sqlalchemy as sa

from s2v_gateway.film.workflow import Piece
from s2v_gateway.jobs.scripts import OpenScripts

JOB, OTHER = "0" * 32, "1" * 32


class FakeRecords:
    """Pieces of scripts in memory; `away` is how often the database does not answer."""

    def __init__(self) -> None:
        self.pieces: dict[str, dict[int, str]] = {JOB: {0: "a"}, OTHER: {0: "x"}}
        self.closed: set[str] = set()
        self.away = 0
        self.looked = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def append_text(self, job_id: str, number: int, text: str) -> None:
        self._answer()
        self.pieces[job_id].setdefault(number, text)

    def close_script(self, job_id: str) -> None:
        self._answer()
        self.closed.add(job_id)

    def text_pieces(self, job_id: str) -> tuple[list[str], bool]:
        self._answer()
        self._loop.call_soon_threadsafe(self.looked.set)
        pieces = self.pieces[job_id]
        return [pieces[number] for number in sorted(pieces)], job_id not in self.closed

    def _answer(self) -> None:
        if self.away:
            self.away -= 1
            raise sa.exc.OperationalError("SELECT", {}, ConnectionError("restarted"))


@pytest.fixture
async def records() -> FakeRecords:
    return FakeRecords()


@pytest.fixture
def scripts(records: FakeRecords) -> OpenScripts:
    return OpenScripts(records)  # type: ignore[arg-type]


async def waiting(
    scripts: OpenScripts, records: FakeRecords, number: int, job_id: str = JOB
) -> asyncio.Task[Piece]:
    """Begin to read a piece that is not there, and return once nothing was found."""
    records.looked.clear()
    reading = asyncio.create_task(scripts.read(job_id, number))
    await records.looked.wait()
    return reading


async def test_the_first_piece_is_there_and_may_not_be_the_last(scripts: OpenScripts) -> None:
    assert await scripts.read(JOB, 0) == Piece("a", last=False)


async def test_a_piece_is_waited_for(scripts: OpenScripts, records: FakeRecords) -> None:
    reading = await waiting(scripts, records, 1)
    assert not reading.done()
    await scripts.append(JOB, 1, "b")
    assert await reading == Piece("b", last=False)


async def test_what_is_appended_to_one_script_is_nothing_to_another(
    scripts: OpenScripts, records: FakeRecords
) -> None:
    reading = await waiting(scripts, records, 1)
    await scripts.append(OTHER, 1, "y")
    await scripts.close(OTHER)
    assert await scripts.read(OTHER, 1) == Piece("y", last=True)
    assert not reading.done()
    await scripts.append(JOB, 1, "b")
    assert (await reading).text == "b"


async def test_the_last_piece_of_a_closed_script_says_so(scripts: OpenScripts) -> None:
    await scripts.append(JOB, 1, "b")
    await scripts.append(JOB, 2, "c")
    await scripts.close(JOB)
    pieces = [await scripts.read(JOB, number) for number in range(3)]
    assert pieces == [Piece("a", last=False), Piece("b", last=False), Piece("c", last=True)]


async def test_a_script_that_is_closed_while_more_is_waited_for_ends_with_an_empty_piece(
    scripts: OpenScripts, records: FakeRecords
) -> None:
    reading = await waiting(scripts, records, 1)
    await scripts.close(JOB)
    assert await reading == Piece("", last=True)


async def test_reading_again_after_a_crash_gives_the_same_pieces(
    scripts: OpenScripts, records: FakeRecords
) -> None:
    await scripts.append(JOB, 1, "b")
    again = OpenScripts(records)  # type: ignore[arg-type]
    assert await again.read(JOB, 1) == Piece("b", last=False)
    await again.close(JOB)
    assert await again.read(JOB, 1) == Piece("b", last=True)
    assert await again.read(JOB, 2) == Piece("", last=True)


async def test_a_piece_that_comes_twice_is_one_piece(scripts: OpenScripts) -> None:
    for _ in range(2):
        await scripts.append(JOB, 1, "b")
    await scripts.close(JOB)
    assert await scripts.read(JOB, 1) == Piece("b", last=True)


async def test_a_database_that_is_away_loses_no_piece(
    scripts: OpenScripts, records: FakeRecords
) -> None:
    records.away = 1
    await scripts.append(JOB, 1, "b")
    records.away = 1
    await scripts.close(JOB)
    records.away = 1
    assert await scripts.read(JOB, 1) == Piece("b", last=True)


async def test_a_reader_that_gives_up_leaves_the_script_as_it_is(
    scripts: OpenScripts, records: FakeRecords
) -> None:
    reading = await waiting(scripts, records, 1)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await scripts.append(JOB, 1, "b")
    assert (await scripts.read(JOB, 1)).text == "b"


async def test_nothing_is_remembered_of_a_script_that_was_read_to_its_end(
    scripts: OpenScripts,
) -> None:
    await scripts.close(JOB)
    await scripts.read(JOB, 0)
    assert not scripts._grown
