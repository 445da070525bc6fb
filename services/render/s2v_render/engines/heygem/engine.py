"""The render engine `heygem`: a video speaks, made by one HeyGem or Duix-Avatar container."""

import hashlib
import tempfile
from collections.abc import Generator
from functools import cached_property
from pathlib import Path

import numpy as np

from s2v.core.errors import InvalidInput, Reason
from s2v.core.lengths import VideoShorter
from s2v.core.ports import (
    Capabilities,
    Continuity,
    DigitalSourceType,
    Frames,
    Preset,
    Size,
    Take,
    Working,
)
from s2v.core.timebase import FRAME_RATES, samples_per_frame, seconds
from s2v.face.detector import FaceDetector
from s2v.media.confined.reading import Reader
from s2v.media.pcm import wav_bytes
from s2v.media.photo import PHOTO_TYPES
from s2v_render.engines.heygem.asking import ContainerLine, NoAnswer, Wish
from s2v_render.engines.heygem.containers import HeygemLimits, HeygemSettings, unavailable
from s2v_render.engines.heygem.delivering import PREFIX, Delivery, delivery_to
from s2v_render.engines.heygem.driving import drive, sound_to_send
from s2v_render.engines.heygem.errands import Errand, Parcel
from s2v_render.engines.reference.fitting import MAX_LONG_SIDE, MAX_SHORT_SIDE
from s2v_render.engines.reference.playing import playing_of

_BETTER = "high"
_BATCH_FRAMES = 8
_MARGIN_SECONDS = 60.0
_PRESETS = (
    Preset(
        "standard",
        "The mouth as the model makes it.",
        max_long_side=MAX_LONG_SIDE,
        max_short_side=MAX_SHORT_SIDE,
    ),
    Preset(
        _BETTER,
        "With super-resolution of the face, which takes longer.",
        max_long_side=MAX_LONG_SIDE,
        max_short_side=MAX_SHORT_SIDE,
        crf=16,
    ),
)


def _capabilities(limits: HeygemLimits) -> Capabilities:
    return Capabilities(
        continuity=Continuity.INDEPENDENT,
        frame_rates=FRAME_RATES,
        min_size=Size(64, 64),
        max_size=Size(MAX_LONG_SIDE, MAX_LONG_SIDE),
        reference_media_types=("video/mp4", "video/quicktime", "video/webm", *PHOTO_TYPES),
        digital_source_type=DigitalSourceType.COMPOSITE_SYNTHETIC,
        presets=_PRESETS,
        description=(
            "Gives the speaker of a video another mouth, made by HeyGem containers on GPUs; a "
            "photograph stands still but for its mouth."
        ),
        settle_seconds=limits.take_seconds + _MARGIN_SECONDS,
        patience_seconds=limits.copy_seconds + limits.answer_seconds + _MARGIN_SECONDS,
    )


class HeygemEngine:
    """Implements `s2v.core.ports.Engine` and `Remote` over one container.

    The model knows no seed, and follows the sound alone: phonemes are not used.
    """

    def __init__(self, settings: HeygemSettings) -> None:
        self._container = settings.container
        self._limits = settings.limits
        self._line = ContainerLine(settings.container, settings.limits)
        self._reader = Reader()

    @property
    def capabilities(self) -> Capabilities:
        """What this engine can do."""
        return _capabilities(self._limits)

    def check(self) -> None:
        """Ask the container for a video that nobody wants.

        Raises:
            Unavailable: it does not answer (SERVICE_UNAVAILABLE).
        """
        try:
            self._line.greet()
        except NoAnswer as missing:
            problem = f"is away: {missing}"
            raise unavailable(self._container, Reason.SERVICE_UNAVAILABLE, problem) from missing

    def render(self, take: Take) -> Generator[Frames | Working]:
        """Render one take.

        Raises:
            InvalidInput: as `drive`.
            Unavailable: as `Errand.run`.
        """
        with tempfile.TemporaryDirectory(prefix="s2v-heygem-") as name:
            folder = Path(name)
            sound = sound_to_send(take.pcm)
            parcel = Parcel(
                audio=folder / "sound.wav",
                video=folder / "driving.mp4",
                seconds=seconds(len(sound)),
                result=folder / "result.mp4",
            )
            parcel.audio.write_bytes(wav_bytes(sound))
            size = yield from drive(
                take, len(sound), parcel.video, reader=self._reader, detector=self._detector
            )
            yield from self._errand(take, parcel).run()
            yield from self._shown(parcel.result, take, size)

    @cached_property
    def _detector(self) -> FaceDetector:
        return FaceDetector()

    def _errand(self, take: Take, parcel: Parcel) -> Errand:
        code = self._code(take)
        return Errand(
            container=self._container,
            line=self._line,
            delivery=self._delivery,
            reader=self._reader,
            limits=self._limits,
            wish=Wish(code, f"{code}.wav", f"{code}.mp4", better=take.preset == _BETTER),
            parcel=parcel,
        )

    @cached_property
    def _delivery(self) -> Delivery:
        return delivery_to(self._container, self._limits)

    def _code(self, take: Take) -> str:
        """Return a name that equal takes have, and no others; another one for each container."""
        told = (
            self._container.url,
            take.reference_sha256,
            take.frame_rate,
            take.size,
            take.first_frame,
            take.preset,
            take.video_shorter,
            take.video_speed,
        )
        digest = hashlib.sha256(take.pcm.tobytes() + repr(told).encode()).hexdigest()
        return f"{PREFIX}{digest[:32]}"

    def _shown(self, path: Path, take: Take, size: Size) -> Generator[Frames]:
        """Yield the video at the film's rate and size."""
        count = len(take.pcm) // samples_per_frame(take.frame_rate)
        try:
            with self._reader.footage(path, field="clip") as footage:
                playing = playing_of(
                    footage.times, footage.seconds, take.frame_rate, shorter=VideoShorter.FREEZE
                )
                for start in range(0, count, _BATCH_FRAMES):
                    numbers = map(playing.number, range(start, min(start + _BATCH_FRAMES, count)))
                    pictures = [footage.picture(n, size.width, size.height) for n in numbers]
                    yield Frames(np.stack(pictures))
        except InvalidInput as error:
            problem = f"made a video that cannot be decoded ({error.message})"
            raise unavailable(self._container, Reason.RENDER_FAILED, problem) from error
