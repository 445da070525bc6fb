"""TLS of servers: certificates from files, read again when they are renewed."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import grpc
import structlog

from s2v.core.errors import InvalidInput, Reason

_log = structlog.get_logger()
T = TypeVar("T")

_Stamp = tuple[tuple[int, int, int], ...]
"""By which a changed file is noticed: its node, time and size."""


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """Files in PEM by which a server shows who it is.

    Attributes:
        certificate: its own, then those between it and its authority.
        key: the private key of it.
        client_authority: clients must have a certificate of this authority; None asks for none.
    """

    certificate: Path
    key: Path
    client_authority: Path | None = None

    @property
    def _files(self) -> tuple[Path, ...]:
        own = (self.certificate, self.key)
        return (*own, self.client_authority) if self.client_authority else own

    def credentials(self) -> grpc.ServerCredentials:
        """Return what a server listens with; connections made later see renewed files.

        Files that do not go together, as while they are being replaced, leave the old ones.

        Raises:
            InvalidInput: FIELD_INVALID, they cannot be used; `field` is the setting to blame.
        """
        renewed = self._renewals(self._read)
        return grpc.dynamic_ssl_server_credentials(
            self._read(),
            renewed,  # type: ignore[arg-type] # None says that nothing is new
            require_client_authentication=self.client_authority is not None,
        )

    def context(self) -> ssl.SSLContext:
        """Return the same for a server that is not gRPC's.

        Raises:
            InvalidInput: as `credentials`.
        """
        renewed, current = self._renewals(self._context), self._context()

        def show_current(connection: ssl.SSLObject, _name: str | None, _: ssl.SSLContext) -> None:
            nonlocal current
            current = connection.context = renewed() or current

        current.sni_callback = show_current  # called without a name, too
        return current

    def _renewals(self, read: Callable[[], T]) -> Callable[[], T | None]:
        """Return what reads the files if they have changed, as far as they can be used."""
        seen = self._stamp()

        def renewed() -> T | None:
            nonlocal seen
            before, seen = seen, self._stamp()
            if seen == before:
                return None
            try:
                fresh = read()
            except (InvalidInput, OSError) as error:
                _log.warning("the renewed certificate cannot be used", cause=str(error))
                return None
            _log.info("the certificate was renewed")
            return fresh

        return renewed

    def _stamp(self) -> _Stamp:
        return tuple(map(_stamp_of, self._files))

    def _read(self) -> grpc.ServerCertificateConfiguration:
        self._context()  # says what is wrong with them
        authority = self.client_authority.read_bytes() if self.client_authority else None
        pair = (self.key.read_bytes(), self.certificate.read_bytes())
        return grpc.ssl_server_certificate_configuration([pair], root_certificates=authority)

    def _context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            # A key with a password would have it asked for at the terminal.
            context.load_cert_chain(self.certificate, self.key, password="")
        except (OSError, ValueError) as error:
            raise _unusable(
                self.certificate, self.key, error=error, field="tls_certificate"
            ) from error
        if self.client_authority:
            try:
                context.load_verify_locations(self.client_authority)
            except OSError as error:
                raise _unusable(
                    self.client_authority, error=error, field="tls_client_ca"
                ) from error
            context.verify_mode = ssl.CERT_REQUIRED
        return context


def _stamp_of(path: Path) -> tuple[int, int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0, 0)
    return (status.st_ino, status.st_mtime_ns, status.st_size)


def _unusable(*paths: Path, error: Exception, field: str) -> InvalidInput:
    names = " with ".join(map(str, paths))
    problem = getattr(error, "strerror", None) or getattr(error, "reason", None) or error
    return InvalidInput(
        Reason.FIELD_INVALID,
        f"{names} cannot be used: {problem}; give PEM files, a key without a password",
        field=field,
    )
