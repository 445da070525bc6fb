"""Settings of the compositor, from S2V_COMPOSITOR_… variables."""

import tempfile
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from s2v.rpc.settings import ServiceSettings


class CompositorSettings(ServiceSettings):
    """Where the compositor listens and works."""

    model_config = SettingsConfigDict(env_prefix="S2V_COMPOSITOR_", extra="forbid")

    listen: str = "127.0.0.1:50054"
    max_calls: int = Field(
        default=100, ge=1, description="calls at once; each has a thread of its own"
    )
    work_dir: Path = Field(
        default_factory=lambda: Path(tempfile.gettempdir()),
        description="folder for films in the making; needs room for the longest film",
    )
    mark_films: bool = Field(
        default=True,
        description="whether every film says in its XMP and its metadata that it is AI-generated; "
        "where the law asks for that, turn it off only if something later adds it",
    )
