"""Settings of the gateway, from S2V_GATEWAY_… variables."""

import base64
import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Json,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from s2v.media.limits import DEFAULT_LIMITS, FileLimits
from s2v.rpc.channel import is_closed_to_others, is_everywhere
from s2v.rpc.home import default_home
from s2v.rpc.settings import ServiceSettings

_LEAST_KEY_BYTES, _MOST_KEY_BYTES = 24, 64


def _listed(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    return tuple(name.strip() for name in text.split(",") if name.strip())


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]
"""Names with commas between them."""


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


Access = Literal["auto", "open", "closed"]
"""Whether callers are asked who they are: from the first key on, or never, or always."""

_SIGNING = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
)
"""What signs with a private key. With a shared secret, whoever can verify could sign, too."""


class Quota(BaseModel):
    """How much a tenant may have; 0 is any amount."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    calls_per_minute: int = Field(default=0, ge=0)
    jobs: int = Field(default=0, ge=0, description="that wait or run")
    stored_bytes: int = Field(default=0, ge=0, description="of assets, uploads and voices")
    film_seconds_per_day: float = Field(default=0.0, ge=0)


class AccessSettings(BaseSettings):
    """Who is let in, over which connections, and how much each tenant may have."""

    access: Access = Field(
        default="auto",
        description="auto asks callers for a key from the first `s2v keys create` on, or for a "
        "token if jwt_keys is set; open asks nobody; closed asks always",
    )
    tls_certificate: Path | None = Field(
        default=None, description="PEM file, with the chain; read again when it changes"
    )
    tls_key: Path | None = Field(default=None, description="PEM file of its private key")
    tls_client_ca: Path | None = Field(
        default=None, description="PEM file; clients must have a certificate of this authority"
    )
    jwt_keys: str = Field(
        default="", description="JSON Web Key Set of who signs tokens: a file or an https address"
    )
    jwt_issuer: str = Field(default="", description="what `iss` of a token must be")
    jwt_audience: str = Field(default="", description="what `aud` of a token must be")
    jwt_algorithms: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("RS256", "ES256", "EdDSA"),
        description="what tokens may be signed with, with commas",
    )
    jwt_tenant_claim: str = Field(
        default="sub",
        min_length=1,
        description="the claim that has the tenant, or the way to it with dots",
    )
    jwt_roles_claim: str = Field(
        default="roles", min_length=1, description="the claim that has the roles"
    )
    jwt_user_role: str = Field(
        default="",
        description="the role without which a token is good for nothing; empty asks for none",
    )
    jwt_admin_role: str = Field(
        default="s2v-admin", min_length=1, description="what the role admin is called in tokens"
    )
    jwt_leeway_seconds: float = Field(
        default=30.0, ge=0, le=300, description="by which clocks may differ"
    )
    quota_calls_per_minute: int = Field(default=0, ge=0, description="of a tenant; 0 is any")
    quota_jobs: int = Field(default=0, ge=0, description="of a tenant, that wait or run; 0 is any")
    quota_stored_bytes: int = Field(
        default=0, ge=0, description="of a tenant's assets, uploads and voices; 0 is any"
    )
    quota_film_seconds_per_day: float = Field(
        default=0.0, ge=0, description="of a tenant's films, by days of UTC; 0 is any"
    )
    tenant_quotas: Json[dict[str, Quota]] = Field(
        default="{}",  # type: ignore[arg-type] # JSON, as what comes from the environment
        description='what differs for some tenants, as JSON or a table: {"NAME": {"jobs": 2}}',
    )
    audit_bytes: int = Field(
        default=10 << 20, ge=1 << 16, description="the audit log is rotated when it is so large"
    )
    audit_files: int = Field(
        default=10, ge=1, description="so many full files of it are kept beside the one written to"
    )

    @field_validator("tenant_quotas", mode="before")
    @classmethod
    def _may_be_a_table(cls, quotas: Any) -> Any:
        return json.dumps(quotas) if isinstance(quotas, dict) else quotas

    @field_validator("jwt_algorithms", mode="before")
    @classmethod
    def _is_a_list_of_algorithms(cls, value: Any) -> Any:
        names = value.split(",") if isinstance(value, str) else value
        names = tuple(name.strip() for name in names)
        if not names or not set(names) <= set(_SIGNING):
            raise ValueError(f"name some of {', '.join(_SIGNING)}")
        return names

    @field_validator("jwt_keys")
    @classmethod
    def _is_a_file_or_a_safe_address(cls, source: str) -> str:
        if "://" in source and not source.startswith("https://"):
            raise ValueError("use a file or an https address")
        return source

    @model_validator(mode="after")
    def _fits_together(self) -> "AccessSettings":
        if bool(self.tls_certificate) != bool(self.tls_key):
            raise ValueError("tls_certificate and tls_key go together; give both or neither")
        if self.tls_client_ca and not self.tls_certificate:
            raise ValueError("tls_client_ca needs tls_certificate and tls_key")
        if self.jwt_keys and not (self.jwt_issuer and self.jwt_audience):
            raise ValueError("jwt_keys needs jwt_issuer and jwt_audience")
        if self.jwt_keys and self.access == "open":
            raise ValueError("access is open, so no token is asked for; leave out jwt_keys")
        return self

    @property
    def usual_quota(self) -> Quota:
        """What a tenant may have of whom nothing else is said."""
        prefix = "quota_"
        return Quota(**{name: getattr(self, prefix + name) for name in Quota.model_fields})


class GatewaySettings(AccessSettings, FileSettings, ServiceSettings):
    """Where the gateway listens, keeps its state and finds the other services."""

    model_config = SettingsConfigDict(env_prefix="S2V_GATEWAY_", extra="forbid")

    listen: str = Field(
        default="127.0.0.1:50051", description="host:port or unix:/path to listen on"
    )
    local_listen: str = Field(
        default="",
        pattern=r"^(unix:/.+)?$",
        description="a Unix socket beside it, never encrypted, for who watches over the gateway",
    )
    http_listen: str = Field(
        default="127.0.0.1:5003",
        description="host:port or unix:/path to listen on for HTTP; empty is nowhere",
    )
    http_hosts: Names = Field(
        default=(),
        description="names by which HTTP is asked for beside those of this machine, with commas",
    )
    http_origins: Names = Field(
        default=(),
        description="sites whose pages may ask, such as https://example.org, with commas",
    )
    data_dir: Path = Field(
        default_factory=lambda: default_home() / "gateway",
        description="folder for uploads on their way and live media",
    )
    database_url: str = Field(
        default="",
        description="SQLAlchemy URL of SQLite or PostgreSQL; empty is gateway.db in data_dir",
    )
    peer_listen: str = Field(
        default="",
        description="host:port by which other gateways on the same PostgreSQL reach this one, not "
        "0.0.0.0: then one of them leads and the others pass calls on to it; empty: a second "
        "gateway ends",
    )
    lease_seconds: float = Field(
        default=15.0,
        ge=2,
        description="a gateway that leads and gives no sign of life for so long loses the lead",
    )
    tts_address: str = Field(default="127.0.0.1:50052", description="where tts listens")
    render_address: str = Field(default="127.0.0.1:50053", description="where render listens")
    compositor_address: str = Field(
        default="127.0.0.1:50054", description="where the compositor listens"
    )
    max_running_jobs: int = Field(default=4, ge=1, description="jobs worked on at once")
    max_running_jobs_per_tenant: int = Field(
        default=0, ge=0, description="of them those of one tenant; 0 is all"
    )
    job_timeout_seconds: float = Field(
        default=1800.0,
        ge=0,
        description="a job that does not ask for another time may be at work for so long; 0 is any",
    )
    max_queued_jobs: int = Field(default=1000, ge=1, description="jobs that wait or run")
    parallel_takes: int = Field(default=4, ge=1, description="segments of one job at once")
    max_reference_seconds: float = Field(
        default=600.0, gt=0, description="longest video that may be a reference"
    )
    max_upload_bytes: int = Field(
        default=512 * 1024 * 1024, ge=1, description="that an uploaded file may have"
    )
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
    max_voices: int = Field(default=200, ge=0, description="that each tenant may make")
    max_previews: int = Field(default=2, ge=1, description="of voices that are made at once")
    webhook_secret: SecretStr = Field(
        default=SecretStr(""),
        description="what webhooks are signed with, 24 to 64 random bytes in base64 after whsec_; "
        "empty for no webhooks",
    )
    webhook_private_addresses: bool = Field(
        default=False, description="whether webhooks may go to this machine and its network, too"
    )
    live_media_seconds: float = Field(
        default=600.0, ge=0, description="live media stays so long after the end of its job"
    )

    @field_validator("webhook_secret")
    @classmethod
    def _can_sign(cls, secret: SecretStr) -> SecretStr:
        text = secret.get_secret_value().removeprefix("whsec_")
        try:
            key = base64.b64decode(text, validate=True)
        except ValueError:
            key = b"x"
        if key and not _LEAST_KEY_BYTES <= len(key) <= _MOST_KEY_BYTES:
            raise ValueError("use whsec_ and 24 to 64 random bytes in base64")
        return secret

    @field_validator("database_url")
    @classmethod
    def _is_a_database_of_ours(cls, url: str) -> str:
        if url and not url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            raise ValueError("use sqlite:///PATH or postgresql://USER@HOST/NAME")
        return url

    @model_validator(mode="after")
    def _can_have_peers(self) -> "GatewaySettings":
        if not self.peer_listen:
            return self
        if not self.database.startswith("postgresql"):
            raise ValueError("peer_listen needs a database_url of PostgreSQL")
        if is_everywhere(self.peer_listen):
            raise ValueError("peer_listen is not where other gateways reach this one")
        if self.internal_token_file is None and not is_closed_to_others(self.peer_listen):
            raise ValueError(
                f"other machines could reach {self.peer_listen}: set S2V_INTERNAL_TOKEN_FILE for "
                "all services (docs/deployment.md)"
            )
        return self

    @property
    def database(self) -> str:
        """The URL of the database."""
        return self.database_url or f"sqlite:///{self.data_dir / 'gateway.db'}"
