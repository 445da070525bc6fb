"""What it takes to make a film in one go."""

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

from google.protobuf import duration_pb2

from s2v.api.common.v1 import face_pb2, finish_pb2, lengths_pb2, sampling_pb2
from s2v.api.gateway.v1 import job_pb2, job_service_pb2
from s2v.client.source import Media
from s2v.core.errors import InvalidInput, Reason
from s2v.rpc.errors import from_status

OnProgress = Callable[[job_pb2.Progress], object]


class SpecFields(TypedDict, total=False):
    """What a film may be told beside what it is made of; see `JobSpec`."""

    voice: str
    language: str
    engine: str
    preset: str
    width_pixels: int
    height_pixels: int
    frame_rate: int
    seed: int
    display_name: str
    prompt: str
    negative_prompt: str
    sampling: sampling_pb2.Sampling
    captions: job_pb2.Captions
    lengths: lengths_pb2.LengthPolicy
    liveliness: float
    face: face_pb2.FaceChoice
    priority: job_pb2.Priority
    timeout: duration_pb2.Duration
    finish: finish_pb2.Finish
    webhook_url: str


def creation(
    spec: job_pb2.JobSpec, request_id: str, *, with_media: bool
) -> job_service_pb2.CreateJobRequest:
    """Return the request for a job, which is safe to repeat."""
    return job_service_pb2.CreateJobRequest(
        request_id=request_id or str(uuid.uuid4()), spec=spec, with_media=with_media
    )


class Making:
    """A film on its way, from files to a file.

    Attributes:
        spec: which film to make; complete once `files` are uploaded.
        files: what to upload, by the field that takes the asset's name.
        output: where the film goes.
        job: as it ended, once that was seen.

    Raises:
        InvalidInput: FIELD_INVALID, there is not exactly one of text and audio.
        FileNotFoundError: there is no folder for the film.
    """

    def __init__(
        self,
        *,
        text: str,
        transcript: str,
        audio: Media | None,
        reference: Media,
        pose: Media | None,
        output: Path | str,
        fields: SpecFields,
    ) -> None:
        if bool(text) == (audio is not None):
            raise InvalidInput(
                Reason.FIELD_INVALID, "give either text or audio", field="spec.script"
            )
        self.output = Path(output)
        if not self.output.parent.is_dir():
            raise FileNotFoundError(f"there is no folder {self.output.parent} for the film")
        script = job_pb2.Script(transcript=transcript)
        if text:
            script.text = text
        self.spec = job_pb2.JobSpec(script=script, **fields)
        named = {"reference": reference, "audio": audio, "pose": pose}
        self.files = {field: data for field, data in named.items() if data is not None}
        self.job = job_pb2.Job()

    def uploaded(self, field: str, asset: str) -> None:
        """Put the name of an asset where it belongs."""
        setattr(self.spec.script if field == "audio" else self.spec, field, asset)

    def take(self, event: job_service_pb2.WatchJobResponse, on_progress: OnProgress | None) -> None:
        """Take note of what happens to the job."""
        kind = event.WhichOneof("event")
        if kind == "progress" and on_progress is not None:
            on_progress(event.progress)
        if kind == "finished":
            self.job = event.finished

    def film(self) -> str:
        """Return the asset's name of the film.

        Raises:
            S2VError: there is none: the job failed or was cancelled.
        """
        if self.job.state != job_pb2.JOB_STATE_SUCCEEDED:
            raise from_status(self.job.error)
        return self.job.film.asset
