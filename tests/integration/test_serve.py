"""`s2v serve` and a `s2v make` that brings its own services, over fakes under the real names."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ports import own_address
from processes import children_of
from s2v.testing.fakes_gateway import FILM

DATA = Path(__file__).parent.parent / "data"
SERVICES = ("tts", "render", "compositor", "gateway")
MAIN = """
import os, runpy, sys
if os.environ.get("S2V_{upper}_COLOUR"):
    sys.exit("unknown setting S2V_{upper}_COLOUR")
sys.argv = ["main", os.environ["S2V_{upper}_LISTEN"]]
runpy.run_path({script!r}, run_name="__main__")
"""

BESIDE_THE_REAL_ONE = """
from pkgutil import extend_path

__path__ = extend_path(__path__, __name__)
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Give an environment in which `python -m s2v_tts.main` and so on start fakes."""
    modules = tmp_path_factory.mktemp("modules")
    for name in SERVICES:
        package = modules / f"s2v_{name}"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(BESIDE_THE_REAL_ONE)
        script = DATA / ("fake_gateway.py" if name == "gateway" else "fake_service.py")
        source = MAIN.format(upper=name.upper(), script=str(script))
        (package / "main.py").write_text(source)
    path = os.pathsep.join(filter(None, [str(modules), os.environ.get("PYTHONPATH")]))
    clean = {key: value for key, value in os.environ.items() if not key.startswith("S2V_")}
    return {**clean, "PYTHONPATH": path}


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("h")


class Served:
    """A running `s2v serve`."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.lines: list[str] = []

    def read_until(self, pattern: str) -> "re.Match[str]":
        """Return the match in the next line that has one."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            if match := re.search(pattern, line):
                return match
        raise AssertionError(f"no {pattern!r} in:\n{''.join(self.lines)}")


@contextmanager
def serving(environment: dict[str, str], home: Path) -> Iterator[Served]:
    process = subprocess.Popen(
        serve_command(home), env=environment, stderr=subprocess.PIPE, text=True
    )
    with process:
        yield Served(process)
        process.kill()


@pytest.fixture(scope="module")
def standing(
    environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Served, Path]]:
    """One that is ready, for whoever leaves it standing, and its home."""
    home = tmp_path_factory.mktemp("h")
    with serving(environment, home) as served:
        served.read_until("ready at")
        yield served, home


def serve_command(home: Path) -> list[str]:
    serve = [sys.executable, "-m", "s2v_cli.main", "serve", "--port", "0", "--http-port", "0"]
    return [*serve, "--home", str(home)]


def test_serve_says_when_it_is_ready_and_ctrl_c_leaves_nothing(
    environment: dict[str, str], home: Path
) -> None:
    with serving(environment, home) as served:
        served.read_until(r"s2v: HTTP at http://127\.0\.0\.1:\d+$")
        served.read_until(r"s2v: ready at 127\.0\.0\.1:\d+; Ctrl-C ends it")
        services = children_of(served.process.pid)
        assert len(services) == 4

        served.process.send_signal(signal.SIGINT)
        served.read_until("s2v: ended")

        assert served.process.wait(30) == 0
        assert not any(Path(f"/proc/{service}").exists() for service in services)
        assert list(home.rglob("*.sock")) == []
        told = "".join(served.lines)
        assert "warning" not in told
        for name in SERVICES:
            assert f"s2v: {name} is serving" in told


def test_who_lets_other_machines_in_without_encryption_is_warned(
    environment: dict[str, str], home: Path
) -> None:
    process = subprocess.Popen(
        [*serve_command(home), "--host", "0.0.0.0"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        served = Served(process)
        served.read_until("ready at")
        process.send_signal(signal.SIGINT)
        served.read_until("s2v: ended")
    warning = r"s2v: warning: what goes to and from 0\.0\.0\.0:\d+ is not encrypted"
    assert re.search(warning, "".join(served.lines))


def test_a_service_killed_under_serve_comes_back(standing: tuple[Served, Path]) -> None:
    served, _ = standing
    first = children_of(served.process.pid)[0]
    os.kill(first, signal.SIGKILL)
    name = served.read_until(r"s2v: (\w+) was killed by SIGKILL; starting it again")[1]
    served.read_until(f"s2v: {name} is serving")


def test_serve_goes_on_without_its_terminal_under_nohup(
    environment: dict[str, str], home: Path
) -> None:
    process = subprocess.Popen(
        ["nohup", *serve_command(home)],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        served = Served(process)
        served.read_until("ready at")
        process.send_signal(signal.SIGHUP)
        os.kill(children_of(process.pid)[0], signal.SIGKILL)
        served.read_until("starting it again")
        process.send_signal(signal.SIGTERM)
        served.read_until("s2v: ended")
    assert process.returncode == 0


def test_a_second_serve_over_the_same_home_is_refused(
    standing: tuple[Served, Path], environment: dict[str, str]
) -> None:
    served, home = standing
    second = subprocess.run(
        serve_command(home), env=environment, capture_output=True, text=True, check=False
    )
    assert second.returncode == 2
    assert second.stderr == (
        f"Error: --home: another s2v serve (process {served.process.pid}) runs over {home}; "
        "stop it or choose another folder\n"
    )


def test_a_bad_setting_ends_serve_with_the_services_own_words(
    environment: dict[str, str], home: Path
) -> None:
    done = subprocess.run(
        serve_command(home),
        env={**environment, "S2V_RENDER_COLOUR": "green"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.endswith(
        "Error: render cannot start: it ended with exit code 1; its last lines:\n"
        "  unknown setting S2V_RENDER_COLOUR\n"
    )


class Made:
    """A `s2v make` that finds no gateway; whatever runs on the usual port is left alone."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.output = folder / "film.mp4"
        self.temporary = folder / "t"
        self.temporary.mkdir()
        photo = folder / "photo.jpg"
        shutil.copy("libs/s2v/samples/portrait.jpg", photo)
        arguments = ["make", "--text", "Hello.", "--reference", str(photo), "-o", str(self.output)]
        self.done = serverless(arguments, {**environment, "TMPDIR": str(self.temporary)}, folder)


def serverless(
    arguments: list[str], environment: dict[str, str], folder: Path
) -> "subprocess.CompletedProcess[str]":
    """Run a command where no gateway runs."""
    program = (
        "import s2v_cli.connecting as connecting, s2v_cli.main as main;"
        f"connecting.DEFAULT_ADDRESS = 'unix:{folder}/none.sock'; main.main()"
    )
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("command", "first"), [("voices", "nobody"), ("engines", "fake")])
def test_what_there_is_to_choose_from_is_listed_without_a_server(
    environment: dict[str, str], tmp_path: Path, command: str, first: str
) -> None:
    listed = serverless([command], environment, tmp_path)

    assert listed.returncode == 0, listed.stderr
    assert listed.stdout.startswith(f"{first}  ")
    assert listed.stderr.startswith(
        "no gateway is running: starting the services for the moment; `s2v serve` keeps them\n"
    )


def test_make_brings_its_own_services_and_leaves_nothing_of_them(
    environment: dict[str, str], tmp_path: Path
) -> None:
    made = Made(environment, tmp_path)

    assert made.done.returncode == 0, made.done.stderr
    assert made.output.read_bytes() == FILM
    said = made.done.stderr
    assert said.startswith(
        "no gateway is running: starting the services for this film only; `s2v serve` keeps them\n"
    )
    assert list(made.temporary.iterdir()) == []


def test_make_keeps_only_the_log_when_its_own_services_fail(
    environment: dict[str, str], tmp_path: Path
) -> None:
    made = Made({**environment, "S2V_TTS_COLOUR": "green"}, tmp_path)

    assert made.done.returncode == 1
    assert "Error: tts cannot start: it ended with exit code 1" in made.done.stderr
    assert "  unknown setting S2V_TTS_COLOUR\n" in made.done.stderr
    (log,) = made.temporary.iterdir()
    assert f"the log of the services is in {log}\n" in made.done.stderr
    assert "unknown setting S2V_TTS_COLOUR" in log.read_text()
    assert not made.output.exists()


def test_serve_listens_where_the_file_says_unless_an_option_says_otherwise(
    environment: dict[str, str], home: Path
) -> None:
    address, http = own_address(), own_address()
    (home / "s2v.toml").write_text(f"[gateway]\nlisten = '{address}'\nhttp_listen = '{http}'\n")
    command = [sys.executable, "-m", "s2v_cli.main", "serve", "--home", str(home)]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    with process:
        served = Served(process)
        served.read_until(f"HTTP at http://{http}$")
        served.read_until(f"ready at {address};")
        process.send_signal(signal.SIGINT)
        served.read_until("s2v: ended")
    process = subprocess.Popen(
        serve_command(home), env=environment, stderr=subprocess.PIPE, text=True
    )
    with process:
        served = Served(process)
        assert served.read_until(r"ready at ([\d.:]+);")[1] != address
        process.kill()
