"""The workflow makes a film of a script, in the right order, once."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import pytest

from s2v.core.artifact import Artifact
from s2v.core.captions import Caption, CaptionFiles
from s2v.core.errors import InvalidInput, Reason
from s2v.core.job import Film, JobSpec, Order, Stage
from s2v.core.ports import Continuity
from s2v.core.stages import (
    AtWork,
    CutScript,
    FinishedSegment,
    Happening,
    MediaSink,
    Report,
    ScriptCut,
    SegmentSpoken,
    Standing,
)
from s2v.testing.fakes_stages import FakeCheckpoints, FakeStages, artifact_of
from s2v_gateway.film.workflow import SPOKEN_AHEAD, Piece, ReadPiece, make_film


def order(text: str, continuity: Continuity = Continuity.INDEPENDENT) -> Order:
    return Order(
        "0" * 32,
        JobSpec(text=text, frame_rate=25),
        artifact_of("x", "image/jpeg"),
        None,
        continuity,
    )


async def film_of(
    order_: Order,
    stages: FakeStages,
    checkpoints: FakeCheckpoints | None = None,
    *,
    media: MediaSink | None = None,
    parallel_takes: int = 4,
    happened: list[Happening] | None = None,
    read_piece: ReadPiece | None = None,
) -> Film:
    return await make_film(
        order_,
        stages,
        checkpoints or FakeCheckpoints(),
        (happened if happened is not None else []).append,
        read_piece=read_piece,
        media=media,
        reels=None,
        write_captions=no_captions,
        parallel_takes=parallel_takes,
    )


async def no_captions(captions: Sequence[Caption]) -> CaptionFiles:
    raise AssertionError(captions)


async def test_the_film_holds_every_segment_and_each_begins_where_the_one_before_ended() -> None:
    stages = FakeStages()
    film = await film_of(order("one three seventeen"), stages)
    assert film.frames == 3 + 5 + 9
    assert stages.rendered_from == {0: 0, 1: 3, 2: 8}


async def test_segments_are_rendered_side_by_side_and_joined_in_order() -> None:
    first = asyncio.Event()
    stages = FakeStages(hold={"render-0": first})
    making = asyncio.create_task(film_of(order("a b c"), stages))
    await stages.called("render-2")
    assert "join-1" not in stages.calls
    assert stages.standings[1] == Standing(1)
    first.set()
    await making
    assert [c for c in stages.calls if c.startswith("join")] == ["join-0", "join-1", "join-2"]


async def test_a_sequential_engine_starts_each_take_from_the_state_before_it() -> None:
    stages = FakeStages()
    await film_of(order("a b c", Continuity.SEQUENTIAL), stages)
    state = lambda i: artifact_of(f"state-{i}", "application/octet-stream")  # noqa: E731
    assert stages.states == {0: None, 1: state(0), 2: state(1)}


async def test_a_sequential_engine_is_told_what_follows_and_where_the_film_ends() -> None:
    stages = FakeStages()
    await film_of(order("a bb ccc", Continuity.SEQUENTIAL), stages)
    told = [stages.standings[index] for index in range(3)]
    spoken = [artifact_of(text, "audio/wav") for text in ("bb", "ccc")]
    assert [one.following for one in told] == [*spoken, None]
    assert [one.ends_film for one in told] == [False, False, True]


async def test_after_a_crash_finished_work_is_not_done_again() -> None:
    checkpoints = FakeCheckpoints()
    fault = InvalidInput(Reason.FIELD_INVALID, "x")
    with pytest.raises(InvalidInput):
        await film_of(order("a b c"), FakeStages(fail={"render-2": fault}), checkpoints)
    again = FakeStages()
    film = await film_of(order("a b c"), again, checkpoints.again())
    assert film.frames == 3
    assert "render-2" in again.calls
    assert not {"cut", "speak-0", "speak-1", "speak-2", "render-0", "render-1"} & set(again.calls)


async def test_checkpoints_are_taken_in_an_order_that_depends_on_nothing_but_the_script() -> None:
    slow = asyncio.Event()
    fast, held = FakeCheckpoints(), FakeCheckpoints()
    await film_of(order("a b c"), FakeStages(), fast)
    stages = FakeStages(hold={"speak-1": slow})
    making = asyncio.create_task(film_of(order("a b c"), stages, held, parallel_takes=1))
    await stages.called("speak-1")
    await stages.called("join-0")
    slow.set()
    await making
    assert fast.taken == held.taken


async def test_the_first_failure_stops_everything_else() -> None:
    first = asyncio.Event()
    stages = FakeStages(
        fail={"render-0": InvalidInput(Reason.FACE_NOT_FOUND, "no face", field="spec.reference")},
        hold={"render-0": first, "render-1": asyncio.Event()},
    )
    making = asyncio.create_task(film_of(order("a b c"), stages))
    await stages.called("render-1")
    first.set()
    with pytest.raises(InvalidInput) as caught:
        await making
    assert caught.value.reason is Reason.FACE_NOT_FOUND
    assert "render-1" in stages.cancelled


@pytest.mark.parametrize("turns", range(8))
async def test_a_failure_is_told_as_it_is_when_something_else_ends_at_that_moment(
    turns: int,
) -> None:
    failing, speaking = asyncio.Event(), asyncio.Event()
    stages = FakeStages(
        fail={"render-0": InvalidInput(Reason.FACE_NOT_FOUND, "no face", field="spec.reference")},
        hold={"render-0": failing, "speak-1": speaking},
    )
    making = asyncio.create_task(film_of(order("a b"), stages))
    await stages.called("render-0")
    await stages.called("speak-1")
    failing.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    speaking.set()
    with pytest.raises(InvalidInput, match="no face"):
        await making


async def test_cancelling_reaches_the_stage_at_work() -> None:
    stages = FakeStages(hold={"render-0": asyncio.Event()})
    making = asyncio.create_task(film_of(order("a"), stages))
    await stages.called("render-0")
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    assert stages.cancelled == ["render-0"]


async def test_speaking_does_not_run_away_from_rendering() -> None:
    stages = FakeStages(hold={"render-0": asyncio.Event()})
    making = asyncio.create_task(film_of(order("a " * 50), stages, parallel_takes=1))
    await stages.called(f"speak-{SPOKEN_AHEAD}")
    for _ in range(100):
        await asyncio.sleep(0)
    assert f"speak-{SPOKEN_AHEAD + 1}" not in stages.calls
    making.cancel()
    await asyncio.gather(making, return_exceptions=True)


async def test_what_happens_is_reported() -> None:
    happened: list[Happening] = []
    await film_of(order("a b"), FakeStages(), happened=happened)
    assert [len(h.segments) for h in happened if isinstance(h, ScriptCut)] == [2]
    assert [h.segment.index for h in happened if isinstance(h, SegmentSpoken)] == [0, 1]
    for stage in (Stage.SPEAK, Stage.RENDER):
        work = [h.working for h in happened if isinstance(h, AtWork) and h.stage is stage]
        assert sorted(work) == [False, False, True, True]


class ComposingAnew(FakeStages):
    """Begins to compose, is cancelled where it waits for the first clip, and begins anew."""

    async def compose(
        self,
        order: Order,
        segments: Callable[[], AsyncIterator[FinishedSegment]],
        *,
        film_audio: Artifact | None,
        media: MediaSink | None,
        report: Report,
    ) -> Film:
        """Compose the second time."""
        waiting = asyncio.ensure_future(anext(segments()))
        await self.called("render-0")
        waiting.cancel()
        await asyncio.wait({waiting})
        self._hold["render-0"].set()
        return await super().compose(
            order, segments, film_audio=film_audio, media=media, report=report
        )


async def test_a_composition_that_is_begun_anew_gets_every_clip() -> None:
    stages = ComposingAnew(hold={"render-0": asyncio.Event()})
    assert (await film_of(order("one three"), stages)).frames == 3 + 5


class Script:
    """A script that is written piece by piece."""

    def __init__(self, *pieces: str, complete: bool = True) -> None:
        self.pieces = list(pieces)
        self.complete = complete
        self.asked: list[int] = []
        self._grown = asyncio.Condition()

    async def write(self, text: str, *, last: bool = False) -> None:
        async with self._grown:
            self.pieces.append(text)
            self.complete = last
            self._grown.notify_all()

    async def read(self, number: int) -> Piece:
        self.asked.append(number)
        async with self._grown:
            await self._grown.wait_for(lambda: number < len(self.pieces) or self.complete)
            if number >= len(self.pieces):
                return Piece("", last=True)
            return Piece(self.pieces[number], self.complete and number == len(self.pieces) - 1)


async def test_a_script_of_one_piece_takes_the_checkpoints_of_the_old_list() -> None:
    old = ["cut", "speak-0", "speak-1", "speak-2", "render-0", "render-1", "render-2", "compose"]
    whole, streamed = FakeCheckpoints(), FakeCheckpoints()
    await film_of(order("a b c"), FakeStages(), whole)
    await film_of(order(""), FakeStages(), streamed, read_piece=Script("a b c").read)
    assert whole.taken == streamed.taken == old


async def test_pieces_are_cut_one_after_the_other_and_their_segments_count_on() -> None:
    stages, checkpoints = FakeStages(), FakeCheckpoints()
    happened: list[Happening] = []
    film = await film_of(
        order("one three seventeen"),
        stages,
        checkpoints,
        happened=happened,
        read_piece=Script("one three", "seventeen", "two").read,
    )
    assert film.frames == 3 + 5 + 9 + 3
    assert stages.rendered_from == {0: 0, 1: 3, 2: 8, 3: 17}
    assert [o.spec.text for o in stages.orders] == ["one three", "seventeen", "two"]
    assert [c for c in stages.calls if c.startswith("join")] == [f"join-{i}" for i in range(4)]
    cut = [[s.index for s in h.segments] for h in happened if isinstance(h, ScriptCut)]
    assert cut == [[0, 1], [0, 1, 2], [0, 1, 2, 3]]
    assert checkpoints.taken == [
        *("cut", "speak-0", "speak-1", "render-0", "render-1", "compose"),
        *("cut-1", "speak-2", "render-2", "cut-2", "speak-3", "render-3"),
    ]


async def test_the_film_begins_before_its_script_is_written_to_the_end() -> None:
    stages, script = FakeStages(), Script("a b", complete=False)
    making = asyncio.create_task(film_of(order("a b"), stages, read_piece=script.read))
    await stages.called("join-1")
    assert not making.done()
    await script.write("cc", last=True)
    assert (await making).frames == 4


@pytest.mark.parametrize("ending", ["", " \n", "... !", "[pause 1s]"])
async def test_a_last_piece_without_words_only_ends_the_script(ending: str) -> None:
    stages, script = FakeStages(), Script("a b", complete=False)
    making = asyncio.create_task(film_of(order("a b"), stages, read_piece=script.read))
    await stages.called("join-1")
    await script.write(ending, last=True)
    assert (await making).frames == 2
    assert stages.calls.count("cut") == 1


async def test_a_script_may_end_without_another_piece() -> None:
    script = Script("a", "b")
    script.complete = False
    stages = FakeStages()
    making = asyncio.create_task(film_of(order("a b"), stages, read_piece=script.read))
    await stages.called("join-1")
    async with script._grown:
        script.complete = True
        script._grown.notify_all()
    assert (await making).frames == 2
    assert script.asked == [0, 1, 2]


async def test_a_piece_without_words_in_the_middle_is_passed_over() -> None:
    checkpoints = FakeCheckpoints()
    script = Script("a", "--", "b")
    film = await film_of(order("a -- b"), FakeStages(), checkpoints, read_piece=script.read)
    assert film.frames == 2
    assert [name for name in checkpoints.taken if name.startswith("cut")] == [
        "cut",
        "cut-1",
        "cut-2",
    ]


async def test_a_sequential_engine_goes_on_from_one_piece_to_the_next() -> None:
    stages = FakeStages()
    sequential = order("a b c", Continuity.SEQUENTIAL)
    await film_of(sequential, stages, read_piece=Script("a b", "c").read)
    state = lambda i: artifact_of(f"state-{i}", "application/octet-stream")  # noqa: E731
    assert stages.states == {0: None, 1: state(0), 2: state(1)}
    following = [stages.standings[index].following for index in range(3)]
    assert following == [artifact_of("b", "audio/wav"), None, None]


@pytest.mark.parametrize("died_at", ["speak-1", "render-2", "speak-3", "render-3", "join-2"])
async def test_after_a_crash_in_the_middle_of_the_pieces_the_film_goes_on(died_at: str) -> None:
    pieces = ("one three", "seventeen", "two")
    expected = await film_of(order("x"), FakeStages(), read_piece=Script(*pieces).read)
    checkpoints = FakeCheckpoints()
    fault = InvalidInput(Reason.FIELD_INVALID, "x")
    first, again = FakeStages(fail={died_at: fault}), FakeStages()
    with pytest.raises(InvalidInput):
        await film_of(order("x"), first, checkpoints, read_piece=Script(*pieces).read)
    kept = set(checkpoints.again()._kept)
    film = await film_of(order("x"), again, checkpoints.again(), read_piece=Script(*pieces).read)
    assert film == expected
    assert not (kept - {"cut"}) & set(again.calls)
    assert again.calls.count("cut") == 3 - sum(name.startswith("cut") for name in kept)
    assert again.rendered_from.items() <= {0: 0, 1: 3, 2: 8, 3: 17}.items()


async def test_a_script_that_nobody_writes_on_after_a_crash_ends_where_it_was() -> None:
    checkpoints, stages = FakeCheckpoints(), FakeStages()
    script = Script("a", "bb", complete=False)
    making = asyncio.create_task(film_of(order("x"), stages, checkpoints, read_piece=script.read))
    await stages.called("join-1")
    making.cancel()
    await asyncio.gather(making, return_exceptions=True)
    again = FakeStages()
    film = await film_of(order("x"), again, checkpoints.again(), read_piece=Script("a", "bb").read)
    assert film.frames == 3
    assert again.calls == ["compose", "join-0", "join-1"]


async def test_after_a_crash_checkpoints_are_taken_in_the_same_order_however_pieces_come() -> None:
    slow, fast = FakeCheckpoints(), FakeCheckpoints()
    script, stages = Script("a", complete=False), FakeStages()
    making = asyncio.create_task(film_of(order("x"), stages, slow, read_piece=script.read))
    await stages.called("join-0")
    await script.write("b")
    await stages.called("join-1")
    await script.write("c", last=True)
    await making
    await film_of(order("x"), FakeStages(), fast, read_piece=Script("a", "b", "c").read)
    assert fast.taken == slow.taken


async def test_a_piece_that_cannot_be_cut_stops_everything() -> None:
    class Picky(FakeStages):
        async def cut(self, order: Order, report: Report) -> CutScript:
            if order.spec.text == "bad":
                raise InvalidInput(Reason.TEXT_EMPTY, "bad")
            return await super().cut(order, report)

    stages = Picky(hold={"render-0": asyncio.Event()})
    with pytest.raises(InvalidInput):
        await film_of(order("x"), stages, read_piece=Script("a", "bad").read)
    assert "join-0" not in stages.calls


async def test_cancelling_ends_the_wait_for_the_rest_of_a_script() -> None:
    stages, script = FakeStages(), Script("a", complete=False)
    making = asyncio.create_task(film_of(order("a"), stages, read_piece=script.read))
    await stages.called("join-0")
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    assert "compose" in stages.calls
