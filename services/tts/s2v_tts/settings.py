"""Settings of the tts service, from S2V_TTS_… variables."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from s2v.rpc.settings import ServiceSettings


class TtsSettings(ServiceSettings):
    """Where the tts service listens and who speaks."""

    model_config = SettingsConfigDict(env_prefix="S2V_TTS_", extra="forbid")

    listen: str = "127.0.0.1:50052"
    backend: str = Field(default="embedded", description="name of the backend that speaks")
