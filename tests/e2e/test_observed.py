"""One trace from a caller to the engine, and numbers that move, with the four real services."""

import json
import os
import signal
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from collectors import ReceivedSpan, SpanCollector, collecting
from installations import Installation, installed
from s2v.api.gateway.v1 import job_pb2
from s2v.client import Client
from s2v.rpc import conventions
from s2v_cli.local import free_address
from stories import a_job, wait_until_half_done

SERVICES = ("tts", "render", "compositor", "gateway")


class Observed:
    """Services whose spans and numbers can be had."""

    def __init__(
        self, installation: Installation, spans: SpanCollector, metrics: dict[str, str]
    ) -> None:
        self.installation = installation
        self.spans = spans
        self._metrics = metrics

    def numbers(self, service: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
        """Scrape a service."""
        return parsed(f"http://{self._metrics[service]}/metrics")


def parsed(url: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    with urllib.request.urlopen(url, timeout=10) as answer:
        families = list(text_string_to_metric_families(answer.read().decode()))
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    addresses = {name: free_address("127.0.0.1", 0) for name in SERVICES}
    settings = {f"S2V_{name.upper()}_METRICS_LISTEN": addresses[name] for name in SERVICES}
    with collecting() as (spans, endpoint):
        settings |= {
            "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "S2V_GATEWAY_SHUTDOWN_GRACE_SECONDS": "0.5",
            "S2V_PROFILE": "1",
        }
        with installed(tmp_path_factory.mktemp("observed"), **settings) as installation:
            yield Observed(installation, spans, addresses)


def of(spans: list[ReceivedSpan], trace_id: str, name: str) -> list[ReceivedSpan]:
    return [span for span in spans if span.trace_id == trace_id and span.name == name]


def has_all(trace_id: str, *, segments: int) -> Any:
    def enough(spans: list[ReceivedSpan]) -> bool:
        takes = of(spans, trace_id, conventions.TAKE_SPAN)
        return {take.facts[conventions.SEGMENT] for take in takes} == set(range(segments)) and bool(
            of(spans, trace_id, conventions.JOB_SPAN)
        )

    return enough


def test_a_film_is_one_trace_from_the_caller_to_the_engine_and_its_numbers_move(
    observed: Observed,
) -> None:
    trace_id, caller = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    installation = observed.installation
    traceparent = f"00-{trace_id}-{caller}-01"
    with Client(installation.address, traceparent=traceparent) as client:
        name = a_job(client, 1, sentences=3)
        ended = list(client.watch(name))[-1].finished
    assert ended.state == job_pb2.JOB_STATE_SUCCEEDED, ended.error
    segments = ended.progress.segments_total

    spans = observed.spans.wait_for(has_all(trace_id, segments=segments))
    job_id = name.removeprefix("jobs/")
    by_id = {span.span_id: span for span in spans}
    [created] = of(spans, trace_id, "s2v.api.gateway.v1.JobService/CreateJob")
    assert created.parent_id == caller
    [job] = of(spans, trace_id, conventions.JOB_SPAN)
    assert job.parent_id == created.span_id
    assert job.facts[conventions.JOB] == job_id
    for stage, service, method in (
        ("speak", "s2v-tts", "s2v.api.tts.v1.SpeechService/Speak"),
        ("render", "s2v-render", "s2v.api.render.v1.RenderService/Render"),
    ):
        of_stage = of(spans, trace_id, stage)
        assert {s.facts[conventions.SEGMENT] for s in of_stage} == set(range(segments))
        calls = of(spans, trace_id, method)
        assert {by_id[call.parent_id].name for call in calls} == {stage}
        assert {call.service for call in calls} == {service}
    [composing] = of(spans, trace_id, "s2v.api.compositor.v1.CompositorService/Compose")
    assert by_id[composing.parent_id].name == "compose"
    for take in of(spans, trace_id, conventions.TAKE_SPAN):
        assert by_id[take.parent_id].name == "s2v.api.render.v1.RenderService/Render"
        assert take.facts[conventions.JOB] == job_id
    assert any(span.name == conventions.ENGINE_LOAD_SPAN for span in spans)
    assert not any(span.failed for span in spans if span.trace_id == trace_id)

    lines = [line for line in installation.log_lines() if line.get("job_id") == job_id]
    assert {"gateway", "render"} <= {line["service"] for line in lines}
    assert {line["trace_id"] for line in lines} == {trace_id}
    assert list((installation.home / "profiles").glob("take-*.pstats"))
    the_numbers_have_moved(observed, ended, segments=segments)


def the_numbers_have_moved(observed: Observed, ended: job_pb2.Job, *, segments: int) -> None:
    numbers = {service: observed.numbers(service) for service in SERVICES}
    gateway, render = numbers["gateway"], numbers["render"]
    made = (("code", "OK"), ("method", "JobService/CreateJob"))
    assert gateway["s2v_rpc_calls_total", made] == 1
    assert gateway["s2v_jobs_ended_total", (("reason", ""), ("state", "succeeded"))] == 1
    assert gateway["s2v_jobs", (("state", "queued"),)] == 0
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
    assert sum(render["s2v_workers", (("state", state),)] for state in states) >= 1
    assert render["s2v_takes_waiting", ()] == 0
    assert numbers["tts"]["s2v_speech_seconds_total", ()] > 1
    assert numbers["compositor"]["s2v_films_composed_total", ()] == 1
    assert numbers["compositor"]["s2v_film_bytes_total", ()] > 10_000
    for service in SERVICES:
        for (name, labels), _ in numbers[service].items():
            assert "jobs/" not in str(labels), name
            assert {label for label, _ in labels} <= {
                "method", "code", "direction", "state", "reason", "stage", "outcome", "callee",
                "engine", "room", "gpu", "le", "generation", "implementation", "major", "minor",
                "patchlevel", "version",
            }  # fmt: skip
    by_http = parsed(f"http://{observed.installation.http}/metrics")
    assert by_http["s2v_film_frames_total", ()] == ended.film.frames


def test_a_job_goes_on_in_its_trace_when_the_gateway_is_back(observed: Observed) -> None:
    installation = observed.installation
    with installation.client() as client:
        name = a_job(client, 2, sentences=10)
        wait_until_half_done(client, name)
        os.kill(installation.supervisor.pid("gateway"), signal.SIGKILL)
        ended = list(client.watch(name))[-1].finished
    assert ended.state == job_pb2.JOB_STATE_SUCCEEDED, ended.error
    job_id = name.removeprefix("jobs/")

    def is_whole(spans: list[ReceivedSpan]) -> bool:
        return any(
            s.name == conventions.JOB_SPAN and s.facts[conventions.JOB] == job_id for s in spans
        )

    spans = observed.spans.wait_for(is_whole)
    mine = [span for span in spans if span.facts.get(conventions.JOB) == job_id]
    [trace_id] = {span.trace_id for span in mine}
    took = {s.facts[conventions.SEGMENT] for s in mine if s.name == conventions.TAKE_SPAN}
    assert took == set(range(ended.progress.segments_total))
    lines = [line for line in installation.log_lines() if line.get("job_id") == job_id]
    runs = [line for line in lines if line["event"] == "job runs"]
    assert len(runs) == 2
    assert {line["trace_id"] for line in lines} == {trace_id}, json.dumps(lines[:3])
