"""The table of reels, which belong to jobs."""

from collections import defaultdict

import sqlalchemy as sa

from s2v.core.job import Reel
from s2v_gateway.records.tables import job_reels
from s2v_gateway.records.versioned import Versioned

_REEL = Versioned(Reel)


def write_reel(connection: sa.Connection, job_id: str, segment: int, reel: Reel) -> None:
    """Write down the next reel of a segment; one in its place was seen by nobody."""
    values = {
        "job_id": job_id,
        "segment": segment,
        "first_frame": reel.first_frame,
        "reel": _REEL.dump(reel),
    }
    in_its_place = (
        job_reels.c.job_id == job_id,
        job_reels.c.segment == segment,
        job_reels.c.first_frame >= reel.first_frame,
    )
    connection.execute(job_reels.delete().where(*in_its_place))
    connection.execute(job_reels.insert().values(values))


def read_reels(connection: sa.Connection, job_id: str) -> dict[int, list[Reel]]:
    """Return the reels of a job by segment, in order."""
    query = (
        sa.select(job_reels.c.segment, job_reels.c.reel)
        .where(job_reels.c.job_id == job_id)
        .order_by(job_reels.c.segment, job_reels.c.first_frame)
    )
    found = defaultdict[int, list[Reel]](list)
    for row in connection.execute(query):
        found[row.segment].append(_REEL.load(row.reel))
    return dict(found)


def forget_reels(connection: sa.Connection, job_id: str) -> None:
    """Drop the rows of a job's reels."""
    connection.execute(job_reels.delete().where(job_reels.c.job_id == job_id))
