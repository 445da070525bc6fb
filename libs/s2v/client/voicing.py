"""Make voices of recordings, change them, and hear them."""

import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from google.protobuf.field_mask_pb2 import FieldMask

from s2v.api.gateway.v1 import voice_service_pb2 as pb
from s2v.client.calling import Terms, our_errors
from s2v.core.errors import Corrupt, Reason
from s2v.rpc.patience import attempts, attempts_async, is_lost

if TYPE_CHECKING:
    from s2v.api.gateway.v1.voice_service_pb2_grpc import VoiceServiceAsyncStub, VoiceServiceStub


def voice_creation(
    voice: pb.Voice, asset: str, request_id: str, *, start_seconds: float, end_seconds: float
) -> pb.CreateVoiceRequest:
    """Return the request for a voice, which is safe to repeat."""
    return pb.CreateVoiceRequest(
        request_id=request_id or str(uuid.uuid4()),
        voice=voice,
        asset=asset,
        start_seconds=start_seconds,
        end_seconds=end_seconds,
    )


def voice_update(voice: pb.Voice, fields: Sequence[str]) -> pb.UpdateVoiceRequest:
    """Return the request that changes some fields of a voice."""
    return pb.UpdateVoiceRequest(voice=voice, update_mask=FieldMask(paths=fields))


def reading(name: str, text: str, lexicon: Mapping[str, str] | None) -> pb.NormalizeTextRequest:
    """Return the request that asks how a voice says a text."""
    return pb.NormalizeTextRequest(name=name, text=text, lexicon=lexicon)


def preview(stub: "VoiceServiceStub", request: pb.PreviewVoiceRequest, terms: Terms) -> bytes:
    """Return the WAV file of a sentence; spoken anew where the call breaks.

    Raises:
        S2VError: what the gateway answered.
    """
    for attempt in attempts(terms.patience_seconds, is_lost):
        with attempt:
            heard = _PreviewFile()
            with our_errors():
                for response in stub.PreviewVoice(
                    request, timeout=terms.timeout_seconds, metadata=terms.metadata
                ):
                    heard.append(response)
    return heard.data


async def preview_async(
    stub: "VoiceServiceAsyncStub", request: pb.PreviewVoiceRequest, terms: Terms
) -> bytes:
    """Return the WAV file of a sentence, as `preview`."""
    async for attempt in attempts_async(terms.patience_seconds, is_lost):
        with attempt:
            heard = _PreviewFile()
            with our_errors():
                async for response in stub.PreviewVoice(
                    request, timeout=terms.timeout_seconds, metadata=terms.metadata
                ):
                    heard.append(response)
    return heard.data


class _PreviewFile:
    def __init__(self) -> None:
        self.data = b""

    def append(self, response: pb.PreviewVoiceResponse) -> None:
        if response.data and response.offset != len(self.data):
            raise Corrupt(Reason.CHUNK_CORRUPT, "a part of the preview did not arrive; try again")
        self.data += response.data
