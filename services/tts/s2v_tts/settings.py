"""Settings of the tts service, from S2V_TTS_… variables."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from s2v.rpc.settings import ServiceSettings, default_home


class TtsSettings(ServiceSettings):
    """Where the tts service listens and who speaks."""

    model_config = SettingsConfigDict(env_prefix="S2V_TTS_", extra="forbid")

    listen: str = "127.0.0.1:50052"
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
    backend: str = Field(default="embedded", description="name of the backend that speaks")
