"""What is shown of segments before they are rendered: kept, shown once, and gone on after."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from s2v.core.captions import Caption, CaptionChoice, CaptionFiles
from s2v.core.finishing import Finish
from s2v.core.job import Film, JobSpec, Order, Reel
from s2v.core.ports import Continuity
from s2v.core.stages import Media, MediaSink
from s2v.testing.fakes_stages import FakeCheckpoints, FakeStages, artifact_of
from s2v_gateway.film.reels import KeptReels
from s2v_gateway.film.workflow import make_film


def order(text: str) -> Order:
    spec = JobSpec(text=text, frame_rate=25)
    reference = artifact_of("x", "image/jpeg")
    return Order("0" * 32, spec, reference, None, Continuity.INDEPENDENT)


async def film_of(
    order_: Order,
    stages: FakeStages,
    checkpoints: FakeCheckpoints | None = None,
    *,
    reels: KeptReels | None = None,
    media: MediaSink | None = None,
) -> Film:
    return await make_film(
        order_,
        stages,
        checkpoints or FakeCheckpoints(),
        lambda _: None,
        read_piece=None,
        media=media,
        reels=reels,
        write_captions=no_captions,
        parallel_takes=4,
    )


async def no_captions(captions: Sequence[Caption]) -> CaptionFiles:
    raise AssertionError(captions)


async def test_media_goes_to_whoever_watches_live() -> None:
    seen: list[Media] = []

    async def keep(media: Media) -> None:
        seen.append(media)

    await film_of(order("a b"), FakeStages(), media=keep)
    assert [media.offset for media in seen] == [0, 1]


class FakeReels:
    """Keeps reels in memory, but for those whose bytes have gone, by segment and first frame."""

    def __init__(self, gone: tuple[int, int] | None = None) -> None:
        self.of: dict[int, list[Reel]] = {}
        self._gone = gone

    async def kept(self) -> Mapping[int, Sequence[Reel]]:
        return {segment: list(reels) for segment, reels in self.of.items()}

    async def keep(self, segment: int, reel: Reel) -> bool:
        if (segment, reel.first_frame) == self._gone:
            return False
        self.of.setdefault(segment, []).append(reel)
        return True


def joined(stages: FakeStages) -> list[str]:
    return [call.removeprefix("join-") for call in stages.calls if call.startswith("join-")]


async def test_reels_are_joined_while_their_take_goes_on() -> None:
    hold = asyncio.Event()
    stages = FakeStages(hold={"render-0": hold})
    making = asyncio.create_task(film_of(order("abc de"), stages, reels=FakeReels()))
    await stages.called("join-0-1")
    assert joined(stages) == ["0-0", "0-1"]
    hold.set()
    film = await making
    # What is finished when its turn has come needs no reels.
    assert [call for call in joined(stages) if "-" not in call] == ["0", "1"]
    assert film.frames == 5


async def test_after_a_crash_a_take_goes_on_after_the_reels_that_were_shown() -> None:
    checkpoints, reels = FakeCheckpoints(), FakeReels()
    stages = FakeStages(hold={"render-0": asyncio.Event()})
    making = asyncio.create_task(film_of(order("abcd e"), stages, checkpoints, reels=reels))
    await stages.called("join-0-2")
    making.cancel()
    await asyncio.gather(making, return_exceptions=True)
    before = list(reels.of[0])

    hold = asyncio.Event()
    again = FakeStages(hold={"render-0": hold})
    making = asyncio.create_task(film_of(order("abcd e"), again, checkpoints.again(), reels=reels))
    await again.called("join-0-2")
    assert again.rendered[0] == before
    assert reels.of[0] == before
    hold.set()
    assert (await making).frames == 5
    assert joined(again)[:3] == ["0-0", "0-1", "0-2"]


async def test_a_reel_whose_bytes_have_gone_and_all_after_it_are_left_to_the_clip() -> None:
    hold = asyncio.Event()
    reels = FakeReels(gone=(0, 1))
    stages = FakeStages(hold={"render-0": hold})
    making = asyncio.create_task(film_of(order("abcd"), stages, reels=reels))
    await stages.called("render-0")
    await stages.called("join-0-0")
    hold.set()
    assert (await making).frames == 4
    assert joined(stages) == ["0-0", "0"]
    assert [reel.first_frame for reel in reels.of[0]] == [0]


@pytest.mark.parametrize(
    "changed", [{"finish": Finish(sharpen=True)}, {"captions": CaptionChoice(burnt_in=True)}]
)
async def test_pictures_that_are_encoded_anew_are_not_shown_in_reels(
    changed: dict[str, Any],
) -> None:
    reels, stages = FakeReels(), FakeStages()
    plain = order("abc")
    film = asyncio.create_task(
        film_of(replace(plain, spec=replace(plain.spec, **changed)), stages, reels=reels)
    )
    await stages.called("join-0")
    film.cancel()
    await asyncio.gather(film, return_exceptions=True)
    assert not reels.of
    assert joined(stages) == ["0"]
