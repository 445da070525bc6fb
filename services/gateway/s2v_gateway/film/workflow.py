"""How a film is made of a script: cut, then speak, render and compose at the same time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol, TypeVar

from s2v.core.artifact import Artifact
from s2v.core.captions import CaptionFiles
from s2v.core.job import Clip, Film, Order, Reel, Stage
from s2v.core.ports import Continuity
from s2v.core.script import Segment, Speech
from s2v.core.sound import AS_GIVEN
from s2v.core.stages import (
    AtWork,
    CutScript,
    FinishedReel,
    FinishedSegment,
    MediaSink,
    Report,
    ScriptCut,
    SegmentRendered,
    SegmentSpoken,
    Stages,
    Standing,
)
from s2v.text.limits import has_words
from s2v_gateway.film.captioning import Captioner, WriteCaptions
from s2v_gateway.film.reels import KeptReels, SegmentReels

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


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a script's text; `last` where the script ends with it."""

    text: str
    last: bool


ReadPiece = Callable[[int], Awaitable[Piece]]
"""Waits for the piece of that number, from 0, of a script that is still being written."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A segment on its way through the stages."""

    segment: Segment
    piece: int
    decoded_audio: Artifact | None
    speak: Checkpoint
    render: Checkpoint
    reels: SegmentReels | None
    speech: asyncio.Future[Speech] = field(default_factory=asyncio.Future)
    clip: asyncio.Future[Clip] = field(default_factory=asyncio.Future)


async def make_film(
    order: Order,
    stages: Stages,
    checkpoints: Checkpoints,
    report: Report,
    *,
    read_piece: ReadPiece | None,
    media: MediaSink | None,
    reels: KeptReels | None,
    write_captions: WriteCaptions,
    parallel_takes: int,
) -> Film:
    """Make the film; after a crash, called again with the same checkpoints, go on where it was.

    Checkpoints are taken piece by piece of the script: its cut, its speeches, its clips; that of
    the composition after those of the first piece, that of bettering given sound before all. Jobs
    of both lists of steps (`Order.steps`) follow this: a script of list 1 has one piece. Where
    captions are asked for, writing them comes last. `read_piece` gives the text of a script that
    came in pieces; it is None where the order has all of it. With `reels`, what is to be watched
    comes before the clips are finished.

    Raises:
        S2VError: the first stage that could not do its work; everything else is stopped.
    """
    order = await _with_enhanced_sound(order, stages, checkpoints, report)
    ahead = SPOKEN_AHEAD + parallel_takes
    reels = reels if order.spec.keeps_pictures else None
    making = _Film(order, stages, checkpoints, report, read_piece, reels, spoken_ahead=ahead)
    await making.remember()
    first = await making.cut_next()
    compose = checkpoints.take("compose")
    join = partial(
        stages.compose,
        order,
        making.finished,
        film_audio=first.film_audio,
        media=media,
        report=report,
    )
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(making.cut_rest())
            group.create_task(making.speak_all())
            group.create_task(making.render_all(parallel_takes))
            film = group.create_task(compose.run(join, Film))
    except BaseExceptionGroup as group_error:
        raise _first(group_error) from group_error
    if order.spec.captions is None:
        return film.result()
    write = partial(write_captions, making.captioner.all)
    files = await checkpoints.take("captions").run(write, CaptionFiles)
    return replace(film.result(), captions=files)


async def _with_enhanced_sound(
    order: Order, stages: Stages, checkpoints: Checkpoints, report: Report
) -> Order:
    """Return the order over its sound as it shall be; most orders take it as it is."""
    if order.audio is None or order.spec.enhancement == AS_GIVEN:
        return order
    enhance = partial(stages.enhance, order, order.audio, report)
    report(AtWork(Stage.SPEAK, working=True))
    try:
        audio = await checkpoints.take("enhance").run(enhance, Artifact)
    finally:
        report(AtWork(Stage.SPEAK, working=False))
    return replace(order, audio=audio)


class _Film:
    """One film in the making: its segments so far, and how far each is."""

    def __init__(
        self,
        order: Order,
        stages: Stages,
        checkpoints: Checkpoints,
        report: Report,
        read_piece: ReadPiece | None,
        reels: KeptReels | None,
        *,
        spoken_ahead: int,
    ) -> None:
        self._order = order
        self._stages = stages
        self._checkpoints = checkpoints
        self._report = report
        self._read_piece = read_piece
        self._reels = reels
        self._kept: Mapping[int, Sequence[Reel]] = {}
        self.captioner = Captioner(order)
        self._parts: list[_Part] = []
        self._pieces = 0
        self._complete = False
        self._grown = asyncio.Condition()
        self._ahead = asyncio.Semaphore(spoken_ahead)

    async def remember(self) -> None:
        """Find out which reels were kept before a crash."""
        if self._reels:
            self._kept = await self._reels.kept()

    async def cut_rest(self) -> None:
        """Cut the script to its end, piece by piece as it is written."""
        while not self._complete:
            await self.cut_next()

    async def cut_next(self) -> CutScript:
        """Cut the next piece, and take the checkpoints of all that is to be done with it.

        Given sound is one piece.
        """
        name = f"cut-{self._pieces}" if self._pieces else "cut"
        cut = await self._checkpoints.take(name).run(self._cut_piece, CutScript)
        first = len(self._parts)
        segments = [replace(s, index=first + i) for i, s in enumerate(cut.segments)]
        await self.captioner.cut(segments)
        speak = [self._checkpoints.take(f"speak-{s.index}") for s in segments]
        render = [self._checkpoints.take(f"render-{s.index}") for s in segments]
        async with self._grown:
            self._parts += [
                _Part(
                    segment,
                    self._pieces,
                    cut.decoded_audio,
                    speaking,
                    rendering,
                    self._reels_of(segment),
                )
                for segment, speaking, rendering in zip(segments, speak, render, strict=True)
            ]
            self._pieces += 1
            self._complete = cut.last
            self._grown.notify_all()
        self._report(ScriptCut(tuple(part.segment for part in self._parts)))
        return cut

    async def speak_all(self) -> None:
        """Speak one segment after the other, not too far ahead of the rendering."""
        first_sample = 0
        async for part in self._all_parts():
            await self._ahead.acquire()
            speak = partial(
                self._stages.speak, self._order, part.segment, part.decoded_audio, self._report
            )
            speech = await self._working(Stage.SPEAK, part.speak.run(speak, Speech))
            self._report(SegmentSpoken(part.segment, speech))
            for told in await self.captioner.spoken(
                part.segment, speech, first_sample=first_sample
            ):
                self._report(told)
            first_sample += speech.samples
            part.speech.set_result(speech)

    async def render_all(self, parallel_takes: int) -> None:
        """Render the segments as they are spoken; side by side where the engine allows it."""
        sequential = self._order.continuity is Continuity.SEQUENTIAL
        places = asyncio.Semaphore(1 if sequential else parallel_takes)
        first_frame = 0
        async with asyncio.TaskGroup() as group:
            async for part in self._all_parts():
                speech = await asyncio.shield(part.speech)
                following = await self._following(part) if sequential else None
                await places.acquire()
                standing = Standing(first_frame)
                if sequential:
                    standing = self._in_sequence(part, standing, following)
                take = group.create_task(self._render(part, speech, standing))
                take.add_done_callback(lambda _: places.release())
                first_frame += speech.frames(self._order.spec.frame_rate)

    async def _following(self, part: _Part) -> Artifact | None:
        """Return the sound after a segment, once it is spoken, which is soon: speaking is ahead.

        What another piece of the script begins with is not waited for, as it may not be written
        yet; nor heard where it is, so that the same script always makes the same film.
        """
        after = self._parts[part.segment.index + 1 : part.segment.index + 2]
        if not after or after[0].piece != part.piece:
            return None
        return (await asyncio.shield(after[0].speech)).audio

    def _in_sequence(self, part: _Part, standing: Standing, following: Artifact | None) -> Standing:
        """Return where a segment stands, once all before it are rendered."""
        index = part.segment.index
        state = self._parts[index - 1].clip.result().state if index else None
        ends_film = self._complete and index + 1 == len(self._parts)
        return replace(standing, state=state, following=following, ends_film=ends_film)

    def _reels_of(self, segment: Segment) -> SegmentReels | None:
        if self._reels is None:
            return None
        return SegmentReels(segment.index, self._reels, self._kept.get(segment.index, ()))

    async def finished(self) -> AsyncIterator[FinishedSegment | FinishedReel]:
        """Yield the segments in order as they finish, and before it the reels of the next."""
        async for part in self._all_parts():
            index = part.segment.index
            if part.reels:
                async for reel in part.reels.until(part.clip):
                    speech = await asyncio.shield(part.speech)
                    yield FinishedReel(index, reel, speech, self.captioner.of(index))
            # A composition that is cancelled here may be tried again; the clip is still to come.
            clip = await asyncio.shield(part.clip)
            captions = self.captioner.of(index)
            yield FinishedSegment(index, clip, part.speech.result(), captions)

    async def _all_parts(self) -> AsyncIterator[_Part]:
        """Yield every segment, those that are not written yet when they are."""
        index = 0
        while True:
            async with self._grown:
                await self._grown.wait_for(partial(self._is_known, index))
            if index == len(self._parts):
                return
            yield self._parts[index]
            index += 1

    def _is_known(self, index: int) -> bool:
        """Tell whether the part of that index is there, or never comes."""
        return index < len(self._parts) or self._complete

    async def _cut_piece(self) -> CutScript:
        if self._read_piece is None:
            return await self._stages.cut(self._order, self._report)
        piece = await self._read_piece(self._pieces)
        if self._parts and not has_words(piece.text, self._order.lexicon):
            return CutScript((), last=piece.last)
        order = self._order.with_text(piece.text, continues=bool(self._parts))
        cut = await self._stages.cut(order, self._report)
        return replace(cut, last=piece.last)

    async def _render(self, part: _Part, speech: Speech, standing: Standing) -> None:
        index = part.segment.index
        render = partial(
            self._stages.render,
            self._order,
            index,
            speech,
            standing=standing,
            reels=part.reels,
            report=self._report,
        )
        clip = await self._working(Stage.RENDER, part.render.run(render, Clip))
        self._ahead.release()
        self._report(SegmentRendered(index, clip))
        part.clip.set_result(clip)
        if part.reels:
            await part.reels.wake()

    async def _working(self, stage: Stage, work: Awaitable[T]) -> T:
        self._report(AtWork(stage, working=True))
        try:
            return await work
        finally:
            self._report(AtWork(stage, working=False))


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error of a tree of them."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
