"""SpeechService over the cutting and speaking cores."""

from collections.abc import AsyncIterator, Generator
from contextlib import aclosing
from pathlib import Path

from s2v.api.tts.v1 import speech_service_pb2, speech_service_pb2_grpc
from s2v.core.artifact import WAV, Artifact
from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import ArtifactStore, Backend, Notice, Working
from s2v.core.script import Segment, Speech
from s2v.core.timebase import FRAME_RATES
from s2v.media.pcm import mapped_wav, read_wav, wav_bytes
from s2v.rpc.convert import (
    artifact_from_proto,
    artifact_to_proto,
    notice_to_proto,
    speech_to_proto,
)
from s2v.rpc.interceptor import Context
from s2v.text.limits import MAX_TRANSCRIPT_CHARACTERS, check_text
from s2v_tts.cutting import cut_audio, cut_script_text
from s2v_tts.given import GivenSounds
from s2v_tts.listening.listener import Listener
from s2v_tts.listening.parting import part_transcript
from s2v_tts.places import Places
from s2v_tts.speaking import SpeechEvent, SpokenSegment, find_voice, speak_audio, speak_text

Response = speech_service_pb2.SpeakResponse
CutResponse = speech_service_pb2.CutScriptResponse

_WORKING = speech_service_pb2.Working()


class SpeechServicer(speech_service_pb2_grpc.SpeechServiceServicer):
    """See speech_service.proto.

    Args:
        backend: speaks.
        listener: finds out what given sound says.
        store: of given and made sound.
        backend_name: name of the backend, told with its voices.
        speaking: where segments are spoken and texts cut, a matter of seconds.
        cutting: where given sounds are cut, a matter of minutes: they take no place of the others.
    """

    def __init__(
        self,
        backend: Backend,
        listener: Listener,
        store: ArtifactStore,
        *,
        backend_name: str,
        given: GivenSounds,
        speaking: Places,
        cutting: Places,
    ) -> None:
        self._backend = backend
        self._listener = listener
        self._store = store
        self._backend_name = backend_name
        self._given = given
        self._speaking = speaking
        self._cutting = cutting

    async def CutScript(
        self, request: speech_service_pb2.CutScriptRequest, context: Context
    ) -> CutResponse:
        _check_frame_rate(request.frame_rate)
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
            find_voice(self._backend, request.voice)
            work = self._speak_text(request)
        pulse = Response(working=_WORKING)
        async with aclosing(self._speaking.at_work(work, pulse=pulse)) as responses:
            async for response in responses:
                yield response

    async def ListVoices(
        self, request: speech_service_pb2.ListVoicesRequest, context: Context
    ) -> speech_service_pb2.ListVoicesResponse:
        return speech_service_pb2.ListVoicesResponse(
            voices=[
                speech_service_pb2.Voice(
                    name=voice.name,
                    language=voice.language,
                    backend=self._backend_name,
                    description=voice.description,
                )
                for voice in self._backend.voices
            ]
        )

    def _cut(self, request: speech_service_pb2.CutScriptRequest) -> Generator[CutResponse | None]:
        """Yield None while there is nothing to tell yet, then the response."""
        if not request.HasField("audio"):
            segments = cut_script_text(request.text)
            yield CutResponse(segments=map(_segment, segments))
            return
        audio = artifact_from_proto(request.audio, field="audio")
        with self._store.local(audio) as path:
            wav = yield from self._given.decoding(path, audio.sha256)
        try:
            yield from self._cut_wav(wav, request)
        finally:
            wav.unlink(missing_ok=True)

    def _cut_wav(
        self, wav: Path, request: speech_service_pb2.CutScriptRequest
    ) -> Generator[CutResponse | None]:
        """Cut sound that is never held whole: an hour of it is 345 MB."""
        pcm = mapped_wav(wav)
        segments = cut_audio(pcm, frame_rate=request.frame_rate)
        if request.transcript:
            check_text(
                request.transcript,
                what="transcript",
                field="spec.script.transcript",
                max_characters=MAX_TRANSCRIPT_CHARACTERS,
            )
            segments = yield from part_transcript(request.transcript, pcm, segments, self._backend)
        decoded = self._store.put(wav, WAV)
        yield CutResponse(
            segments=map(_segment, segments), decoded_audio=artifact_to_proto(decoded)
        )

    def _speak_text(self, request: speech_service_pb2.SpeakRequest) -> Generator[Response | None]:
        events = speak_text(
            self._backend,
            request.segment.text,
            voice=request.voice,
            frame_rate=request.frame_rate,
        )
        yield from map(self._response, events)

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
        audio: Artifact = self._store.put([wav_bytes(spoken.pcm)], WAV)
        speech = Speech(
            audio=audio,
            samples=len(spoken.pcm),
            words=spoken.words,
            phonemes=spoken.phonemes,
            cues=spoken.cues,
        )
        return Response(speech=speech_to_proto(speech))


def _segment(segment: Segment) -> speech_service_pb2.Segment:
    return speech_service_pb2.Segment(
        index=segment.index,
        text=segment.text,
        first_sample=segment.first_sample,
        end_sample=segment.end_sample,
    )


def _check_frame_rate(frame_rate: int) -> None:
    if frame_rate not in FRAME_RATES:
        rates = ", ".join(map(str, FRAME_RATES))
        raise InvalidInput(
            Reason.FRAME_RATE_UNSUPPORTED,
            f"frame rate {frame_rate} is not supported; use one of: {rates}",
            field="spec.frame_rate",
        )
