"""Orders of segments for the fake engine, and what comes of them."""

import numpy as np

from s2v.core.artifact import WAV
from s2v.core.ports import Size
from s2v.core.script import Mark, Speech
from s2v.media.pcm import wav_bytes
from s2v.media.video import H264, decode_frames
from s2v.testing.fakes_render import FakeEngine, FakeScript, fake_reference, frame_of
from s2v.testing.fakes_store import InMemoryStore
from s2v_render.rendering import ClipRendered, RenderEvent, RenderOrder, render_segment

FRAME_SAMPLES = 1920
SIZE = Size(64, 48)


def an_order(
    store: InMemoryStore, *, frames: int = 60, script: FakeScript | None = None
) -> RenderOrder:
    pcm = np.zeros(frames * FRAME_SAMPLES, np.int16)
    audio = store.put([wav_bytes(pcm)], WAV)
    return RenderOrder(
        speech=Speech(audio, len(pcm), phonemes=(Mark("a", 0, 4800),)),
        reference=store.put([fake_reference(script=script)], "image/png"),
        engine="fake",
        frame_rate=25,
        size=SIZE,
        quality=H264("superfast", 26),
    )


def events_of(order: RenderOrder, store: InMemoryStore) -> list[RenderEvent]:
    return list(render_segment(FakeEngine(), order, store))


def decoded(clip: ClipRendered, store: InMemoryStore) -> list[int]:
    with store.local(clip.video) as path:
        return [frame_of(picture) for picture in decode_frames(path)]
