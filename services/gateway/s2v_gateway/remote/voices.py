"""What voices need of the tts service, over gRPC (`s2v.core.stages.VoiceStages`)."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager

import grpc

from s2v.api.tts.v1 import speech_service_pb2, speech_service_pb2_grpc
from s2v.core.artifact import Artifact
from s2v.core.ports import Notice, Working
from s2v.core.script import Segment, Speech
from s2v.core.stages import KeptSample
from s2v.core.timebase import DEFAULT_FRAME_RATE
from s2v.core.voice import SampledVoice
from s2v.rpc.convert import (
    artifact_from_proto,
    artifact_to_proto,
    notice_from_proto,
    speech_from_proto,
)
from s2v.rpc.convert_sound import sample_from_proto
from s2v.rpc.errors import from_rpc_error
from s2v_gateway.remote import messages
from s2v_gateway.remote.discretion import discreet
from s2v_gateway.remote.persisting import in_time, pulsing

_SAMPLING_SECONDS = 600.0
_FIELDS = {"spec.script.text": "text", "spec.voice": "name"}
"""What the fields of a job that tts blames are called here."""


class RemoteVoices:
    """Calls of the tts service by callers who wait for the answer.

    Args:
        tts: channel to the tts service.
        stall_seconds: how long it may give no sign of life.
    """

    def __init__(self, tts: grpc.aio.Channel, *, stall_seconds: float) -> None:
        self._tts = speech_service_pb2_grpc.SpeechServiceStub(tts)
        self._stall_seconds = stall_seconds

    async def take_sample(
        self, recording: Artifact, *, start_seconds: float, end_seconds: float
    ) -> KeptSample:
        """Take the sample of a voice out of a part of a recording."""
        request = speech_service_pb2.TakeSampleRequest(
            media=artifact_to_proto(recording),
            start_seconds=start_seconds,
            end_seconds=end_seconds,
        )
        with _errors_of_tts():
            taken = await in_time("tts", self._tts.TakeSample(request), _SAMPLING_SECONDS)
        return KeptSample(
            sample=artifact_from_proto(taken.audio, field="audio"),
            measures=sample_from_proto(taken.measurement),
            notices=tuple(map(notice_from_proto, taken.notices)),
        )

    async def speak_once(
        self, text: str, *, voice: str, sampled: SampledVoice | None
    ) -> AsyncGenerator[Working | Notice | Speech]:
        """Speak a text; the speech comes last."""
        request = speech_service_pb2.SpeakRequest(
            segment=messages.segment(Segment(0, text)),
            voice=voice,
            frame_rate=DEFAULT_FRAME_RATE,
            lexicon=sampled.lexicon if sampled else None,
            voice_sample=messages.voice_sample(sampled) if sampled else None,
        )
        with _errors_of_tts():
            async with pulsing("tts", self._tts.Speak(request), self._stall_seconds) as responses:
                async for response in responses:
                    if response.HasField("speech"):
                        yield speech_from_proto(response.speech)
                        return
                    if response.HasField("notice"):
                        yield notice_from_proto(response.notice)
                    else:
                        yield Working()


@contextmanager
def _errors_of_tts() -> Iterator[None]:
    """Turn what a call ends with into an error as a client may see it."""
    try:
        yield
    except grpc.RpcError as error:
        told = discreet("tts", from_rpc_error(error))
        told.field = _FIELDS.get(told.field, told.field)
        raise told from error
