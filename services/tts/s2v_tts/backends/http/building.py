"""Build an HTTP backend of the voices file."""

from pathlib import Path

from s2v_tts.backends import DIALECTS
from s2v_tts.backends.http.backend import HttpBackend
from s2v_tts.backends.http.calling import HttpLimits
from s2v_tts.backends.http.endpoints import Endpoint
from s2v_tts.backends.http.voices_file import bad_file, read_voices_file


def http_backend(dialect: str, voices_file: Path | None, limits: HttpLimits) -> HttpBackend:
    """Return a backend that speaks by the servers of the voices file, or of its own in a folder.

    Raises:
        InvalidInput: there is no such file, or it says something wrong.
        KeyError: no such dialect.
    """
    if voices_file is None:
        raise bad_file(
            f"the backend {dialect} needs it: a TOML file that names its servers and voices"
        )
    if voices_file.is_dir():
        voices_file = voices_file / f"{dialect}.toml"
    file = read_voices_file(voices_file)
    endpoints = [
        Endpoint(server, failures=limits.failures, rest_seconds=limits.rest_seconds)
        for server in file.servers
    ]
    return HttpBackend(DIALECTS.load(dialect)(file), endpoints, file.voices, limits)
