"""What a gateway in memory has and does; `fakes_gateway` serves it."""

import hashlib
import itertools
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

from s2v.api.gateway.v1 import (
    asset_service_pb2,
    generation_service_pb2,
    job_pb2,
    job_service_pb2,
    system_service_pb2,
    voice_service_pb2,
)
from s2v.core.errors import Cancelled, Reason, S2VError, Unavailable
from s2v.rpc.errors import to_status

FILM = b"a film" * 100_000
SUBRIP, WEBVTT = b"captions as SubRip", b"captions as WebVTT"
THUMBNAIL, SPRITES = b"a picture", b"small pictures"
PLAYLIST, FRAGMENTS = b"#EXTM3U", b"a film in pieces"
SPRITES_INDEX = b"WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nsprites.jpg#xywh=0,0,160,90\n"

T = TypeVar("T")


class GatewayMemory:
    """Takes uploads, "makes" FILM of every job, and tells of it.

    Attributes:
        calls: the name of every call that came in, in order.
        tokens: the `authorization` that each call came with, empty for none.
        break_after: call name to the number of messages after which that call breaks, once; a call
            with one answer breaks before its work (0) or before the answer arrives (1).
        error: what every job fails with; None for success.
        endless: whether jobs go on until they are cancelled.
        waiting: where each job waits, one after the other, before its work begins.
        checking: how often FinishUpload answers that it is still checking.
        forgets: whether what an upload has brought is lost before it is finished, once.
        media: what those who watch with media, or generate, are sent.
        damaged_chunks: so many chunks of media arrive damaged.
        stats: what is measured on every film.
        wordless: whether nothing of what is said is known, so that there are no captions.
        write_offsets: where each accepted chunk began.
        read_offsets: where each ReadAsset began.
        media_offsets: where each WatchJob with media began.
        on_watch: called when a job's progress has been sent.
        generated: everything that each Generate was sent.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.tokens: list[str] = []
        self.break_after: dict[str, int] = {}
        self.error: S2VError | None = None
        self.endless = False
        self.queue_limit = 0
        self.waiting: list[job_pb2.Waiting] = []
        self.checking = 0
        self.forgets = False
        self.media = b""
        self.damaged_chunks = 0
        self.wordless = False
        self.stats = job_pb2.FilmStats(state=job_pb2.STATS_STATE_PENDING)
        self.write_offsets: list[int] = []
        self.read_offsets: list[int] = []
        self.media_offsets: list[int] = []
        self.on_watch: Callable[[], object] = lambda: None
        self.generated: list[generation_service_pb2.GenerateRequest] = []
        self.jobs: dict[str, job_pb2.Job] = {}
        self.job_requests: dict[str, str] = {}
        self.assets: dict[str, asset_service_pb2.Asset] = {}
        self.blobs: dict[str, bytes] = {}
        self.uploads: dict[str, tuple[asset_service_pb2.Upload, bytearray]] = {}
        self.voices = [
            voice_service_pb2.Voice(name="voices/nobody", language="en-US", description="Silent.")
        ]
        self.engines = _engines()
        self.webhook_deliveries: list[job_service_pb2.WebhookDelivery] = []
        self.cancelled = threading.Event()
        self._ids = itertools.count(1)

    def add_asset(self, data: bytes, media_type: str, *, job: str = "") -> asset_service_pb2.Asset:
        """Keep bytes as an asset."""
        name = f"assets/{next(self._ids)}"
        self.blobs[name] = data
        self.assets[name] = asset_service_pb2.Asset(
            name=name,
            media_type=media_type,
            size_bytes=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            job=job,
        )
        self.assets[name].create_time.FromSeconds(1_790_000_000)
        return self.assets[name]

    def add_job(
        self, spec: job_pb2.JobSpec, *, request_id: str = "", with_media: bool = False
    ) -> job_pb2.Job:
        """Accept a job, or find the one of that request."""
        if request_id in self.job_requests:
            return self.jobs[self.job_requests[request_id]]
        name = f"jobs/{next(self._ids)}"
        if request_id:
            self.job_requests[request_id] = name
        self.jobs[name] = job_pb2.Job(
            name=name, spec=spec, state=job_pb2.JOB_STATE_RUNNING, with_media=with_media
        )
        return self.jobs[name]

    def finish(self, job: job_pb2.Job) -> None:
        """End a job the way `error` and `cancelled` say."""
        error = Cancelled(Reason.JOB_CANCELLED, "it was cancelled") if self.endless else self.error
        if error is not None:
            cancelled = isinstance(error, Cancelled)
            job.state = job_pb2.JOB_STATE_CANCELLED if cancelled else job_pb2.JOB_STATE_FAILED
            job.error.CopyFrom(to_status(error))
            return
        asset = self.add_asset(FILM, "video/mp4", job=job.name)
        job.state = job_pb2.JOB_STATE_SUCCEEDED
        job.stats.CopyFrom(self.stats)
        job.film.CopyFrom(
            job_pb2.Film(
                asset=asset.name,
                sha256=asset.sha256,
                size_bytes=asset.size_bytes,
                duration_seconds=4.0,
                frames=100,
                width_pixels=512,
                height_pixels=640,
                frame_rate=25,
            )
        )
        if job.spec.HasField("captions") and not self.wordless:
            job.film.subrip_asset = self.add_asset(SUBRIP, "application/x-subrip").name
            job.film.webvtt_asset = self.add_asset(WEBVTT, "text/vtt").name
        if job.spec.finish.HasField("thumbnail_seconds"):
            job.film.thumbnail_asset = self.add_asset(THUMBNAIL, "image/jpeg").name
        if job.spec.finish.sprites:
            job.film.sprites_asset = self.add_asset(SPRITES, "image/jpeg").name
            job.film.sprites_index_asset = self.add_asset(SPRITES_INDEX, "text/vtt").name
        if job.spec.finish.hls:
            job.film.playlist_asset = self.add_asset(PLAYLIST, "application/vnd.apple.mpegurl").name
            job.film.fragments_asset = self.add_asset(FRAGMENTS, "video/mp4").name
        job.progress.segments_total = 2
        job.stage_times.add(stage=job_pb2.STAGE_SPEAK, seconds=1.25)
        job.stage_times.add(stage=job_pb2.STAGE_RENDER, seconds=8.5)

    def breaking(self, call: str, messages: Iterator[T]) -> Iterator[T]:
        """Pass a call's messages on until it is its turn to break."""
        limit = self.break_after.pop(call, None)
        for count, message in enumerate(messages):
            if count == limit:
                raise going_down()
            yield message

    def answering(self, call: str, work: Callable[[], T]) -> T:
        """Do the work of a call with one answer, unless it is its turn to break."""
        limit = self.break_after.pop(call, None)
        if limit == 0:
            raise going_down()
        answer = work()
        if limit is not None:
            raise going_down()
        return answer


def going_down() -> Unavailable:
    """Return what a gateway says that is about to go."""
    return Unavailable(Reason.SERVICE_UNAVAILABLE, "the gateway is going down")


def _engines() -> list[system_service_pb2.Engine]:
    presets = [system_service_pb2.Preset(name="fast", description="Quick.")]
    small = system_service_pb2.Engine(
        name="engines/fake", description="Renders nothing.", frame_rates=[25], presets=presets
    )
    large = system_service_pb2.Engine(
        name="engines/large",
        min_side_pixels=64,
        max_side_pixels=1920,
        directed=True,
        side_step_pixels=64,
    )
    return [small, large]
