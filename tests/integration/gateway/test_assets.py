"""Uploads and assets over the gateway's public services."""

import hashlib

import google_crc32c
import grpc

from gateway_world import Start, failure, png
from s2v.api.gateway.v1 import asset_service_pb2
from s2v.core.errors import Reason, S2VError
from s2v.rpc.errors import from_rpc_error


async def test_writing_with_a_wrong_crc_offset_or_digest_is_refused(start: Start) -> None:
    server = await start()
    data = png()
    created = await server.assets.CreateUpload(
        asset_service_pb2.CreateUploadRequest(media_type="image/png", total_bytes=len(data))
    )
    name = created.upload.name
    write = asset_service_pb2.WriteUploadRequest

    async def wrong(**message: object) -> S2VError:
        return await failure(server.assets.WriteUpload(iter([write(**message)])))  # type: ignore[arg-type]

    crc = google_crc32c.value(data)
    assert (await wrong(name=name, data=data, crc32c=crc ^ 1)).reason is Reason.CHUNK_CORRUPT
    offset = await wrong(name=name, offset=7, data=data, crc32c=crc)
    assert offset.reason is Reason.UPLOAD_OFFSET_MISMATCH
    assert offset.metadata["committed_bytes"] == "0"
    assert (await wrong(data=data, crc32c=crc)).reason is Reason.UPLOAD_NOT_FOUND
    assert (await failure(server.assets.WriteUpload(iter([])))).reason is Reason.FIELD_INVALID
    await server.assets.WriteUpload(iter([write(name=name, data=data, crc32c=crc)]))
    finish = asset_service_pb2.FinishUploadRequest(name=name, sha256="0" * 64)
    assert (await failure(server.assets.FinishUpload(finish))).reason is Reason.DIGEST_MISMATCH


async def test_a_second_writer_is_refused_while_the_first_one_writes(start: Start) -> None:
    server = await start()
    data = png()
    created = await server.assets.CreateUpload(
        asset_service_pb2.CreateUploadRequest(media_type="image/png", total_bytes=len(data))
    )
    message = asset_service_pb2.WriteUploadRequest(
        name=created.upload.name, data=data, crc32c=google_crc32c.value(data)
    )
    first = server.assets.WriteUpload()
    await first.write(message)
    asked = asset_service_pb2.GetUploadRequest(name=created.upload.name)
    while not (await server.assets.GetUpload(asked)).upload.committed_bytes:
        pass
    second = await failure(server.assets.WriteUpload(iter([message])))
    assert second.reason is Reason.CONCURRENT_WRITER
    await first.done_writing()
    assert (await first).upload.committed_bytes == len(data)


async def test_a_client_that_vanishes_while_uploading_can_go_on(start: Start) -> None:
    server = await start()
    data = png()
    created = await server.assets.CreateUpload(
        asset_service_pb2.CreateUploadRequest(media_type="image/png", total_bytes=len(data))
    )
    name = created.upload.name
    write = asset_service_pb2.WriteUploadRequest
    first = server.assets.WriteUpload()
    await first.write(write(name=name, data=data[:50], crc32c=google_crc32c.value(data[:50])))
    asked = asset_service_pb2.GetUploadRequest(name=name)
    while not (await server.assets.GetUpload(asked)).upload.committed_bytes:
        pass
    first.cancel()
    last = write(name=name, offset=50, data=data[50:], crc32c=google_crc32c.value(data[50:]))
    while True:  # until the server has seen the cancellation and given the lease back
        try:
            await server.assets.WriteUpload(iter([last]))
            break
        except grpc.RpcError as error:
            if from_rpc_error(error).reason is not Reason.CONCURRENT_WRITER:
                raise
    finish = asset_service_pb2.FinishUploadRequest(
        name=name, sha256=hashlib.sha256(data).hexdigest()
    )
    assert (await server.assets.FinishUpload(finish)).asset.size_bytes == len(data)


async def test_an_asset_is_read_back_from_any_offset(start: Start) -> None:
    server = await start()
    data = png()
    name = await server.upload(data)
    request = asset_service_pb2.ReadAssetRequest(name=name, offset=10, limit_bytes=20)
    pieces = [piece async for piece in server.assets.ReadAsset(request)]
    assert b"".join(p.data for p in pieces) == data[10:30]
    assert pieces[0].offset == 10
    assert pieces[0].crc32c == google_crc32c.value(pieces[0].data)
    beyond = asset_service_pb2.ReadAssetRequest(name=name, offset=len(data) + 1)
    error = await failure(server.assets.ReadAsset(beyond).read())
    assert error.reason is Reason.OFFSET_OUT_OF_RANGE
