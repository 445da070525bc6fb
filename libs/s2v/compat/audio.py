"""The founding document's audio processor, over a tts service of its own."""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from s2v.api.common.v1 import artifact_pb2, sound_pb2, speech_pb2
from s2v.api.tts.v1 import speech_service_pb2
from s2v.api.tts.v1.speech_service_pb2_grpc import SpeechServiceStub
from s2v.client.calling import our_errors
from s2v.client.publishing import partial_path, publish
from s2v.compat.hosting import OwnServices
from s2v.core.timebase import SAMPLE_RATE
from s2v.rpc.channel import connect_sync
from s2v.rpc.convert import artifact_from_proto, artifact_to_proto
from s2v.store.artifacts import FsspecStore

_MEDIA_TYPE = "application/octet-stream"
_SPOKEN_LUFS = -16.0
_PIECE_BYTES = 1 << 20


class EnhancedAudioProcessor:
    """Measures, reads and betters given sound; use it as a context manager, or call `close`.

    Its service starts with the first call that needs it and takes seconds for that.
    """

    def __init__(self) -> None:
        self._own: OwnServices | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the service; harmless when repeated, and the next call starts it again."""
        own, self._own = self._own, None
        if own is not None:
            own.close()

    def extract_features(
        self, audio_path: str | Path, return_phonemes: bool = True, return_timing: bool = True
    ) -> dict[str, Any]:
        """Measure a sound, and find out what is said in it when.

        Args:
            audio_path: of a sound, or of a video with sound.
            return_phonemes: whether `phonemes` is wanted.
            return_timing: whether `timing` is wanted.

        Returns:
            `duration` in seconds, `sample_rate` of the marks' clock, `language`, `loudness_lufs`,
            `true_peak_dbtp`, `snr_db` (None where they cannot be told), `clipped_share` and
            `speech_share` from 0 to 1, `cues`, which says what the marks were found by, and, each
            with `start` and `end` in seconds, `phonemes` (`symbol`, IPA) and `timing` (`word`).

        Raises:
            InvalidInput: it cannot be decoded, or nothing is said in it.
            OSError: it cannot be read.
        """
        wanted = return_phonemes or return_timing
        request = speech_service_pb2.AnalyzeAudioRequest(
            audio=self._stored(Path(audio_path)), with_marks=wanted
        )
        features: dict[str, Any] = {"audio_path": str(audio_path), "sample_rate": SAMPLE_RATE}
        features |= {"cues": None, "phonemes": [], "timing": []}
        for response in self._each("AnalyzeAudio", request):
            if response.WhichOneof("event") == "analysis":
                features |= _measured(response.analysis)
            if response.WhichOneof("event") == "heard":
                heard = response.heard
                features["cues"] = speech_pb2.LipCues.Name(heard.cues).removeprefix("LIP_CUES_")
                features["phonemes"] += _marks(heard.phonemes, "symbol") if return_phonemes else []
                features["timing"] += _marks(heard.words, "word") if return_timing else []
        return features

    def align_audio_to_video(
        self, audio_features: Mapping[str, Any], video_fps: float, target_frames: int | None = None
    ) -> dict[str, Any]:
        """Tell what sounds in each frame of a video.

        Args:
            audio_features: of `extract_features`.
            video_fps: frames a second, over 0.
            target_frames: how many frames; by default as many as the sound has.

        Returns:
            `fps`, `audio_frames` that the sound lasts, and `frames`: of each its `time` in seconds,
            and the `phoneme` and the `word` that sound in its middle, None in silence.

        Raises:
            ValueError: there are no frames a second, or fewer than none.
        """
        if video_fps <= 0 or (target_frames is not None and target_frames < 0):
            raise ValueError(f"needs frames, not {target_frames} at {video_fps} a second")
        audio_frames = math.ceil(round(audio_features["duration"] * video_fps, 6))
        count = audio_frames if target_frames is None else target_frames
        phonemes = _Timeline(audio_features.get("phonemes", ()))
        words = _Timeline(audio_features.get("timing", ()))
        frames = []
        for number in range(count):
            middle = (number + 0.5) / video_fps
            sounding = phonemes.at(middle).get("symbol"), words.at(middle).get("word")
            frames.append({"time": number / video_fps, "phoneme": sounding[0], "word": sounding[1]})
        return {"fps": video_fps, "audio_frames": audio_frames, "frames": frames}

    def enhance_audio_quality(
        self, audio_path: str | Path, output_path: str | Path | None = None
    ) -> str:
        """Take noise out of a sound and make it as loud as speech should be (-16 LUFS).

        Args:
            audio_path: of a sound, or of a video with sound.
            output_path: where the WAV goes; a file there is replaced. By default beside the sound,
                with `_enhanced` in its name.

        Returns:
            Where it is.

        Raises:
            InvalidInput: it cannot be decoded.
            NotReady: what takes out noise is not installed; the message says how to.
            OSError: a file cannot be read or written.
        """
        path = Path(audio_path)
        target = Path(output_path or path.with_name(f"{path.stem}_enhanced.wav"))
        request = speech_service_pb2.EnhanceAudioRequest(
            audio=self._stored(path),
            enhancement=sound_pb2.Enhancement(
                noise_reduction=sound_pb2.NOISE_REDUCTION_LIGHT, target_lufs=_SPOKEN_LUFS
            ),
        )
        for response in self._each("EnhanceAudio", request):
            if response.WhichOneof("event") == "enhanced":
                self._write(response.enhanced.audio, target)
        return str(target)

    def _each(self, method: str, request: Any) -> Iterator[Any]:
        channel = connect_sync(self._addresses()["tts"])
        try:
            with our_errors():
                yield from getattr(SpeechServiceStub(channel), method)(request)
        finally:
            channel.close()

    def _addresses(self) -> Mapping[str, str]:
        if self._own is None:
            self._own = OwnServices("tts")
        return self._own.addresses

    def _stored(self, path: Path) -> artifact_pb2.Artifact:
        with path.open("rb"):  # an error that names it, before anything is started
            pass
        return artifact_to_proto(FsspecStore(self._addresses()["store"]).put(path, _MEDIA_TYPE))

    def _write(self, sound: artifact_pb2.Artifact, target: Path) -> None:
        partial = partial_path(target)
        store = FsspecStore(self._addresses()["store"])
        try:
            with (
                store.open(artifact_from_proto(sound, field="audio")) as source,
                partial.open("xb") as file,
            ):
                while piece := source.read(_PIECE_BYTES):
                    file.write(piece)
            publish(partial, target, replace=True)
        finally:
            partial.unlink(missing_ok=True)


class _Timeline:
    """Marks in order, asked for one moment after the other."""

    def __init__(self, marks: Sequence[Mapping[str, Any]]) -> None:
        self._marks = marks
        self._next = 0

    def at(self, seconds: float) -> Mapping[str, Any]:
        """Return the mark that sounds then, or an empty one."""
        while self._next < len(self._marks) and self._marks[self._next]["end"] <= seconds:
            self._next += 1
        if self._next == len(self._marks) or self._marks[self._next]["start"] > seconds:
            return {}
        return self._marks[self._next]


def _measured(analysis: Any) -> dict[str, Any]:
    found = analysis.measurement

    def told(name: str) -> float | None:
        return float(getattr(found, name)) if found.HasField(name) else None

    return {
        "duration": found.duration_seconds,
        "language": analysis.language,
        "loudness_lufs": told("integrated_lufs"),
        "true_peak_dbtp": told("true_peak_dbtp"),
        "snr_db": told("snr_db"),
        "clipped_share": found.clipped_share,
        "speech_share": found.speech_share,
    }


def _marks(marks: Sequence[speech_pb2.Mark], label: str) -> list[dict[str, Any]]:
    return [
        {
            label: mark.label,
            "start": mark.first_sample / SAMPLE_RATE,
            "end": mark.end_sample / SAMPLE_RATE,
        }
        for mark in marks
    ]
