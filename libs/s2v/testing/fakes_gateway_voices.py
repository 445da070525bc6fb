"""The voices of the gateway in memory."""

from collections.abc import Iterator
from typing import Any

from s2v.api.common.v1 import measurement_pb2, media_pb2
from s2v.api.gateway.v1 import voice_service_pb2 as pb
from s2v.api.gateway.v1 import voice_service_pb2_grpc
from s2v.core.errors import NotFound, Reason
from s2v.testing.fakes_gateway_serving import FakeServicer, aborting, page_of

PREVIEW = b"RIFF a sentence" * 1000
"""How every voice sounds."""
_CHUNK_BYTES = 4000


class FakeVoices(FakeServicer, voice_service_pb2_grpc.VoiceServiceServicer):
    """Takes every recording for a good sample, but for its length."""

    def ListVoices(self, request: Any, context: Any) -> Any:  # noqa: D102, N802
        voices, token = page_of(self.gateway.voices, request)
        return pb.ListVoicesResponse(voices=voices, next_page_token=token)

    def CreateVoice(self, request: Any, context: Any) -> Any:  # noqa: D102, N802
        return self._answer("CreateVoice", context, lambda: self._created(request))

    def GetVoice(self, request: Any, context: Any) -> Any:  # noqa: D102, N802
        return self._answer(
            "GetVoice", context, lambda: pb.GetVoiceResponse(voice=self._voice(request.name))
        )

    def UpdateVoice(self, request: Any, context: Any) -> Any:  # noqa: D102, N802
        return self._answer("UpdateVoice", context, lambda: self._updated(request))

    def DeleteVoice(self, request: Any, context: Any) -> Any:  # noqa: D102, N802
        return self._answer("DeleteVoice", context, lambda: self._deleted(request))

    def NormalizeText(self, request: Any, context: Any) -> Any:  # noqa: D102, N802
        return self._answer("NormalizeText", context, lambda: self._read(request))

    def PreviewVoice(self, request: Any, context: Any) -> Any:  # noqa: D102, N802
        with aborting(context):
            yield from self.gateway.breaking("PreviewVoice", self._previewed(request))

    def _created(self, request: pb.CreateVoiceRequest) -> pb.CreateVoiceResponse:
        for voice in self.gateway.voices:
            if voice.name == request.voice.name:
                return pb.CreateVoiceResponse(voice=voice)
        voice = pb.Voice()
        voice.CopyFrom(request.voice)
        voice.backend = voice.backend or "fake"
        length = (request.end_seconds or 8.0) - request.start_seconds
        voice.sample.CopyFrom(
            measurement_pb2.SampleMeasurement(
                duration_seconds=length,
                speech_seconds=length - 1,
                speech_dbfs=-20,
                signal_to_noise_db=40,
            )
        )
        voice.notices.add(code=media_pb2.NOTICE_CODE_SAMPLE_LENGTH, message="The sample is short.")
        self.gateway.voices.append(voice)
        return pb.CreateVoiceResponse(voice=voice)

    def _updated(self, request: pb.UpdateVoiceRequest) -> pb.UpdateVoiceResponse:
        voice = self._voice(request.voice.name)
        for path in request.update_mask.paths:
            voice.ClearField(path)
            voice.MergeFrom(pb.Voice(**{path: getattr(request.voice, path)}))
        return pb.UpdateVoiceResponse(voice=voice)

    def _deleted(self, request: pb.DeleteVoiceRequest) -> pb.DeleteVoiceResponse:
        self.gateway.voices.remove(self._voice(request.name))
        return pb.DeleteVoiceResponse()

    def _read(self, request: pb.NormalizeTextRequest) -> pb.NormalizeTextResponse:
        voice = self._voice(request.name)
        words = {**voice.lexicon, **request.lexicon}
        said = " ".join(words.get(word, word) for word in request.text.split(" "))
        return pb.NormalizeTextResponse(spoken_text=said)

    def _previewed(self, request: pb.PreviewVoiceRequest) -> Iterator[pb.PreviewVoiceResponse]:
        self._voice(request.name)
        yield pb.PreviewVoiceResponse()
        for offset in range(0, len(PREVIEW), _CHUNK_BYTES):
            data = PREVIEW[offset : offset + _CHUNK_BYTES]
            yield pb.PreviewVoiceResponse(offset=offset, data=data)

    def _voice(self, name: str) -> pb.Voice:
        for voice in self.gateway.voices:
            if voice.name == name:
                return voice
        raise NotFound(Reason.VOICE_NOT_FOUND, f"there is no voice {name!r}", field="name")
