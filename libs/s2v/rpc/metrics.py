"""What every service counts, for Prometheus.

Labels have few values, which a service knows beforehand: no jobs, tenants, files or callers.
"""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram, start_http_server
from prometheus_client.registry import REGISTRY, Collector

from s2v.core.errors import InvalidInput, Reason

_CALL_SECONDS: Final = (0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0, 300.0, 1800.0)
_WORK_SECONDS: Final = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0)
_RATES: Final = (0.1, 0.3, 1.0, 3.0, 10.0, 20.0, 30.0, 60.0, 100.0, 300.0)
_FACTORS: Final = (0.01, 0.03, 0.1, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0)

CALLS = Counter("s2v_rpc_calls", "Calls that have ended.", ("method", "code"))
CALL_SECONDS = Histogram(
    "s2v_rpc_call_seconds", "How long calls lasted.", ("method",), buckets=_CALL_SECONDS
)
CALLS_AT_WORK = Gauge("s2v_rpc_calls_at_work", "Calls that have not ended.")
BYTES = Counter("s2v_rpc_message_bytes", "Bytes of messages.", ("method", "direction"))

JOBS_ENDED = Counter("s2v_jobs_ended", "Jobs that have ended, by how.", ("state", "reason"))
JOB_WAIT_SECONDS = Histogram(
    "s2v_job_wait_seconds", "How long jobs waited for a place.", buckets=_WORK_SECONDS
)
STAGE_SECONDS = Histogram(
    "s2v_stage_seconds",
    "How long a stage took for one segment, or one film.",
    ("stage", "outcome"),
    buckets=_WORK_SECONDS,
)
FILM_FRAMES = Counter("s2v_film_frames", "Frames of finished films.")
FILM_SECONDS = Counter("s2v_film_seconds", "Seconds of finished films.")
REAL_TIME_FACTOR = Histogram(
    "s2v_film_real_time_factor",
    "Seconds of film made in a second of work, from the job's start to its end.",
    buckets=_FACTORS,
)
STALLS = Counter("s2v_stalls", "Calls of a service that gave no sign of life.", ("callee",))
SERVICE_DEATHS = Counter(
    "s2v_service_deaths", "Deaths of a service at work on a piece of a job.", ("callee",)
)
INPUTS_GIVEN_UP = Counter(
    "s2v_inputs_given_up", "Pieces of jobs that were given up as they kill a service.", ("callee",)
)

TAKES = Counter("s2v_takes", "Takes that have ended, by how.", ("engine", "outcome"))
FRAMES_RENDERED = Counter("s2v_frames_rendered", "Frames that engines have drawn.", ("engine",))
FRAMES_PER_SECOND = Histogram(
    "s2v_take_frames_per_second",
    "Frames a second of takes that ended well, encoding included.",
    ("engine",),
    buckets=_RATES,
)

SPEECH_SECONDS = Counter("s2v_speech_seconds", "Seconds of speech made or cut out of given sound.")
CALLS_INSIDE = Gauge("s2v_tts_calls_inside", "Calls that are at work or wait for it.", ("room",))

FILMS_COMPOSED = Counter("s2v_films_composed", "Films that were written to their end.")
FILM_BYTES = Counter("s2v_film_bytes", "Bytes of the films that were written.")


def metrics_address(listen: str) -> tuple[str, int]:
    """Return host and port of `host:port`, or of `:port` or `port` on this machine alone.

    Raises:
        InvalidInput: FIELD_INVALID, it is neither.
    """
    host, _, port = listen.rpartition(":")
    if not port.isdecimal() or not 0 <= int(port) < 1 << 16:
        problem = f"{listen!r} is no address; give host:port, or a port on this machine"
        raise InvalidInput(Reason.FIELD_INVALID, problem, field="metrics_listen")
    return host.strip("[]") or "127.0.0.1", int(port)


def collect(collector: Collector) -> None:
    """Have what can be looked up at any time told when it is asked for."""
    REGISTRY.register(collector)


def serve_metrics(listen: str) -> int:
    """Answer Prometheus at an address (`metrics_address`) from now on; "" answers nobody.

    Returns:
        The port; 0 where nobody is answered.

    Raises:
        SystemExit: it cannot listen there.
    """
    if not listen:
        return 0
    host, port = metrics_address(listen)
    try:
        server, _ = start_http_server(port, host)
    except OSError as error:
        raise SystemExit(
            f"cannot listen on {listen} for metrics: is something else running there? ({error})"
        ) from error
    return server.server_port
