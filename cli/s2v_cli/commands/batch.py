"""`s2v batch`: many films from a list, and on from where an earlier run of it stopped."""

import hashlib
import os
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from s2v.api.gateway.v1 import job_pb2
from s2v.client import Client
from s2v.core.errors import Reason, S2VError
from s2v.rpc.errors import from_status
from s2v_cli.background import call, signals_as_ctrl_c
from s2v_cli.connecting import ServerOption, any_gateway
from s2v_cli.destination import ForceOption
from s2v_cli.ending import film_facts
from s2v_cli.failing import FAILED, explained, say
from s2v_cli.founding import OutputDirOption, folder_named
from s2v_cli.manifests import read_manifest
from s2v_cli.ordering import RowOrder, files_of, ordered, retrial_id
from s2v_cli.showing import display, follow

_AT_ONCE = 100
_ENDED_BADLY = (job_pb2.JOB_STATE_FAILED, job_pb2.JOB_STATE_CANCELLED)


def batch(
    manifest: Annotated[
        Path,
        typer.Option(
            help="A row for each film: CSV, its first line the names, or JSON lines (.jsonl). "
            "Names are options of `s2v make`, such as text, audio, reference and output."
        ),
    ],
    output_dir: OutputDirOption = "",
    force: ForceOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
    server: ServerOption = "",
) -> None:
    """Make many films; one that fails keeps none of the others from it.

    Run again, it goes on: films that are made, or in the making, are not begun again; those that
    failed are. Where the gateway goes on, so do the jobs after Ctrl-C. The exit code is 1 if a film
    is missing at the end.
    """
    rows = read_manifest(manifest)
    paths = list(files_of(rows, folder_named(output_dir)))
    tell = _silent if quiet else say
    span = "for these films only"
    with signals_as_ctrl_c(), any_gateway(server, tell, span=span) as reached:
        films = _Films(reached.client, tell, total=len(rows), force=force, quiet=quiet)
        for number, (row, path) in enumerate(zip(rows, paths, strict=True), 1):
            try:
                films.add(ordered(reached.client, number, row, path))
            except (S2VError, OSError) as error:
                films.fail(number, error)
        films.finish()
    tell(f"{films.made} of {len(rows)} films are there")
    if films.made < len(rows):
        raise typer.Exit(FAILED)


class _Films:
    """The films of one run, followed in the order of their rows.

    Attributes:
        made: how many are there.
    """

    def __init__(
        self, client: Client, tell: Callable[[str], None], *, total: int, force: bool, quiet: bool
    ) -> None:
        self.made = 0
        self._client = client
        self._tell = tell
        self._total = total
        self._force = force
        self._quiet = quiet
        self._waiting: deque[RowOrder] = deque()
        self._working: deque[tuple[RowOrder, str]] = deque()

    def add(self, order: RowOrder) -> None:
        """Take in another film."""
        for notice in order.notices:
            self._tell(f"row {order.number}: note: {notice}")
        self._waiting.append(order)

    def fail(self, number: int, error: S2VError | OSError) -> None:
        """Tell of a film that will not be."""
        what = explained(error) if isinstance(error, S2VError) else str(error)
        say(f"Error: row {number}: {what}")

    def finish(self) -> None:
        """Have them made, as many at once as the queue takes, and fetch them."""
        while self._waiting or self._working:
            self._submit()
            if self._working:
                self._take(*self._working.popleft())

    def _submit(self) -> None:
        orders = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
        if not orders:
            return
        ids = [order.request_id for order in orders]
        specs = [order.spec for order in orders]
        outcomes = call(self._client, lambda: self._client.batch_create(specs, request_ids=ids))
        full = []
        for order, outcome in zip(orders, outcomes, strict=True):
            if isinstance(outcome, job_pb2.Job):
                self._working.append((order, self._living(outcome)))
            elif outcome.reason is Reason.QUEUE_FULL and self._working:
                full.append(order)  # there will be room when one of ours has ended
            else:
                self.fail(order.number, outcome)
        self._waiting.extendleft(reversed(full))

    def _living(self, job: job_pb2.Job) -> str:
        """Return the name of a job, or of the attempt that follows those that failed."""
        while job.state in _ENDED_BADLY:
            job = self._again(job.name)
        return job.name

    def _again(self, name: str) -> job_pb2.Job:
        return call(self._client, lambda: self._client.retry(name, request_id=retrial_id(name)))

    def _take(self, order: RowOrder, name: str) -> None:
        try:
            with display(quiet=self._quiet) as shown:
                job = call(self._client, lambda: follow(self._client.watch(name), shown))
            if job.state in _ENDED_BADLY:
                raise from_status(job.error)
            self._fetch(order, job)
        except (S2VError, OSError) as error:
            self.fail(order.number, error)

    def _fetch(self, order: RowOrder, job: job_pb2.Job) -> None:
        path = order.to.path
        assert path is not None
        is_there = os.path.lexists(path) and _digest(path) == job.film.sha256
        if not is_there:
            call(
                self._client,
                lambda: self._client.download(job.film.asset, path, replace=self._force),
            )
        self.made += 1
        self._tell(f"{order.number}/{self._total} {path}: {film_facts(job.film)}")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _silent(_: str) -> None:
    """Keep from the user how things go."""
