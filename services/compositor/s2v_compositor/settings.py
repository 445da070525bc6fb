"""Settings of the compositor, from S2V_COMPOSITOR_… variables."""

import tempfile
from pathlib import Path
from typing import Self

from pydantic import Field, FilePath, model_validator
from pydantic_settings import SettingsConfigDict

from s2v.rpc.home import default_home
from s2v.rpc.settings import InternalSettings


class CompositorSettings(InternalSettings):
    """Where the compositor listens and works."""

    model_config = SettingsConfigDict(env_prefix="S2V_COMPOSITOR_", extra="forbid")

    listen: str = Field(
        default="127.0.0.1:50054", description="host:port or unix:/path to listen on"
    )
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
    sign_films: bool = Field(
        default=False,
        description="whether every film is signed with Content Credentials (C2PA); needs the extra "
        "c2pa",
    )
    sign_certificates: FilePath | None = Field(
        default=None,
        description="PEM file with the certificates, the signer's first; without them a key is "
        "made at the first start and every film says so",
    )
    sign_key: FilePath | None = Field(
        default=None, description="PEM file with the key of the first of sign_certificates"
    )
    signing_dir: Path = Field(
        default_factory=lambda: default_home() / "compositor",
        description="folder where the key that is made at the first start is kept",
    )

    face_restorer: FilePath | None = Field(
        default=None,
        description="ONNX file of a network that restores faces, such as GFPGAN's; without it "
        "nobody can ask for that (docs/finishing.md)",
    )

    @model_validator(mode="after")
    def _can_sign(self) -> Self:
        if (self.sign_certificates is None) != (self.sign_key is None):
            raise ValueError("sign_certificates and sign_key belong together; set both or none")
        if self.sign_films and not self.mark_films:
            raise ValueError("a signed film says how it came to be: set mark_films or not this")
        return self
