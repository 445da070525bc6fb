"""A key to sign films with, for those who have no certificate: made once, kept, said to be so."""

import datetime
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from s2v.media.credentials import SELF_MADE

if TYPE_CHECKING:
    from cryptography import x509

_NAME = "self-made-signing-key.pem"
_CERTIFICATE = b"-----BEGIN CERTIFICATE-----"
_YEARS = 30


def kept_key(folder: Path) -> tuple[bytes, bytes]:
    """Return certificates and their key in PEM, made and kept in a folder the first time.

    Whoever starts at the same moment gets the same one. Others on this machine cannot read it.

    Raises:
        OSError: it can neither be read nor made.
    """
    path = folder / _NAME
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        number, made = tempfile.mkstemp(dir=folder)  # for our eyes only
        try:
            with os.fdopen(number, "wb") as file:
                file.write(_made())
            with suppress(FileExistsError):
                os.link(made, path)
        finally:
            os.unlink(made)
    key, begin, certificates = path.read_bytes().partition(_CERTIFICATE)
    return begin + certificates, key


def _made() -> bytes:
    """Make a key whose certificate is vouched for by another one, which is thrown away.

    C2PA takes no certificate that vouches for itself.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.x509.oid import ExtendedKeyUsageOID

    root, key = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    serial = x509.random_serial_number()
    issuer, subject = _named(f"root {serial:x}"), _named(f"films {serial:x}")
    now = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=365 * _YEARS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(True, False, False, False, False, False, False, False, False),
            critical=True,
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()), False)
        .sign(root, None)
    )
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) + certificate.public_bytes(serialization.Encoding.PEM)


def _named(what: str) -> "x509.Name":
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, SELF_MADE),
            x509.NameAttribute(NameOID.COMMON_NAME, what),
        ]
    )
