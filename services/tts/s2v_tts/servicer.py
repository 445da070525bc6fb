"""SpeechService over the cutting and speaking cores."""

from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path

from s2v.api.tts.v1 import speech_service_pb2, speech_service_pb2_grpc
from s2v.core.artifact import WAV, Artifact
from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import ArtifactStore, Backend, Notice, Voice, VoiceRecording, Working
from s2v.core.script import Segment, Speech
from s2v.core.sound import check_speed
from s2v.core.steps import Steps
from s2v.core.timebase import FRAME_RATES, SAMPLE_RATE
from s2v.media.limits import MAX_AUDIO_SECONDS
from s2v.media.pcm import lengthen_wav, mapped_wav, read_wav, wav_bytes
from s2v.rpc.convert import (
    artifact_from_proto,
    artifact_to_proto,
    notice_to_proto,
    speech_to_proto,
)
from s2v.rpc.convert_sound import sample_to_proto
from s2v.rpc.interceptor import Context
from s2v.rpc.metrics import SPEECH_SECONDS
from s2v.store.space import full_disk_named
from s2v.text.languages import check_language
from s2v.text.limits import MAX_TEXT_CHARACTERS, MAX_TRANSCRIPT_CHARACTERS, check_text
from s2v.text.markup import read_marked
from s2v.text.normal.lexicon import check_lexicon
from s2v.text.normal.normalising import NORMALISER_VERSION
from s2v.text.normal.spans import ReadingWarning, SpokenSpan
from s2v.text.reading import read_with_marks
from s2v_tts.choosing import Backends
from s2v_tts.cloning import cloned, clones
from s2v_tts.cutting import cut_audio, cut_script_text
from s2v_tts.given import GivenSounds
from s2v_tts.listening.listener import Listener
from s2v_tts.marking import with_marks
from s2v_tts.places import Places
from s2v_tts.samples.judging import DEFAULT_SAMPLE_LIMITS, SampleLimits, too_long
from s2v_tts.samples.judging import FIELD as SAMPLE_FIELD
from s2v_tts.samples.taking import Span, take_sample
from s2v_tts.sound_calls import SoundCalls
from s2v_tts.speaking import (
    SpeechEvent,
    SpokenSegment,
    find_voice,
    markup_ignored,
    speak_audio,
    speak_text,
)
from s2v_tts.wording import WordingBackend

Response = speech_service_pb2.SpeakResponse
CutResponse = speech_service_pb2.CutScriptResponse
NormalizeResponse = speech_service_pb2.NormalizeTextResponse
SampleResponse = speech_service_pb2.TakeSampleResponse

_WORKING = speech_service_pb2.Working()


class SpeechServicer(speech_service_pb2_grpc.SpeechServiceServicer):
    """See speech_service.proto.

    Args:
        backends: speak.
        listener: finds out what given sound says.
        store: of given and made sound.
        speaking: where segments are spoken and texts cut, a matter of seconds.
        cutting: where given sounds are worked on as a whole and samples taken, a matter of minutes:
            they take no place of the others.
        sampling: how long samples of voices may be.
    """

    def __init__(
        self,
        backends: Backends,
        listener: Listener,
        store: ArtifactStore,
        *,
        given: GivenSounds,
        speaking: Places,
        cutting: Places,
        sampling: SampleLimits = DEFAULT_SAMPLE_LIMITS,
    ) -> None:
        self._backends = backends
        self._listener = listener
        self._store = store
        self._given = given
        self._speaking = speaking
        self._cutting = cutting
        self._sounds = SoundCalls(listener, store, given)
        self._sampling = sampling

    async def CutScript(
        self, request: speech_service_pb2.CutScriptRequest, context: Context
    ) -> CutResponse:
        _check_frame_rate(request.frame_rate)
        _check_least_seconds(request.least_seconds)
        places = self._cutting if request.HasField("audio") else self._speaking
        async with aclosing(places.at_work(self._cut(request), pulse=CutResponse())) as responses:
            return [response async for response in responses][-1]

    async def Speak(
        self, request: speech_service_pb2.SpeakRequest, context: Context
    ) -> AsyncIterator[Response]:
        _check_frame_rate(request.frame_rate)
        if request.HasField("decoded_audio"):
            work = self._speak_audio(request)
        else:
            check_speed(request.speed, field="spec.script.speed")
            if not request.HasField("voice_sample"):
                self._backends.of(request.voice)
            work = self._speak_text(request)
        pulse = Response(working=_WORKING)
        async with aclosing(self._speaking.at_work(work, pulse=pulse)) as responses:
            async for response in responses:
                yield response

    async def EnhanceAudio(
        self, request: speech_service_pb2.EnhanceAudioRequest, context: Context
    ) -> AsyncIterator[speech_service_pb2.EnhanceAudioResponse]:
        pulse = speech_service_pb2.EnhanceAudioResponse(working=_WORKING)
        work = self._cutting.at_work(self._sounds.enhance(request), pulse=pulse)
        async with aclosing(work) as responses:
            async for response in responses:
                yield response

    async def AnalyzeAudio(
        self, request: speech_service_pb2.AnalyzeAudioRequest, context: Context
    ) -> AsyncIterator[speech_service_pb2.AnalyzeAudioResponse]:
        pulse = speech_service_pb2.AnalyzeAudioResponse(working=_WORKING)
        work = self._cutting.at_work(self._sounds.analyze(request), pulse=pulse)
        async with aclosing(work) as responses:
            async for response in responses:
                yield response

    async def AlignText(
        self, request: speech_service_pb2.AlignTextRequest, context: Context
    ) -> AsyncIterator[speech_service_pb2.AlignTextResponse]:
        pulse = speech_service_pb2.AlignTextResponse(working=_WORKING)
        work = self._cutting.at_work(self._sounds.align(request), pulse=pulse)
        async with aclosing(work) as responses:
            async for response in responses:
                yield response

    async def NormalizeText(
        self, request: speech_service_pb2.NormalizeTextRequest, context: Context
    ) -> NormalizeResponse:
        work = self._normalise(request)
        places = self._speaking.at_work(work, pulse=NormalizeResponse())
        async with aclosing(places) as responses:
            return [response async for response in responses][-1]

    async def ListVoices(
        self, request: speech_service_pb2.ListVoicesRequest, context: Context
    ) -> speech_service_pb2.ListVoicesResponse:
        return speech_service_pb2.ListVoicesResponse(
            voices=[
                speech_service_pb2.Voice(
                    name=voice.name,
                    language=voice.language,
                    backend=backend_name,
                    description=voice.description,
                    lexicon=voice.lexicon,
                )
                for backend_name, voice in self._backends.offers
            ],
            backends=[
                speech_service_pb2.Backend(name=name, clones=clones(backend))
                for name, backend in self._backends.known.items()
            ],
        )

    async def TakeSample(
        self, request: speech_service_pb2.TakeSampleRequest, context: Context
    ) -> SampleResponse:
        span = Span(request.start_seconds, request.end_seconds)
        span.check()
        work = self._take(artifact_from_proto(request.media, field=SAMPLE_FIELD), span)
        async with aclosing(self._cutting.at_work(work, pulse=SampleResponse())) as responses:
            return [response async for response in responses][-1]

    def _cut(self, request: speech_service_pb2.CutScriptRequest) -> Generator[CutResponse | None]:
        """Yield None while there is nothing to tell yet, then the response."""
        if not request.HasField("audio"):
            check_lexicon(request.lexicon, field="lexicon", joined=2)
            segments = cut_script_text(
                request.text, continues=request.continues, lexicon=request.lexicon
            )
            notices = map(markup_ignored, read_marked(request.text).problems)
            yield CutResponse(
                segments=map(_segment, segments), notices=map(notice_to_proto, notices)
            )
            return
        audio = artifact_from_proto(request.audio, field="audio")
        with self._store.local(audio) as path:
            decoded = yield from self._given.decoding(path, audio.sha256)
        try:
            response = yield from self._cut_wav(decoded.wav, request)
        finally:
            decoded.wav.unlink(missing_ok=True)
        if decoded.found_channels > 1:
            film_audio = yield from self._stereo(audio)
            response.film_audio.CopyFrom(artifact_to_proto(film_audio))
        yield response

    def _stereo(self, audio: Artifact) -> Steps[Artifact]:
        """Return given sound as the film carries it; no byte of it is looked at here."""
        with self._store.local(audio) as path:
            decoded = yield from self._given.decoding(path, audio.sha256, channels=2)
        try:
            return self._store.put(decoded.wav, WAV)
        finally:
            decoded.wav.unlink(missing_ok=True)

    def _cut_wav(
        self, wav: Path, request: speech_service_pb2.CutScriptRequest
    ) -> Steps[CutResponse]:
        """Cut sound that is never held whole: an hour of it is 345 MB."""
        if request.least_seconds:
            with full_disk_named("the folder for given sound"):
                lengthen_wav(wav, round(request.least_seconds * SAMPLE_RATE))
        pcm = mapped_wav(wav)
        segments = cut_audio(pcm, frame_rate=request.frame_rate)
        if request.transcript:
            check_text(
                request.transcript,
                what="transcript",
                field="spec.script.transcript",
                max_characters=MAX_TRANSCRIPT_CHARACTERS,
            )
            segments = yield from self._listener.part(request.transcript, pcm, segments)
        decoded = self._store.put(wav, WAV)
        return CutResponse(
            segments=map(_segment, segments), decoded_audio=artifact_to_proto(decoded)
        )

    def _normalise(
        self, request: speech_service_pb2.NormalizeTextRequest
    ) -> Generator[NormalizeResponse]:
        check_lexicon(request.lexicon, field="lexicon")
        if request.language:
            check_language(request.language, field="language")
            voice = Voice("", request.language, lexicon=request.lexicon)
        else:
            backend = self._backends.of(request.voice)
            voice = find_voice(WordingBackend(backend, request.lexicon), request.voice)
        check_text(
            request.text,
            what="text",
            field="text",
            max_characters=MAX_TEXT_CHARACTERS,
            lexicon=voice.lexicon,
        )
        reading = read_with_marks(request.text, voice)
        yield NormalizeResponse(
            spoken_text=reading.spoken,
            spans=map(_span, reading.spans),
            warnings=map(_warning, reading.warnings),
            normalizer_version=NORMALISER_VERSION,
        )

    def _speak_text(self, request: speech_service_pb2.SpeakRequest) -> Generator[Response | None]:
        check_lexicon(request.lexicon, field="lexicon", joined=2)
        text = request.segment.text
        with self._speaker(request) as (speaker, name):
            backend = WordingBackend(speaker, request.lexicon)
            events = speak_text(
                backend,
                text,
                voice=name,
                frame_rate=request.frame_rate,
                speed=request.speed or 1.0,
            )
            voice = find_voice(backend, name)
            compared = WordingBackend(self._listener.backend, request.lexicon)
            listener = self._listener.comparing_with(compared)
            marked = with_marks(events, listener, text=text, voice=voice)
            yield from map(self._response, marked)

    @contextmanager
    def _speaker(self, request: speech_service_pb2.SpeakRequest) -> Iterator[tuple[Backend, str]]:
        """Give the backend, or one that sounds like the request's sample, and its voice's name."""
        if not request.HasField("voice_sample"):
            yield self._backends.of(request.voice, group=request.device_group), request.voice
            return
        sample = request.voice_sample
        audio = artifact_from_proto(sample.audio, field="voice_sample.audio")
        with self._store.local(audio) as path:
            recording = VoiceRecording(path, audio.sha256, sample.transcript, sample.language)
            name = request.voice or "sample"
            known, backend = self._backends.cloner(sample.backend, group=request.device_group)
            yield cloned(backend, recording, voice=name, backend_name=known), name

    def _take(self, media: Artifact, span: Span) -> Generator[SampleResponse | None]:
        """Yield None while there is nothing to tell yet, then the response."""
        longest = self._sampling.max_source_seconds
        with self._store.local(media) as path:
            try:
                decoded = yield from self._given.decoding(
                    path, media.sha256, max_seconds=longest, field=SAMPLE_FIELD
                )
            except InvalidInput as error:
                if error.reason is Reason.AUDIO_TOO_LONG:
                    remedy = "cut out a part and send that"
                    raise too_long("the recording lasts longer", longest, remedy) from error
                raise
        try:
            taken = yield from take_sample(mapped_wav(decoded.wav), span, self._sampling)
        finally:
            decoded.wav.unlink(missing_ok=True)
        audio = self._store.put([wav_bytes(taken.pcm)], WAV)
        yield SampleResponse(
            audio=artifact_to_proto(audio),
            measurement=sample_to_proto(taken.measures),
            notices=map(notice_to_proto, taken.notices),
        )

    def _speak_audio(self, request: speech_service_pb2.SpeakRequest) -> Generator[Response | None]:
        decoded = artifact_from_proto(request.decoded_audio, field="decoded_audio")
        with self._store.open(decoded) as file:
            pcm = read_wav(file, request.segment.first_sample, request.segment.end_sample)
        events = speak_audio(
            pcm,
            self._listener,
            transcript=request.segment.text,
            frame_rate=request.frame_rate,
        )
        yield from map(self._response, events)

    def _response(self, event: SpeechEvent) -> Response | None:
        """Spell an event as a message; None for what only lets a caller leave."""
        match event:
            case Working():
                return None
            case Notice():
                return Response(notice=notice_to_proto(event))
            case SpokenSegment():
                return self._stored(event)

    def _stored(self, spoken: SpokenSegment) -> Response:
        SPEECH_SECONDS.inc(len(spoken.pcm) / SAMPLE_RATE)
        speech = Speech(
            audio=self._store.put([wav_bytes(spoken.pcm)], WAV),
            samples=len(spoken.pcm),
            words=spoken.words,
            phonemes=spoken.phonemes,
            cues=spoken.cues,
        )
        return Response(speech=speech_to_proto(speech))


def _span(span: SpokenSpan) -> speech_service_pb2.SpokenSpan:
    return speech_service_pb2.SpokenSpan(
        source_first=span.source_first,
        source_end=span.source_end,
        spoken_first=span.spoken_first,
        spoken_end=span.spoken_end,
        speech_class=span.speech_class.value,
        rule=span.rule,
    )


def _warning(warning: ReadingWarning) -> speech_service_pb2.ReadingWarning:
    return speech_service_pb2.ReadingWarning(
        code=f"READING_WARNING_CODE_{warning.code.name}",
        source_first=warning.source_first,
        source_end=warning.source_end,
        message=warning.message,
    )


def _segment(segment: Segment) -> speech_service_pb2.Segment:
    return speech_service_pb2.Segment(
        index=segment.index,
        text=segment.text,
        first_sample=segment.first_sample,
        end_sample=segment.end_sample,
    )


def _check_least_seconds(least_seconds: float) -> None:
    if not 0 <= least_seconds <= MAX_AUDIO_SECONDS:  # NaN is none either
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"least_seconds is {least_seconds:g}; it must be from 0 to {MAX_AUDIO_SECONDS:g}",
            field="least_seconds",
        )


def _check_frame_rate(frame_rate: int) -> None:
    if frame_rate not in FRAME_RATES:
        rates = ", ".join(map(str, FRAME_RATES))
        raise InvalidInput(
            Reason.FRAME_RATE_UNSUPPORTED,
            f"frame rate {frame_rate} is not supported; use one of: {rates}",
            field="spec.frame_rate",
        )
