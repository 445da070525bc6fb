"""Send media to the gateway: nothing if it is there already, and on from where a call broke off."""

import asyncio
import uuid
from collections.abc import Generator
from typing import TYPE_CHECKING

from google_crc32c import value as crc32c
from tenacity import AsyncRetrying, Retrying, retry_if_result

from s2v.api.gateway.v1 import asset_service_pb2 as pb
from s2v.client.calling import Sent, Terms, ask, ask_async, once, once_async, our_errors
from s2v.client.source import Media, Source
from s2v.core.errors import Aborted, NotReady, Reason, S2VError
from s2v.rpc.patience import attempts, attempts_async, growing_delays, is_away, is_lost, renew
from s2v.rpc.threads import iterate_in_thread

if TYPE_CHECKING:
    from s2v.api.gateway.v1.asset_service_pb2_grpc import AssetServiceAsyncStub, AssetServiceStub

_WORTH_ANOTHER_TRY = {
    Reason.CHUNK_CORRUPT,
    # Our own call before, which the server has not given up yet.
    Reason.CONCURRENT_WRITER,
    Reason.UPLOAD_OFFSET_MISMATCH,
}


def upload(stub: "AssetServiceStub", data: Media, terms: Terms) -> pb.Asset:
    """Make an asset of a file or of bytes.

    Raises:
        OSError: the file cannot be read.
        S2VError: there is nothing in it, or what the gateway answered.
    """
    sending = _Sending(Source(data))
    created = ask(stub.CreateUpload, sending.create, terms)
    if created.HasField("asset"):
        return created.asset
    sending.upload = created.upload
    _write(stub, sending, terms)
    try:
        return _finish(stub, sending, terms)
    except NotReady as error:
        if not _is_incomplete(error):
            raise
    _write(stub, sending, terms)
    return _finish(stub, sending, terms)


async def upload_async(stub: "AssetServiceAsyncStub", data: Media, terms: Terms) -> pb.Asset:
    """Make an asset, as `upload`; the file is read in other threads."""
    sending = await asyncio.to_thread(lambda: _Sending(Source(data)))
    created = await ask_async(stub.CreateUpload, sending.create, terms)
    if created.HasField("asset"):
        return created.asset
    sending.upload = created.upload
    await _write_async(stub, sending, terms)
    try:
        return await _finish_async(stub, sending, terms)
    except NotReady as error:
        if not _is_incomplete(error):
            raise
    await _write_async(stub, sending, terms)
    return await _finish_async(stub, sending, terms)


def _write(stub: "AssetServiceStub", sending: "_Sending", terms: Terms) -> None:
    for attempt in attempts(terms.patience_seconds, _worth_another_try):
        with attempt:
            if sending.broken and sending.resumed(once(stub.GetUpload, sending.get, terms)):
                renew(attempt)
            sent = Sent()
            with our_errors(sent):
                requests = sent.each(sending.requests())
                stub.WriteUpload(requests, metadata=terms.metadata)


async def _write_async(stub: "AssetServiceAsyncStub", sending: "_Sending", terms: Terms) -> None:
    async for attempt in attempts_async(terms.patience_seconds, _worth_another_try):
        with attempt:
            if sending.broken and sending.resumed(
                await once_async(stub.GetUpload, sending.get, terms)
            ):
                renew(attempt)
            sent = Sent()
            with our_errors(sent):
                requests = sent.each_async(iterate_in_thread(sending.requests()))
                await stub.WriteUpload(requests, metadata=terms.metadata)


def _finish(stub: "AssetServiceStub", sending: "_Sending", terms: Terms) -> pb.Asset:
    until_checked = Retrying(retry=_IS_CHECKING, wait=growing_delays)
    return until_checked(
        lambda: ask(stub.FinishUpload, sending.finish, terms, _worth_finishing)
    ).asset


async def _finish_async(
    stub: "AssetServiceAsyncStub", sending: "_Sending", terms: Terms
) -> pb.Asset:
    until_checked = AsyncRetrying(retry=_IS_CHECKING, wait=growing_delays)
    finished: pb.FinishUploadResponse = await until_checked(
        ask_async, stub.FinishUpload, sending.finish, terms, _worth_finishing
    )
    return finished.asset


class _Sending:
    """How far an upload is, and what to ask for next."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.create = pb.CreateUploadRequest(
            request_id=str(uuid.uuid4()),
            media_type=source.media_type,
            total_bytes=source.size_bytes,
            sha256=source.sha256(),
        )
        self.upload = pb.Upload()
        self.broken = False

    @property
    def get(self) -> pb.GetUploadRequest:
        return pb.GetUploadRequest(name=self.upload.name)

    @property
    def finish(self) -> pb.FinishUploadRequest:
        return pb.FinishUploadRequest(name=self.upload.name, sha256=self.create.sha256)

    def resumed(self, known: pb.GetUploadResponse) -> bool:
        """Go on from what has arrived; tell whether it is more than before."""
        more = known.upload.committed_bytes > self.upload.committed_bytes
        self.upload = known.upload
        return more

    def requests(self) -> Generator[pb.WriteUploadRequest]:
        """Yield what is still to be sent."""
        self.broken = True  # unless it comes to its end
        name, offset = self.upload.name, self.upload.committed_bytes
        for data in self._source.chunks(offset):
            yield pb.WriteUploadRequest(name=name, offset=offset, data=data, crc32c=crc32c(data))
            offset += len(data)


def _worth_another_try(error: BaseException) -> bool:
    return is_lost(error) or (isinstance(error, S2VError) and error.reason in _WORTH_ANOTHER_TRY)


def _is_incomplete(error: NotReady) -> bool:
    """Tell whether the gateway that had taken everything was lost with it."""
    return error.reason is Reason.UPLOAD_INCOMPLETE


def _worth_finishing(error: BaseException) -> bool:
    return is_away(error) or isinstance(error, Aborted)


def _is_checking(response: pb.FinishUploadResponse) -> bool:
    return response.HasField("upload")


_IS_CHECKING = retry_if_result(_is_checking)
