"""The calls of SpeechService that look at given sound as a whole, as messages."""

from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

from s2v.api.tts.v1 import hearing_pb2, speech_service_pb2
from s2v.core.artifact import WAV, Artifact
from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import ArtifactStore
from s2v.core.sound import check_enhancement
from s2v.core.steps import Steps
from s2v.media.pcm import Pcm, mapped_wav
from s2v.rpc.convert import (
    artifact_from_proto,
    artifact_to_proto,
    cues_to_proto,
    mark_to_proto,
    notice_to_proto,
)
from s2v.rpc.convert_sound import enhancement_from_proto, sound_measurement_to_proto
from s2v_tts.enhancing.enhancing import Enhanced, enhanced
from s2v_tts.enhancing.noise import check_noise_reduction
from s2v_tts.given import GivenSounds
from s2v_tts.hearing import Stretch, TextFit, aligned_in, heard_in, most_spoken
from s2v_tts.listening.listener import Listener
from s2v_tts.measuring.sound import Shares, T, measured

EnhanceResponse = speech_service_pb2.EnhanceAudioResponse
AnalyzeResponse = speech_service_pb2.AnalyzeAudioResponse
AlignResponse = speech_service_pb2.AlignTextResponse

_WORKING = speech_service_pb2.Working()
_FIELD = "spec.script.enhancement"
_DECODING_SHARE = 0.1
_MEASURING_SHARE = 0.05


class SoundCalls:
    """Yields responses to requests, None while there is nothing to tell.

    Args:
        listener: finds out what is said in sound.
        store: of given and made sound.
        given: decodes it.
    """

    def __init__(self, listener: Listener, store: ArtifactStore, given: GivenSounds) -> None:
        self._listener = listener
        self._store = store
        self._given = given

    def enhance(
        self, request: speech_service_pb2.EnhanceAudioRequest
    ) -> Generator[EnhanceResponse | None]:
        """Better a sound; see `s2v_tts.enhancing`."""
        enhancement = enhancement_from_proto(request.enhancement, field=_FIELD)
        check_enhancement(enhancement, field=_FIELD)
        check_noise_reduction(enhancement.noise_reduction, field=_FIELD)
        wav = yield from self._decoded(artifact_from_proto(request.audio, field="audio"))
        with closing(enhanced(wav, enhancement, self._given.folder)) as work:
            while True:
                try:
                    share = next(work)
                except StopIteration as end:
                    yield self._enhanced(end.value)
                    return
                done = _DECODING_SHARE + (1 - _DECODING_SHARE) * share
                yield EnhanceResponse(working=_WORKING, fraction=done)

    def analyze(
        self, request: speech_service_pb2.AnalyzeAudioRequest
    ) -> Generator[AnalyzeResponse | None]:
        """Measure a sound and, if asked, tell what is said in it."""
        if request.transcript and not request.with_marks:
            raise InvalidInput(
                Reason.FIELD_INVALID,
                "a transcript helps to find marks only; ask for with_marks, or leave it out",
                field="transcript",
            )
        wav = yield from self._decoded(artifact_from_proto(request.audio, field="audio"))
        try:
            yield from self._analyzed(mapped_wav(wav), request)
        finally:
            wav.unlink(missing_ok=True)

    def align(
        self, request: speech_service_pb2.AlignTextRequest
    ) -> Generator[AlignResponse | None]:
        """Tell when a text sounds in a sound."""
        wav = yield from self._decoded(artifact_from_proto(request.audio, field="audio"))
        try:
            pcm = mapped_wav(wav)
            for event in aligned_in(
                pcm, request.text, self._listener.backend, language=request.language
            ):
                yield _align_response(event, samples=len(pcm))
        finally:
            wav.unlink(missing_ok=True)

    def _analyzed(
        self, pcm: Pcm, request: speech_service_pb2.AnalyzeAudioRequest
    ) -> Generator[AnalyzeResponse | None]:
        measuring_share = _MEASURING_SHARE if request.with_marks else 1.0
        measurement = yield from _told(measured(pcm), measuring_share)
        stretches: list[Stretch] = []
        if request.with_marks:
            for stretch in heard_in(pcm, self._listener, transcript=request.transcript):
                if stretch is None:
                    yield None
                    continue
                stretches.append(stretch)
                yield from _told_of(stretch, samples=len(pcm))
        analysis = hearing_pb2.AudioAnalysis(
            measurement=sound_measurement_to_proto(measurement), language=most_spoken(stretches)
        )
        yield AnalyzeResponse(analysis=analysis, fraction=1.0)

    def _enhanced(self, made: Enhanced) -> EnhanceResponse:
        try:
            audio = self._store.put(made.wav, WAV)
        finally:
            made.wav.unlink(missing_ok=True)
        return EnhanceResponse(
            enhanced=hearing_pb2.EnhancedAudio(
                audio=artifact_to_proto(audio),
                before=sound_measurement_to_proto(made.before),
                after=sound_measurement_to_proto(made.after),
            ),
            fraction=1.0,
        )

    def _decoded(self, audio: Artifact) -> Steps[Path]:
        with self._store.local(audio) as path:
            decoded = yield from self._given.decoding(path, audio.sha256)
        return decoded.wav


def _told(work: Shares[T], most: float) -> Generator[AnalyzeResponse, None, T]:
    """Do a part of an analysis that is worth so much of it."""
    with closing(work):
        while True:
            try:
                share = next(work)
            except StopIteration as end:
                made: T = end.value
                return made
            yield AnalyzeResponse(working=_WORKING, fraction=share * most)


def _told_of(stretch: Stretch, *, samples: int) -> Iterator[AnalyzeResponse]:
    done = _MEASURING_SHARE + (1 - _MEASURING_SHARE) * stretch.end_sample / samples
    for notice in stretch.heard.notices:
        yield AnalyzeResponse(notice=notice_to_proto(notice), fraction=done)
    yield AnalyzeResponse(heard=_stretch(stretch), fraction=done)


def _align_response(event: Stretch | TextFit | None, *, samples: int) -> AlignResponse | None:
    match event:
        case None:
            return None
        case Stretch():
            return AlignResponse(heard=_stretch(event), fraction=event.end_sample / samples)
        case TextFit():
            alignment = hearing_pb2.Alignment(cost=event.cost, fits=event.fits)
            return AlignResponse(alignment=alignment, fraction=1.0)


def _stretch(stretch: Stretch) -> hearing_pb2.HeardStretch:
    return hearing_pb2.HeardStretch(
        first_sample=stretch.first_sample,
        end_sample=stretch.end_sample,
        words=map(mark_to_proto, stretch.heard.words),
        phonemes=map(mark_to_proto, stretch.heard.phonemes),
        cues=cues_to_proto(stretch.heard.cues),
        cost=stretch.heard.cost,
    )
