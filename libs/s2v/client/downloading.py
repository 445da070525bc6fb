"""Fetch media from the gateway into a file that is either whole or not there."""

import asyncio
import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from google_crc32c import value as crc32c

from s2v.api.gateway.v1 import asset_service_pb2 as pb
from s2v.client.calling import Terms, ask, ask_async, our_errors
from s2v.client.publishing import partial_path, publish
from s2v.core.errors import Corrupt, Reason, S2VError, Unavailable
from s2v.rpc.patience import attempts, attempts_async, is_lost, renew

if TYPE_CHECKING:
    from s2v.api.gateway.v1.asset_service_pb2_grpc import AssetServiceAsyncStub, AssetServiceStub


def download(
    stub: "AssetServiceStub", name: str, path: Path, terms: Terms, *, replace: bool
) -> pb.Asset:
    """Write an asset's bytes to a file, which has its name only once it is whole.

    Raises:
        Corrupt: DIGEST_MISMATCH, the bytes are not those of the asset.
        FileExistsError: there is a file and `replace` is false, or it is no ordinary file.
        OSError: the file cannot be written.
        S2VError: what GetAsset or ReadAsset answered.
    """
    asset = ask(stub.GetAsset, pb.GetAssetRequest(name=name), terms).asset
    with _receiving(asset, path, replace) as received:
        for attempt in attempts(terms.patience_seconds, _worth_reading_again):
            with attempt:
                call = stub.ReadAsset(received.request, metadata=terms.metadata)
                try:
                    with our_errors():
                        for response in call:
                            received.append(response)
                            renew(attempt)
                finally:
                    call.cancel()
                received.check_length()
        received.keep()
    return asset


async def download_async(
    stub: "AssetServiceAsyncStub", name: str, path: Path, terms: Terms, *, replace: bool
) -> pb.Asset:
    """Write an asset's bytes to a file, as `download`; it is written in other threads."""
    asset = (await ask_async(stub.GetAsset, pb.GetAssetRequest(name=name), terms)).asset
    with _receiving(asset, path, replace) as received:
        async for attempt in attempts_async(terms.patience_seconds, _worth_reading_again):
            with attempt:
                call = stub.ReadAsset(received.request, metadata=terms.metadata)
                try:
                    with our_errors():
                        async for response in call:
                            await asyncio.to_thread(received.append, response)
                            renew(attempt)
                finally:
                    call.cancel()
                received.check_length()
        await asyncio.to_thread(received.keep)
    return asset


class _Received:
    """What has arrived of an asset, in a file beside the one that it becomes."""

    def __init__(
        self, asset: pb.Asset, path: Path, file: io.BufferedRandom, *, replace: bool
    ) -> None:
        self._asset = asset
        self._path = path
        self._replace = replace
        self._file = file
        self._bytes = 0

    @property
    def request(self) -> pb.ReadAssetRequest:
        """What to ask for next."""
        return pb.ReadAssetRequest(name=self._asset.name, offset=self._bytes)

    def append(self, response: pb.ReadAssetResponse) -> None:
        """Keep what has arrived.

        Raises:
            Corrupt: CHUNK_CORRUPT, it is damaged or belongs elsewhere.
        """
        if response.offset != self._bytes or response.crc32c != crc32c(response.data):
            raise Corrupt(
                Reason.CHUNK_CORRUPT,
                f"the chunk of {self._asset.name} at {self._bytes} bytes arrived damaged, again "
                "and again",
            )
        self._file.write(response.data)
        self._bytes += len(response.data)

    def check_length(self) -> None:
        """Make sure that nothing is missing.

        Raises:
            Unavailable: the stream ended before the asset did.
        """
        if self._bytes < self._asset.size_bytes:
            raise Unavailable(
                Reason.SERVICE_UNAVAILABLE,
                f"{self._asset.name} ended after {self._bytes} of {self._asset.size_bytes} bytes",
            )

    def keep(self) -> None:
        """Put the file where it belongs.

        Raises:
            Corrupt: DIGEST_MISMATCH, it is not the asset.
            OSError: it cannot be put there; see `publish`.
        """
        self._file.seek(0)
        sha256 = hashlib.file_digest(self._file, "sha256").hexdigest()
        if sha256 != self._asset.sha256:
            raise Corrupt(
                Reason.DIGEST_MISMATCH,
                f"{self._asset.name} arrived with SHA-256 {sha256} instead of "
                f"{self._asset.sha256}; nothing was kept, try again",
            )
        self._file.flush()
        # A disk that is full may say so only now.
        os.fsync(self._file.fileno())
        publish(Path(self._file.name), self._path, replace=self._replace)


@contextmanager
def _receiving(asset: pb.Asset, path: Path, replace: bool) -> Iterator[_Received]:
    partial = partial_path(path)
    try:
        with partial.open("x+b") as file:
            yield _Received(asset, path, file, replace=replace)
    finally:
        partial.unlink(missing_ok=True)


def _worth_reading_again(error: BaseException) -> bool:
    corrupt = isinstance(error, S2VError) and error.reason is Reason.CHUNK_CORRUPT
    return corrupt or is_lost(error)
