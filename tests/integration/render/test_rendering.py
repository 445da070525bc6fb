import tempfile
from collections.abc import Generator, Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import BinaryIO

import numpy as np
import pytest

from render_orders import FRAME_SAMPLES, SIZE, an_order, decoded, events_of
from s2v.core.artifact import MP4, WAV, Artifact
from s2v.core.errors import Exhausted, InvalidInput, NotFound, Reason
from s2v.core.ports import Capabilities, Continuity, Frames, Notice, State, Take, Working
from s2v.core.sampling import Sampling, Solver
from s2v.media.video import ClipEncoder
from s2v.testing.fakes_render import (
    BATCH_FRAMES,
    COLOURS,
    FakeEngine,
    FakeScript,
)
from s2v.testing.fakes_store import InMemoryStore
from s2v_render.rendering import (
    ClipRendered,
    PreviewShown,
    RenderProgress,
    render_segment,
)


@pytest.fixture(autouse=True)
def temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def store() -> InMemoryStore:
    return InMemoryStore()


def test_the_clip_comes_last_and_has_every_frame_in_order(store: InMemoryStore) -> None:
    *_, clip = events_of(an_order(store), store)

    assert isinstance(clip, ClipRendered)
    assert (clip.frames, clip.width_pixels, clip.height_pixels) == (60, 64, 48)
    assert clip.state is None
    assert decoded(clip, store) == list(range(60))


def test_progress_counts_every_batch_up_to_the_end(store: InMemoryStore) -> None:
    events = events_of(an_order(store, frames=10), store)
    progress = [event for event in events if isinstance(event, RenderProgress)]

    assert progress == [RenderProgress(done, 10) for done in (BATCH_FRAMES, 2 * BATCH_FRAMES, 10)]


def test_a_preview_is_shown_for_each_second_counted_from_the_start_of_the_film(
    store: InMemoryStore,
) -> None:
    events = events_of(replace(an_order(store), first_frame=1_000), store)
    previews = [event for event in events if isinstance(event, PreviewShown)]

    assert [preview.frame for preview in previews] == [1_000, 1_025, 1_050]
    assert all(preview.jpeg.startswith(b"\xff\xd8") for preview in previews)


def test_a_notice_is_passed_on_before_progress(store: InMemoryStore) -> None:
    assert isinstance(events_of(an_order(store), store)[0], Notice)


def test_equal_orders_make_one_clip(store: InMemoryStore) -> None:
    order = an_order(store)

    assert events_of(order, store)[-1] == events_of(order, store)[-1]


def test_a_sequential_engine_leaves_a_state_and_starts_from_one(store: InMemoryStore) -> None:
    seen: list[bytes | None] = []

    class Sequential(FakeEngine):
        def render(self, take: Take) -> Generator[Frames | Notice | Working | State]:
            seen.append(take.state)
            return super().render(take)

    engine = Sequential(Continuity.SEQUENTIAL)
    order = an_order(store)
    *_, first = render_segment(engine, order, store)
    assert isinstance(first, ClipRendered)
    assert first.state is not None
    assert store.blobs[first.state.sha256] == b"60"

    list(render_segment(engine, replace(order, state=first.state), store))
    assert seen == [None, b"60"]


def test_the_clip_is_finished_while_the_engine_makes_what_it_leaves_behind(
    store: InMemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished = Event()
    close = ClipEncoder.close

    def told(encoder: ClipEncoder) -> None:
        close(encoder)
        finished.set()

    class Patient(FakeEngine):
        def render(self, take: Take) -> Generator[Frames | Notice | Working | State]:
            yield from super().render(take)
            assert finished.wait(60)

    monkeypatch.setattr(ClipEncoder, "close", told)
    *_, clip = render_segment(Patient(), an_order(store), store)

    assert isinstance(clip, ClipRendered)
    assert decoded(clip, store) == list(range(60))


def test_the_engine_is_told_everything(store: InMemoryStore) -> None:
    takes: list[Take] = []
    poses: list[bytes] = []

    class Curious(FakeEngine):
        def render(self, take: Take) -> Generator[Frames | Notice | Working | State]:
            takes.append(take)
            assert take.pose is not None
            poses.append(take.pose.read_bytes())
            return super().render(take)

    pose = store.put([b"a video"], MP4)
    sampling = Sampling(steps=4, guidance=1.0, shift=3.0, solver=Solver.EULER)
    directions = {"preset": "draft", "prompt": "a person", "negative_prompt": "blur"}
    order = replace(
        an_order(store), first_frame=7, seed=9, pose=pose, sampling=sampling, **directions
    )
    *_, clip = render_segment(Curious(), order, store)

    (take,) = takes
    assert len(take.pcm) == order.speech.samples
    assert take.phonemes == order.speech.phonemes
    assert take.reference_sha256 == order.reference.sha256
    assert (take.first_frame, take.seed, take.size) == (7, 9, SIZE)
    assert (take.preset, take.prompt, take.negative_prompt) == ("draft", "a person", "blur")
    assert take.sampling == sampling
    assert poses == [b"a video"]
    assert isinstance(clip, ClipRendered)
    assert decoded(clip, store)[0] == 16 % COLOURS


def test_an_engine_at_work_makes_no_progress_and_can_be_closed(store: InMemoryStore) -> None:
    closed: list[bool] = []

    class Thinking(FakeEngine):
        def render(self, take: Take) -> Generator[Frames | Notice | Working | State]:
            try:
                while True:
                    yield Working()
            finally:
                closed.append(True)

    events = render_segment(Thinking(), an_order(store, frames=8), store)
    assert [next(events) for _ in range(3)] == [RenderProgress(0, 8)] * 3

    events.close()

    assert closed == [True]


def test_a_refused_reference_is_refused(store: InMemoryStore) -> None:
    with pytest.raises(InvalidInput) as refusal:
        events_of(an_order(store, script=FakeScript(refuse=True)), store)

    assert refusal.value.reason == Reason.FACE_NOT_FOUND


def test_a_speech_that_is_not_what_it_says_is_refused(store: InMemoryStore) -> None:
    order = an_order(store)

    for samples in (order.speech.samples - FRAME_SAMPLES, order.speech.samples + 1):
        with pytest.raises(InvalidInput) as refusal:
            events_of(replace(order, speech=replace(order.speech, samples=samples)), store)
        assert refusal.value.field == "speech.samples"


def test_missing_bytes_are_not_found(store: InMemoryStore) -> None:
    order = an_order(store)
    absent = Artifact("0" * 64, 1, WAV)

    for broken in (
        replace(order, reference=absent),
        replace(order, speech=replace(order.speech, audio=absent)),
        replace(order, state=absent),
        replace(order, pose=absent),
    ):
        with pytest.raises(NotFound):
            events_of(broken, store)


@pytest.mark.parametrize(
    "batches",
    [
        [np.zeros((59, 48, 64, 3), np.uint8)],
        [np.zeros((61, 48, 64, 3), np.uint8)],
        [np.zeros((60, 64, 48, 3), np.uint8)],
        [np.zeros((60, 48, 64, 3), np.float32)],
    ],
    ids=["too few", "too many", "another size", "another type"],
)
def test_an_engine_that_breaks_its_promise_fails_the_take(
    store: InMemoryStore, batches: list[np.ndarray]
) -> None:
    class Broken:
        capabilities: Capabilities = FakeEngine().capabilities

        def render(self, take: Take) -> Generator[Frames | Notice | Working | State]:
            yield from map(Frames, batches)

    order = an_order(store)
    stored = set(store.blobs)
    with pytest.raises(RuntimeError, match="frames"):
        list(render_segment(Broken(), order, store))
    assert set(store.blobs) == stored


def test_closing_early_closes_the_engine_and_leaves_nothing(
    store: InMemoryStore, temporary_files: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("fake")
    order = an_order(store, frames=500, script=FakeScript(str(folder)))
    stored = set(store.blobs)
    events = render_segment(FakeEngine(), order, store)
    while not isinstance(next(events), RenderProgress):
        pass

    events.close()

    assert (folder / "closed").exists()
    assert set(store.blobs) == stored
    assert not list(temporary_files.iterdir())


def test_a_broken_encoder_fails_the_take_and_closes_the_engine(
    store: InMemoryStore,
    monkeypatch: pytest.MonkeyPatch,
    temporary_files: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("fake")
    order = an_order(store, frames=500, script=FakeScript(str(folder)))

    def fail(*_: object) -> None:
        raise OSError("broken pipe")

    monkeypatch.setattr("s2v_render.encoding.ClipEncoder.write", fail)
    monkeypatch.setattr("s2v_render.encoding._MAX_UNENCODED_BYTES", 0)
    with pytest.raises(OSError, match="broken pipe"):
        events_of(order, store)

    assert (folder / "closed").exists()
    assert not list(temporary_files.iterdir())


def test_a_full_store_fails_the_take_and_leaves_nothing(temporary_files: Path) -> None:
    class FullStore:
        def __init__(self, inner: InMemoryStore) -> None:
            self._inner = inner

        def put(self, data: Path | Iterable[bytes], media_type: str) -> Artifact:
            raise Exhausted(Reason.STORAGE_FULL, "full")

        def open(self, artifact: Artifact) -> BinaryIO:
            return self._inner.open(artifact)

        def stat(self, sha256: str) -> int | None:
            return self._inner.stat(sha256)

        def local(self, artifact: Artifact) -> AbstractContextManager[Path]:
            return self._inner.local(artifact)

    inner = InMemoryStore()
    order = an_order(inner)

    with pytest.raises(Exhausted):
        list(render_segment(FakeEngine(), order, FullStore(inner)))
    assert not list(temporary_files.iterdir())
