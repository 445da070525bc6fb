"""Traces go on from caller to callee, with and without OpenTelemetry."""

import pytest

from s2v.client.calling import Terms
from s2v.rpc import tracing
from s2v.rpc.logs import correlation

GIVEN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "films"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4317"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4317"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4317"}, False),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4317"}, False),
    ],
)
def test_traces_are_made_where_the_standard_variables_say_so(
    environment: dict[str, str], wanted: bool
) -> None:
    assert tracing.is_wanted(environment) is wanted


@pytest.mark.parametrize(
    "text", ["", "a-b-c-d", GIVEN.upper(), GIVEN + "-", f"00-{'0' * 32}-00f067aa0ba902b7-01"]
)
def test_what_is_no_traceparent_is_not_gone_on_in(text: str) -> None:
    tracing.go_on_in(text)
    assert tracing.here() == ""


def test_a_call_carries_the_trace_that_it_is_made_in_and_a_jobs_own_without_one() -> None:
    job_id = "01HZX3J5K6M7N8P9QRSTVWXYZ0"
    tracing.go_on_in("")
    own = dict(correlation(job_id))["traceparent"]
    tracing.go_on_in(GIVEN)
    assert dict(correlation(job_id))["traceparent"] == GIVEN
    tracing.go_on_in("")
    assert tracing.trace_id_in(own) == tracing.trace_id_in(dict(correlation(job_id))["traceparent"])


def test_a_client_sends_the_trace_it_was_given_beside_its_key() -> None:
    key = (("authorization", "Bearer k"),)
    assert Terms(headers=key).metadata == key
    assert Terms(headers=key, traceparent=GIVEN).metadata == (*key, ("traceparent", GIVEN))


def test_a_client_sends_the_trace_of_the_program_that_uses_it() -> None:
    from opentelemetry.sdk.trace import TracerProvider

    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("a program")
    with tracer.start_as_current_span("makes a film") as span:
        context = span.get_span_context()
        [(name, sent)] = Terms().metadata
    assert name == "traceparent"
    assert sent == f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
    assert Terms().metadata == ()


@pytest.mark.parametrize(
    "name", ["OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"]
)
def test_a_protocol_that_traces_do_not_leave_by_is_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.setenv(name, "http/protobuf")
    with pytest.raises(SystemExit, match=f"{name}.*4317"):
        tracing.configure_tracing("gateway")
