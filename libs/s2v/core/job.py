"""One request for one film: what is asked for, where it stands, what came of it."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from s2v.core.artifact import Artifact
from s2v.core.captions import NO_FILES, CaptionChoice, CaptionFiles
from s2v.core.directing import LARGEST_FACE, FaceChoice
from s2v.core.errors import S2VError
from s2v.core.finishing import NO_SIDE_FILES, PLAIN, Finish, SideFiles
from s2v.core.lengths import UNFITTED, USUAL, Fitted, LengthPolicy
from s2v.core.lexicon import Lexicon, going_before
from s2v.core.ports import Continuity, DigitalSourceType, Notice
from s2v.core.sampling import AS_PRESET, Sampling
from s2v.core.script import LipCues
from s2v.core.sound import AS_GIVEN, Enhancement
from s2v.core.voice import SampledVoice


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


class Priority(StrEnum):
    """Which jobs go first where they wait for a place: the last class, then the one before it."""

    LOW = "LOW"
    NORMAL = "NORMAL"
    HIGH = "HIGH"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Where a job is that waits for a place: `position` 1 starts next, `start_time` is a guess."""

    position: int
    start_time: datetime


class Stage(StrEnum):
    """A part of the work; stages overlap."""

    SPEAK = "speak"
    RENDER = "render"
    COMPOSE = "compose"


@dataclass(frozen=True, slots=True)
class JobSpec:
    """What a user asks for; empty and zero fields mean the default.

    `audio`, `reference` and `pose` are names of assets. Either `text` or `audio` is set;
    `transcript` is what is said in `audio`, where that is known, `enhancement` how to better it;
    `speed` is how fast `text` is spoken, `lexicon` how words of it are said; `lengths` fits a
    reference video to the sound; `liveliness`, 0..1.5, is how much a photo moves, `face` which of
    several faces speaks. Prompts, sampling and pose are for directed engines only. Without
    `captions` there are none. `finish` is what is done with the finished pictures. `webhook_url` is
    told the end. Of its `timeout_seconds` None is the default and 0 none.
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
    language: str = ""
    captions: CaptionChoice | None = None
    enhancement: Enhancement = AS_GIVEN
    speed: float = 0.0
    lengths: LengthPolicy = USUAL
    liveliness: float = 1.0
    face: FaceChoice = LARGEST_FACE
    priority: Priority = Priority.NORMAL
    timeout_seconds: float | None = None
    finish: Finish = PLAIN
    lexicon: Lexicon = field(default_factory=dict)
    webhook_url: str = ""

    @property
    def assets(self) -> dict[str, str]:
        """The names of the assets that it needs, by the field that names them."""
        named = {
            "spec.reference": self.reference,
            "spec.script.audio": self.audio,
            "spec.pose": self.pose,
        }
        return {field: name for field, name in named.items() if name} | self.finish.assets

    @property
    def keeps_pictures(self) -> bool:
        """Whether the film shows the pictures of its clips as they are."""
        burnt_in = self.captions is not None and self.captions.burnt_in
        return not (self.finish.changes_pictures or burnt_in)


STEPS = 2
"""The list of steps that a new job follows: `s2v_gateway.film.workflow` knows them all."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the stages need to know of a job: a spec with every default filled in.

    A job goes on by the list of steps that it was accepted with, in whatever release. `streamed`
    tells that the text came in pieces, perhaps while the film was made already, `continues` that
    the spec has one of these pieces and not the first. `voice` is there
    where the spec names a voice that was made of a recording, until the job has ended.
    `watermark` and `backdrop` are the images that the spec's finish names.
    `film_seconds` is how long the film may become, 0 where nobody has guessed.
    `traceparent` is the trace that the job belongs to, over restarts too; empty for one of its own.
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
    continues: bool = False
    voice: SampledVoice | None = None
    fitted: Fitted = UNFITTED
    film_seconds: float = 0.0
    watermark: Artifact | None = None
    backdrop: Artifact | None = None
    traceparent: str = ""

    @property
    def inputs(self) -> tuple[Artifact, ...]:
        """The artifacts that it needs."""
        sample = self.voice and self.voice.sample
        images = (self.reference, self.pose, self.watermark, self.backdrop)
        return tuple(one for one in (*images, self.audio, sample) if one)

    @property
    def lexicon(self) -> Lexicon:
        """How words are said: what the spec says goes before what its voice says."""
        return going_before(self.spec.lexicon, self.voice.lexicon if self.voice else {})

    def with_text(self, text: str, *, continues: bool = False) -> "Order":
        """Return the same order over a piece of its text."""
        return replace(self, spec=replace(self.spec, text=text), continues=continues)


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
class Reel:
    """Some seconds of a clip, finished while its take went on.

    `first_frame` counts from the start of the clip, which has the same pictures in the same bytes.
    """

    video: Artifact
    first_frame: int
    frames: int

    @property
    def end_frame(self) -> int:
        """The frame of the clip that follows."""
        return self.first_frame + self.frames


@dataclass(frozen=True, slots=True)
class Film:
    """The finished MP4 and what comes beside it; what is called an asset is a public name."""

    video: Artifact
    frames: int
    samples: int
    width_pixels: int
    height_pixels: int
    frame_rate: int
    asset: str = ""
    captions: CaptionFiles = NO_FILES
    subrip_asset: str = ""
    webvtt_asset: str = ""
    beside: SideFiles = NO_SIDE_FILES
    thumbnail_asset: str = ""
    sprites_asset: str = ""
    sprites_index_asset: str = ""
    playlist_asset: str = ""
    fragments_asset: str = ""


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
        chance_correlation: what the best of another speech's lips exceeds once in a hundred films
            as long as this.
        mouth_colour_distance, mouth_sharpness_ratio, mouth_flicker, mouth_spill: how the mouth
            looks (`s2v.lipsync.mouth_look`); None where too little of it was seen.
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
    chance_correlation: float = 0.0
    mouth_colour_distance: float | None = None
    mouth_sharpness_ratio: float | None = None
    mouth_flicker: float | None = None
    mouth_spill: float | None = None


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
    """One request for one film; `stage_seconds` is how long each stage was at work.

    `retry_of` is the id of the job that it makes again, empty for none.
    """

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
    retry_of: str = ""

    @property
    def name(self) -> str:
        """The job's public name."""
        return f"jobs/{self.job_id}"
