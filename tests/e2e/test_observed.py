"""One trace from a caller to the engine, and numbers that move, with the four real services."""

import json
import os
import re
import signal
import urllib.request
from typing import Any

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from collectors import ReceivedSpan
from dashboards import METRIC, expressions
from s2v.api.gateway.v1 import job_pb2
from s2v.client import Client
from s2v.rpc import conventions
from s2v_cli.local import SERVICES
from stories import a_job, wait_until_half_done

Numbers = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def families(url: str) -> list[Metric]:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return list(text_string_to_metric_families(answer.read().decode()))


def parsed(url: str) -> Numbers:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families(url)
        for sample in family.samples
    }


def scraped(equipped: Any) -> dict[str, Numbers]:
    """What each of the services tells of itself."""
    return {name: parsed(f"http://{where}/metrics") for name, where in equipped.metrics.items()}


def of(spans: list[ReceivedSpan], trace_id: str, name: str) -> list[ReceivedSpan]:
    return [span for span in spans if span.trace_id == trace_id and span.name == name]


STAGES = {
    "speak": ("s2v-tts", "s2v.api.tts.v1.SpeechService/Speak"),
    "render": ("s2v-render", "s2v.api.render.v1.RenderService/Render"),
    "compose": ("s2v-compositor", "s2v.api.compositor.v1.CompositorService/Compose"),
}
"""What the gateway does for a job, by whom, with which call."""

CREATED = "s2v.api.gateway.v1.JobService/CreateJob"


def has_all(trace_id: str, *, segments: int) -> Any:
    """Whether each service has told its part: they export one by one, in any order."""

    def enough(spans: list[ReceivedSpan]) -> bool:
        takes = of(spans, trace_id, conventions.TAKE_SPAN)
        once = (CREATED, conventions.JOB_SPAN, "compose", STAGES["compose"][1])
        by_segment = ("speak", STAGES["speak"][1], "render", STAGES["render"][1])
        return (
            {take.facts[conventions.SEGMENT] for take in takes} == set(range(segments))
            and all(of(spans, trace_id, name) for name in once)
            and all(len(of(spans, trace_id, name)) >= segments for name in by_segment)
            and any(span.name == conventions.ENGINE_LOAD_SPAN for span in spans)
        )

    return enough


def test_a_film_is_one_trace_from_the_caller_to_the_engine_and_its_numbers_move(
    equipped: Any,
) -> None:
    before = scraped(equipped)
    trace_id, caller = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    installation = equipped.installation
    traceparent = f"00-{trace_id}-{caller}-01"
    with Client(installation.address, traceparent=traceparent) as client:
        name = a_job(client, 1, sentences=3)
        ended = list(client.watch(name))[-1].finished
    assert ended.state == job_pb2.JOB_STATE_SUCCEEDED, ended.error
    segments = ended.progress.segments_total

    spans = equipped.spans.wait_for(has_all(trace_id, segments=segments))
    job_id = name.removeprefix("jobs/")
    by_id = {span.span_id: span for span in spans}
    [created] = of(spans, trace_id, CREATED)
    assert created.parent_id == caller
    [job] = of(spans, trace_id, conventions.JOB_SPAN)
    assert job.parent_id == created.span_id
    assert job.facts[conventions.JOB] == job_id
    for stage, (service, method) in STAGES.items():
        of_stage = of(spans, trace_id, stage)
        if stage == "compose":
            assert len(of_stage) == 1
        else:
            assert {s.facts[conventions.SEGMENT] for s in of_stage} == set(range(segments))
        calls = of(spans, trace_id, method)
        assert {by_id[call.parent_id].name for call in calls} == {stage}
        assert {call.service for call in calls} == {service}
    for take in of(spans, trace_id, conventions.TAKE_SPAN):
        assert by_id[take.parent_id].name == "s2v.api.render.v1.RenderService/Render"
        assert take.facts[conventions.JOB] == job_id
    assert not any(span.failed for span in spans if span.trace_id == trace_id)

    lines = [line for line in installation.log_lines() if line.get("job_id") == job_id]
    assert {"gateway", "render"} <= {line["service"] for line in lines}
    assert {line["trace_id"] for line in lines} == {trace_id}
    assert list((installation.home / "profiles").glob("take-*.pstats"))
    the_numbers_have_moved(before, scraped(equipped), ended, segments=segments)
    by_http = parsed(f"http://{installation.http}/metrics")
    frames = ("s2v_film_frames_total", ())
    assert by_http[frames] == before["gateway"][frames] + ended.film.frames
    all_that_is_watched_is_told(equipped)


def the_numbers_have_moved(
    before: dict[str, Numbers], after: dict[str, Numbers], ended: job_pb2.Job, *, segments: int
) -> None:
    moved = {
        service: {key: value - before[service].get(key, 0) for key, value in numbers.items()}
        for service, numbers in after.items()
    }
    gateway, render = moved["gateway"], moved["render"]
    made = (("code", "OK"), ("method", "JobService/CreateJob"))
    assert gateway["s2v_rpc_calls_total", made] == 1
    assert gateway["s2v_jobs_ended_total", (("reason", ""), ("state", "succeeded"))] == 1
    assert after["gateway"]["s2v_jobs", (("state", "queued"),)] == 0
    assert gateway["s2v_film_frames_total", ()] == ended.film.frames
    assert gateway["s2v_film_real_time_factor_count", ()] == 1
    assert gateway["s2v_job_wait_seconds_count", ()] == 1
    for stage, times in (("speak", segments), ("render", segments), ("compose", 1)):
        labels = (("outcome", "ok"), ("stage", stage))
        assert gateway["s2v_stage_seconds_count", labels] == times
    assert (
        gateway[
            "s2v_rpc_message_bytes_total",
            (("direction", "in"), ("method", "AssetService/WriteUpload")),
        ]
        > 10_000
    )
    assert render["s2v_frames_rendered_total", (("engine", "portrait"),)] == ended.film.frames
    assert render["s2v_takes_total", (("engine", "portrait"), ("outcome", "ok"))] == segments
    states = ("starting", "idle", "busy", "away")
    assert sum(after["render"]["s2v_workers", (("state", state),)] for state in states) >= 1
    assert after["render"]["s2v_takes_waiting", ()] == 0
    assert moved["tts"]["s2v_speech_seconds_total", ()] > 1
    assert moved["compositor"]["s2v_films_composed_total", ()] == 1
    assert moved["compositor"]["s2v_film_bytes_total", ()] > 10_000
    for service in SERVICES:
        for name, labels in after[service]:
            assert "jobs/" not in str(labels), name
            assert {label for label, _ in labels} <= {
                "method", "code", "direction", "state", "reason", "stage", "outcome", "callee",
                "engine", "room", "gpu", "le", "generation", "implementation", "major", "minor",
                "patchlevel", "version",
            }  # fmt: skip


def all_that_is_watched_is_told(equipped: Any) -> None:
    """The services tell of what dashboards and alerts ask for, but for those of GPUs."""
    addresses = equipped.metrics.values()
    told = {told.name for where in addresses for told in families(f"http://{where}/metrics")}
    asked = {m for every in expressions().values() for one in every for m in METRIC.findall(one)}
    assert len(asked) > 20
    untold = {name for name in asked if re.sub(r"_(total|bucket|count|sum)$", "", name) not in told}
    assert {name for name in untold if not name.startswith("s2v_gpu_")} == set()


def test_a_job_goes_on_in_its_trace_when_the_gateway_is_back(equipped: Any) -> None:
    installation = equipped.installation
    with installation.client() as client:
        name = a_job(client, 2, sentences=10)
        wait_until_half_done(client, name)
        os.kill(installation.supervisor.pid("gateway"), signal.SIGKILL)
        ended = list(client.watch(name))[-1].finished
    assert ended.state == job_pb2.JOB_STATE_SUCCEEDED, ended.error
    job_id = name.removeprefix("jobs/")

    def of_the_job(spans: list[ReceivedSpan], name: str) -> list[ReceivedSpan]:
        return [s for s in spans if s.name == name and s.facts.get(conventions.JOB) == job_id]

    def is_whole(spans: list[ReceivedSpan]) -> bool:
        takes = of_the_job(spans, conventions.TAKE_SPAN)
        taken = {take.facts[conventions.SEGMENT] for take in takes}
        return taken == set(range(ended.progress.segments_total)) and bool(
            of_the_job(spans, conventions.JOB_SPAN)
        )

    spans = equipped.spans.wait_for(is_whole)
    [trace_id] = {span.trace_id for span in spans if span.facts.get(conventions.JOB) == job_id}
    lines = [line for line in installation.log_lines() if line.get("job_id") == job_id]
    runs = [line for line in lines if line["event"] == "job runs"]
    assert len(runs) == 2
    assert {line["trace_id"] for line in lines} == {trace_id}, json.dumps(lines[:3])
