"""Foreign files are read by processes that can do nothing else and may die."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import hostile_works
from media_kinds import write_kinds, write_video
from processes import children_of, command_of
from s2v.core.errors import Exhausted, InvalidInput, Reason, S2VError
from s2v.core.timebase import SAMPLE_RATE
from s2v.media.confined import reading
from s2v.media.confined.children import Broken, Children, shared_children
from s2v.media.confined.kernel import Allowance
from s2v.media.confined.reading import LOOKING, Reader
from s2v.media.limits import FileLimits
from s2v.media.pcm import decode_audio, wav_bytes
from s2v.media.playback import average_rate, played
from s2v.media.probe import probe
from s2v.media.still import still
from s2v_gateway.assets.checks import Checks

SMALL = Allowance(memory_bytes=1 << 27, cpu_seconds=1, seconds=100.0, output_bytes=1 << 20)
SHORT = replace(SMALL, cpu_seconds=100, seconds=1.0)


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_kinds(tmp_path_factory.mktemp("kinds"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "file").write_bytes(b"some sixteen byte")
    return tmp_path / "file"


def outcome(work: Callable[..., object], *args: object, **options: object) -> object:
    try:
        return work(*args, **options)
    except S2VError as error:
        return error.reason, error.message, error.field, error.metadata


def live(
    work: Callable[..., object], file: Path, *, allowance: Allowance = SMALL, **arguments: object
) -> dict[str, object]:
    with (
        file.open("rb") as source,
        shared_children().start(
            work,  # type: ignore[arg-type]
            source,
            arguments=arguments,
            allowance=allowance,
        ) as child,
    ):
        return child.result()


def nursery_of(pid: int) -> int:
    for child in children_of(pid):
        if "confined.nursery" in command_of(child):
            return child
    raise AssertionError("there is no nursery")


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_child_finds_what_the_process_itself_would_find(kinds: list[Path]) -> None:
    reader = Reader()
    for path in kinds:
        assert outcome(reader.probe, path) == outcome(probe, path), path.name


def test_a_child_hears_and_sees_what_the_process_itself_would(kinds: list[Path]) -> None:
    reader = Reader()
    for path in kinds:
        kind = probe(path).kind
        if kind == "audio":
            heard = reader.decode_audio(path, max_seconds=9, field="film")
            assert np.array_equal(heard, decode_audio(path)), path.name
        elif kind == "video":
            seen = list(reader.played(path, 25))
            assert np.array_equal(seen, list(played(path, 25))), path.name
            assert reader.average_rate(path) == average_rate(path)
            assert np.array_equal(reader.still(path, "video/mp4"), seen[0]), path.name
        else:
            assert np.array_equal(reader.still(path, ""), still(path, "")), path.name


def test_a_refusal_comes_back_as_it_is(tmp_path: Path, kinds: list[Path]) -> None:
    (tmp_path / "long.wav").write_bytes(wav_bytes(np.zeros(3 * SAMPLE_RATE, np.int16)))
    (tmp_path / "noise").write_bytes(os.urandom(1000))
    reader = Reader()

    with pytest.raises(InvalidInput) as too_long:
        reader.decode_audio(tmp_path / "long.wav", max_seconds=2, field="spec.script.audio")
    assert too_long.value.reason is Reason.AUDIO_TOO_LONG
    assert too_long.value.metadata == {"limit_seconds": "2"}
    assert outcome(reader.probe, tmp_path / "noise", "audio/wav", field="a") == outcome(
        probe, tmp_path / "noise", "audio/wav", field="a"
    )
    jpeg = next(path for path in kinds if path.suffix == ".jpg")
    assert outcome(lambda: list(reader.played(jpeg, 25))) == outcome(lambda: list(played(jpeg, 25)))


@pytest.mark.parametrize(
    ("work", "limit", "died"),
    [
        (hostile_works.crash, "", True),
        (hostile_works.leave, "", True),
        (hostile_works.spin, "cpu_seconds", False),
        (hostile_works.ignore_signals, "cpu_seconds", False),
        (hostile_works.sleep, "seconds", False),
        (hostile_works.hog, "memory_bytes", False),
        (hostile_works.flood, "", True),
        (hostile_works.lie, "", False),
    ],
)
def test_whatever_a_child_does_is_known_in_time(
    file: Path, work: Callable[..., object], limit: str, died: bool
) -> None:
    with pytest.raises(Broken) as broken:
        live(work, file, allowance=SHORT if limit == "seconds" else SMALL)

    assert (broken.value.limit, broken.value.died) == (limit, died)
    assert live(hostile_works.read, file) == {"head": file.read_bytes()[:16].hex()}
    until(lambda: not children_of(nursery_of(os.getpid())))


def test_a_child_reaches_nothing(file: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = live(
            hostile_works.reach,
            file,
            port=server.getsockname()[1],
            victim=os.getpid(),
            path=str(file),
        )

    assert found["worked"] == []
    assert found["open"] == [0, 1, 2, 3, 4]
    assert file.exists()


def confined_status() -> dict[str, str]:
    """Return what the kernel tells of the one child, once there is one."""
    for pid in children_of(nursery_of(os.getpid())):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    return {}


def test_a_child_has_no_privileges(file: Path) -> None:
    with (
        file.open("rb") as source,
        shared_children().start(
            hostile_works.sleep, source, arguments={}, allowance=SMALL
        ) as child,
    ):
        until(lambda: confined_status().get("Seccomp") == "2")
        status = confined_status()
        child.wait(0)
    assert status["Uid"].split()[0] == str(os.getuid() or 65534)
    assert int(status["CapEff"], 16) == 0
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


def test_a_child_has_none_of_the_servers_secrets(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("S2V_GATEWAY_DATABASE_URL", "postgresql://me:secret@host/name")
    children = Children()
    try:
        with file.open("rb") as source:
            child = children.start(hostile_works.secrets, source, arguments={}, allowance=SMALL)
        names = child.result()["environment"]
    finally:
        children.close()
    assert not [name for name in names if name.startswith("S2V")]


def test_a_decoder_may_have_a_thread(file: Path) -> None:
    assert live(hostile_works.thread, file) == {"done": True}


def test_an_output_ends_at_its_limit(file: Path, tmp_path: Path) -> None:
    with (
        file.open("rb") as source,
        (tmp_path / "output").open("wb") as output,
        shared_children().start(
            hostile_works.fill, source, arguments={}, allowance=SMALL, output=output
        ) as child,
        pytest.raises(Broken) as broken,
    ):
        child.result()
    assert broken.value.limit == "output_bytes"
    assert (tmp_path / "output").stat().st_size <= SMALL.output_bytes


def test_a_limit_that_is_broken_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("L", (6000, 6000)).save(path)
    tiny = Reader(looking=replace(LOOKING, memory_bytes=1 << 23))
    narrow = Reader(limits=FileLimits(max_pixels=10_000))

    with pytest.raises(InvalidInput, match="8,388,608 bytes of memory") as memory:
        tiny.probe(path, field="asset")
    with pytest.raises(InvalidInput, match="6000x6000") as pixels:
        narrow.probe(path)

    assert memory.value.reason is Reason.IMAGE_UNREADABLE
    assert memory.value.metadata == {"limit_memory_bytes": str(1 << 23)}
    assert memory.value.field == "asset"
    assert pixels.value.metadata == {"limit_pixels": "10000"}


def test_a_crash_is_the_files_fault_after_the_second(
    file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(reading.works, "look", hostile_works.crash)
    file.write_bytes(b"\xff\xd8\xff")

    with pytest.raises(InvalidInput, match="the decoder crashed on it") as refusal:
        Reader().probe(file)

    assert refusal.value.reason is Reason.IMAGE_UNREADABLE
    assert "SIGSEGV" in caplog.text


def test_files_are_read_on_after_the_nursery_was_killed(kinds: list[Path]) -> None:
    Reader().probe(kinds[0])
    os.kill(nursery_of(os.getpid()), signal.SIGKILL)
    assert Reader().probe(kinds[0]) == probe(kinds[0])


def test_a_child_whose_nursery_is_killed_dies_with_it_and_the_file_is_tried_again(
    file: Path,
) -> None:
    children = Children()
    with file.open("rb") as source:
        child = children.start(hostile_works.sleep, source, arguments={}, allowance=SMALL)
        until(lambda: bool(children_of(children._process.pid)))  # type: ignore[union-attr]
        (pid,) = children_of(children._process.pid)  # type: ignore[union-attr]
        children.close()
        with pytest.raises(Broken) as broken:
            child.result()
    assert broken.value.died
    until(lambda: not Path(f"/proc/{pid}").exists())


def test_decoding_that_is_given_up_ends_its_child(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading.works, "sound", hostile_works.sleep)
    decoding = Reader().decoding(file, tmp_path / "a.wav", max_seconds=1)
    next(decoding)
    assert children_of(nursery_of(os.getpid()))
    decoding.close()
    until(lambda: not children_of(nursery_of(os.getpid())))


def test_pictures_that_nobody_wants_any_more_end_their_child(tmp_path: Path) -> None:
    pictures = Reader().played(write_video(tmp_path / "a.mp4", frames=200), 25)
    next(pictures)
    pictures.close()
    until(lambda: not children_of(nursery_of(os.getpid())))


def test_footage_ends_with_its_child_and_its_child_with_it(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.mp4", frames=50)

    def killed() -> None:
        with Reader().footage(video, field="spec.reference") as footage:
            assert footage.picture(0, 64, 64).shape == (64, 64, 3)
            (child,) = children_of(nursery_of(os.getpid()))
            os.kill(child, signal.SIGKILL)
            footage.picture(1, 64, 64)

    with pytest.raises(InvalidInput, match="crashed") as refusal:
        killed()
    assert refusal.value.reason is Reason.VIDEO_UNREADABLE
    assert refusal.value.field == "spec.reference"

    with Reader().footage(video) as footage:
        footage.picture(49, 64, 64)
    until(lambda: not children_of(nursery_of(os.getpid())))


KILLED = """
import os, signal, sys
import hostile_works
from s2v.media.confined.children import Children
from s2v.media.confined.kernel import Allowance
children = Children()
with open(sys.argv[1], "rb") as source:
    child = children.start(hostile_works.sleep, source, arguments={}, allowance=Allowance())
child.wait(1)
print(children._process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_nothing_is_left_of_a_server_that_is_killed(file: Path) -> None:
    server = subprocess.run(
        [sys.executable, "-c", KILLED, str(file)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        check=False,
        text=True,
    )
    assert server.returncode == -signal.SIGKILL
    until(lambda: not Path(f"/proc/{server.stdout.strip()}").exists())


def test_many_threads_read_at_once(kinds: list[Path]) -> None:
    reader, wrong = Reader(), []

    def read() -> None:
        wrong.extend(path for path in kinds[::3] if reader.probe(path) != probe(path))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_few_files_are_checked_at_once_and_few_may_wait(kinds: list[Path]) -> None:
    may, at_once, most = threading.Event(), [0], [0]

    def slow(path: Path, media_type: str = "", *, field: str = "asset") -> object:
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        may.wait()
        at_once[0] -= 1
        return probe(path)

    checks = Checks(slow, max_at_once=2, max_waiting=3)  # type: ignore[arg-type]
    results: list[object] = []
    threads = [
        threading.Thread(target=lambda: results.append(outcome(checks, kinds[0]))) for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    until(lambda: checks._files == 5)
    with pytest.raises(Exhausted) as refusal:
        checks(kinds[0])
    may.set()
    for thread in threads:
        thread.join()

    assert refusal.value.reason is Reason.QUEUE_FULL
    assert refusal.value.retry_after_seconds
    assert results == [probe(kinds[0])] * 5
    assert most[0] == 2
    assert checks(kinds[0])
