"""One service as a child process: start it, ask how it is, end it."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from s2v.rpc.channel import connect_sync
from s2v_cli.output import Output, Sink

_LAUNCHER = Path(__file__).with_name("launcher.py")
_UMASK = 0o077
"""What services write down is for their own user's eyes only."""
_HEALTH_TIMEOUT_SECONDS = 1.0
_LOOK_SECONDS = 2.0
_ANSWER_SECONDS = 3.0
_MOST_MISSES = 3
_REFUSAL_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """How to start a service.

    Attributes:
        name: what people call it, such as "tts".
        command: program and arguments.
        address: where its health check answers, `host:port` or `unix:/path`.
        environment: all of its environment variables.
    """

    name: str
    command: tuple[str, ...]
    address: str
    environment: Mapping[str, str]


class Child:
    """The process of one service, and of its successors after it died."""

    def __init__(self, spec: ServiceSpec, sink: Sink) -> None:
        self.spec = spec
        self.serving = False
        self.served_once = False
        self.deaths = 0
        self.started_at = 0.0
        self._output = Output(sink)
        self._process: subprocess.Popen[bytes] | None = None
        self._channel = connect_sync(spec.address)
        self._health = health_pb2_grpc.HealthStub(self._channel)
        self._question: Any = None
        self._asked_at = 0.0
        self._answered_at = 0.0
        self._misses = 0

    @property
    def pid(self) -> int | None:
        """The process id; None unless a process was started and has not been buried."""
        return self._process.pid if self._process else None

    @property
    def uptime_seconds(self) -> float:
        """Seconds since the process was started."""
        return time.monotonic() - self.started_at

    def spawn(self) -> None:
        """Start the process, in a group of its own so that Ctrl-C reaches only us."""
        drain = self._output.open()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-S", str(_LAUNCHER), str(os.getpid()), *self.spec.command],
                env=dict(self.spec.environment),
                stdin=subprocess.DEVNULL,
                stdout=drain,
                stderr=drain,
                start_new_session=True,
                umask=_UMASK,
            )
        finally:
            os.close(drain)
        self.started_at = time.monotonic()
        self._forget_question()

    def exit_code(self) -> int | None:
        """Return how the process ended (negative: by that signal); None while it lives."""
        return self._process.poll() if self._process else None

    def check(self) -> bool:
        """Ask the service whether it is SERVING, and remember the answer."""
        try:
            answer = self._health.Check(
                health_pb2.HealthCheckRequest(), timeout=_HEALTH_TIMEOUT_SECONDS
            )
        except grpc.RpcError:
            return False
        self.serving = answer.status == health_pb2.HealthCheckResponse.SERVING
        self.served_once |= self.serving
        self._asked_at = self._answered_at = time.monotonic()
        return self.serving

    def hangs(self) -> bool:
        """Tell whether a service that was serving gives no answers any more; never blocks.

        Any answer is a sign of life, also that it does not serve because it is about to end; then
        it may refuse calls for a while.
        """
        now = time.monotonic()
        if self._question is None:
            if now - self._asked_at >= _LOOK_SECONDS:
                self._asked_at = now
                self._question = self._health.Check.future(
                    health_pb2.HealthCheckRequest(), timeout=_ANSWER_SECONDS
                )
        elif self._question.done():
            code, self._question = self._question.code(), None
            if code is grpc.StatusCode.DEADLINE_EXCEEDED:
                self._misses += 1
            elif code is not grpc.StatusCode.UNAVAILABLE:
                self._misses, self._answered_at = 0, now
        silent_seconds = self._asked_at - self._answered_at
        return self._misses >= _MOST_MISSES or silent_seconds > _REFUSAL_SECONDS

    def terminate(self) -> None:
        """Ask the process to end."""
        self.serving = False
        if self._process is not None:
            self._process.terminate()

    def kill(self) -> None:
        """Kill the process and those that it started, even if they are stopped."""
        self._forget_question()
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def bury(self) -> None:
        """Kill what is left of the process and of those that it started."""
        self.serving = False
        if self._process is None:
            return
        self.kill()
        self._process.wait()
        self._process = None

    def _forget_question(self) -> None:
        if self._question is not None:
            self._question.cancel()
        self._question, self._misses = None, 0
        self._asked_at = self._answered_at = time.monotonic()

    def last_lines(self) -> str:
        """Return the last lines that the process wrote."""
        return self._output.last_lines()

    def close(self) -> None:
        """Let go of the channel."""
        self._channel.close()
