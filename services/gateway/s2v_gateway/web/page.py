"""The web page: what lies in the folder `page` beside this file, and the sample portrait."""

from importlib import resources
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_FOLDER = Path(__file__).parent / "page"
_HEADERS = {
    # Nothing from elsewhere, nothing inline; what the page itself holds of films is blobs.
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "font-src 'self'; img-src 'self' blob:; media-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "permissions-policy": "camera=(self), microphone=(self)",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    # After an upgrade nobody shall run one file of the old page beside one of the new.
    "cache-control": "no-cache",
}


def page_routes(folder: Path = _FOLDER) -> list[BaseRoute]:
    """Return the routes of the page: its `index.html` at /, everything else below /page."""

    async def index(request: Request) -> Response:
        return FileResponse(folder / "index.html", headers=_HEADERS)

    async def portrait(request: Request) -> Response:
        picture = (resources.files("s2v.samples") / "portrait.jpg").read_bytes()
        return Response(picture, media_type="image/jpeg", headers=_HEADERS)

    return [
        Route("/", index),
        Route("/page/portrait.jpg", portrait),
        Mount("/page", _guarded(StaticFiles(directory=folder))),
    ]


def _guarded(app: ASGIApp) -> ASGIApp:
    """Give the answers of an application the headers of the page."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await app(scope, receive, send_guarded)

    return answer
