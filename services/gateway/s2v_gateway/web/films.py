"""Order a film with one form: what is said, who is seen, and what else a job may be told."""

from collections.abc import Mapping
from importlib import resources

from s2v.api.gateway.v1 import asset_service_pb2, job_pb2, job_service_pb2
from s2v.client.calling import Terms, ask_async
from s2v.core.errors import InvalidInput, NotFound, Reason
from s2v_gateway.web.calling import Link
from s2v_gateway.web.files import asset_of, stored
from s2v_gateway.web.forms import Form
from s2v_gateway.web.reading import fill

# Of JobSpec, by their names there, and of Script.
_SPEC = (
    "voice",
    "language",
    "engine",
    "preset",
    "width_pixels",
    "height_pixels",
    "frame_rate",
    "seed",
    "liveliness",
    "display_name",
    "negative_prompt",
    "webhook_url",
)
_SCRIPT = ("speed",)
_REQUEST = ("request_id", "with_media")
_FACE = "face"
OPTIONS = frozenset({*_SPEC, *_SCRIPT, *_REQUEST, _FACE})
"""Names of a form's texts with which a job is told more; those of the contract."""

_JOBS = "jobs/"


async def ordered(
    link: Link,
    terms: Terms,
    form: Form,
    *,
    text: str,
    prompt: str = "",
    options: Mapping[str, str],
    reference: str = "",
    finish: Mapping[str, object] | None = None,
) -> job_pb2.Job:
    """Have a film made and return its job.

    Args:
        link: to the gateway.
        terms: of the calls.
        form: its files `video`, `image` or `input_reference` are the reference, `audio` is what
            was spoken already.
        text: what to say, or what is said in `audio`.
        prompt: what the film shall show.
        options: of `OPTIONS`.
        reference: name of an asset that is the reference.
        finish: what comes beside the film, as JSON of the spec's `finish`.

    Raises:
        S2VError: what the gateway answered, with the form's field to blame.
    """
    script: dict[str, object] = {name: options[name] for name in _SCRIPT if name in options}
    if "audio" in form.files:
        script["audio"] = (await stored(link, terms, form.files["audio"], field="audio")).name
        script["transcript"] = text
    elif text:
        script["text"] = text
    spec: dict[str, object] = {name: options[name] for name in _SPEC if name in options}
    spec |= {"script": script, "prompt": prompt, "finish": dict(finish or {}) or None}
    if options.get(_FACE):
        spec["face"] = {"number": options[_FACE]}
    spec["reference"] = reference or await _reference(link, terms, form)
    request: dict[str, object] = {"spec": spec, "request_id": options.get("request_id", "")}
    request["with_media"] = options.get("with_media", "") in ("true", "True", "1")
    filled = fill(job_service_pb2.CreateJobRequest, request)
    return (await ask_async(link.stubs.jobs.CreateJob, filled, terms)).job


async def job_of(link: Link, terms: Terms, task: str, prefix: str) -> job_pb2.Job:
    """Return the job that is behind an id with a prefix, such as "task_" or "video_".

    Raises:
        NotFound: JOB_NOT_FOUND.
    """
    asked = job_service_pb2.GetJobRequest(name=job_name(task, prefix))
    return (await ask_async(link.stubs.jobs.GetJob, asked, terms)).job


def job_name(task: str, prefix: str) -> str:
    """Return the name of the job behind an id."""
    return _JOBS + task.removeprefix(prefix)


def id_of(job: job_pb2.Job, prefix: str) -> str:
    """Return the id that a job has with a prefix."""
    return prefix + job.name.removeprefix(_JOBS)


async def film_of(link: Link, terms: Terms, job: job_pb2.Job) -> asset_service_pb2.Asset:
    """Return the asset that is a job's film.

    Raises:
        NotFound: ASSET_NOT_FOUND, it is not made yet, will never be, or was deleted.
    """
    if not job.film.asset:
        state = job_pb2.JobState.Name(job.state).removeprefix("JOB_STATE_").lower()
        why = f": {job.error.message}" if job.error.message else ""
        raise NotFound(
            Reason.ASSET_NOT_FOUND,
            f"there is no film of {job.name}: the job is {state}{why}",
            field="id",
            metadata={"state": state},
        )
    return await asset_of(link, terms, job.film.asset)


async def _reference(link: Link, terms: Terms, form: Form) -> str:
    """Return the asset that shows the speaker: the form's, or the portrait that comes with us."""
    given = [name for name in ("video", "image", "input_reference") if name in form.files]
    if len(given) > 1:
        raise InvalidInput(
            Reason.FIELD_INVALID, f"{given[0]} and {given[1]} are given; send one", field=given[1]
        )
    if given:
        return (await stored(link, terms, form.files[given[0]], field=given[0])).name
    portrait = (resources.files("s2v.samples") / "portrait.jpg").read_bytes()
    return (await stored(link, terms, portrait, field="image")).name
