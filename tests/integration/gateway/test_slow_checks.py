"""Finishing an upload need not fit into a client's patience."""

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway_world import png
from s2v.api.gateway.v1 import asset_service_pb2 as pb
from s2v.core.errors import InvalidInput, Reason
from s2v.media.probe import MediaInfo, probe
from s2v.store.artifacts import FsspecStore
from s2v_gateway.access.audit import AuditLog
from s2v_gateway.access.callers import LOCAL, admit
from s2v_gateway.assets.library import Keeping, Library
from s2v_gateway.assets.uploads import Uploads
from s2v_gateway.records.database import open_database
from s2v_gateway.records.migrating import migrate
from s2v_gateway.servicers.assets import AssetServicer


class SlowProbe:
    """Looks into files once it may."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.looks = 0
        self.error: InvalidInput | None = None

    def __call__(self, path: Path, media_type: str = "", *, field: str = "asset") -> MediaInfo:
        self.looks += 1
        self.may.wait()
        if self.error:
            raise self.error
        return probe(path, media_type, field=field)


class Desk:
    """The servicer over a real database and store, called as its server would."""

    def __init__(self, folder: Path) -> None:
        self.probe = SlowProbe()
        database = open_database(f"sqlite:///{folder}/gateway.db")
        migrate(database)
        store = FsspecStore(str(folder / "store"))
        library = Library(database, store, keeping=Keeping())
        self.uploads = Uploads(
            database,
            store,
            library,
            folder=folder / "uploads",
            probe=self.probe,
            max_upload_bytes=1 << 20,
        )
        self.audit = AuditLog(folder, max_bytes=0, max_files=1, complain=pytest.fail)
        self.servicer: Any = AssetServicer(self.uploads, library, self.audit, answer_seconds=0.01)
        admit(LOCAL)

    def upload(self) -> str:
        data = png()
        upload = self.uploads.create(LOCAL, "", "image/png", total_bytes=len(data))
        with self.uploads.writer(LOCAL, upload.name) as writer:
            writer.append(0, data, None)
        return upload.name


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.audit.close()


async def finish(desk: Desk, name: str) -> pb.FinishUploadResponse:
    digest = hashlib.sha256(png()).hexdigest()
    request = pb.FinishUploadRequest(name=name, sha256=digest)
    return await desk.servicer.FinishUpload(request, None)


async def until_done(desk: Desk, name: str) -> pb.FinishUploadResponse:
    while (answer := await finish(desk, name)).WhichOneof("outcome") == "upload":
        pass
    return answer


async def test_a_check_that_takes_long_is_asked_for_again(desk: Desk) -> None:
    name = desk.upload()

    first = await finish(desk, name)
    again = await finish(desk, name)
    known = await desk.servicer.GetUpload(pb.GetUploadRequest(name=name), None)
    desk.probe.may.set()
    done = await until_done(desk, name)
    later = await until_done(desk, name)

    for answer in (first.upload, again.upload, known.upload):
        assert (answer.name, answer.state) == (name, pb.UPLOAD_STATE_CHECKING)
    assert done.asset.size_bytes == len(png())
    assert later.asset == done.asset
    assert desk.probe.looks == 1


async def test_why_a_check_failed_is_told_to_who_asks_later(desk: Desk) -> None:
    name = desk.upload()
    desk.probe.error = InvalidInput(Reason.IMAGE_UNREADABLE, "it is broken", field="asset")

    assert (await finish(desk, name)).HasField("upload")
    desk.probe.may.set()
    with pytest.raises(InvalidInput, match="it is broken"):
        await until_done(desk, name)


async def test_why_a_check_fails_is_told_although_its_upload_has_just_gone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = desk.upload()
    desk.probe.error = InvalidInput(Reason.IMAGE_UNREADABLE, "it is broken", field="asset")
    ended, get, finish_upload = threading.Event(), desk.uploads.get, desk.uploads.finish

    def get_at_the_end(*asked: Any) -> Any:
        desk.probe.may.set()
        ended.wait()
        return get(*asked)

    def finish_and_tell(*asked: Any) -> Any:
        try:
            return finish_upload(*asked)
        finally:
            ended.set()

    monkeypatch.setattr(desk.uploads, "get", get_at_the_end)
    monkeypatch.setattr(desk.uploads, "finish", finish_and_tell)
    with pytest.raises(InvalidInput, match="it is broken"):
        await finish(desk, name)
