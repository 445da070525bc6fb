"""AssetService over uploads and the library."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import google_crc32c
from cachetools import TTLCache

from s2v.api.gateway.v1 import asset_service_pb2, asset_service_pb2_grpc
from s2v.core.errors import InvalidInput, NotFound, Reason
from s2v.rpc.finishing import in_thread
from s2v.rpc.interceptor import Context
from s2v_gateway.access.audit import AuditLog
from s2v_gateway.access.callers import Caller, caller
from s2v_gateway.assets.library import Asset, Library
from s2v_gateway.assets.upload_rules import Writer
from s2v_gateway.assets.uploads import Uploads, UploadState
from s2v_gateway.servicers.messages import asset_to_proto, upload_to_proto
from s2v_gateway.servicers.paging import page_size

_ANSWER_SECONDS = 10.0
_MOST_CHECKS, _CHECK_SECONDS = 1000, 3600.0

Check = tuple[str, str, str]
"""Which tenant has which upload checked, against which digest."""


class AssetServicer(asset_service_pb2_grpc.AssetServiceServicer):
    """See asset_service.proto.

    Args:
        answer_seconds: after so long FinishUpload answers, whether the check is done or not.
    """

    def __init__(
        self,
        uploads: Uploads,
        library: Library,
        audit: AuditLog,
        *,
        answer_seconds: float = _ANSWER_SECONDS,
    ) -> None:
        self._uploads = uploads
        self._library = library
        self._audit = audit
        self._answer_seconds = answer_seconds
        self._checks: TTLCache[Check, asyncio.Task[Asset]] = TTLCache(_MOST_CHECKS, _CHECK_SECONDS)

    async def CreateUpload(
        self, request: asset_service_pb2.CreateUploadRequest, context: Context
    ) -> asset_service_pb2.CreateUploadResponse:
        outcome = await asyncio.to_thread(
            self._uploads.create,
            caller(),
            request.request_id,
            request.media_type,
            total_bytes=request.total_bytes,
            sha256=request.sha256,
        )
        if isinstance(outcome, Asset):
            return asset_service_pb2.CreateUploadResponse(asset=asset_to_proto(outcome))
        return asset_service_pb2.CreateUploadResponse(upload=upload_to_proto(outcome))

    async def WriteUpload(
        self,
        requests: AsyncIterator[asset_service_pb2.WriteUploadRequest],
        context: Context,
    ) -> asset_service_pb2.WriteUploadResponse:
        who = caller()
        name = ""
        async with AsyncExitStack() as stack:
            writer: Writer | None = None
            async for request in requests:
                if writer is None:
                    name = request.name
                    writer = await stack.enter_async_context(self._writing(who, name))
                crc32c = request.crc32c if request.HasField("crc32c") else None
                await in_thread(writer.append, request.offset, request.data, crc32c)
        if not name:
            raise InvalidInput(
                Reason.FIELD_INVALID,
                "the first message must have the name of the upload",
                field="name",
            )
        upload = await asyncio.to_thread(self._uploads.get, who, name)
        return asset_service_pb2.WriteUploadResponse(upload=upload_to_proto(upload))

    async def GetUpload(
        self, request: asset_service_pb2.GetUploadRequest, context: Context
    ) -> asset_service_pb2.GetUploadResponse:
        who = caller()
        upload = await asyncio.to_thread(self._uploads.get, who, request.name)
        checking = any(
            check[:2] == (who.tenant, request.name) and not task.done()
            for check, task in self._checks.items()
        )
        state = UploadState.CHECKING if checking else None
        return asset_service_pb2.GetUploadResponse(upload=upload_to_proto(upload, state))

    async def FinishUpload(
        self, request: asset_service_pb2.FinishUploadRequest, context: Context
    ) -> asset_service_pb2.FinishUploadResponse:
        who = caller()
        check = (who.tenant, request.name, request.sha256)
        if check not in self._checks:
            task = asyncio.create_task(self._finish(who, request.name, request.sha256))
            task.add_done_callback(_hear)
            self._checks[check] = task
        task = self._checks[check]
        await asyncio.wait({task}, timeout=self._answer_seconds)
        if not task.done():
            with suppress(NotFound):  # it is being refused, and its check tells why
                upload = await asyncio.to_thread(self._uploads.get, who, request.name)
                return asset_service_pb2.FinishUploadResponse(
                    upload=upload_to_proto(upload, UploadState.CHECKING)
                )
        await asyncio.wait({task})
        self._checks.pop(check, None)
        return asset_service_pb2.FinishUploadResponse(asset=asset_to_proto(task.result()))

    async def GetAsset(
        self, request: asset_service_pb2.GetAssetRequest, context: Context
    ) -> asset_service_pb2.GetAssetResponse:
        asset = await asyncio.to_thread(self._library.get, caller(), request.name)
        return asset_service_pb2.GetAssetResponse(asset=asset_to_proto(asset))

    async def ListAssets(
        self, request: asset_service_pb2.ListAssetsRequest, context: Context
    ) -> asset_service_pb2.ListAssetsResponse:
        assets, token = await asyncio.to_thread(
            self._library.page,
            caller(),
            size=page_size(request.page_size),
            token=request.page_token,
        )
        return asset_service_pb2.ListAssetsResponse(
            assets=map(asset_to_proto, assets), next_page_token=token
        )

    async def ReadAsset(
        self, request: asset_service_pb2.ReadAssetRequest, context: Context
    ) -> AsyncIterator[asset_service_pb2.ReadAssetResponse]:
        asset = await asyncio.to_thread(self._library.get, caller(), request.name)
        pieces = await asyncio.to_thread(
            self._library.read, asset, offset=request.offset, limit_bytes=request.limit_bytes
        )
        offset = request.offset
        while piece := await asyncio.to_thread(next, pieces, b""):
            yield asset_service_pb2.ReadAssetResponse(
                offset=offset, data=piece, crc32c=google_crc32c.value(piece)
            )
            offset += len(piece)

    async def DeleteAsset(
        self, request: asset_service_pb2.DeleteAssetRequest, context: Context
    ) -> asset_service_pb2.DeleteAssetResponse:
        who = caller()
        async with self._audit.entry(who, asset=request.name):
            await in_thread(self._library.delete, who, request.name)
        return asset_service_pb2.DeleteAssetResponse()

    async def _finish(self, who: Caller, name: str, sha256: str) -> Asset:
        async with self._audit.entry(who, upload=name) as entry:
            asset = await in_thread(self._uploads.finish, who, name, sha256)
            entry.facts |= {"asset": asset.name, "sha256": asset.sha256}
            return asset

    @asynccontextmanager
    async def _writing(self, who: Caller, name: str) -> AsyncIterator[Writer]:
        """Hold the upload's one place for a writer while the call lasts."""
        lease = self._uploads.writer(who, name)
        writer = await in_thread(lease.__enter__)
        try:
            yield writer
        finally:
            await in_thread(lease.__exit__, None, None, None)


def _hear(task: asyncio.Task[Asset]) -> None:
    """Take note of how a check ended, which perhaps nobody asks for any more."""
    if not task.cancelled():
        task.exception()
