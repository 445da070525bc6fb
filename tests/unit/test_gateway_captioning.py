"""The captions of a film in the making: told in time, the same after a crash, none unasked."""

import asyncio
from collections.abc import Sequence

from s2v.core.captions import (
    NO_FILES,
    SUBRIP,
    WEBVTT,
    Caption,
    CaptionChoice,
    CaptionFiles,
    SegmentCaptions,
)
from s2v.core.job import Film, JobSpec, Order
from s2v.core.ports import Continuity
from s2v.core.script import Segment, Speech
from s2v.core.stages import Happening
from s2v.testing.fakes_stages import FakeCheckpoints, FakeStages, artifact_of
from s2v_gateway.film.captioning import Captioner
from s2v_gateway.film.workflow import make_film

TEXT = "abcdefghij klmnopqrst"
"""Of which the fake stages make two segments of ten frames each."""


async def written(captions: Sequence[Caption]) -> CaptionFiles:
    return CaptionFiles(artifact_of(repr(captions), SUBRIP), artifact_of("", WEBVTT))


async def film_of(
    stages: FakeStages,
    checkpoints: FakeCheckpoints,
    happened: list[Happening],
    choice: CaptionChoice | None = CaptionChoice(language="en"),  # noqa: B008
) -> Film:
    spec = JobSpec(text=TEXT, frame_rate=25, captions=choice)
    reference = artifact_of("x", "image/jpeg")
    return await make_film(
        Order("0" * 32, spec, reference, None, Continuity.INDEPENDENT),
        stages,
        checkpoints,
        happened.append,
        read_piece=None,
        media=None,
        reels=None,
        write_captions=written,
        parallel_takes=4,
    )


def told(happened: list[Happening]) -> list[SegmentCaptions]:
    return [one for one in happened if isinstance(one, SegmentCaptions)]


async def test_captions_are_told_as_segments_are_spoken_and_count_from_the_films_start() -> None:
    hold = asyncio.Event()
    stages = FakeStages(hold={"render-0": hold})
    happened: list[Happening] = []
    making = asyncio.create_task(film_of(stages, FakeCheckpoints(), happened))
    await stages.called("render-1")
    first, second = told(happened)
    hold.set()
    film = await making
    assert [one.caption_segment for one in (first, second)] == [0, 1]
    assert [caption.lines for caption in first.captions] == [("abcdefghij",)]
    assert 0 <= first.captions[0].first_sample < first.captions[0].end_sample <= 8 * 1_920
    assert 10 * 1_920 <= second.captions[0].first_sample < second.captions[0].end_sample
    assert film.captions.subrip == artifact_of(repr([*first.captions, *second.captions]), SUBRIP)


async def test_captions_are_the_same_after_a_crash_and_written_once() -> None:
    kept, before, after = FakeCheckpoints(), list[Happening](), list[Happening]()
    first = await film_of(FakeStages(), kept, before)
    again = await film_of(FakeStages(), kept.again(), after)
    assert again == first
    assert kept.taken[-1] == "captions"
    assert told(after) == told(before)


async def test_who_asks_for_no_captions_has_none_and_takes_no_step_for_them() -> None:
    checkpoints, happened = FakeCheckpoints(), list[Happening]()
    film = await film_of(FakeStages(), checkpoints, happened, None)
    assert film.captions == NO_FILES
    assert "captions" not in checkpoints.taken
    assert told(happened) == []


async def test_captions_show_what_is_written_and_no_marks() -> None:
    text = '## Wait<break/> for [**my**](http://a.com) <sub alias="doctor">Dr</sub> [pause 1s]'
    segment, speech = Segment(0, text=text), Speech(artifact_of("", "audio/wav"), 96_000, (), ())
    order = Order(
        "0" * 32,
        JobSpec(text=text, frame_rate=25, captions=CaptionChoice(language="en")),
        artifact_of("x", "image/jpeg"),
        None,
        Continuity.INDEPENDENT,
    )
    captioner = Captioner(order)
    await captioner.cut([segment])
    [told] = await captioner.spoken(segment, speech, first_sample=0)
    assert isinstance(told, SegmentCaptions)
    assert [caption.lines for caption in told.captions] == [("Wait for my Dr",)]
