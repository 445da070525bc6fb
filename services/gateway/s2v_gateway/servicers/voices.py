"""VoiceService over the catalogue."""

from s2v.api.gateway.v1 import voice_service_pb2, voice_service_pb2_grpc
from s2v.rpc.interceptor import Context
from s2v_gateway.orders.catalogue import Catalogue


class VoiceServicer(voice_service_pb2_grpc.VoiceServiceServicer):
    """See voice_service.proto."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def ListVoices(
        self, request: voice_service_pb2.ListVoicesRequest, context: Context
    ) -> voice_service_pb2.ListVoicesResponse:
        voices = await self._catalogue.voices()
        return voice_service_pb2.ListVoicesResponse(
            voices=[
                voice_service_pb2.Voice(
                    name=voice.name, language=voice.language, description=voice.description
                )
                for voice in voices
            ]
        )
