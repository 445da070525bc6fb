"""AssetService over the table of uploads and assets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import google_crc32c

from s2v.api.gateway.v1 import asset_service_pb2, asset_service_pb2_grpc
from s2v.core.errors import InvalidInput, Reason
from s2v.rpc.finishing import in_thread
from s2v.rpc.interceptor import Context
from s2v_gateway.assets.library import Asset, Assets
from s2v_gateway.assets.upload_rules import Writer
from s2v_gateway.servicers.messages import asset_to_proto, upload_to_proto


class AssetServicer(asset_service_pb2_grpc.AssetServiceServicer):
    """See asset_service.proto."""

    def __init__(self, assets: Assets) -> None:
        self._assets = assets

    async def CreateUpload(
        self, request: asset_service_pb2.CreateUploadRequest, context: Context
    ) -> asset_service_pb2.CreateUploadResponse:
        outcome = await asyncio.to_thread(
            self._assets.create_upload,
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
        name = ""
        async with AsyncExitStack() as stack:
            writer: Writer | None = None
            async for request in requests:
                if writer is None:
                    name = request.name
                    writer = await stack.enter_async_context(_writing(self._assets, name))
                await in_thread(writer.append, request.offset, request.data, request.crc32c)
        if not name:
            raise InvalidInput(
                Reason.FIELD_INVALID,
                "the first message must have the name of the upload",
                field="name",
            )
        upload = await asyncio.to_thread(self._assets.get_upload, name)
        return asset_service_pb2.WriteUploadResponse(upload=upload_to_proto(upload))

    async def GetUpload(
        self, request: asset_service_pb2.GetUploadRequest, context: Context
    ) -> asset_service_pb2.GetUploadResponse:
        upload = await asyncio.to_thread(self._assets.get_upload, request.name)
        return asset_service_pb2.GetUploadResponse(upload=upload_to_proto(upload))

    async def FinishUpload(
        self, request: asset_service_pb2.FinishUploadRequest, context: Context
    ) -> asset_service_pb2.FinishUploadResponse:
        asset = await asyncio.to_thread(self._assets.finish_upload, request.name, request.sha256)
        return asset_service_pb2.FinishUploadResponse(asset=asset_to_proto(asset))

    async def GetAsset(
        self, request: asset_service_pb2.GetAssetRequest, context: Context
    ) -> asset_service_pb2.GetAssetResponse:
        asset = await asyncio.to_thread(self._assets.get_asset, request.name)
        return asset_service_pb2.GetAssetResponse(asset=asset_to_proto(asset))

    async def ReadAsset(
        self, request: asset_service_pb2.ReadAssetRequest, context: Context
    ) -> AsyncIterator[asset_service_pb2.ReadAssetResponse]:
        asset = await asyncio.to_thread(self._assets.get_asset, request.name)
        pieces = await asyncio.to_thread(
            self._assets.read, asset, offset=request.offset, limit_bytes=request.limit_bytes
        )
        offset = request.offset
        while piece := await asyncio.to_thread(next, pieces, b""):
            yield asset_service_pb2.ReadAssetResponse(
                offset=offset, data=piece, crc32c=google_crc32c.value(piece)
            )
            offset += len(piece)


@asynccontextmanager
async def _writing(assets: Assets, name: str) -> AsyncIterator[Writer]:
    """Hold the upload's one place for a writer while the call lasts."""
    lease = assets.writer(name)
    writer = await in_thread(lease.__enter__)
    try:
        yield writer
    finally:
        await in_thread(lease.__exit__, None, None, None)
