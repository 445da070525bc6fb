"""The child that recognises: asked from many threads, left, killed, and idle."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from s2v.core.steps import Steps, result
from s2v_tts.backends.embedded.backend import EmbeddedBackend
from s2v_tts.listening.aligning import Pcm, one_utterance
from s2v_tts.listening.recogniser import Recogniser
from s2v_tts.listening.recogniser_child import SOUNDS, WORDS
from s2v_tts.listening.recognising import installed_sound_recogniser, installed_word_recogniser

pytestmark = [
    pytest.mark.skipif(
        installed_word_recogniser() is None, reason="the extra asr is not installed"
    ),
    pytest.mark.skipif(
        installed_sound_recogniser() is None, reason="the extra multilingual is not installed"
    ),
]
NO_NETWORK = """
import socket
def refuse(*_):
    raise AssertionError("nothing may be looked up or downloaded")
socket.socket.connect = socket.getaddrinfo = refuse
"""


@pytest.fixture(scope="module")
def pcm() -> Pcm:
    said = EmbeddedBackend().speak("Good morning, everybody.", "heart")
    return result(one_utterance(said)).pcm


@pytest.fixture
def recogniser() -> Iterator[Recogniser]:
    recogniser = Recogniser()
    yield recogniser
    recogniser.close()


def said(recogniser: Recogniser, pcm: Pcm) -> str:
    return str(result(recogniser.ask(WORDS, pcm))).lower()


def child_of(recogniser: Recogniser) -> int:
    assert recogniser.pid is not None
    return recogniser.pid


def is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_threads_share_one_child_that_opens_no_connection(
    recogniser: Recogniser, pcm: Pcm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(NO_NETWORK)
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    monkeypatch.setenv("PYTHONPATH", path)
    ask: list[Callable[[], Steps[object]]] = [
        lambda: recogniser.ask(WORDS, pcm),
        lambda: recogniser.ask(SOUNDS, pcm),
    ] * 2

    assert "morning" in said(recogniser, pcm)
    child = child_of(recogniser)

    with ThreadPoolExecutor(4) as threads:
        heard = list(threads.map(lambda asked: result(asked()), ask))

    assert child_of(recogniser) == child

    assert heard[:2] == heard[2:]
    assert "morning" in str(heard[0]).lower()
    assert {"m", "n"} <= set(heard[1])  # type: ignore[call-overload]


def test_whoever_waits_can_leave_and_whoever_leaves_ends_the_work(
    recogniser: Recogniser, pcm: Pcm
) -> None:
    first, second, third = (recogniser.ask(WORDS, pcm) for _ in range(3))
    next(first)
    child = child_of(recogniser)
    next(second)
    second.close()
    first.close()
    assert not is_there(child)
    assert "morning" in str(result(third)).lower()


def test_a_child_that_dies_is_started_again(recogniser: Recogniser, pcm: Pcm) -> None:
    asked = recogniser.ask(WORDS, pcm)
    next(asked)
    os.kill(child_of(recogniser), signal.SIGKILL)
    assert "morning" in str(result(asked)).lower()  # at work
    os.kill(child_of(recogniser), signal.SIGKILL)
    assert "morning" in said(recogniser, pcm)  # and between two


def test_a_sound_that_kills_the_child_again_and_again_is_not_recognised(
    recogniser: Recogniser, pcm: Pcm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "faster_whisper.py").write_text("import os; os.abort()")
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    with monkeypatch.context() as patched:
        patched.setenv("PYTHONPATH", path)
        assert result(recogniser.ask(WORDS, pcm)) is None
    assert "morning" in said(recogniser, pcm)


def test_a_child_that_is_asked_nothing_ends(pcm: Pcm) -> None:
    recogniser = Recogniser(idle_seconds=0.01)
    assert "morning" in said(recogniser, pcm)
    os.waitid(os.P_PID, child_of(recogniser), os.WEXITED | os.WNOWAIT)
    assert "morning" in said(recogniser, pcm)
    child = child_of(recogniser)
    recogniser.close()
    assert not is_there(child)


def test_a_child_does_not_outlive_who_started_it() -> None:
    code = (
        "import numpy as np, os, signal\n"
        "from s2v_tts.listening.recogniser import shared_recogniser\n"
        "asked = shared_recogniser().ask(b's', np.zeros(4800, np.int16))\n"
        "next(asked)\n"
        "print(shared_recogniser().pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as parent:
        assert parent.stdout
        assert parent.stderr
        assert int(parent.stdout.readline())
        parent.stderr.read()  # comes to its end when nobody has the pipe any more, nor the child
    assert parent.returncode == -signal.SIGKILL
