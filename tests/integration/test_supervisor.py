"""The supervisor starts, heals and ends real processes."""

import io
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from s2v_cli.child import ServiceSpec
from s2v_cli.output import ServiceFailed
from s2v_cli.supervisor import Supervisor

FAKE = Path(__file__).parent.parent / "data" / "fake_service.py"


class Sink(io.StringIO):
    """Takes what services write and lets a test wait for a text in it."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = threading.Condition()

    def write(self, text: str) -> int:
        with self._changed:
            written = super().write(text)
            self._changed.notify_all()
            return written

    def wait_for(self, text: str) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: text in self.getvalue(), timeout=30), text


class Stage:
    """A supervisor over fake services, what it reported and what they wrote."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reports: list[str] = []
        self.sink = Sink()
        self.supervisors: list[Supervisor] = []

    def spec(self, name: str, *what: str) -> ServiceSpec:
        address = f"unix:{self.folder}/{name}.sock"
        return ServiceSpec(name, (sys.executable, str(FAKE), address, *what), address, os.environ)

    def supervisor(self, *specs: ServiceSpec) -> Supervisor:
        supervisor = Supervisor(specs, report=self.reports.append, sink=self.sink)
        self.supervisors.append(supervisor)
        return supervisor


def serving(supervisor: Supervisor, name: str, *, after_pid: int | None = None) -> int:
    """Return the process id of a service once all are SERVING and it is no longer `after_pid`."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        pid = supervisor.pid(name)
        if pid is not None and pid != after_pid and supervisor.all_serving:
            return pid
        time.sleep(0.02)
    raise TimeoutError(f"{name} was not serving in time")


@pytest.fixture
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    stage = Stage(tmp_path_factory.mktemp("s"))
    yield stage
    for supervisor in stage.supervisors:
        supervisor.kill()
        supervisor.stop()


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; a zombie does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def wait_until_gone(pid: int) -> None:
    """Return when a process that is no child of ours has ended."""
    try:
        end = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    assert select.select([end], [], [], 10)[0], f"{pid} still runs"
    os.close(end)


def test_what_services_write_down_is_for_their_own_user(stage: Stage) -> None:
    tell = "import os, sys; sys.exit(f'umask {os.umask(0):o}')"
    spec = ServiceSpec("tts", (sys.executable, "-c", tell), "unix:/nowhere", os.environ)
    with pytest.raises(ServiceFailed, match="umask 77"):
        stage.supervisor(spec).start()


def test_start_returns_when_every_service_is_serving_and_stop_leaves_none(stage: Stage) -> None:
    supervisor = stage.supervisor(stage.spec("one"), stage.spec("two"))

    supervisor.start()
    pids = [supervisor.pid("one"), supervisor.pid("two")]

    assert supervisor.all_serving
    assert sorted(report.split(" (")[0] for report in stage.reports) == [
        "one is serving",
        "two is serving",
    ]
    supervisor.stop()
    assert not any(is_alive(pid) for pid in pids if pid)
    assert "a line of its log\n" in stage.sink.getvalue()
    assert '"event": "stopped"' in stage.sink.getvalue()


def test_a_service_killed_with_9_is_started_again_under_the_same_name(stage: Stage) -> None:
    with stage.supervisor(stage.spec("one"), stage.spec("two")) as supervisor:
        for _ in range(2):
            old = serving(supervisor, "one")
            other = supervisor.pid("two")
            os.kill(old, signal.SIGKILL)

            new = serving(supervisor, "one", after_pid=old)

            assert new != old
            assert supervisor.pid("two") == other
    ended = [report for report in stage.reports if "killed" in report]
    assert ended == ["one was killed by SIGKILL; starting it again in 0.2 s"] * 2


def test_a_service_that_hangs_is_killed_and_started_again(stage: Stage) -> None:
    with stage.supervisor(stage.spec("one", "grandchild"), stage.spec("two")) as supervisor:
        old, other = serving(supervisor, "one"), supervisor.pid("two")
        os.kill(old, signal.SIGSTOP)

        new = serving(supervisor, "one", after_pid=old)

        assert not is_alive(old)
        assert is_alive(new)
        assert supervisor.pid("two") == other
    assert "one does not answer; killing it" in stage.reports
    assert "one was killed by SIGKILL; starting it again in 0.2 s" in stage.reports


def test_a_service_that_has_served_is_started_again_however_often_it_dies(stage: Stage) -> None:
    with stage.supervisor(stage.spec("one", "late")) as supervisor:
        pid = serving(supervisor, "one")
        (stage.folder / "late").touch()
        os.kill(pid, signal.SIGKILL)
        stage.sink.wait_for("ending at once\n" * 5)
        (stage.folder / "late").unlink()

        assert serving(supervisor, "one", after_pid=pid)


def test_a_service_that_is_killed_while_it_starts_is_started_again(stage: Stage) -> None:
    (stage.folder / "late").touch()
    with stage.supervisor(stage.spec("one", "killed")) as supervisor:
        assert serving(supervisor, "one")
    assert "one was killed by SIGKILL; starting it again in 0.2 s" in stage.reports


def test_a_service_that_is_killed_whenever_it_starts_is_given_up_with_the_reason(
    stage: Stage,
) -> None:
    with pytest.raises(ServiceFailed, match="one cannot start: it was killed by SIGKILL"):
        stage.supervisor(stage.spec("one", "doomed")).start()
    assert stage.reports == [
        "one was killed by SIGKILL; starting it again in 0.2 s",
        "one was killed by SIGKILL; starting it again in 0.4 s",
    ]


def test_what_a_killed_service_had_started_does_not_outlive_it(stage: Stage) -> None:
    with stage.supervisor(stage.spec("one", "grandchild")) as supervisor:
        old = serving(supervisor, "one")
        grandchild = int(stage.sink.getvalue().split("grandchild ")[1].split()[0])
        assert is_alive(grandchild)
        os.kill(old, signal.SIGKILL)
        serving(supervisor, "one", after_pid=old)
        wait_until_gone(grandchild)


def test_a_service_that_cannot_start_ends_the_others_and_says_why(stage: Stage) -> None:
    supervisor = stage.supervisor(stage.spec("good"), stage.spec("bad", "fail"))

    with pytest.raises(ServiceFailed) as caught:
        supervisor.start()

    assert str(caught.value) == (
        "bad cannot start: it ended with exit code 1; its last lines:\n"
        "  bad setting S2V_FAKE_COLOUR: green is none"
    )
    assert supervisor.pid("good") is None
    assert supervisor.pid("bad") is None


def test_a_service_that_does_not_heed_sigterm_is_killed_on_demand(stage: Stage) -> None:
    supervisor = stage.supervisor(stage.spec("deaf", "deaf"))
    starting = threading.Thread(target=supervisor.start)
    starting.start()
    stage.sink.wait_for("going on for ever")

    supervisor.request_stop()
    stage.sink.wait_for("heard SIGTERM")
    assert starting.is_alive()
    supervisor.kill()

    starting.join(10)
    assert not starting.is_alive()
    assert supervisor.pid("deaf") is None


def test_services_die_with_a_supervisor_that_is_killed_with_9(stage: Stage) -> None:
    spec = stage.spec("one")
    script = f"""
import os, sys
from s2v_cli.child import ServiceSpec
from s2v_cli.supervisor import Supervisor
spec = ServiceSpec("one", {spec.command!r}, {spec.address!r}, os.environ)
supervisor = Supervisor([spec], report=lambda line: None)
supervisor.start()
print(supervisor.pid("one"), flush=True)
supervisor.wait()
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()

    wait_until_gone(pid)
