"""How well the portrait engine's lips fit the sound, on every portrait of a folder.

Run it with `.venv/bin/python benchmarks/lips.py [FOLDER OF PORTRAITS]`; it prints Markdown for
benchmarks/results/. Every film is encoded, decoded and tracked anew; portraits are told apart by
what they show, not by name.
"""

import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import accumulate
from pathlib import Path

import cv2
import numpy as np
from voice_texts import SENTENCES

from s2v.core.errors import InvalidInput
from s2v.core.job import LipSyncMeasurement
from s2v.core.ports import Frames, Take
from s2v.core.script import Mark
from s2v.core.timebase import samples_per_frame
from s2v.face.arrays import Rgb
from s2v.face.detector import FaceDetector
from s2v.face.matte import PersonMatte
from s2v.face.mesh import FaceMesh
from s2v.face.tracking import FaceTracker, eye_distance, mouth_opening
from s2v.lipsync.loudness import loudness
from s2v.lipsync.meter import judge, observe
from s2v.lipsync.visemes import mouths_of_phonemes
from s2v.media.photo import read_photo
from s2v.media.playback import played
from s2v.media.video import H264, ClipEncoder
from s2v_render.engines.portrait.drawing import make_portrait
from s2v_render.engines.portrait.engine import PortraitEngine
from s2v_render.engines.portrait.head import head_of
from s2v_render.engines.portrait.motion import STILL
from s2v_render.engines.portrait.suitability.speaker import (
    DEFAULT_SUITABILITY,
    find_face_box,
    find_speaker,
)
from s2v_render.engines.reference.fitting import fitted
from s2v_tts.backends.embedded import EmbeddedBackend
from s2v_tts.cutting import cut_script_text
from s2v_tts.speaking import SpokenSegment, speak_text

PORTRAIT = Path("libs/s2v/samples/portrait.jpg")
TEXT = (
    "Nobody filmed me. My father bought a big balloon, and we see who moved the blue shoes to the "
    "beach. A voice tells when each sound begins. Would you keep a beautiful bee?"
)
OTHER_TEXTS = tuple(" ".join(SENTENCES[first : first + 4]) for first in (0, 4, 8))
VOICE = "heart"
FPS = 25
SEED = 0
CLOSED_GAP, CLEARLY_OPEN_GAP = 0.02, 0.06
TURNED_DEGREES = 15.0
HEAD = (
    *("portrait", "eyes px", "lag 0", "bar", "best at", "m b p", "oo / ee", "identity"),
    *("sharpness", "wrong sound", "margin", "head still"),
)


@dataclass(frozen=True, slots=True)
class Said:
    """A text as the voice speaks it: its segments, and the marks of the whole film."""

    segments: tuple[SpokenSegment, ...]
    marks: tuple[Mark, ...]


def main(folder: Path | None) -> None:
    """Print one row a portrait."""
    libraries = ("numpy", "opencv-python-headless", "onnxruntime", "av")
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ")
    print(", ".join(f"{name} {version(name)}" for name in libraries), "\n")
    backend = EmbeddedBackend()
    said, *others = (spoken(backend, text) for text in (TEXT, *OTHER_TEXTS))
    print(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
    for path in sorted(folder.glob("*.jpg")) if folder else [PORTRAIT]:
        try:
            cells = " | ".join(row(path, said, others))
        except InvalidInput as error:
            cells = f"refused: {error.reason.value}"
        print(f"| {cells} |", flush=True)


def row(path: Path, said: Said, others: Sequence[Said]) -> list[str]:
    """Make a portrait's film, measure it, and return its row."""
    photo = read_photo(path)
    with tempfile.TemporaryDirectory() as folder:
        film = filmed(path, said, Path(folder) / "film.mp4")
        seen = observe(played(film, FPS), frame_rate=FPS, reference=photo)
    found = judge(seen, said.marks)
    wrong = max(judge(seen, other.marks).opening_correlation for other in others)
    still = judge(observe(with_still_head(path, said), frame_rate=FPS), said.marks)
    kind, closed, eyes = described(photo)
    return [
        kind,
        f"{eyes:.0f}",
        f"{found.opening_correlation:.2f}",
        "0.85" if closed else "0.80",
        f"{found.lag_milliseconds:+.0f} ms",
        shut(found),
        f"{found.rounded_over_wide:.2f}",
        "-" if found.identity_distance is None else f"{found.identity_distance:.2f}",
        "-" if found.sharpness_ratio is None else f"{found.sharpness_ratio:.2f}",
        f"{wrong:.2f}",
        f"{found.opening_correlation - wrong:.2f}",
        f"{still.opening_correlation:.2f}",
    ]


def shut(found: LipSyncMeasurement) -> str:
    """Return on how many of the closures the lips were shut."""
    return f"{round(found.closures * found.closure_recall)} of {found.closures}"


def described(photo: Rgb) -> tuple[str, bool, float]:
    """Return what a portrait shows, whether its mouth is shut, and how far apart its eyes are."""
    found = FaceTracker().find(photo)
    assert found is not None, "the film of it was measured, so it has a face"
    gap = mouth_opening(found)
    words = ["closed" if gap < CLOSED_GAP else "open" if gap > CLEARLY_OPEN_GAP else "parted"]
    yaw = abs(head_of(found.points).yaw_degrees)
    if yaw > TURNED_DEGREES:
        words.append(f"turned by {yaw:.0f}°")
    return ", ".join(words), gap < CLOSED_GAP, eye_distance(found)


def spoken(backend: EmbeddedBackend, text: str) -> Said:
    """Speak a text as tts does, segment by segment."""
    segments = []
    for segment in cut_script_text(text):
        *_, done = speak_text(backend, segment.text, voice=VOICE, frame_rate=FPS)
        assert isinstance(done, SpokenSegment)
        segments.append(done)
    starts = accumulate((len(segment.pcm) for segment in segments), initial=0)
    marks = (
        replace(mark, first_sample=mark.first_sample + start, end_sample=mark.end_sample + start)
        for segment, start in zip(segments, starts, strict=False)
        for mark in segment.phonemes
    )
    return Said(tuple(segments), tuple(marks))


def filmed(path: Path, said: Said, film: Path) -> Path:
    """Write the film of a portrait at its own size, as the engine renders it."""
    engine = PortraitEngine()
    first_frame, clip = 0, None
    for segment in said.segments:
        take = Take(segment.pcm, segment.phonemes, path, path.name, "image/jpeg", FPS, seed=SEED)
        for made in engine.render(replace(take, first_frame=first_frame)):
            if isinstance(made, Frames):
                clip = clip or encoder(film, made.rgb)
                clip.write(made.rgb)
        first_frame += len(segment.pcm) // samples_per_frame(FPS)
    assert clip is not None
    clip.close()
    return film


def encoder(film: Path, rgb: Rgb) -> ClipEncoder:
    """Return an encoder for pictures of that size, at the quality films have by default."""
    height, width = rgb.shape[1:3]
    quality = H264()
    return ClipEncoder(film, width=width, height=height, frame_rate=FPS, quality=quality, threads=2)


def with_still_head(path: Path, said: Said) -> Iterator[Rgb]:
    """Yield the frames of a portrait that only moves its mouth, not encoded."""
    detector, mesh, suitability = FaceDetector(), FaceMesh(), DEFAULT_SUITABILITY
    cv2.setNumThreads(2)
    picture = fitted(
        read_photo(path),
        None,
        find_face=lambda p: find_face_box(p, detector, mesh, suitability=suitability),
    )
    points = find_speaker(picture, detector, mesh, suitability=suitability).landmarks.points
    alpha = PersonMatte().cut_around(picture, points, head_of(points).eye_distance)
    portrait = make_portrait(picture, points, alpha)
    for segment in said.segments:
        frames = len(segment.pcm) // samples_per_frame(FPS)
        level = loudness(segment.pcm)
        for mouth in mouths_of_phonemes(segment.phonemes, level, frames=frames, frame_rate=FPS):
            drawn = np.empty_like(picture)
            portrait.draw(mouth, STILL, drawn)
            yield drawn


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else None)
