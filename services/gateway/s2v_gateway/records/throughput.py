"""How long films took, kept for the guesses of the time after a restart."""

from dataclasses import asdict, dataclass

import sqlalchemy as sa

from s2v_gateway.records.database import reading
from s2v_gateway.records.tables import throughput

KEPT = 64
"""So many of the newest of each preset of an engine."""


@dataclass(frozen=True, slots=True)
class Throughput:
    """How long one film took.

    Attributes:
        engine: that rendered it.
        preset: of the engine.
        pixels: of each picture.
        film_seconds: how long the film is.
        work_seconds: how long its job was at work.
    """

    engine: str
    preset: str
    pixels: int
    film_seconds: float
    work_seconds: float


class ThroughputRecords:
    """The table of throughput. Methods block; every method is one transaction."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def note(self, measured: Throughput) -> None:
        """Keep a measurement, and let go of those that count no more."""
        same = sa.and_(
            throughput.c.engine == measured.engine, throughput.c.preset == measured.preset
        )
        newest = (
            sa.select(throughput.c.number)
            .where(same)
            .order_by(throughput.c.number.desc())
            .limit(KEPT)
        )
        with self._engine.begin() as connection:
            connection.execute(throughput.insert().values(asdict(measured)))
            connection.execute(throughput.delete().where(same, throughput.c.number.not_in(newest)))

    def kept(self) -> list[Throughput]:
        """Return what is kept, the newest last."""
        columns = [column for column in throughput.c if column.name != "number"]
        query = sa.select(*columns).order_by(throughput.c.number)
        with reading(self._engine) as connection:
            return [Throughput(*row) for row in connection.execute(query)]
