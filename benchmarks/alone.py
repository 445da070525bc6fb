"""A film by the services' cores in this process, one segment after the other.

Import it before NumPy: NumPy's threads then are as many as the workers of the service have.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from pathlib import Path

from s2v.core.artifact import WAV, Artifact
from s2v.core.ports import Engine, Preset, Size
from s2v.core.script import Speech
from s2v.media.pcm import wav_bytes
from s2v.media.video import H264
from s2v.store.artifacts import FsspecStore
from s2v_compositor.composing import FilmWriter, WrittenFilm
from s2v_render.engines.portrait.engine import PortraitEngine
from s2v_render.planning import find_preset
from s2v_render.rendering import ClipRendered, RenderOrder, render_segment
from s2v_tts.backends.embedded import EmbeddedBackend
from s2v_tts.cutting import cut_script_text
from s2v_tts.speaking import SpokenSegment, speak_text

FPS = 25
_THREADS = 2


class Alone:
    """Speaks, renders, encodes and joins without a service.

    Args:
        folder: where the store and the film lie.
        engine: renders; by default a new `PortraitEngine`.
    """

    def __init__(self, folder: Path, engine: Engine | None = None) -> None:
        self._folder = folder
        self._store = FsspecStore(str(folder / "store"))
        self._backend = EmbeddedBackend()
        self._engine = engine or PortraitEngine()

    def film(
        self, text: str, portrait: Path, size: Size, *, seed: int = 0, preset: str = ""
    ) -> WrittenFilm:
        """Make a film of a text of any length; the one before is overwritten."""
        path = self._folder / "film.mp4"
        path.unlink(missing_ok=True)
        reference = self._store.put(portrait, "image/jpeg")
        quality = find_preset(preset, self._engine.capabilities, engine="alone")
        first_frame = 0
        with FilmWriter(path, FPS) as writer:
            for segment in cut_script_text(text, max_characters=len(text)):
                *_, spoken = speak_text(self._backend, segment.text, voice="heart", frame_rate=FPS)
                assert isinstance(spoken, SpokenSegment)
                audio = self._store.put([wav_bytes(spoken.pcm)], WAV)
                order = order_of(spoken, audio, reference, size, quality, seed, first_frame)
                *_, clip = render_segment(self._engine, order, self._store, threads=_THREADS)
                assert isinstance(clip, ClipRendered)
                with self._store.local(clip.video) as video, self._store.open(audio) as sound:
                    for _ in writer.add(video, sound, clip.frames):
                        pass
                first_frame += clip.frames
            for _ in writer.finish():
                pass
        return writer.film


def order_of(
    spoken: SpokenSegment,
    audio: Artifact,
    reference: Artifact,
    size: Size,
    preset: Preset,
    seed: int,
    first_frame: int,
) -> RenderOrder:
    """Return the order of a segment for the portrait engine."""
    return RenderOrder(
        engine="portrait",
        quality=H264(preset.encoder_preset, preset.crf),
        speech=Speech(audio, len(spoken.pcm), spoken.words, spoken.phonemes, spoken.cues),
        reference=reference,
        frame_rate=FPS,
        size=size,
        seed=seed,
        first_frame=first_frame,
        preset=preset.name,
    )
