"""What the studio works with."""

from dataclasses import dataclass

from s2v.core.stages import Stages
from s2v.store.artifacts import FsspecStore
from s2v_gateway.access.audit import AuditLog
from s2v_gateway.assets.library import Library
from s2v_gateway.events.feed import Feed
from s2v_gateway.events.live_media import LiveMedia
from s2v_gateway.jobs.alarms import Alarms
from s2v_gateway.jobs.expecting import Expecting
from s2v_gateway.jobs.measuring import Measuring
from s2v_gateway.jobs.scripts import OpenScripts
from s2v_gateway.records.deletions import Deletions
from s2v_gateway.records.jobs import JobRecords


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the studio works with.

    Attributes:
        records: where jobs are written down.
        deletions: which of them are to go.
        library: where films go.
        store: where artifacts are.
        stages: who does the work.
        feed: who is told.
        live_media: where films go while they are made.
        scripts: those that are still being written.
        alarms: told of what should not happen.
        expecting: guesses how long films take.
        audit: told of every film.
        measuring: is given every film that is finished; None leaves them unmeasured.
    """

    records: JobRecords
    deletions: Deletions
    library: Library
    store: FsspecStore
    stages: Stages
    feed: Feed
    live_media: LiveMedia
    scripts: OpenScripts
    alarms: Alarms
    expecting: Expecting
    audit: AuditLog
    measuring: Measuring | None = None
