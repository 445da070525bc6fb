"""Send media to the gateway: nothing if it is there already, and on from where a call broke off."""

import uuid
from collections.abc import Iterator

from google_crc32c import value as crc32c

from s2v.api.gateway.v1 import asset_service_pb2 as pb
from s2v.api.gateway.v1.asset_service_pb2_grpc import AssetServiceStub
from s2v.client.calling import call_patiently, is_lost, our_errors
from s2v.client.patience import Patience
from s2v.client.source import Source
from s2v.core.errors import InvalidInput, Reason, S2VError

_TIMEOUT_SECONDS = 60.0
_WORTH_ANOTHER_TRY = {
    Reason.CHUNK_CORRUPT,
    # Our own call before, which the server has not given up yet.
    Reason.CONCURRENT_WRITER,
    Reason.UPLOAD_OFFSET_MISMATCH,
}


def upload(stub: AssetServiceStub, source: Source, patience: Patience) -> pb.Asset:
    """Make an asset of the source.

    Raises:
        InvalidInput: FIELD_INVALID, the source is empty.
        S2VError: what CreateUpload, WriteUpload or FinishUpload answered.
    """
    if source.size_bytes == 0:
        raise InvalidInput(Reason.FIELD_INVALID, f"{source.name or 'the upload'} is empty")
    request = pb.CreateUploadRequest(
        request_id=str(uuid.uuid4()),
        media_type=source.media_type,
        total_bytes=source.size_bytes,
        sha256=source.sha256(),
    )
    created = call_patiently(lambda: stub.CreateUpload(request, timeout=_TIMEOUT_SECONDS), patience)
    if created.WhichOneof("outcome") == "asset":
        return created.asset
    _write(stub, source, created.upload, patience)
    finish = pb.FinishUploadRequest(name=created.upload.name, sha256=request.sha256)
    return call_patiently(
        lambda: stub.FinishUpload(finish, timeout=_TIMEOUT_SECONDS), patience
    ).asset


def _write(stub: AssetServiceStub, source: Source, begun: pb.Upload, patience: Patience) -> None:
    name, offset = begun.name, begun.committed_bytes
    get = pb.GetUploadRequest(name=name)
    while offset < source.size_bytes:
        try:
            with our_errors():
                stub.WriteUpload(_requests(source, name, offset))
            return
        except S2VError as error:
            if not is_lost(error) and error.reason not in _WORTH_ANOTHER_TRY:
                raise
            patience.wait(error)
        known = call_patiently(lambda: stub.GetUpload(get, timeout=_TIMEOUT_SECONDS), patience)
        if known.upload.committed_bytes > offset:
            patience.renew()
        offset = known.upload.committed_bytes


def _requests(source: Source, name: str, offset: int) -> Iterator[pb.WriteUploadRequest]:
    for data in source.chunks(offset):
        yield pb.WriteUploadRequest(name=name, offset=offset, data=data, crc32c=crc32c(data))
        offset += len(data)
