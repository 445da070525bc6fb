"""Reels of a take: what watchers are shown of a clip while it is rendered."""

import asyncio
import os
import signal
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from render_orders import an_order, decoded, events_of
from render_studio import Studio, begun, slowly
from s2v.api.common.v1 import clip_pb2
from s2v.core.artifact import MP4
from s2v.core.errors import InvalidInput
from s2v.core.job import Reel
from s2v.core.ports import Frames, Notice, State, Take, Working
from s2v.media.opening import open_media
from s2v.rpc.convert import reel_from_proto
from s2v.store.artifacts import FsspecStore
from s2v.testing.fakes_render import BATCH_FRAMES, FakeEngine
from s2v.testing.fakes_store import InMemoryStore
from s2v_render.rendering import ClipRendered, RenderProgress, render_segment


def packets(store: InMemoryStore | FsspecStore, reel: Reel | ClipRendered) -> list[bytes]:
    with store.local(reel.video) as path, open_media(path) as source:
        return [bytes(packet) for packet in source.demux(video=0) if packet.size]


def are_whole_seconds(reels: Sequence[Reel]) -> bool:
    """Tell whether reels follow one another; the last ones before the clip may be left out."""
    spans = [(reel.first_frame, reel.frames) for reel in reels]
    return bool(reels) and spans == [(25 * index, 25) for index in range(len(reels))]


def test_reels_are_the_whole_seconds_of_the_same_clip() -> None:
    store = InMemoryStore()
    order = an_order(store)
    *_, plain = events_of(order, store)
    events = events_of(replace(order, reels=True), store)

    assert events[-1] == plain
    assert isinstance(plain, ClipRendered)
    reels = [event for event in events if isinstance(event, Reel)]
    assert are_whole_seconds(reels)
    shown = [packet for reel in reels for packet in packets(store, reel)]
    assert shown == packets(store, plain)[: len(shown)]


def test_the_first_reel_is_out_before_another_batch_is_drawn() -> None:
    store = InMemoryStore()
    events = events_of(replace(an_order(store), reels=True), store)
    at = next(i for i, event in enumerate(events) if isinstance(event, Reel))

    drawn = -(-26 // BATCH_FRAMES) * BATCH_FRAMES
    assert events[at - 1] == RenderProgress(drawn, 60)


def test_a_reel_that_is_no_clip_is_refused() -> None:
    store = InMemoryStore()
    reel = Reel(store.put([b"no clip"], MP4), 0, 25)
    with pytest.raises(InvalidInput, match="a reel is not usable") as caught:
        events_of(replace(an_order(store), rendered=(reel,)), store)
    assert caught.value.field == "rendered"


def test_a_take_that_is_shorter_than_a_second_has_no_reels() -> None:
    store = InMemoryStore()
    order = an_order(store, frames=25)
    assert not [e for e in events_of(replace(order, reels=True), store) if isinstance(e, Reel)]


@pytest.mark.parametrize("shown", [1, 2])
def test_a_take_goes_on_after_what_was_shown_and_doubles_nothing(shown: int) -> None:
    store = InMemoryStore()
    order = replace(an_order(store, frames=103), reels=True)
    first = [event for event in events_of(order, store) if isinstance(event, Reel)]

    class Darker(FakeEngine):
        """Another worker, whose pictures are not quite the same."""

        def render(self, take: Take) -> Generator[Frames | Notice | Working | State]:
            for item in super().render(take):
                yield Frames(item.rgb - 9) if isinstance(item, Frames) else item

    again = replace(order, rendered=tuple(first[:shown]))
    *events, clip = render_segment(Darker(), again, store)

    assert isinstance(clip, ClipRendered)
    reels = [event for event in events if isinstance(event, Reel)]
    seen = [*first[:shown], *reels]
    assert are_whole_seconds(seen)
    assert decoded(clip, store) == [frame % 64 for frame in range(103)]
    bytes_seen = [packet for reel in seen for packet in packets(store, reel)]
    assert packets(store, clip)[: len(bytes_seen)] == bytes_seen


@pytest.mark.asyncio(loop_scope="module")
async def test_a_take_that_is_tried_again_goes_on_after_its_reels(
    studio: Studio, folder: Path
) -> None:
    call = aiter(studio.stub.Render(studio.request(slowly(folder), frames=250, reels=True)))
    reels: list[Reel] = []
    async for response in call:
        if response.HasField("reel"):
            reels.append(reel_from_proto(response.reel))
        if len(reels) == 1 and not (folder / "go").exists():
            os.kill(await begun(folder), signal.SIGKILL)
            (folder / "go").touch()

    assert response.clip.frames == 250
    assert studio.decoded(response.clip) == [frame % 64 for frame in range(250)]
    assert are_whole_seconds(reels)
    assert len(reels) > 5


@pytest.mark.asyncio(loop_scope="module")
async def test_cancelling_stops_a_take_with_reels(studio: Studio, folder: Path) -> None:
    call = studio.stub.Render(studio.request(slowly(folder), frames=250, reels=True))
    while not (await call.read()).HasField("reel"):
        pass
    call.cancel()
    await studio.until_idle()
    while not (folder / "closed").exists():  # noqa: ASYNC110 (it happens in another process)
        await asyncio.sleep(0.02)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("first", "frames"), [(1, 25), (0, 60), (0, 0)])
async def test_reels_that_cannot_be_are_refused(studio: Studio, first: int, frames: int) -> None:
    video = studio.store.put([b"a reel"], MP4)
    message = clip_pb2.Reel(first_frame=first, frames=frames)
    message.video.sha256, message.video.size_bytes = video.sha256, video.size_bytes
    message.video.media_type = video.media_type
    refusal = await studio.refusal(studio.request(rendered=[message]))
    assert isinstance(refusal, InvalidInput)
    assert refusal.field == "rendered[0]"
