"""Uploads in one request, and downloads as browsers and players ask for them."""

import mimetypes
from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path
from urllib.parse import quote

import grpc
from python_multipart.multipart import parse_options_header
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from s2v.api.gateway.v1 import asset_service_pb2 as pb
from s2v.client.calling import Terms, ask_async, our_errors
from s2v.client.source import Media
from s2v.client.uploading import upload_async
from s2v.core.errors import InvalidInput, Reason, S2VError
from s2v_gateway.web.calling import Link, terms_of
from s2v_gateway.web.forms import form_of, spooled
from s2v_gateway.web.ranges import FilePart, Unsatisfiable, is_known, part_of
from s2v_gateway.web.streams import Streamed, spell

_FILE = "file"
_SUFFIXES = {"application/x-subrip": ".srt", "text/vtt": ".vtt", "audio/wav": ".wav"}


def file_routes(link: Link) -> list[Route]:
    """Return the routes of assets as files."""
    return [
        Route("/v1/assets:upload", partial(_upload, link), methods=["POST"]),
        Route("/v1/assets/{id}:download", partial(_download, link), methods=["GET"]),
    ]


async def stored(link: Link, terms: Terms, data: Media, *, field: str) -> pb.Asset:
    """Make an asset of a file or of bytes.

    Raises:
        S2VError: what the gateway answered; `field` is to blame.
    """
    if isinstance(data, Path) and data.stat().st_size == 0:
        raise InvalidInput(Reason.FIELD_INVALID, f"{field} is empty", field=field)
    try:
        return await upload_async(link.stubs.assets, data, terms)
    except S2VError as error:
        error.field = field
        raise


async def asset_of(link: Link, terms: Terms, name: str) -> pb.Asset:
    """Return the caller's asset of that name.

    Raises:
        NotFound: ASSET_NOT_FOUND.
    """
    asked = pb.GetAssetRequest(name=name)
    return (await ask_async(link.stubs.assets.GetAsset, asked, terms)).asset


async def sent(
    link: Link, request: Request, terms: Terms, asset: pb.Asset, *, name: str = ""
) -> Response:
    """Answer with an asset, or with the part of it that is asked for.

    Args:
        link: to the gateway.
        request: asks for it; a HEAD gets the headers alone.
        terms: of the calls.
        asset: to be sent.
        name: of the file without its suffix; empty takes the asset's id.
    """
    etag = f'"{asset.sha256}"'
    suffix = _SUFFIXES.get(asset.media_type) or mimetypes.guess_extension(asset.media_type) or ""
    name = f"{name or asset.name.partition('/')[2]}{suffix}"
    headers = {
        "accept-ranges": "bytes",
        "etag": etag,
        "cache-control": "private, no-cache",
        "content-disposition": _attached(name),
        "x-content-type-options": "nosniff",
    }
    if is_known(request, etag):
        return Response(status_code=304, headers=headers)
    try:
        part = part_of(request, size=asset.size_bytes, etag=etag)
    except Unsatisfiable:
        return Response(
            status_code=416, headers={**headers, "content-range": f"bytes */{asset.size_bytes}"}
        )
    headers["content-length"] = str(part.length)
    if not part.whole:
        last = part.start + part.length - 1
        headers["content-range"] = f"bytes {part.start}-{last}/{asset.size_bytes}"
    code = 200 if part.whole else 206
    if request.method == "HEAD":
        return Response(status_code=code, headers=headers, media_type=asset.media_type)
    content = _bytes(link, terms, asset, part)
    return Streamed(await _begun(content), media_type=asset.media_type, code=code, headers=headers)


async def _upload(link: Link, request: Request) -> Response:
    terms = terms_of(request)
    kind, _ = parse_options_header(request.headers.get("content-type"))
    if kind == b"multipart/form-data":
        files = frozenset({_FILE})
        async with form_of(request, link, texts=frozenset(), files=files) as form:
            if _FILE not in form.files:
                raise InvalidInput(Reason.FIELD_INVALID, "send the file as `file`", field=_FILE)
            asset = await stored(link, terms, form.files[_FILE], field=_FILE)
    else:
        async with spooled(request, link, name=request.query_params.get("name", "")) as path:
            asset = await stored(link, terms, path, field="body")
    location = {"location": f"/v1/{asset.name}"}
    return JSONResponse(spell(pb.FinishUploadResponse(asset=asset)), 201, location)


async def _download(link: Link, request: Request) -> Response:
    terms = terms_of(request)
    asset = await asset_of(link, terms, f"assets/{request.path_params['id']}")
    return await sent(link, request, terms, asset, name=request.query_params.get("name", ""))


def _attached(name: str) -> str:
    """Name a file as RFC 6266 has it; letters beyond ASCII, quotes and line ends are quoted."""
    quoted = quote(name, safe="")
    return (
        f'attachment; filename="{name}"'
        if quoted == name
        else f"attachment; filename*=utf-8''{quoted}"
    )


async def _bytes(
    link: Link, terms: Terms, asset: pb.Asset, part: FilePart
) -> AsyncGenerator[bytes]:
    asked = pb.ReadAssetRequest(name=asset.name, offset=part.start, limit_bytes=part.length)
    call: grpc.aio.UnaryStreamCall[pb.ReadAssetRequest, pb.ReadAssetResponse]
    call = link.stubs.assets.ReadAsset(asked, metadata=terms.metadata)
    try:
        with our_errors():
            async for response in call:
                yield response.data
    finally:
        call.cancel()


async def _begun(content: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Return the same once its beginning is there, so that what fails before has its own code."""
    first = await anext(content)

    async def whole() -> AsyncGenerator[bytes]:
        try:
            yield first
            async for data in content:
                yield data
        finally:
            await content.aclose()

    return whole()
