"""One request for one film: what is asked for, where it stands, what came of it."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from s2v.core.artifact import Artifact
from s2v.core.errors import S2VError
from s2v.core.ports import AS_PRESET, Continuity, DigitalSourceType, Notice, Sampling
from s2v.core.script import LipCues


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    CANCELLING = "CANCELLING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def terminal(self) -> bool:
        """Whether the job has ended."""
        return self in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


class Stage(StrEnum):
    """A part of the work; stages overlap."""

    SPEAK = "speak"
    RENDER = "render"
    COMPOSE = "compose"


@dataclass(frozen=True, slots=True)
class JobSpec:
    """What a user asks for; empty and zero fields mean the default.

    `audio`, `reference` and `pose` are names of assets. Either `text` or `audio` is set;
    `transcript` is what is said in `audio`, where that is known. Prompts, sampling and pose are for
    directed engines only.
    """

    text: str = ""
    audio: str = ""
    reference: str = ""
    voice: str = ""
    engine: str = ""
    preset: str = ""
    width_pixels: int = 0
    height_pixels: int = 0
    frame_rate: int = 0
    seed: int = 0
    display_name: str = ""
    transcript: str = ""
    prompt: str = ""
    negative_prompt: str = ""
    sampling: Sampling = AS_PRESET
    pose: str = ""

    @property
    def assets(self) -> dict[str, str]:
        """The names of the assets that it needs, by the field that names them."""
        named = {
            "spec.reference": self.reference,
            "spec.script.audio": self.audio,
            "spec.pose": self.pose,
        }
        return {field: name for field, name in named.items() if name}


STEPS = 2
"""The list of steps that a new job follows: `s2v_gateway.film.workflow` knows them all."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the stages need to know of a job: a spec with every default filled in.

    A job goes on by the list of steps that it was accepted with, in whatever release. `streamed`
    tells that the text came in pieces, perhaps while the film was made already.
    """

    job_id: str
    spec: JobSpec
    reference: Artifact
    audio: Artifact | None
    continuity: Continuity
    digital_source_type: DigitalSourceType | None = None
    pose: Artifact | None = None
    steps: int = 1
    streamed: bool = False

    @property
    def inputs(self) -> tuple[Artifact, ...]:
        """The artifacts that it needs."""
        return tuple(one for one in (self.reference, self.audio, self.pose) if one)

    def with_text(self, text: str) -> "Order":
        """Return the same order over another text."""
        return replace(self, spec=replace(self.spec, text=text))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is; `fraction` (0 to 1) and the `_done` counts never decrease."""

    fraction: float = 0.0
    stage: Stage = Stage.SPEAK
    segments_spoken: int = 0
    segments_rendered: int = 0
    segments_total: int = 0
    frames_done: int = 0
    frames_total: int = 0
    frames_per_second: float = 0.0
    remaining_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Clip:
    """The encoded picture of one segment."""

    video: Artifact
    frames: int
    width_pixels: int
    height_pixels: int
    state: Artifact | None = None


@dataclass(frozen=True, slots=True)
class Film:
    """The finished MP4; `asset` is its public name."""

    video: Artifact
    frames: int
    samples: int
    width_pixels: int
    height_pixels: int
    frame_rate: int
    asset: str = ""


@dataclass(frozen=True, slots=True)
class LipSyncMeasurement:
    """How well the lips of a finished film fit its sound (`s2v.lipsync.meter`).

    Attributes:
        frames: how many were measured, from the film's start.
        face_share: share of them on which a face was found.
        opening_correlation: of the opening of the lips with what the sounds ask for, -1 to 1.
        best_correlation: the highest over all lags up to 0.4 seconds either way.
        lag_milliseconds: how much later than the sound the lips are, where both fit best.
        closures: sounds that need shut lips.
        closure_recall: share of them on which the lips were shut; 0 without any.
        rounded_over_wide: mouth width at rounded sounds over that at wide ones; 0 without both.
        sharpness_ratio: sharpness of the face over the reference's; None without a reference.
        identity_distance: of the face from the reference's; None where nothing can tell.
    """

    frames: int
    face_share: float
    opening_correlation: float
    best_correlation: float
    lag_milliseconds: float
    closures: int
    closure_recall: float
    rounded_over_wide: float
    sharpness_ratio: float | None = None
    identity_distance: float | None = None


class StatsState(StrEnum):
    """Whether a film was measured."""

    PENDING = "PENDING"
    DONE = "DONE"
    NOT_MEASURED = "NOT_MEASURED"


@dataclass(frozen=True, slots=True)
class FilmStats:
    """What was measured on a finished film, or why nothing was: `reason`, one sentence."""

    lip_sync: LipSyncMeasurement | None = None
    state: StatsState = StatsState.DONE
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """One request for one film; `stage_seconds` is how long each stage was at work."""

    job_id: str
    spec: JobSpec
    state: JobState
    create_time: datetime
    progress: Progress = Progress()
    film: Film | None = None
    error: S2VError | None = None
    notices: tuple[Notice, ...] = ()
    lip_cues: LipCues | None = None
    stage_seconds: dict[Stage, float] = field(default_factory=dict)
    start_time: datetime | None = None
    end_time: datetime | None = None
    stats: FilmStats | None = None
    with_media: bool = False

    @property
    def name(self) -> str:
        """The job's public name."""
        return f"jobs/{self.job_id}"
