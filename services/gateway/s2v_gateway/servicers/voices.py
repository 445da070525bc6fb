"""VoiceService over the catalogue."""

from s2v.api.gateway.v1 import voice_service_pb2, voice_service_pb2_grpc
from s2v.rpc.interceptor import Context
from s2v_gateway.orders.catalogue import Catalogue
from s2v_gateway.servicers.messages import VOICES
from s2v_gateway.servicers.paging import page_of


class VoiceServicer(voice_service_pb2_grpc.VoiceServiceServicer):
    """See voice_service.proto."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def ListVoices(
        self, request: voice_service_pb2.ListVoicesRequest, context: Context
    ) -> voice_service_pb2.ListVoicesResponse:
        offers = await self._catalogue.voices()
        names = [offer.name for offer in offers]
        page, token = page_of(offers, names, size=request.page_size, token=request.page_token)
        return voice_service_pb2.ListVoicesResponse(
            voices=[
                voice_service_pb2.Voice(
                    name=f"{VOICES}{voice.name}",
                    language=voice.language,
                    description=voice.description,
                )
                for voice in page
            ],
            next_page_token=token,
        )
