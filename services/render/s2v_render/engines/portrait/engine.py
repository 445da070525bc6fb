"""The render engine `portrait`: a photo or a video speaks, on a CPU, weights included."""

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import cv2
import numpy as np
from cachetools import LRUCache

from s2v.core.directing import LARGEST_FACE, FaceChoice
from s2v.core.ports import (
    Capabilities,
    Continuity,
    DigitalSourceType,
    Frames,
    Notice,
    NoticeCode,
    Size,
    State,
    Take,
)
from s2v.core.timebase import FRAME_RATES, samples_per_frame
from s2v.face.arrays import Floats, Rgb
from s2v.face.detector import FaceDetector
from s2v.face.matte import PersonMatte
from s2v.face.mesh import FaceMesh
from s2v.lipsync.loudness import loudness
from s2v.lipsync.phones import Mouth
from s2v.lipsync.visemes import mouths_of_loudness, mouths_of_phonemes
from s2v.media.confined.footage import ConfinedFootage
from s2v.media.confined.reading import Reader
from s2v.media.photo import PHOTO_TYPES
from s2v_render.engines.portrait.drawing import Portrait, make_portrait
from s2v_render.engines.portrait.head import head_of
from s2v_render.engines.portrait.motion import motions, skews
from s2v_render.engines.portrait.presets import PRESETS
from s2v_render.engines.portrait.suitability.speaker import (
    DEFAULT_SUITABILITY,
    Suitability,
    box_of,
    find_face_box,
    find_speaker,
)
from s2v_render.engines.portrait.suitability.trial import check_follows
from s2v_render.engines.portrait.upscaling.enlarging import Enlarger, can_enlarge
from s2v_render.engines.portrait.upscaling.small_faces import Enlarged, with_larger_face
from s2v_render.engines.portrait.video.dubbing import dubbed
from s2v_render.engines.portrait.video.sitter import Sitter, find_sitter
from s2v_render.engines.reference.fitting import (
    FIELD,
    MAX_LONG_SIDE,
    cropped,
    own_size,
    scaled_to_cover,
)

_CAPABILITIES = Capabilities(
    continuity=Continuity.INDEPENDENT,
    frame_rates=FRAME_RATES,
    min_size=Size(64, 64),
    max_size=Size(MAX_LONG_SIDE, MAX_LONG_SIDE),
    reference_media_types=(
        *PHOTO_TYPES,
        *("video/mp4", "video/quicktime", "video/webm"),
    ),
    digital_source_type=DigitalSourceType.COMPOSITE_SYNTHETIC,
    presets=PRESETS,
    description=(
        "Animates a photograph along its face mesh, or gives the speaker of a video another mouth; "
        "the mouth follows the phonemes."
    ),
    patience_seconds=600.0,  # for reading a long video to its end
)
_OPENCV_THREADS = 1
"""Of the whole process: frames that are drawn at once use the cores better than parts of one do."""


@dataclass(frozen=True, slots=True)
class PortraitSettings:
    """How the engine works.

    Attributes:
        batch_frames: frames yielded at once; a take can be cancelled between two batches.
        kept_portraits: how many prepared references stay in memory, 10..60 MB each.
        drawing_threads: frames drawn at once.
        suitability: what a face must be like.
    """

    batch_frames: int = 8
    kept_portraits: int = 2
    drawing_threads: int = 2
    suitability: Suitability = DEFAULT_SUITABILITY


@dataclass(frozen=True, slots=True)
class _Prepared:
    subject: Portrait | Sitter
    notices: tuple[Notice, ...]


_Key = tuple[str, Size | None, FaceChoice]
"""What a prepared reference is kept by: its digest, the film's size, and who speaks."""


class PortraitEngine:
    """Implements `s2v.core.ports.Engine`; loads its networks at the first take."""

    def __init__(self, settings: PortraitSettings = PortraitSettings()) -> None:
        self._settings = settings
        self._reader = Reader()
        self._networks: _Networks | None = None
        self._prepared: LRUCache[_Key, _Prepared] = LRUCache(settings.kept_portraits)

    @property
    def capabilities(self) -> Capabilities:
        """What this engine can do."""
        return _CAPABILITIES

    def render(self, take: Take) -> Generator[Frames | Notice | State]:
        """Render one take.

        Raises:
            InvalidInput: IMAGE_UNREADABLE, VIDEO_UNREADABLE, IMAGE_SIZE_UNSUPPORTED,
                FACE_NOT_FOUND or FACE_UNSUITABLE on "spec.reference"; SIZE_UNSUPPORTED on
                "spec.width_pixels" or "spec.height_pixels" where the face does not fit.
        """
        cv2.setNumThreads(_OPENCV_THREADS)
        count = len(take.pcm) // samples_per_frame(take.frame_rate)
        level = loudness(take.pcm)
        mouths = _mouths(take, level, count)
        if take.reference_media_type.startswith("video/"):
            yield from self._dubbed(take, mouths)
        else:
            yield from self._animated(take, mouths, level)

    def _dubbed(self, take: Take, mouths: Sequence[Mouth]) -> Generator[Frames | Notice]:
        with self._reader.footage(take.reference, field=FIELD) as footage:
            prepared = self._prepare(take, lambda: self._introduced(footage, take))
            assert isinstance(prepared.subject, Sitter)
            yield from prepared.notices
            networks = self._loaded()
            yield from dubbed(
                footage,
                prepared.subject,
                mouths,
                take=take,
                batch_frames=self._settings.batch_frames,
                threads=self._settings.drawing_threads,
                networks=(networks.detector, networks.mesh),
            )

    def _animated(
        self, take: Take, mouths: Sequence[Mouth], level: Floats
    ) -> Generator[Frames | Notice]:
        prepared = self._prepare(take, lambda: self._made_ready(self._photo(take), take))
        portrait = prepared.subject
        assert isinstance(portrait, Portrait)
        yield from prepared.notices
        count = len(mouths)
        moves = motions(
            level,
            frames=count,
            first_frame=take.first_frame,
            frame_rate=take.frame_rate,
            seed=take.seed,
            liveliness=take.liveliness,
        )
        with ThreadPoolExecutor(self._settings.drawing_threads, "draw") as pool:
            for start in range(0, count, self._settings.batch_frames):
                batch = slice(start, min(start + self._settings.batch_frames, count))
                rgb = np.empty((batch.stop - start, *portrait.picture.shape), np.uint8)
                list(pool.map(portrait.draw, mouths[batch], moves[batch], rgb))
                yield Frames(rgb)

    def _prepare(self, take: Take, make: Callable[[], _Prepared]) -> _Prepared:
        key = (take.reference_sha256, take.size, take.face)
        if (prepared := self._prepared.get(key)) is None:
            prepared = self._prepared[key] = make()
        return prepared

    def _photo(self, take: Take) -> Rgb:
        return self._reader.still(take.reference, take.reference_media_type, field=FIELD)

    def _loaded(self) -> "_Networks":
        self._networks = self._networks or _Networks.load()
        return self._networks

    def _introduced(self, footage: ConfinedFootage, take: Take) -> _Prepared:
        networks = self._loaded()
        sitter = find_sitter(
            footage,
            take.size,
            networks.detector,
            networks.mesh,
            suitability=self._settings.suitability,
            choice=take.face,
        )
        return _Prepared(sitter, _notices(sitter.faces, sitter.number, take.face))

    def _made_ready(self, photo: Rgb, take: Take) -> _Prepared:
        networks = self._loaded()
        enlarged = self._enlarged(photo, take) if can_enlarge() else None
        whole = scaled_to_cover(enlarged.photo if enlarged else photo, take.size)
        speaker = find_speaker(
            whole,
            networks.detector,
            networks.mesh,
            suitability=self._settings.suitability,
            choice=take.face,
        )
        size = take.size or own_size(Size(whole.shape[1], whole.shape[0]))
        picture, corner = cropped(whole, size, box_of(speaker.landmarks))
        landmarks = speaker.landmarks.moved(*corner)
        points = landmarks.points
        alpha = networks.matte.cut_around(picture, points, head_of(points).eye_distance)
        portrait = make_portrait(picture, points, alpha)
        check_follows(portrait, landmarks, networks.mesh)
        notices = (Notice(NoticeCode.FACE_ENLARGED, enlarged.notice),) if enlarged else ()
        told = _notices(speaker.faces, speaker.number, take.face)
        return _Prepared(portrait, notices + told)

    def _enlarged(self, photo: Rgb, take: Take) -> Enlarged | None:
        networks, suitability = self._loaded(), self._settings.suitability
        box = find_face_box(
            photo, networks.detector, networks.mesh, suitability=suitability, choice=take.face
        )
        return with_larger_face(
            photo,
            take.size,
            box,
            lambda part: Enlarger().enlarge(part),
            least_eye_distance=suitability.min_eye_distance_pixels,
        )


@dataclass(frozen=True, slots=True)
class _Networks:
    detector: FaceDetector
    mesh: FaceMesh
    matte: PersonMatte

    @classmethod
    def load(cls) -> "_Networks":
        return cls(FaceDetector(), FaceMesh(), PersonMatte())


def _mouths(take: Take, level: Floats, count: int) -> list[Mouth]:
    rate = take.frame_rate
    if take.phonemes:
        mouths = mouths_of_phonemes(take.phonemes, level, frames=count, frame_rate=rate)
    else:
        mouths = mouths_of_loudness(level, frames=count, frame_rate=rate)
    times = (take.first_frame + np.arange(count) + 0.5) / rate
    uneven = zip(mouths, skews(times, take.seed), strict=True)
    return [replace(mouth, skew=float(skew)) for mouth, skew in uneven]


def _notices(faces: int, number: int, choice: FaceChoice) -> tuple[Notice, ...]:
    if faces < 2:
        return ()
    which = "the largest" if choice == LARGEST_FACE else "as chosen"
    return (
        Notice(
            NoticeCode.SEVERAL_FACES,
            f"the reference shows {faces} faces; number {number} in reading order speaks, {which}; "
            "choose another with face (--face NUMBER)",
        ),
    )
