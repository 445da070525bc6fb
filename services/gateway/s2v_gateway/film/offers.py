"""What there is to make a film with - engines, voices, finishes - as the services tell."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from s2v.core.lexicon import Lexicon
from s2v.core.ports import Continuity, DigitalSourceType
from s2v.core.timebase import DEFAULT_FRAME_RATE
from s2v.core.voice import SampledVoice


@dataclass(frozen=True, slots=True)
class PresetOffer:
    """A named choice between speed and quality."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class EngineOffer:
    """An engine, as the render service describes it; the first preset is the default.

    `problem` says why it cannot be used for now, and `device_groups` where it renders, if that is
    elsewhere. `withheld_presets` has presets that it does not offer, and what would change that.
    Pictures of less than `least_area_pixels` may not look as they should.
    """

    name: str
    description: str
    continuity: Continuity
    frame_rates: tuple[int, ...]
    min_side_pixels: int
    max_side_pixels: int
    reference_media_types: tuple[str, ...]
    presets: tuple[PresetOffer, ...]
    digital_source_type: DigitalSourceType | None = None
    directed: bool = False
    side_step_pixels: int = 2
    problem: str = ""
    device_groups: tuple[str, ...] = ()
    default_frame_rate: int = DEFAULT_FRAME_RATE
    least_area_pixels: int = 0
    withheld_presets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EngineCatalogue:
    """The engines of the render service, the default one first.

    `withheld` has the others by name, and what would have to be done to have them offered.
    """

    offers: tuple[EngineOffer, ...] = ()
    withheld: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VoiceOffer:
    """A voice, as the tts service describes it."""

    name: str
    language: str
    description: str
    backend: str = ""
    lexicon: Lexicon = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BackendOffer:
    """A way to speak, and whether it can sound like a recording."""

    name: str
    clones: bool


@dataclass(frozen=True, slots=True)
class VoiceCatalogue:
    """The voices of the tts service, the default one first, and its backends."""

    offers: tuple[VoiceOffer, ...] = ()
    backends: tuple[BackendOffer, ...] = ()


@dataclass(frozen=True, slots=True)
class FinishOffer:
    """What the compositor can do that not every one can."""

    restores_faces: bool = False


@dataclass(frozen=True, slots=True)
class ChosenVoice:
    """The voice that a job speaks with; `sampled` where it was made of a recording."""

    name: str
    language: str = ""
    sampled: SampledVoice | None = None
    lexicon: Lexicon = field(default_factory=dict)
