"""How a film is made of a script: cut, then speak, render and compose at the same time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Protocol, TypeVar

from s2v.core.artifact import Artifact
from s2v.core.job import Clip, Film, Order, Stage
from s2v.core.ports import Continuity
from s2v.core.script import Segment, Speech
from s2v.core.stages import AtWork, CutScript, FinishedSegment, Happening, MediaSink, Stages

T = TypeVar("T")

SPOKEN_AHEAD = 8
"""How many segments may be spoken before their rendering begins: speaking is the fast stage."""


class Checkpoint(Protocol):
    """One step whose outcome is kept: run again after a crash, it only remembers."""

    async def run(self, work: Callable[[], Awaitable[T]], kind: type[T]) -> T:
        """Do the work, keep its outcome; or return the outcome that was kept."""


class Checkpoints(Protocol):
    """Hands out checkpoints; the same calls in the same order give the same ones after a crash."""

    def take(self, name: str) -> Checkpoint:
        """Take the next checkpoint."""


class Watcher(Protocol):
    """Is told what happens; see `s2v_gateway.film.progress`."""

    def cut(self, segments: tuple[Segment, ...]) -> None:
        """The script is cut."""

    def spoken(self, segment: Segment, speech: Speech) -> None:
        """A segment is spoken."""

    def rendered(self, index: int, clip: Clip) -> None:
        """A segment is rendered."""

    def report(self, happening: Happening) -> None:
        """Something happened within a stage."""


async def make_film(
    order: Order,
    stages: Stages,
    checkpoints: Checkpoints,
    watcher: Watcher,
    *,
    media: MediaSink | None,
    parallel_takes: int,
) -> Film:
    """Make the film; after a crash, called again with the same checkpoints, go on where it was.

    Raises:
        S2VError: the first stage that could not do its work; everything else is stopped.
    """
    cut = await checkpoints.take("cut").run(partial(stages.cut, order, watcher.report), CutScript)
    watcher.cut(cut.segments)
    making = _Making(order, stages, watcher, cut, spoken_ahead=SPOKEN_AHEAD + parallel_takes)
    # All checkpoints are taken here, in order: from now on steps may run in any order.
    speak = [checkpoints.take(f"speak-{s.index}") for s in cut.segments]
    render = [checkpoints.take(f"render-{s.index}") for s in cut.segments]
    compose = checkpoints.take("compose")
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(making.speak_all(speak))
            group.create_task(making.render_all(render, parallel_takes))
            join = partial(
                stages.compose, order, making.finished, media=media, report=watcher.report
            )
            film = group.create_task(compose.run(join, Film))
    except BaseExceptionGroup as group_error:
        raise _first(group_error) from group_error
    return film.result()


class _Making:
    """One film in the making: what is spoken and rendered so far, by segment."""

    def __init__(
        self,
        order: Order,
        stages: Stages,
        watcher: Watcher,
        cut: CutScript,
        *,
        spoken_ahead: int,
    ) -> None:
        loop = asyncio.get_running_loop()
        self._order = order
        self._stages = stages
        self._watcher = watcher
        self._cut = cut
        self._speeches: list[asyncio.Future[Speech]] = [loop.create_future() for _ in cut.segments]
        self._clips: list[asyncio.Future[Clip]] = [loop.create_future() for _ in cut.segments]
        self._ahead = asyncio.Semaphore(spoken_ahead)

    async def speak_all(self, checkpoints: list[Checkpoint]) -> None:
        """Speak one segment after the other, not too far ahead of the rendering."""
        for segment, checkpoint in zip(self._cut.segments, checkpoints, strict=True):
            await self._ahead.acquire()
            speak = partial(
                self._stages.speak,
                self._order,
                segment,
                self._cut.decoded_audio,
                self._watcher.report,
            )
            speech = await self._working(Stage.SPEAK, checkpoint.run(speak, Speech))
            self._watcher.spoken(segment, speech)
            self._speeches[segment.index].set_result(speech)

    async def render_all(self, checkpoints: list[Checkpoint], parallel_takes: int) -> None:
        """Render the segments as they are spoken; side by side where the engine allows it."""
        sequential = self._order.continuity is Continuity.SEQUENTIAL
        places = asyncio.Semaphore(1 if sequential else parallel_takes)
        first_frame = 0
        async with asyncio.TaskGroup() as group:
            for index, checkpoint in enumerate(checkpoints):
                speech = await self._speeches[index]
                await places.acquire()
                state = self._clips[index - 1].result().state if sequential and index else None
                take = self._render(index, checkpoint, speech, first_frame, state)
                group.create_task(take).add_done_callback(lambda _: places.release())
                first_frame += speech.frames(self._order.spec.frame_rate)

    async def _render(
        self,
        index: int,
        checkpoint: Checkpoint,
        speech: Speech,
        first_frame: int,
        state: Artifact | None,
    ) -> None:
        render = partial(
            self._stages.render,
            self._order,
            index,
            speech,
            first_frame=first_frame,
            state=state,
            report=self._watcher.report,
        )
        clip = await self._working(Stage.RENDER, checkpoint.run(render, Clip))
        self._ahead.release()
        self._watcher.rendered(index, clip)
        self._clips[index].set_result(clip)

    async def finished(self) -> AsyncIterator[FinishedSegment]:
        """Yield the segments in order as they finish."""
        for index in range(len(self._clips)):
            clip = await self._clips[index]
            yield FinishedSegment(index, clip, self._speeches[index].result())

    async def _working(self, stage: Stage, work: Awaitable[T]) -> T:
        self._watcher.report(AtWork(stage, working=True))
        try:
            return await work
        finally:
            self._watcher.report(AtWork(stage, working=False))


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error of a tree of them."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
