"""The public messages of jobs, assets and uploads, to values and back."""

from collections.abc import Callable
from datetime import datetime, timedelta

import google_crc32c
from google.protobuf import duration_pb2, timestamp_pb2

from s2v.api.common.v1 import media_pb2
from s2v.api.gateway.v1 import asset_service_pb2, job_pb2
from s2v.core.captions import CaptionChoice, SegmentCaptions
from s2v.core.directing import USUAL_LIVELINESS
from s2v.core.errors import InvalidInput, Reason
from s2v.core.job import (
    Film,
    FilmStats,
    Job,
    JobSpec,
    JobState,
    Priority,
    Progress,
    Stage,
    Waiting,
)
from s2v.core.stages import Media, Preview
from s2v.media.live_type import live_media_type
from s2v.rpc.convert import (
    caption_to_proto,
    cues_to_proto,
    face_from_proto,
    face_to_proto,
    measurement_to_proto,
    notice_to_proto,
    sampling_from_proto,
    sampling_to_proto,
)
from s2v.rpc.convert_finish import finish_from_proto, finish_to_proto
from s2v.rpc.convert_lengths import lengths_from_proto, lengths_to_proto
from s2v.rpc.convert_sound import enhancement_from_proto, enhancement_to_proto
from s2v.rpc.errors import to_status
from s2v_gateway.assets.library import Asset
from s2v_gateway.assets.uploads import Upload, UploadState

VOICES, ENGINES = "voices/", "engines/"
"""What names begin with in public; within, and from clients, the bare name will do."""

JobSpeller = Callable[[Job], job_pb2.Job]
"""Spells a job as a message: `job_to_proto`, told how long jobs are kept and where they wait."""

_STAGES = {
    Stage.SPEAK: job_pb2.STAGE_SPEAK,
    Stage.RENDER: job_pb2.STAGE_RENDER,
    Stage.COMPOSE: job_pb2.STAGE_COMPOSE,
}
_PRIORITIES = {
    Priority.LOW: job_pb2.PRIORITY_LOW,
    Priority.NORMAL: job_pb2.PRIORITY_NORMAL,
    Priority.HIGH: job_pb2.PRIORITY_HIGH,
}


def asset_to_proto(asset: Asset) -> asset_service_pb2.Asset:
    """Spell an asset as a message."""
    return asset_service_pb2.Asset(
        name=asset.name,
        media_type=asset.media_type,
        size_bytes=asset.size_bytes,
        sha256=asset.sha256,
        width_pixels=asset.width_pixels,
        height_pixels=asset.height_pixels,
        duration_seconds=asset.duration_seconds,
        create_time=timestamp(asset.create_time),
        expire_time=timestamp(asset.expire_time) if asset.expire_time else None,
        job=f"jobs/{asset.job_id}" if asset.job_id else "",
    )


def upload_to_proto(upload: Upload, state: UploadState | None = None) -> asset_service_pb2.Upload:
    """Spell an upload as a message, in another state than the table's where one is given."""
    return asset_service_pb2.Upload(
        name=upload.name,
        media_type=upload.media_type,
        total_bytes=upload.total_bytes,
        committed_bytes=upload.committed_bytes,
        expire_time=timestamp(upload.expire_time),
        state=getattr(asset_service_pb2, f"UPLOAD_STATE_{state or upload.state}"),
    )


def spec_from_proto(message: job_pb2.JobSpec) -> JobSpec:
    """Read a spec as it was given.

    Raises:
        InvalidInput: FIELD_INVALID, the number of a solver or the like is unknown.
    """
    return JobSpec(
        text=message.script.text,
        audio=message.script.audio,
        transcript=message.script.transcript,
        reference=message.reference,
        voice=message.voice.removeprefix(VOICES),
        engine=message.engine.removeprefix(ENGINES),
        preset=message.preset,
        width_pixels=message.width_pixels,
        height_pixels=message.height_pixels,
        frame_rate=message.frame_rate,
        seed=message.seed,
        display_name=message.display_name,
        prompt=message.prompt,
        negative_prompt=message.negative_prompt,
        sampling=sampling_from_proto(message.sampling),
        pose=message.pose,
        enhancement=enhancement_from_proto(
            message.script.enhancement, field="spec.script.enhancement"
        ),
        speed=message.script.speed,
        lexicon=dict(message.script.lexicon),
        lengths=lengths_from_proto(message.lengths, field="spec.lengths"),
        liveliness=message.liveliness if message.HasField("liveliness") else USUAL_LIVELINESS,
        face=face_from_proto(message.face),
        language=message.language,
        webhook_url=message.webhook_url,
        captions=_captions_from_proto(message.captions) if message.HasField("captions") else None,
        priority=_priority_from_proto(message.priority),
        timeout_seconds=(
            message.timeout.ToNanoseconds() / 1e9 if message.HasField("timeout") else None
        ),
        finish=finish_from_proto(message.finish, field="spec.finish"),
    )


def spec_to_proto(spec: JobSpec) -> job_pb2.JobSpec:
    """Spell a spec as a message."""
    script = job_pb2.Script(
        transcript=spec.transcript,
        enhancement=enhancement_to_proto(spec.enhancement),
        speed=spec.speed,
        lexicon=spec.lexicon,
    )
    if spec.audio:
        script.audio = spec.audio
    else:
        script.text = spec.text
    return job_pb2.JobSpec(
        script=script,
        reference=spec.reference,
        voice=f"{VOICES}{spec.voice}" if spec.voice else "",
        engine=f"{ENGINES}{spec.engine}" if spec.engine else "",
        preset=spec.preset,
        width_pixels=spec.width_pixels,
        height_pixels=spec.height_pixels,
        frame_rate=spec.frame_rate,
        seed=spec.seed,
        display_name=spec.display_name,
        prompt=spec.prompt,
        negative_prompt=spec.negative_prompt,
        sampling=sampling_to_proto(spec.sampling),
        pose=spec.pose,
        language=spec.language,
        webhook_url=spec.webhook_url,
        captions=_captions_to_proto(spec.captions) if spec.captions else None,
        lengths=lengths_to_proto(spec.lengths),
        liveliness=spec.liveliness,
        face=face_to_proto(spec.face),
        priority=_PRIORITIES[spec.priority],
        timeout=None if spec.timeout_seconds is None else duration(spec.timeout_seconds),
        finish=finish_to_proto(spec.finish),
    )


def job_to_proto(
    job: Job, *, keep: timedelta | None, waiting: Callable[[str], Waiting | None]
) -> job_pb2.Job:
    """Spell a job as a message; ended jobs are kept for so long, None is for ever."""
    waits = waiting(job.job_id) if job.state is JobState.QUEUED else None
    return job_pb2.Job(
        name=job.name,
        spec=spec_to_proto(job.spec),
        state=state_to_proto(job.state),
        progress=progress_to_proto(job.progress),
        film=_film_to_proto(job.film) if job.film else None,
        error=to_status(job.error) if job.error else None,
        notices=map(notice_to_proto, job.notices),
        lip_cues=cues_to_proto(job.lip_cues),
        stage_times=[
            job_pb2.StageTime(stage=_STAGES[stage], seconds=job.stage_seconds[stage])
            for stage in Stage
            if stage in job.stage_seconds
        ],
        create_time=timestamp(job.create_time),
        start_time=timestamp(job.start_time) if job.start_time else None,
        end_time=timestamp(job.end_time) if job.end_time else None,
        stats=stats_to_proto(job.stats) if job.stats else None,
        expire_time=timestamp(job.end_time + keep) if job.end_time and keep else None,
        with_media=job.with_media,
        waiting=waiting_to_proto(waits) if waits else None,
        retry_of=f"jobs/{job.retry_of}" if job.retry_of else "",
    )


def waiting_to_proto(waiting: Waiting) -> job_pb2.Waiting:
    """Spell where a job waits as a message."""
    return job_pb2.Waiting(
        position=waiting.position, estimated_start_time=timestamp(waiting.start_time)
    )


def state_to_proto(state: JobState) -> job_pb2.JobState:
    """Spell a state as an enum value."""
    value: job_pb2.JobState = getattr(job_pb2, f"JOB_STATE_{state.value}")
    return value


def state_from_proto(value: int) -> JobState:
    """Read a state.

    Raises:
        ValueError: the value is UNSPECIFIED or unknown.
    """
    return JobState(job_pb2.JobState.Name(value).removeprefix("JOB_STATE_"))


def progress_to_proto(progress: Progress) -> job_pb2.Progress:
    """Spell progress as a message."""
    return job_pb2.Progress(
        fraction=progress.fraction,
        stage=_STAGES[progress.stage],
        segments_spoken=progress.segments_spoken,
        segments_rendered=progress.segments_rendered,
        segments_total=progress.segments_total,
        frames_done=progress.frames_done,
        frames_total=progress.frames_total,
        frames_per_second=progress.frames_per_second,
        remaining_seconds=progress.remaining_seconds,
    )


def preview_to_proto(preview: Preview) -> media_pb2.Preview:
    """Spell a preview as a message."""
    return media_pb2.Preview(frame=preview.frame, jpeg=preview.jpeg)


def timestamp(time: datetime) -> timestamp_pb2.Timestamp:
    """Spell an aware time as a message."""
    message = timestamp_pb2.Timestamp()
    message.FromDatetime(time)
    return message


def duration(seconds: float) -> duration_pb2.Duration:
    """Spell a length of time as a message, to the millisecond."""
    message = duration_pb2.Duration()
    message.FromMilliseconds(round(seconds * 1e3))
    return message


def media_to_proto(media: Media) -> media_pb2.MediaChunk:
    """Spell a piece of live media as a message; the first one tells what it is."""
    return media_pb2.MediaChunk(
        offset=media.offset,
        data=media.data,
        media_type="" if media.offset else live_media_type(media.data),
        crc32c=google_crc32c.value(media.data),
    )


def segment_captions_to_proto(value: SegmentCaptions) -> job_pb2.SegmentCaptions:
    """Spell the captions of a segment as a message."""
    return job_pb2.SegmentCaptions(
        segment=value.caption_segment, captions=map(caption_to_proto, value.captions)
    )


def stats_to_proto(stats: FilmStats) -> job_pb2.FilmStats:
    """Spell what was measured as a message."""
    return job_pb2.FilmStats(
        lip_sync=measurement_to_proto(stats.lip_sync) if stats.lip_sync else None,
        state=getattr(job_pb2, f"STATS_STATE_{stats.state}"),
        reason=stats.reason,
    )


def _film_to_proto(film: Film) -> job_pb2.Film:
    return job_pb2.Film(
        asset=film.asset,
        sha256=film.video.sha256,
        size_bytes=film.video.size_bytes,
        duration_seconds=film.frames / film.frame_rate,
        frames=film.frames,
        width_pixels=film.width_pixels,
        height_pixels=film.height_pixels,
        frame_rate=film.frame_rate,
        subrip_asset=film.subrip_asset,
        webvtt_asset=film.webvtt_asset,
        thumbnail_asset=film.thumbnail_asset,
        sprites_asset=film.sprites_asset,
        sprites_index_asset=film.sprites_index_asset,
        playlist_asset=film.playlist_asset,
        fragments_asset=film.fragments_asset,
    )


def _priority_from_proto(value: int) -> Priority:
    if value == job_pb2.PRIORITY_UNSPECIFIED:
        return Priority.NORMAL
    found = next((name for name, number in _PRIORITIES.items() if number == value), None)
    if found is None:
        raise InvalidInput(
            Reason.FIELD_INVALID, f"there is no priority {value}", field="spec.priority"
        )
    return found


def _captions_from_proto(message: job_pb2.Captions) -> CaptionChoice:
    return CaptionChoice(message.track, message.burnt_in, message.language)


def _captions_to_proto(choice: CaptionChoice) -> job_pb2.Captions:
    return job_pb2.Captions(track=choice.track, burnt_in=choice.burnt_in, language=choice.language)
