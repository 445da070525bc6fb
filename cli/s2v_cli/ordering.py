"""What to ask a gateway for, of a row of a list."""

import hashlib
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from s2v.api.common.v1 import sampling_pb2
from s2v.api.gateway.v1 import job_pb2
from s2v.client import Client
from s2v.compat.wishes import finish_for
from s2v.core.errors import InvalidInput, Reason
from s2v_cli.background import call
from s2v_cli.destination import Destination, destination
from s2v_cli.faces import face_wanted
from s2v_cli.files import text_in_file, usable_media
from s2v_cli.founding import Founding
from s2v_cli.manifests import Row
from s2v_cli.queueing import PriorityName, turn_wanted

_NAMESPACE = uuid.UUID("5f0b8a52-7c39-4d8e-9a53-b0c1d1a86c0e")


@dataclass(frozen=True, slots=True)
class RowOrder:
    """The film of a row.

    Attributes:
        number: of the row, from 1.
        to: where the film goes.
        spec: what is asked for.
        notices: what had to be left out of it.
    """

    number: int
    to: Destination
    spec: job_pb2.JobSpec
    notices: tuple[str, ...]

    @property
    def request_id(self) -> str:
        """The same for the same film in the same row, so that it is made once."""
        asked = hashlib.sha256(self.spec.SerializeToString(deterministic=True)).hexdigest()
        return str(uuid.uuid5(_NAMESPACE, f"{asked} {self.number}"))


def retrial_id(job: str) -> str:
    """Return the request id of a job's next attempt, the same each time."""
    return str(uuid.uuid5(_NAMESPACE, job))


def ordered(client: Client, number: int, row: Row, path: Path) -> RowOrder:
    """Upload what a row names, and return what to ask for.

    Raises:
        InvalidInput: a file of it cannot be used, or the film cannot be put there.
        OSError: a file cannot be read.
        S2VError: what the gateway answered.
    """
    inputs = {"reference": row.reference, "script": row.script, "audio": row.audio}
    # Whether a file may be replaced is known once its film is.
    to = destination(str(path), force=True, inputs=inputs, option="output")
    usable_media(row.reference, "reference", "image", "video")
    spec = _spec(row)
    spec.display_name = path.name[:200]
    spec.reference = call(client, lambda: client.upload(row.reference)).name
    audio = row.audio
    if audio is not None:
        usable_media(audio, "audio", "audio", "video")
        spec.script.audio = call(client, lambda: client.upload(audio)).name
    founding = Founding(row.quality, row.width, row.height)
    founding.size("", row.preset)
    return RowOrder(number, to, spec, tuple(founding.settle(client, spec)))


def files_of(rows: Iterable[Row], folder: Path) -> Iterator[Path]:
    """Yield the file of each row: the one that it names, or its number and its portrait's name.

    Raises:
        InvalidInput: FIELD_INVALID, two rows have the same.
    """
    taken: dict[Path, int] = {}
    for number, row in enumerate(rows, 1):
        name = row.output or f"{number:04d}_{row.reference.stem}"
        path = folder / (name if Path(name).suffix else f"{name}.mp4")
        if path in taken:
            problem = f"rows {taken[path]} and {number} both go to {path}; name another"
            raise InvalidInput(Reason.FIELD_INVALID, problem, field="--manifest")
        taken[path] = number
        yield path


def _spec(row: Row) -> job_pb2.JobSpec:
    script = job_pb2.Script(transcript=row.transcript, speed=row.speed)
    if row.script is not None:
        script.text = text_in_file(row.script, "script")
    elif row.text:
        script.text = row.text
    spec = job_pb2.JobSpec(
        script=script,
        voice=row.voice,
        language=row.language,
        engine=row.engine,
        preset=row.preset,
        width_pixels=row.width,
        height_pixels=row.height,
        frame_rate=row.fps,
        seed=row.seed,
        liveliness=row.liveliness,
        face=face_wanted(row.face),
        prompt=row.prompt,
        negative_prompt=row.negative_prompt,
    )
    sampling = sampling_pb2.Sampling(steps=row.steps, guidance=row.guidance)
    finish = finish_for(enhance=row.enhance_quality, stream=row.optimize_streaming)
    spec.MergeFrom(
        job_pb2.JobSpec(
            sampling=sampling if sampling.ByteSize() else None,
            finish=finish if finish.ByteSize() else None,
        )
    )
    spec.MergeFrom(turn_wanted(PriorityName(row.priority), row.timeout))
    return spec
