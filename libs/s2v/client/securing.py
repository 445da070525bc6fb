"""How a client's connection is encrypted."""

from dataclasses import dataclass
from pathlib import Path

import grpc


@dataclass(frozen=True, slots=True)
class Tls:
    """Whom a client trusts, and what it shows. Files are PEM and read when a client is made.

    Attributes:
        ca: the authority that the gateway's certificate is of; None for the public ones.
        certificate: of the client, where the gateway asks for one (mTLS).
        key: the private key of it.

    Raises:
        ValueError: there is a certificate without a key, or a key without a certificate.
    """

    ca: Path | str | None = None
    certificate: Path | str | None = None
    key: Path | str | None = None

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("a client's certificate and its key go together; give both or neither")

    def credentials(self) -> grpc.ChannelCredentials:
        """Return what a channel encrypts with.

        Raises:
            OSError: a file cannot be read.
        """
        ca, key, certificate = (
            Path(path).read_bytes() if path is not None else None
            for path in (self.ca, self.key, self.certificate)
        )
        return grpc.ssl_channel_credentials(ca, key, certificate)
