"""Settings of the tts service, from S2V_TTS_… variables."""

from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from s2v.rpc.home import default_home
from s2v.rpc.settings import InternalSettings
from s2v_tts.backends import DIALECTS, REGISTRY


class TtsSettings(InternalSettings):
    """Where the tts service listens and who speaks."""

    model_config = SettingsConfigDict(env_prefix="S2V_TTS_", extra="forbid")

    listen: str = Field(
        default="127.0.0.1:50052", description="host:port or unix:/path to listen on"
    )
    max_calls: int = Field(
        default=100, ge=1, description="calls at once; each has a thread of its own"
    )
    data_dir: Path = Field(
        default_factory=lambda: default_home() / "tts",
        description="folder for given sound while it is decoded",
    )
    decode_seconds: int = Field(
        default=600, ge=1, description="of computing that decoding a given sound may take"
    )
    decode_memory_bytes: int = Field(
        default=1 << 29, ge=1 << 26, description="memory that it may take"
    )
    max_speaking: int = Field(
        default=4, ge=1, description="segments spoken and texts cut at once, each on a thread"
    )
    max_cutting: int = Field(
        default=2,
        ge=1,
        description="given sounds cut at once, which takes minutes for long ones",
    )
    max_waiting: int = Field(
        default=64,
        ge=0,
        description="calls that may wait for either; those beyond are told to come again later",
    )
    sample_min_seconds: float = Field(
        default=3.0, ge=1, le=60, description="of speech that the sample of a voice has at least"
    )
    sample_max_seconds: float = Field(
        default=60.0, ge=1, le=600, description="that the sample of a voice lasts at most"
    )
    sample_max_source_seconds: float = Field(
        default=600.0, ge=1, le=3600, description="that the recording lasts that it is taken out of"
    )
    backend: str = Field(
        default="embedded",
        description="name of the backend that speaks; or several, with commas between them, the "
        "first one for the default voice",
    )
    piper_voices: Path | None = Field(
        default=None,
        description="folder with the voices of the backend piper: NAME.onnx and NAME.onnx.json",
    )
    voices_file: Path | None = Field(
        default=None,
        description="TOML file that names the servers and voices of an HTTP backend, or a folder "
        "with BACKEND.toml for each; docs/voices-http.md",
    )
    http_connect_seconds: float = Field(
        default=5.0, gt=0, description="that a speech server may take to accept a connection"
    )
    http_first_sound_seconds: float = Field(
        default=180.0,
        gt=0,
        description="that it may take from the request to the first sound, while others wait, too",
    )
    http_stall_seconds: float = Field(
        default=30.0, gt=0, description="that it may send nothing once it has begun"
    )
    http_total_seconds: float = Field(
        default=600.0, gt=0, description="that it may take for one request in all"
    )
    http_max_bytes: int = Field(
        default=32 << 20, ge=1 << 16, description="of sound that one request may bring"
    )
    http_failures: int = Field(
        default=3, ge=1, description="in a row after which a speech server is left alone"
    )
    http_rest_seconds: float = Field(default=15.0, gt=0, description="for so long")

    @field_validator("backend")
    @classmethod
    def _is_there(cls, written: str) -> str:
        names = (*REGISTRY.names, *DIALECTS.names)
        asked = _listed(written)
        for name in asked:
            if name not in names:
                raise ValueError(f"no backend {name!r}; there are: {', '.join(names)}")
        if len(set(asked)) < len(asked):
            raise ValueError(f"{written!r} names a backend twice; name each once")
        return written

    @property
    def backends(self) -> tuple[str, ...]:
        """The names of the backends that speak, that of the default voice first."""
        return _listed(self.backend)


def _listed(written: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in written.split(","))
