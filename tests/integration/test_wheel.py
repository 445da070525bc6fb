"""The wheel with nothing but what the client needs, and what docs/client.md does with it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from borrowed import environment
from s2v.testing.fakes_gateway import FILM, FakeGateway

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PORTRAIT = Path("libs/s2v/samples/portrait.jpg")
TLS = Path("tests/data/tls")


def blocks(page: str, language: str) -> list[str]:
    found = BLOCK.findall(Path(page).read_text())
    return [text for tongue, text in found if tongue == language]


EXAMPLES = blocks("docs/client.md", "python")
[INSTALLING] = blocks("docs/client.md", "")


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python in which the commands of the page were run, offline: its packages are ours."""
    folder = tmp_path_factory.mktemp("wheel")
    build, install, dependencies = INSTALLING.splitlines()
    command = build.replace("-w dist", f"-w {folder}").split()[1:]
    subprocess.run([sys.executable, *command, "--no-build-isolation", "--quiet"], check=True)
    python = environment(folder / "venv", dependencies.split()[4:])
    command = install.replace("dist/", f"{folder}/").split()[3:]
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--quiet"]
    subprocess.run([*pip, *command], check=True)
    return python


@pytest.fixture
def gateway_on_a_port() -> Iterator[FakeGateway]:
    gateway = FakeGateway("127.0.0.1:0")
    gateway.media = bytes(range(256)) * 40
    gateway.start()
    yield gateway
    gateway.stop()


@pytest.fixture
def served() -> Iterator[FakeGateway]:
    key, certificate = ((TLS / name).read_bytes() for name in ("key.pem", "certificate.pem"))
    gateway = FakeGateway("localhost:0", grpc.ssl_server_credentials([(key, certificate)]))
    gateway.start()
    yield gateway
    gateway.stop()


def run(python: Path, folder: Path, code: str) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "S2V_"))}
    done = subprocess.run(
        [python, "-W", "error", "-c", code],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_is_typed_and_stands_on_its_own(python: Path, tmp_path: Path) -> None:
    code = "import s2v.client, pathlib; print(pathlib.Path(s2v.client.__file__).parents[1])"
    package = Path(run(python, tmp_path, code).strip())
    assert package.is_relative_to(python.parents[1])
    assert (package / "py.typed").is_file()
    for name in ("av", "numpy", "pydantic", "ray"):
        code = f"import importlib.util as u; print(u.find_spec({name!r}))"
        assert run(python, tmp_path, code) == "None\n"


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_every_example_of_the_page_runs_from_an_empty_folder(
    gateway_on_a_port: FakeGateway, served: FakeGateway, python: Path, tmp_path: Path, number: int
) -> None:
    (tmp_path / "me.jpg").write_bytes(PORTRAIT.read_bytes())
    (tmp_path / "authority.pem").write_bytes((TLS / "certificate.pem").read_bytes())
    code = EXAMPLES[number].replace("127.0.0.1:50051", gateway_on_a_port.address)
    code = code.replace("gateway.example.org:443", served.address)

    printed = run(python, tmp_path, code)
    assert bool(printed) == ("asyncio" not in code)

    films = {path.name: path.read_bytes() for path in tmp_path.glob("*.mp4")}
    assert films.pop("live.mp4", gateway_on_a_port.media) == gateway_on_a_port.media
    assert set(films.values()) <= {FILM}
    assert len(films) == len(set(re.findall(r"(?:hello|morning|night)\.mp4", code)))


def test_the_readme_s_example_runs_too(
    gateway_on_a_port: FakeGateway, python: Path, tmp_path: Path
) -> None:
    [example] = blocks("README.md", "python")
    (tmp_path / "me.jpg").write_bytes(PORTRAIT.read_bytes())
    code = example.replace("127.0.0.1:50051", gateway_on_a_port.address)

    assert run(python, tmp_path, code) == "25%\n100%\n"
    assert (tmp_path / "hello.mp4").read_bytes() == FILM
