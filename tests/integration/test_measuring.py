"""MeasureFilm on a running compositor."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from s2v.api.compositor.v1 import compositor_service_pb2, compositor_service_pb2_grpc
from s2v.core.artifact import MP4, WAV, Artifact
from s2v.core.errors import Cancelled, InvalidInput, NotFound, Reason, S2VError
from s2v.core.job import LipSyncMeasurement
from s2v.core.script import LipCues, Mark, Speech
from s2v.core.timebase import samples_per_frame
from s2v.media.video import ClipEncoder
from s2v.rpc.channel import connect
from s2v.rpc.convert import (
    artifact_to_proto,
    measurement_from_proto,
    measurement_to_proto,
    speech_to_proto,
)
from s2v.rpc.errors import from_rpc_error
from s2v.rpc.server import Server
from s2v.testing.fakes_store import InMemoryStore
from s2v_compositor import servicer
from s2v_compositor.measuring import joined_phonemes, measure_film
from s2v_compositor.servicer import CompositorServicer

FPS = 25
SPF = samples_per_frame(FPS)
PORTRAIT = Path("libs/s2v/samples/portrait.jpg")
NO_AUDIO = Artifact("0" * 64, 0, WAV)
Stub = compositor_service_pb2_grpc.CompositorServiceStub


@pytest.fixture
def store() -> InMemoryStore:
    return InMemoryStore()


@pytest.fixture
async def compositor(store: InMemoryStore, tmp_path: Path) -> AsyncIterator[Any]:
    server = Server("127.0.0.1:0", ["s2v.api.compositor.v1.CompositorService"])
    compositor_service_pb2_grpc.add_CompositorServiceServicer_to_server(
        CompositorServicer(store, tmp_path), server.grpc
    )
    await server.start()
    async with connect(server.address) as channel:
        yield Stub(channel)
    await server.stop(0)


def in_two(spoken: Any) -> list[Speech]:
    """The speech of a film of two segments."""
    border = len(spoken.pcm) // SPF // 2 * SPF
    first = tuple(mark for mark in spoken.phonemes if mark.end_sample <= border)
    later = tuple(
        Mark(mark.label, mark.first_sample - border, mark.end_sample - border)
        for mark in spoken.phonemes
        if mark.first_sample >= border
    )
    return [
        Speech(NO_AUDIO, border, phonemes=first, cues=LipCues.PHONEMES),
        Speech(NO_AUDIO, len(spoken.pcm) - border, phonemes=later, cues=LipCues.PHONEMES),
    ]


def request(
    film: Artifact, speeches: list[Speech], reference: Artifact | None = None, fps: int = FPS
) -> compositor_service_pb2.MeasureFilmRequest:
    return compositor_service_pb2.MeasureFilmRequest(
        film=artifact_to_proto(film),
        frame_rate=fps,
        speeches=map(speech_to_proto, speeches),
        reference=artifact_to_proto(reference) if reference else None,
    )


async def failure(call: Any) -> S2VError:
    with pytest.raises(grpc.RpcError) as caught:
        await call
    return from_rpc_error(caught.value)


def spoken_a() -> Speech:
    return Speech(NO_AUDIO, 5 * SPF, phonemes=(Mark("a", 0, 5 * SPF),), cues=LipCues.PHONEMES)


def test_phonemes_of_one_segment_follow_those_of_the_one_before() -> None:
    joined = joined_phonemes([spoken_a(), spoken_a()])
    assert joined == [Mark("a", 0, 5 * SPF), Mark("a", 5 * SPF, 10 * SPF)]


async def test_a_film_is_measured_over_all_its_segments(
    compositor: Any, store: InMemoryStore, filmed: Any, spoken: Any
) -> None:
    film = store.put(filmed.path, MP4)
    reference = store.put(PORTRAIT, "image/jpeg")
    response = await compositor.MeasureFilm(request(film, in_two(spoken), reference))
    found = response.lip_sync
    assert found.frames == len(spoken.pcm) // SPF
    assert found.opening_correlation >= 0.8
    assert found.closure_recall == 1.0
    assert found.HasField("sharpness_ratio")


async def test_only_what_the_speeches_cover_is_measured(
    compositor: Any, store: InMemoryStore, filmed: Any, spoken: Any
) -> None:
    film = store.put(filmed.path, MP4)
    [first, _] = in_two(spoken)
    found = (await compositor.MeasureFilm(request(film, [first]))).lip_sync
    assert found.frames == first.samples // SPF
    assert found.opening_correlation >= 0.75
    assert not found.HasField("sharpness_ratio")


async def test_what_cannot_be_measured_is_refused(
    compositor: Any, store: InMemoryStore, tmp_path: Path
) -> None:
    clip = tmp_path / "grey.mp4"
    with ClipEncoder(clip, width=64, height=64, frame_rate=FPS) as encoder:
        encoder.write(np.full((5, 64, 64, 3), 128, np.uint8))
    grey = store.put(clip, MP4)
    broken = store.put([b"no film"], MP4)
    silent = Speech(NO_AUDIO, 5 * SPF)
    missing = Artifact("1" * 64, 1, MP4)
    cases = [
        (request(grey, [spoken_a()]), Reason.FACE_NOT_FOUND, "film"),
        (request(broken, [spoken_a()]), Reason.VIDEO_UNREADABLE, "film"),
        (request(grey, [silent]), Reason.FIELD_INVALID, "speeches"),
        (request(grey, []), Reason.FIELD_INVALID, "speeches"),
        (request(grey, [spoken_a()], fps=7), Reason.FIELD_INVALID, "frame_rate"),
        (compositor_service_pb2.MeasureFilmRequest(frame_rate=FPS), Reason.FIELD_INVALID, "film"),
    ]
    for asked, reason, field in cases:
        error = await failure(compositor.MeasureFilm(asked))
        assert isinstance(error, InvalidInput)
        assert (error.reason, error.field) == (reason, field)
    error = await failure(compositor.MeasureFilm(request(missing, [spoken_a()])))
    assert isinstance(error, NotFound)


def test_measuring_ends_at_the_next_frame_when_it_is_cancelled(
    store: InMemoryStore, filmed: Any, spoken: Any
) -> None:
    stopped = threading.Event()
    stopped.set()
    with pytest.raises(Cancelled):
        measure_film(
            store,
            store.put(filmed.path, MP4),
            in_two(spoken),
            frame_rate=FPS,
            reference=None,
            stopped=stopped,
        )


async def test_a_cancelled_call_makes_way_for_the_next_one(
    compositor: Any, store: InMemoryStore, filmed: Any, spoken: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ends = threading.Event(), []

    def watched(*args: Any, stopped: threading.Event, **options: Any) -> LipSyncMeasurement:
        begun.set()
        if not ends:
            stopped.wait(60)
        try:
            found = measure_film(*args, stopped=stopped, **options)
        except Cancelled:
            ends.append("cancelled")
            raise
        ends.append("measured")
        return found

    monkeypatch.setattr(servicer, "measure_film", watched)
    film = store.put(filmed.path, MP4)
    calls = [asyncio.create_task(whole(compositor, film, spoken)) for _ in range(3)]
    await asyncio.to_thread(begun.wait)
    for call in calls:
        call.cancel()
    found = (await compositor.MeasureFilm(request(film, [spoken_a()]))).lip_sync
    assert found.frames == 5
    assert (set(ends[:-1]), ends[-1]) == ({"cancelled"}, "measured")


async def whole(compositor: Any, film: Artifact, spoken: Any) -> Any:
    return await compositor.MeasureFilm(request(film, in_two(spoken)))


@pytest.mark.parametrize("measured", [None, 0.5])
def test_a_measurement_survives_the_wire(measured: float | None) -> None:
    found = LipSyncMeasurement(
        frames=200,
        face_share=0.5,
        opening_correlation=-0.25,
        best_correlation=0.75,
        lag_milliseconds=-40.5,
        closures=3,
        closure_recall=1.0,
        rounded_over_wide=0.875,
        sharpness_ratio=measured,
        identity_distance=measured,
    )
    assert measurement_from_proto(measurement_to_proto(found)) == found
