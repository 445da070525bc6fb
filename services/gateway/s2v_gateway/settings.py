"""Settings of the gateway, from S2V_GATEWAY_… variables."""

from pathlib import Path
from typing import Any

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from s2v.media.limits import DEFAULT_LIMITS, FileLimits
from s2v.rpc.settings import ServiceSettings, default_home


def _at_most(most: int, description: str, *, least: int = 1) -> Any:
    return Field(default=most, ge=least, le=most, description=description)


class FileSettings(BaseSettings):
    """What an uploaded file may claim to hold (`s2v.media.limits.FileLimits`).

    The services that read it later allow what is allowed here by default, so that the limits can be
    made tighter, not wider.
    """

    max_pixels: int = _at_most(
        DEFAULT_LIMITS.max_pixels, "of a picture, as coded and as shown", least=4096
    )
    max_side_pixels: int = _at_most(
        DEFAULT_LIMITS.max_side_pixels,
        "of a picture as shown: upright, with square pixels",
        least=DEFAULT_LIMITS.min_side_pixels,
    )
    max_scans: int = _at_most(DEFAULT_LIMITS.max_scans, "of a JPEG")
    max_blind_packets: int = _at_most(
        DEFAULT_LIMITS.max_blind_packets, "of a video before its first picture"
    )
    max_streams: int = _at_most(DEFAULT_LIMITS.max_streams, "tracks of a sound or video")
    max_index_entries: int = _at_most(
        DEFAULT_LIMITS.max_index_entries, "of all tracks of an MP4 together"
    )
    max_sample_rate: int = _at_most(
        DEFAULT_LIMITS.max_sample_rate, "of sound, in hertz", least=DEFAULT_LIMITS.min_sample_rate
    )
    max_channels: int = _at_most(DEFAULT_LIMITS.max_channels, "of sound")

    @property
    def file_limits(self) -> FileLimits:
        """What the checks of uploaded files take."""
        return FileLimits(**{name: getattr(self, name) for name in FileSettings.model_fields})


class GatewaySettings(FileSettings, ServiceSettings):
    """Where the gateway listens, keeps its state and finds the other services."""

    model_config = SettingsConfigDict(env_prefix="S2V_GATEWAY_", extra="forbid")

    listen: str = "127.0.0.1:50051"
    data_dir: Path = Field(
        default_factory=lambda: default_home() / "gateway",
        description="folder for uploads on their way and live media",
    )
    database_url: str = Field(
        default="",
        description="SQLAlchemy URL of SQLite or PostgreSQL; empty is gateway.db in data_dir",
    )
    tts_address: str = "127.0.0.1:50052"
    render_address: str = "127.0.0.1:50053"
    compositor_address: str = "127.0.0.1:50054"
    max_running_jobs: int = Field(default=4, ge=1, description="jobs worked on at once")
    max_queued_jobs: int = Field(default=1000, ge=1, description="jobs that wait or run")
    parallel_takes: int = Field(default=4, ge=1, description="segments of one job at once")
    max_reference_seconds: float = Field(
        default=600.0, gt=0, description="longest video that may be a reference"
    )
    max_upload_bytes: int = Field(default=512 * 1024 * 1024, ge=1)
    max_checks: int = Field(default=2, ge=1, description="uploaded files looked into at once")
    max_waiting_checks: int = Field(
        default=100, ge=0, description="uploaded files that may wait to be looked into"
    )
    max_threads: int = Field(
        default=64,
        ge=8,
        description="threads for work that blocks, beside those of files that are checked or wait",
    )
    check_seconds: int = Field(
        default=20, ge=1, description="of computing that looking into an uploaded file may take"
    )
    check_memory_bytes: int = Field(
        default=1 << 30, ge=1 << 26, description="memory that it may take"
    )
    patience_seconds: float = Field(
        default=1800.0, ge=0, description="how long to wait for a service that is away"
    )
    stall_seconds: float = Field(
        default=60.0,
        ge=10,
        description="a call of a service that gives no sign of life for so long is made again; "
        "living ones give one every 5 s",
    )
    stall_retries: int = Field(
        default=2, ge=0, description="so often; then the job fails with STAGE_STALLED"
    )

    measure_films: bool = Field(
        default=True, description="whether the lip sync of finished films is measured"
    )
    keep_jobs_days: float = Field(
        default=30.0, ge=0, description="ended jobs and their films are kept so long; 0 is for ever"
    )
    keep_uploads_days: float = Field(
        default=30.0,
        ge=0,
        description="uploaded assets are kept so long after their last use; 0 is for ever",
    )
    max_film_bytes: int = Field(
        default=0,
        ge=0,
        description="films may take so much room in all, the oldest jobs go first; 0 is any",
    )
    max_uploaded_bytes: int = Field(
        default=0,
        ge=0,
        description="uploaded assets may take so much room in all, the longest unused go first; "
        "0 is any",
    )
    live_media_seconds: float = Field(
        default=600.0, ge=0, description="live media stays so long after the end of its job"
    )

    @field_validator("database_url")
    @classmethod
    def _is_a_database_of_ours(cls, url: str) -> str:
        if url and not url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            raise ValueError("use sqlite:///PATH or postgresql://USER@HOST/NAME")
        return url

    @property
    def database(self) -> str:
        """The URL of the database."""
        return self.database_url or f"sqlite:///{self.data_dir / 'gateway.db'}"
