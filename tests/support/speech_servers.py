"""HTTP voice backends over the fake speech servers, for tests."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from s2v.testing.fakes_speech import FakeSpeechServer, running
from s2v_tts.backends.http.backend import HttpBackend
from s2v_tts.backends.http.building import http_backend
from s2v_tts.backends.http.calling import HttpLimits

KEY = "a-very-secret-key"
SAMPLE = b"RIFF" + bytes(range(256)) * 4
LIMITS = HttpLimits(
    connect_seconds=5.0,
    first_sound_seconds=60.0,
    stall_seconds=60.0,
    total_seconds=120.0,
    max_bytes=8 << 20,
    failures=3,
    rest_seconds=60.0,
)
VOICES = {
    "fish": """
        [[voices]]
        name = "anna"
        language = "en-US"
        sample = "anna.wav"
        transcript = "What Anna says."
        [[voices]]
        name = "kept"
        language = "en-US"
        reference = "bert"
    """,
    "ziming": """
        [[voices]]
        name = "anna"
        language = "en-US"
        sample = "anna.wav"
        transcript = "What Anna says."
        [[voices]]
        name = "heard"
        language = "zh"
        sample = "anna.wav"
        [[voices]]
        name = "inside"
        language = "en-US"
        reference = "/code/data/reference/bert.wav"
        transcript = "What Bert says."
    """,
    "openai_http": """
        [[voices]]
        name = "alloy"
        language = "en-US"
        [[voices]]
        name = "deep"
        language = "en-GB"
        reference = "onyx"
        model = "tts-1-hd"
    """,
}


@dataclass(frozen=True, slots=True)
class Spoken:
    """A backend, its servers, and the folder of its voices file."""

    backend: HttpBackend
    servers: Sequence[FakeSpeechServer]
    folder: Path

    @property
    def server(self) -> FakeSpeechServer:
        """The only server."""
        [server] = self.servers
        return server


@contextmanager
def speaking(
    kind: str,
    folder: Path,
    *,
    groups: Sequence[str] = ("",),
    top: str = "",
    voices: str = "",
    host: str = "127.0.0.1",
    **limits: float,
) -> Iterator[Spoken]:
    """Give a backend over one server for each group.

    Args:
        kind: of servers, as `fish`.
        folder: for their files and the backend's.
        groups: device group of each server; its name is that, or "only".
        top: more lines for the top of the voices file.
        voices: the part of the voices file that names them; those of VOICES if empty.
        host: instead of the servers' own.
        limits: other than LIMITS.
    """
    make_files(kind, folder)
    with _all_running(kind, folder, len(groups)) as servers:
        tables = "\n".join(
            f'[[servers]]\nname = "{group or "only"}"\ngroup = "{group}"\n'
            f'url = "{server.url.replace("127.0.0.1", host)}"\n'
            'key_file = "key"\ndata_dir = "inside"'
            for group, server in zip(groups, servers, strict=True)
        )
        file = folder / "voices.toml"
        file.write_text(f"{top}\n{tables}\n{voices or VOICES[kind]}")
        yield Spoken(http_backend(kind, file, replace(LIMITS, **limits)), servers, folder)


def make_files(kind: str, folder: Path) -> None:
    """Write a sample, a key, and what the servers have on their side."""
    (folder / "anna.wav").write_bytes(SAMPLE)
    (folder / "key").write_text(f"{KEY}\n")
    kept = folder / "inside" / ("bert" if kind == "fish" else "reference")
    kept.mkdir(parents=True, exist_ok=True)
    (kept / "bert.wav").write_bytes(SAMPLE)
    (kept / "bert.lab").write_text("What Bert says.")


@contextmanager
def _all_running(kind: str, folder: Path, count: int) -> Iterator[list[FakeSpeechServer]]:
    if not count:
        yield []
        return
    key = "" if kind == "ziming" else KEY
    with (
        running(kind, key=key, folder=folder / "inside") as server,
        _all_running(kind, folder, count - 1) as others,
    ):
        yield [server, *others]
