"""What an adapter must offer: a voice backend, a render engine, a store of artifacts."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from s2v.core.artifact import Artifact
from s2v.core.script import LipSync, Mark

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Utterance:
    """A stretch of speech as a backend makes it, one after the other, gapless.

    `pcm` is mono int16 at 48 kHz, shape [samples]; marks count samples from the start of this
    stretch.
    """

    pcm: npt.NDArray[np.int16]
    words: tuple[Mark, ...] = ()
    phonemes: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Voice:
    """A named way to sound, e.g. name "heart", language "en-US"."""

    name: str
    language: str
    description: str = ""


class Backend(Protocol):
    """A way to speak."""

    @property
    def voices(self) -> Sequence[Voice]:
        """Every voice of this backend, the default one first."""

    @property
    def lip_sync(self) -> LipSync:
        """How good the marks are that `speak` gives."""

    def speak(self, text: str, voice: str) -> Iterator[Utterance]:
        """Speak a text, yielding stretches as they are ready; the same text sounds the same.

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


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do; `min_size`..`max_size` bound width and height, both even."""

    continuity: Continuity
    frame_rates: tuple[int, ...]
    min_size: Size
    max_size: Size
    reference_media_types: tuple[str, ...]
    devices: tuple[str, ...]
    digital_source_type: DigitalSourceType
    description: str = ""


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


@dataclass(frozen=True, slots=True)
class Frames:
    """A batch of pictures: uint8 RGB, shape [frames, height, width, 3], height and width even."""

    rgb: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the user should know about an otherwise successful take, said once."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class State:
    """What the next take of a SEQUENTIAL engine starts from; yielded last."""

    data: bytes


class Engine(Protocol):
    """A way to render.

    The generator is the whole protocol: it yields `Frames` in order, exactly
    `len(pcm) / samples_per_frame` of them in all, possibly notices before or after them, and last
    perhaps a state. Closing it cancels the take between two batches and releases what the take held.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What this engine can do; cheap, loads no weights."""

    def render(self, take: Take) -> Generator[Frames | Notice | State]:
        """Render one take.

        Raises:
            InvalidInput: the reference cannot be used; `field` is "spec.reference".
        """


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
