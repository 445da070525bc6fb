"""The render engine `portrait`: a photograph speaks, on a CPU, with weights inside the package."""

from collections import OrderedDict
from collections.abc import Generator
from dataclasses import dataclass

import cv2
import numpy as np

from s2v.core.ports import Capabilities, Continuity, Frames, Notice, Size, State, Take
from s2v.core.timebase import FRAME_RATES, samples_per_frame
from s2v_render.engines.portrait.arrays import Floats, Rgb
from s2v_render.engines.portrait.detector import FaceDetector
from s2v_render.engines.portrait.head import head_of
from s2v_render.engines.portrait.loudness import loudness
from s2v_render.engines.portrait.matte import PersonMatte
from s2v_render.engines.portrait.mesh import FaceMesh
from s2v_render.engines.portrait.motion import motions
from s2v_render.engines.portrait.phones import Mouth
from s2v_render.engines.portrait.portrait import Portrait, make_portrait
from s2v_render.engines.portrait.reference import MAX_LONG_SIDE, fitted, read_photo
from s2v_render.engines.portrait.speaker import (
    DEFAULT_SUITABILITY,
    Suitability,
    find_face_box,
    find_speaker,
)
from s2v_render.engines.portrait.visemes import mouths_of_loudness, mouths_of_phonemes

_CAPABILITIES = Capabilities(
    continuity=Continuity.INDEPENDENT,
    frame_rates=FRAME_RATES,
    min_size=Size(64, 64),
    max_size=Size(MAX_LONG_SIDE, MAX_LONG_SIDE),
    reference_media_types=("image/jpeg", "image/png", "image/webp"),
    devices=("cpu",),
    description="Animates a photograph along its face mesh; the mouth follows the phonemes.",
)
_SEVERAL_FACES = "SEVERAL_FACES"


@dataclass(frozen=True, slots=True)
class PortraitSettings:
    """How the engine works.

    Attributes:
        batch_frames: frames yielded at once; a take can be cancelled between two batches.
        kept_portraits: how many prepared references stay in memory, 10..60 MB each.
        image_threads: threads of OpenCV, which are the whole process's.
        suitability: what a face must be like.
    """

    batch_frames: int = 8
    kept_portraits: int = 2
    image_threads: int = 2
    suitability: Suitability = DEFAULT_SUITABILITY


@dataclass(frozen=True, slots=True)
class _Prepared:
    portrait: Portrait
    notices: tuple[Notice, ...]


class PortraitEngine:
    """Implements `s2v.core.ports.Engine`; loads its networks at the first take."""

    def __init__(self, settings: PortraitSettings = PortraitSettings()) -> None:
        self._settings = settings
        self._networks: _Networks | None = None
        self._prepared: OrderedDict[tuple[str, Size | None], _Prepared] = OrderedDict()

    @property
    def capabilities(self) -> Capabilities:
        """What this engine can do."""
        return _CAPABILITIES

    def render(self, take: Take) -> Generator[Frames | Notice | State]:
        """Render one take.

        Raises:
            InvalidInput: IMAGE_UNREADABLE, IMAGE_SIZE_UNSUPPORTED, FACE_NOT_FOUND or
                FACE_UNSUITABLE on "spec.reference"; SIZE_UNSUPPORTED on "spec.width_pixels" or
                "spec.height_pixels" where the face does not fit.
        """
        cv2.setNumThreads(self._settings.image_threads)
        prepared = self._prepare(take)
        yield from prepared.notices
        portrait = prepared.portrait
        count = len(take.pcm) // samples_per_frame(take.frame_rate)
        level = loudness(take.pcm)
        mouths = _mouths(take, level, count)
        moves = motions(
            level,
            frames=count,
            first_frame=take.first_frame,
            frame_rate=take.frame_rate,
            seed=take.seed,
        )
        for start in range(0, count, self._settings.batch_frames):
            batch = range(start, min(start + self._settings.batch_frames, count))
            rgb = np.empty((len(batch), *portrait.picture.shape), np.uint8)
            for picture, index in zip(rgb, batch, strict=True):
                portrait.draw(mouths[index], moves[index], picture)
            yield Frames(rgb)

    def _prepare(self, take: Take) -> _Prepared:
        key = (take.reference_sha256, take.size)
        if key not in self._prepared:
            self._prepared[key] = self._made_ready(read_photo(take.reference), take.size)
        self._prepared.move_to_end(key)
        while len(self._prepared) > self._settings.kept_portraits:
            self._prepared.popitem(last=False)
        return self._prepared[key]

    def _made_ready(self, photo: Rgb, size: Size | None) -> _Prepared:
        networks = self._networks = self._networks or _Networks.load()
        detector, mesh = networks.detector, networks.mesh
        suitability = self._settings.suitability
        picture = fitted(
            photo,
            size,
            find_face=lambda whole: find_face_box(whole, detector, mesh, suitability=suitability),
        )
        speaker = find_speaker(picture, detector, mesh, suitability=suitability)
        points = speaker.landmarks.points
        alpha = networks.matte.cut_around(picture, points, head_of(points).eye_distance)
        portrait = make_portrait(picture, points, alpha)
        return _Prepared(portrait, _notices(speaker.faces))


@dataclass(frozen=True, slots=True)
class _Networks:
    detector: FaceDetector
    mesh: FaceMesh
    matte: PersonMatte

    @classmethod
    def load(cls) -> "_Networks":
        return cls(FaceDetector(), FaceMesh(), PersonMatte())


def _mouths(take: Take, level: Floats, count: int) -> list[Mouth]:
    if not take.phonemes:
        return mouths_of_loudness(level, frames=count, frame_rate=take.frame_rate)
    return mouths_of_phonemes(take.phonemes, level, frames=count, frame_rate=take.frame_rate)


def _notices(faces: int) -> tuple[Notice, ...]:
    if faces < 2:
        return ()
    return (Notice(_SEVERAL_FACES, f"the reference shows {faces} faces; the largest one speaks"),)
