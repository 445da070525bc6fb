"""Fetch media from the gateway into a file that is either whole or not there."""

import hashlib
import uuid
from pathlib import Path
from typing import BinaryIO

from google_crc32c import value as crc32c

from s2v.api.gateway.v1 import asset_service_pb2 as pb
from s2v.api.gateway.v1.asset_service_pb2_grpc import AssetServiceStub
from s2v.client.calling import call_patiently, is_lost, our_errors
from s2v.client.patience import Patience
from s2v.core.errors import Corrupt, Reason, S2VError

_TIMEOUT_SECONDS = 60.0


def download(stub: AssetServiceStub, name: str, path: Path, patience: Patience) -> pb.Asset:
    """Write an asset's bytes to a file; a file that is there is replaced at the very end.

    Raises:
        Corrupt: DIGEST_MISMATCH, the bytes are not those of the asset.
        OSError: the file cannot be written.
        S2VError: what GetAsset or ReadAsset answered.
    """
    get = pb.GetAssetRequest(name=name)
    asset = call_patiently(lambda: stub.GetAsset(get, timeout=_TIMEOUT_SECONDS), patience).asset
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        with partial.open("x+b") as file:
            _read(stub, asset, file, patience)
            file.seek(0)
            _check(asset, hashlib.file_digest(file, "sha256").hexdigest())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return asset


def _read(stub: AssetServiceStub, asset: pb.Asset, file: BinaryIO, patience: Patience) -> None:
    while (offset := file.tell()) < asset.size_bytes:
        call = stub.ReadAsset(pb.ReadAssetRequest(name=asset.name, offset=offset))
        try:
            with our_errors():
                for response in call:
                    _append(response, file)
                    patience.renew()
            if file.tell() == offset:
                raise Corrupt(Reason.INTERNAL, f"{asset.name} ended early, after {offset} bytes")
        except S2VError as error:
            if not is_lost(error) and error.reason is not Reason.CHUNK_CORRUPT:
                raise
            patience.wait(error)
        finally:
            call.cancel()


def _append(response: pb.ReadAssetResponse, file: BinaryIO) -> None:
    if response.offset != file.tell() or response.crc32c != crc32c(response.data):
        raise Corrupt(
            Reason.CHUNK_CORRUPT, f"the chunk at {file.tell()} bytes arrived damaged; reading again"
        )
    file.write(response.data)


def _check(asset: pb.Asset, sha256: str) -> None:
    if sha256 != asset.sha256:
        raise Corrupt(
            Reason.DIGEST_MISMATCH,
            f"{asset.name} arrived with SHA-256 {sha256} instead of {asset.sha256}; "
            "nothing was kept, try again",
        )
