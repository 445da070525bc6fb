"""What an adapter must offer: a voice backend, a render engine, a store of artifacts."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol, runtime_checkable

from s2v.core.artifact import Artifact
from s2v.core.directing import LARGEST_FACE, FaceChoice
from s2v.core.lengths import VideoShorter
from s2v.core.lexicon import Lexicon
from s2v.core.sampling import AS_PRESET, Sampling
from s2v.core.script import LipCues, Mark
from s2v.core.timebase import DEFAULT_FRAME_RATE

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Utterance:
    """A stretch of speech as a backend makes it, one after the other, gapless.

    `pcm` is mono int16 at 48 kHz, shape [samples]; marks count samples from the start of this
    stretch. `left_out` are words, as written, that the voice could not pronounce and passed over.
    """

    pcm: npt.NDArray[np.int16]
    words: tuple[Mark, ...] = ()
    phonemes: tuple[Mark, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Voice:
    """A named way to sound, e.g. name "heart", language "en-US".

    Attributes:
        name: to use in requests.
        language: BCP 47 tag.
        description: one sentence about how it sounds.
        lexicon: words, and what this voice must be told for them to be heard right.
        letters: letters, spelt one by one, and what it must be told for them ("a" is an article).
    """

    name: str
    language: str
    description: str = ""
    lexicon: Lexicon = field(default_factory=dict)
    letters: Mapping[str, str] = field(default_factory=dict)


class Backend(Protocol):
    """A way to speak."""

    @property
    def voices(self) -> Sequence[Voice]:
        """Every voice of this backend, the default one first."""

    @property
    def cues(self) -> LipCues:
        """How good the marks are that `speak` gives."""

    def speak(self, text: str, voice: str) -> Iterator[Utterance]:
        """Speak a text, yielding stretches as they are ready; the same text sounds the same.

        It is closed to stop it between two stretches, each a second of work at most; one of no
        samples tells only that the work goes on.

        Raises:
            InvalidInput: the text holds nothing to pronounce.
        """


@runtime_checkable
class Grouped(Protocol):
    """A backend whose servers belong to device groups."""

    def near(self, group: str) -> Backend:
        """Return the backend with the server of that group asked first; empty for any."""


def near(backend: Backend, group: str) -> Backend:
    """Return a backend as it best serves a device group; itself where it has no groups."""
    return backend.near(group) if isinstance(backend, Grouped) else backend


@dataclass(frozen=True, slots=True)
class VoiceRecording:
    """A recording of somebody whom speech shall sound like.

    Attributes:
        path: a local file, mono 16-bit WAV at 48 kHz.
        sha256: names it, so that a backend can keep what it learnt of it.
        transcript: what is said in it, word for word; empty where that is not known.
        language: BCP 47, of what is said in it.
    """

    path: Path
    sha256: str
    transcript: str
    language: str


@runtime_checkable
class Cloner(Protocol):
    """A backend that may be able to sound like a recording."""

    @property
    def clones(self) -> bool:
        """Whether it can, as it is set up."""

    def speak_like(self, text: str, recording: VoiceRecording) -> Iterator[Utterance]:
        """Speak a text as `Backend.speak` does, in the voice of a recording.

        Whatever file is made of the recording is gone when the iterator has ended or was closed:
        nobody tells a backend when a voice is deleted.

        Raises:
            InvalidInput: the text holds nothing to pronounce.
        """


class Continuity(StrEnum):
    """Whether segments of one film can be rendered apart from each other."""

    INDEPENDENT = "independent"
    SEQUENTIAL = "sequential"


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height of a picture in pixels."""

    width: int
    height: int


class DigitalSourceType(StrEnum):
    """How pictures came to be, in the words of the IPTC's vocabulary of that name."""

    TRAINED_ALGORITHMIC_MEDIA = "trainedAlgorithmicMedia"
    """Made by a model from sampled content."""
    COMPOSITE_SYNTHETIC = "compositeSynthetic"
    """Composed of captured and of synthetic elements."""


class Sizing(StrEnum):
    """How the size of a film follows from its reference where nobody asked for one."""

    FREE = "free"
    """The reference's own, made smaller to fit the preset's long and short side."""
    AREA = "area"
    """The reference's aspect ratio, as near as whole steps come, within the preset's area."""
    OFFICIAL = "official"
    """As Wan's official code does it: within the preset's area, in steps of 64 pixels."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A named choice between speed and quality.

    Attributes:
        name: to use in requests.
        description: one sentence about it.
        max_long_side: bound in pixels for a size that nobody asked for.
        max_short_side: as `max_long_side`.
        max_area_pixels: as `max_long_side`, for sizing AREA and OFFICIAL; 0 for FREE.
        sizing: how a size comes about that nobody asked for.
        crf: how much of the picture the encoder may lose, 0 (nothing) to 51.
        encoder_preset: how hard the encoder works, in x264's words.
    """

    name: str
    description: str
    max_long_side: int
    max_short_side: int
    max_area_pixels: int = 0
    sizing: Sizing = Sizing.FREE
    crf: int = 18
    encoder_preset: str = "veryfast"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do.

    Attributes:
        min_size: the least width and height; a multiple of `size_step_pixels`.
        max_size: the largest width and height; a multiple of `size_step_pixels`.
        presets: the default one first.
        directed: whether it takes a prompt, a negative prompt, sampling and a pose.
        size_step_pixels: what both sides of a film are a multiple of; even.
        least_area_pixels: of which its pictures are as they should be; smaller ones are rendered
            where they are asked for. 0 is any.
        default_frame_rate: of a film that nobody asked a rate for; one of `frame_rates`.
        withheld_presets: presets that are not offered, and what would change that, by name.
        settle_seconds: how long it may go on once its take is closed, until its worker is killed.
        patience_seconds: how long it may yield nothing, until its worker is killed as stuck.
    """

    continuity: Continuity
    frame_rates: tuple[int, ...]
    min_size: Size
    max_size: Size
    reference_media_types: tuple[str, ...]
    digital_source_type: DigitalSourceType
    presets: tuple[Preset, ...]
    description: str = ""
    directed: bool = False
    size_step_pixels: int = 2
    least_area_pixels: int = 0
    default_frame_rate: int = DEFAULT_FRAME_RATE
    withheld_presets: Mapping[str, str] = field(default_factory=dict)
    settle_seconds: float = 1.5
    patience_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Take:
    """One attempt to render one segment.

    Attributes:
        pcm: mono int16 at 48 kHz, shape [frames * samples_per_frame].
        phonemes: IPA marks in samples from the start of `pcm`; empty if unknown.
        reference: a local file holding the portrait, an image or a video.
        reference_sha256: names the reference, so that an engine can keep what it learnt of it.
        reference_media_type: as found in its bytes, such as "image/jpeg".
        frame_rate: of the film, frames a second.
        size: of the film; None keeps the reference's own (made even, at most `max_size`).
        first_frame: this segment's first frame counted from the start of the film.
        seed: equal seeds give equal frames.
        state: what the take before it left behind; SEQUENTIAL engines only.
        preset: name of one of the engine's presets; empty is its default one.
        prompt, negative_prompt: what the film shall and shall not show; directed engines only.
        sampling: overrides the preset; directed engines only, as `pose`, a video to be followed.
        video_shorter: what a reference video shows after its end: PING_PONG, LOOP or FREEZE.
        video_speed: how much faster than usual a reference video plays.
        liveliness: how much a photo's head, brows and eyes move, 0..1.5, usually 1.
        face: which of several faces speaks.
        following: the sound after this segment where it is known; SEQUENTIAL engines only.
        ends_film: whether nothing follows for certain, so that no state need be left behind.
    """

    pcm: npt.NDArray[np.int16]
    phonemes: tuple[Mark, ...]
    reference: Path
    reference_sha256: str
    reference_media_type: str
    frame_rate: int
    size: Size | None = None
    first_frame: int = 0
    seed: int = 0
    state: bytes | None = None
    preset: str = ""
    prompt: str = ""
    negative_prompt: str = ""
    sampling: Sampling = AS_PRESET
    pose: Path | None = None
    video_shorter: VideoShorter = VideoShorter.PING_PONG
    video_speed: float = 1.0
    liveliness: float = 1.0
    face: FaceChoice = LARGEST_FACE
    following: npt.NDArray[np.int16] | None = None
    ends_film: bool = False


@dataclass(frozen=True, slots=True)
class Frames:
    """A batch of pictures: uint8 RGB, shape [frames, height, width, 3], height and width even."""

    rgb: npt.NDArray[np.uint8]


class NoticeCode(StrEnum):
    """What a notice is about; the same names as the proto enum without its prefix."""

    SEVERAL_FACES = "SEVERAL_FACES"
    FACE_ENLARGED = "FACE_ENLARGED"
    FACE_LOST = "FACE_LOST"
    WORDS_LEFT_OUT = "WORDS_LEFT_OUT"
    TRANSCRIPT_MISMATCH = "TRANSCRIPT_MISMATCH"
    LOUDNESS_ONLY = "LOUDNESS_ONLY"
    SERVICE_AWAY = "SERVICE_AWAY"
    RANDOM_WEIGHTS = "RANDOM_WEIGHTS"
    LANGUAGE_MISMATCH = "LANGUAGE_MISMATCH"
    CAPTIONS_MISSING = "CAPTIONS_MISSING"
    PICTURE_SMALL = "PICTURE_SMALL"
    SAMPLE_LENGTH = "SAMPLE_LENGTH"
    SAMPLE_NOISY = "SAMPLE_NOISY"
    SAMPLE_CLIPPED = "SAMPLE_CLIPPED"
    SAMPLE_QUIET = "SAMPLE_QUIET"
    SAMPLE_PAUSES = "SAMPLE_PAUSES"
    TRANSCRIPT_MISSING = "TRANSCRIPT_MISSING"
    MARKUP_IGNORED = "MARKUP_IGNORED"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the user should know about an otherwise successful take, said once."""

    code: NoticeCode
    message: str


@dataclass(frozen=True, slots=True)
class Working:
    """Nothing to show yet; lets whoever waits close the take now."""


@dataclass(frozen=True, slots=True)
class State:
    """What the next take of a SEQUENTIAL engine starts from; yielded last."""

    data: bytes


class Engine(Protocol):
    """A way to render.

    The generator is the whole protocol: it yields `Frames` in order, exactly
    `len(pcm) / samples_per_frame` of them in all, possibly notices before or after them, and last
    perhaps a state. Where frames are long in coming it yields `Working` now and then. Closing it
    cancels the take where it stands and releases what the take held.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What this engine can do; cheap, loads no weights."""

    def render(self, take: Take) -> Generator[Frames | Notice | Working | State]:
        """Render one take.

        Raises:
            InvalidInput: the reference cannot be used; `field` is "spec.reference".
            NotReady: the engine's weights cannot be used (CHECKPOINT_UNUSABLE).
            Exhausted: the take does not fit into memory (DEVICE_MEMORY_EXCEEDED).
            Unavailable: a device elsewhere is away, failed or came to no end; another may do it.
        """


@runtime_checkable
class Remote(Protocol):
    """An engine whose device is elsewhere, and may be away."""

    def check(self) -> None:
        """Ask the device how it is; called while no take is at work.

        Raises:
            Unavailable: it does not answer (SERVICE_UNAVAILABLE).
        """


@runtime_checkable
class Preparing(Protocol):
    """An engine that can do part of what its first take would wait for."""

    def prepare(self) -> None:
        """Do it; needs no device. Called at most once, on any thread, also while a take begins."""


class ArtifactStore(Protocol):
    """Immutable bytes by name. Equal bytes are stored once; a name never changes its bytes."""

    def put(self, data: Path | Iterable[bytes], media_type: str) -> Artifact:
        """Store bytes and return their name; nothing is left behind when it fails.

        Raises:
            Exhausted: the disk is full (STORAGE_FULL).
        """

    def open(self, artifact: Artifact) -> BinaryIO:
        """Open for reading; seekable.

        Raises:
            NotFound: no such artifact (ARTIFACT_NOT_FOUND).
        """

    def stat(self, sha256: str) -> int | None:
        """Return the size in bytes, or None if there is no such artifact."""

    def local(self, artifact: Artifact) -> AbstractContextManager[Path]:
        """Give a file on this machine with the artifact's bytes for as long as the context lasts.

        Raises:
            NotFound: no such artifact (ARTIFACT_NOT_FOUND).
        """
