"""Show how a job goes on: a progress bar on a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterable
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from s2v.api.common.v1 import media_pb2
from s2v.api.gateway.v1 import job_pb2, job_service_pb2
from s2v_cli.spelling import duration, place_in_queue

ACTIVITIES = {
    job_pb2.STAGE_SPEAK: "speaking",
    job_pb2.STAGE_RENDER: "rendering",
    job_pb2.STAGE_COMPOSE: "composing",
}
_NEWS_FRACTION = 0.1
_NEWS_SECONDS = 10.0


class Display(Protocol):
    """Where progress and notices go."""

    def __enter__(self) -> Self:
        """Begin to show."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Show no more."""

    def progress(self, progress: job_pb2.Progress) -> None:
        """Show how far the job is."""

    def waiting(self, waiting: job_pb2.Waiting) -> None:
        """Show where the job waits."""

    def line(self, text: str) -> None:
        """Show a sentence."""


def display(*, quiet: bool = False) -> Display:
    """Return the display that suits standard error, or one that shows nothing."""
    console = _Console(stderr=True, quiet=quiet)
    return _Bar(console) if console.is_terminal and not quiet else _Lines(console)


def follow(events: Iterable[job_service_pb2.WatchJobResponse], display: Display) -> job_pb2.Job:
    """Show the events of a job until it ends, and return it as it ended."""
    told: set[str] = set()
    job = job_pb2.Job()
    for event in events:
        match event.WhichOneof("event"):
            case "snapshot":
                if event.snapshot.HasField("waiting"):
                    display.waiting(event.snapshot.waiting)
                else:
                    display.progress(event.snapshot.progress)
                _tell(event.snapshot.notices, told, display)
            case "waiting":
                display.waiting(event.waiting)
            case "progress":
                display.progress(event.progress)
            case "notice":
                _tell([event.notice], told, display)
            case "finished":
                _tell(event.finished.notices, told, display)
                job = event.finished
            case "stats":
                job.stats.CopyFrom(event.stats)
    return job


def _tell(notices: Iterable[media_pb2.Notice], told: set[str], display: Display) -> None:
    for notice in notices:
        if notice.message not in told:
            told.add(notice.message)
            display.line(f"note: {notice.message}")


def activity(progress: job_pb2.Progress) -> str:
    """Say in a word what is going on."""
    return ACTIVITIES.get(progress.stage, "waiting")


def details(progress: job_pb2.Progress) -> str:
    """Say how many frames are done, how fast, and how long it will take."""
    parts = []
    if progress.frames_total:
        parts.append(f"{progress.frames_done}/{progress.frames_total} frames")
    if progress.frames_per_second:
        parts.append(f"{progress.frames_per_second:.1f} frames/s")
    if progress.remaining_seconds:
        parts.append(f"{duration(progress.remaining_seconds)} left")
    return ", ".join(parts)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        # Nobody reads any more, which is no reason to end, nor to touch standard output.
        self.quiet = True


class _Bar:
    def __init__(self, console: Console) -> None:
        self._bar = Progress(
            TextColumn("{task.description:<9}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[details]}"),
            console=console,
            transient=True,
        )
        self._task = self._bar.add_task("waiting", total=1.0, details="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def progress(self, progress: job_pb2.Progress) -> None:
        self._bar.update(
            self._task,
            completed=progress.fraction,
            description=activity(progress),
            details=details(progress),
        )

    def waiting(self, waiting: job_pb2.Waiting) -> None:
        self._bar.update(self._task, description="waiting", details=place_in_queue(waiting))

    def line(self, text: str) -> None:
        self._bar.console.print(text, markup=False, highlight=False)


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._stage = -1
        self._fraction = 0.0
        self._position = 0
        self._said_at = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def progress(self, progress: job_pb2.Progress) -> None:
        silent = time.monotonic() >= self._said_at + _NEWS_SECONDS
        news = silent or progress.fraction >= self._fraction + _NEWS_FRACTION
        if not news and progress.stage == self._stage:
            return
        self._stage, self._fraction = progress.stage, progress.fraction
        self._said_at = time.monotonic()
        percent = f"{progress.fraction:.0%}"
        parts = [text for text in (percent, details(progress)) if text]
        self.line(f"{activity(progress)}: {', '.join(parts)}")

    def waiting(self, waiting: job_pb2.Waiting) -> None:
        silent = time.monotonic() >= self._said_at + _NEWS_SECONDS
        if not silent and waiting.position == self._position:
            return
        self._position, self._said_at = waiting.position, time.monotonic()
        self.line(f"waiting: {place_in_queue(waiting)}")

    def line(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)
