"""The README's commands do what it says."""

import re
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from borrowed import light, required
from s2v.media.video import decode_frames

README = Path("README.md").absolute()


def commands() -> list[str]:
    blocks = re.findall(r"^```\n(.*?)^```", README.read_text(), re.M | re.S)
    lines = [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def test_the_two_commands_are_the_readme_s_first() -> None:
    assert commands()[:2] == ["make demo", "make test"]


def test_every_make_command_exists() -> None:
    listed = subprocess.run(["make"], capture_output=True, text=True, check=True).stdout
    targets = {line.split()[0] for line in listed.splitlines()}
    used = {line.split()[1] for line in commands() if line.startswith("make ")}
    assert used <= targets


def test_the_python_example_makes_a_film(
    installation: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [example] = re.findall(r"^```python\n(.*?)^```", README.read_text(), re.M | re.S)
    shutil.copy("libs/s2v/samples/portrait.jpg", tmp_path / "me.jpg")
    monkeypatch.chdir(tmp_path)
    exec(example.replace("127.0.0.1:50051", installation.address), {})
    assert sum(1 for _ in decode_frames(Path("hello.mp4"))) > 25


def test_the_grpcurl_examples_answer(installation: Any) -> None:
    examples = [line for line in commands() if line.startswith("grpcurl ")]
    assert examples
    for line in examples:
        words = line.replace("127.0.0.1:50051", installation.address).split()
        program = Path(sys.executable).with_name(words[0])
        answer = subprocess.run([program, *words[1:]], capture_output=True, text=True, check=True)
        assert answer.stdout


def test_the_light_product_is_small() -> None:
    files = [file for name in required(light()) for file in distribution(name).files or ()]
    assert sum(file.size or 0 for file in files) < 800e6
