"""What a decoder does that has been taken over by the file it reads, or has lost its way."""

import ctypes
import os
import signal
import socket
import threading
import time
from typing import BinaryIO

from s2v.media.confined.messages import Json


def read(source: BinaryIO, output: BinaryIO | None) -> Json:
    source.seek(0)
    return {"head": source.read(16).hex()}


def crash(source: BinaryIO, output: BinaryIO | None, **_: object) -> Json:
    ctypes.string_at(0)
    return {}


def leave(source: BinaryIO, output: BinaryIO | None) -> Json:
    os._exit(3)


def spin(source: BinaryIO, output: BinaryIO | None) -> Json:
    while True:
        pass


def sleep(source: BinaryIO, output: BinaryIO | None, **_: object) -> Json:
    while True:
        time.sleep(1)


def hog(source: BinaryIO, output: BinaryIO | None) -> Json:
    held = []
    while True:
        held.append(b"\1" * (1 << 24))


def flood(source: BinaryIO, output: BinaryIO | None) -> Json:
    while True:
        os.write(3, b"{}")


def lie(source: BinaryIO, output: BinaryIO | None) -> Json:
    os.write(3, b'{"result": [1], "error": {"kind": "RuntimeError"}}')
    os._exit(0)


def fill(source: BinaryIO, output: BinaryIO | None) -> Json:
    assert output is not None
    while True:
        output.write(bytes(1 << 16))


def reach(source: BinaryIO, output: BinaryIO | None, *, port: int, victim: int, path: str) -> Json:
    """Try everything that a process may try; tell what worked."""
    worked = []
    for name, attempt in {
        "open": lambda: os.open("/etc/passwd", os.O_RDONLY),
        "open own": lambda: os.open(path, os.O_RDONLY),
        "create": lambda: os.open(f"{path}.new", os.O_CREAT | os.O_WRONLY),
        "reopen": lambda: os.open("/proc/self/fd/4", os.O_RDONLY),
        "memory": lambda: os.open(f"/proc/{victim}/mem", os.O_RDONLY),
        "list": lambda: os.listdir("/"),
        "stat": lambda: os.stat("/etc/passwd"),
        "remove": lambda: os.unlink(path),
        "socket": lambda: socket.create_connection(("127.0.0.1", port), 1),
        "unix socket": lambda: socket.socket(socket.AF_UNIX),
        "fork": os.fork,
        "exec": lambda: os.execv("/bin/true", ["true"]),
        "kill": lambda: os.kill(victim, 0),
        "kill parent": lambda: os.kill(os.getppid(), 0),
        "chmod": lambda: os.chmod(path, 0o777),
        "root": lambda: os.setuid(0),
    }.items():
        try:
            attempt()
        except OSError:
            continue
        worked.append(name)
    return {"worked": worked, "open": _open_descriptors()}


def thread(source: BinaryIO, output: BinaryIO | None) -> Json:
    done = threading.Event()
    threading.Thread(target=done.set).start()
    return {"done": done.wait(5)}


def secrets(source: BinaryIO, output: BinaryIO | None) -> Json:
    return {"environment": sorted(os.environ)}


def ignore_signals(source: BinaryIO, output: BinaryIO | None) -> Json:
    for number in (signal.SIGTERM, signal.SIGXCPU):
        signal.signal(number, signal.SIG_IGN)
    while True:
        pass


def _open_descriptors() -> list[int]:
    found = []
    for descriptor in range(256):
        try:
            os.fstat(descriptor)
        except OSError:
            continue
        found.append(descriptor)
    return found
