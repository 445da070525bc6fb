"""What the gateway counts, for Prometheus, told to admins."""

import asyncio

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from s2v.api.gateway.v1 import system_service_pb2
from s2v.client.calling import once_async
from s2v_gateway.web.calling import Link, terms_of


def metrics_routes(link: Link) -> list[Route]:
    """Return the route of the numbers."""

    async def tell(request: Request) -> Response:
        # Whoever may know how the system is may know these, too.
        asked = system_service_pb2.GetSystemStatusRequest()
        await once_async(link.stubs.system.GetSystemStatus, asked, terms_of(request))
        return Response(await asyncio.to_thread(generate_latest), media_type=CONTENT_TYPE_LATEST)

    return [Route("/metrics", tell, methods=["GET"])]
