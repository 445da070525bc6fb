"""Sign films with Content Credentials (C2PA), and tell what a film's are worth.

The library is an extra, `c2pa`. Nothing here asks a network for anything: there is no time stamp,
no list of revoked certificates, no manifest elsewhere.
"""

import errno
import hashlib
import io
import json
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from PIL import Image

from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import DigitalSourceType
from s2v.media.provenance import SOURCE_TYPE_PREFIX

SELF_MADE = "S2V, self-made key"
"""Who signs where nobody gave a certificate: that a film was not changed, not who made it."""
_MP4, _JPEG = "video/mp4", "image/jpeg"
_OFFLINE = {
    "version": 1,
    "core": {"backing_store_memory_threshold_in_mb": 16},
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_after_sign": False},
    "builder": {"thumbnail": {"enabled": False}},
}
_ROOM_FOR_MANIFEST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class FilmCredentials:
    """What a film's manifest says, as far as its signature holds.

    Attributes:
        intact: whether the film is as it was signed.
        signer: whom the certificate names; "" where it names nobody.
        trusted: whether the library knows who gave the certificate.
        source_type: how the pictures came to be, in the IPTC's words; "" where it does not say.
        failures: what the library found wrong, in the specification's words.
    """

    intact: bool
    signer: str
    trusted: bool
    source_type: str
    failures: tuple[str, ...] = ()

    @property
    def self_made(self) -> bool:
        """Whether the key is one that S2V made for itself."""
        return self.signer.startswith(SELF_MADE)


class FilmSigner:
    """Signs films with one key, one film at a time: the library takes up to 512 MB for each.

    Args:
        certificates: PEM, the signer's first, then who vouches for it; the root need not be there.
        key: PEM, PKCS #8, without a password.

    Raises:
        InvalidInput: FIELD_INVALID, the library is missing, or the key or certificates are not
            what it can sign with.
    """

    def __init__(self, certificates: bytes, key: bytes) -> None:
        self._library = c2pa_library()
        self._turn = threading.Lock()
        try:
            algorithm = _algorithm(key)
            self._info = self._library.C2paSignerInfo(algorithm, certificates, key, None)
            self._try()
        except (ValueError, TypeError, self._library.C2paError) as error:
            raise InvalidInput(
                Reason.FIELD_INVALID,
                f"films cannot be signed with this key and these certificates: {error}; give a "
                "chain in PEM whose first certificate is valid, is the key's, and may sign "
                "e-mail or documents, and the key in PKCS #8 without a password",
                field="sign_key",
            ) from error

    def sign(self, film: Path, target: Path, marking: DigitalSourceType) -> None:
        """Write a signed copy of a film.

        Equal films get equal manifests, but for salts that the library draws and what follows from
        them; all else in the file stays as it was, moved by the manifest's length.

        Raises:
            OSError: it cannot be written.
        """
        with film.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
        try:
            with self._turn, film.open("rb") as source, target.open("w+b") as copy:
                self._sign(source, copy, _MP4, _manifest(digest, marking, _MP4))
        except self._library.C2paError as error:
            needed = film.stat().st_size + _ROOM_FOR_MANIFEST_BYTES - target.stat().st_size
            if shutil.disk_usage(target.parent).free < needed:
                raise OSError(errno.ENOSPC, "No space left on device", str(target)) from error
            raise

    def _sign(self, source: BinaryIO, copy: BinaryIO, kind: str, manifest: dict[str, Any]) -> None:
        context = _offline(self._library)
        with (
            self._library.Signer.from_info(self._info) as signer,
            self._library.Builder(manifest, context) as builder,
        ):
            builder.sign(signer, kind, source, copy)

    def _try(self) -> None:
        """Sign a dot, since the library finds out only then that a key is another certificate's.

        Raises:
            ValueError: what is signed does not hold.
        """
        dot, signed = io.BytesIO(), io.BytesIO()
        Image.new("RGB", (1, 1)).save(dot, "JPEG")
        dot.seek(0)
        manifest = _manifest(bytes(16), DigitalSourceType.COMPOSITE_SYNTHETIC, _JPEG)
        self._sign(dot, signed, _JPEG, manifest)
        signed.seek(0)
        found = _credentials(self._library, signed, _JPEG)
        if not found.intact:
            raise ValueError(f"what they sign does not hold ({', '.join(found.failures)})")


def can_sign() -> bool:
    """Tell whether the library is there."""
    try:
        import c2pa  # noqa: F401
    except ImportError:
        return False
    return True


def read_credentials(film: Path) -> FilmCredentials | None:
    """Return what a film's manifest says; None where it has none that can be read.

    Raises:
        InvalidInput: FIELD_INVALID, the library is missing.
    """
    c2pa = c2pa_library()
    try:
        with film.open("rb") as source:
            return _credentials(c2pa, source, _MP4)
    except c2pa.C2paError:
        return None


def _credentials(c2pa: Any, source: BinaryIO, kind: str) -> FilmCredentials:
    with c2pa.Reader(kind, source, context=_offline(c2pa)) as reader:
        state = reader.get_validation_state()
        store = json.loads(reader.json())
    manifest = store["manifests"][store["active_manifest"]]
    signature = manifest.get("signature_info", {})
    names = (signature.get("issuer", ""), signature.get("common_name", ""))
    return FilmCredentials(
        intact=state in ("Valid", "Trusted"),
        signer=", ".join(filter(None, names)),
        trusted=state == "Trusted",
        source_type=_source_type(manifest).removeprefix(SOURCE_TYPE_PREFIX),
        failures=tuple(status["code"] for status in store.get("validation_status", [])),
    )


def _manifest(digest: bytes, marking: DigitalSourceType, kind: str) -> dict[str, Any]:
    # The specification wants a random UUID; this one is as good as random, and the film's own.
    name = UUID(bytes=digest[:16], version=4)
    created = {
        "action": "c2pa.created",
        "digitalSourceType": SOURCE_TYPE_PREFIX + marking,
    }
    return {
        "label": f"urn:c2pa:{name}",
        "instance_id": f"xmp:iid:{name}",
        "claim_generator_info": [{"name": "S2V"}],
        "format": kind,
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [created]}}],
    }


def _offline(c2pa: Any) -> Any:
    return c2pa.Context(settings=c2pa.Settings.from_dict(_OFFLINE))


def _source_type(manifest: dict[str, Any]) -> str:
    for assertion in manifest.get("assertions", []):
        for action in assertion.get("data", {}).get("actions", []):
            if stated := action.get("digitalSourceType"):
                return str(stated)
    return ""


def _algorithm(key: bytes) -> bytes:
    """Return the name of what a key signs with.

    Raises:
        ValueError: it is no key that C2PA takes.
    """
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    match load_pem_private_key(key, None):
        case ed25519.Ed25519PrivateKey():
            return b"ed25519"
        case ec.EllipticCurvePrivateKey(key_size=bits) if bits in (256, 384, 521):
            return {256: b"es256", 384: b"es384", 521: b"es512"}[bits]
        case rsa.RSAPrivateKey():
            return b"ps256"
    raise ValueError("it must be a key of Ed25519, of the curves P-256, P-384, P-521, or of RSA")


def c2pa_library() -> Any:
    """Return the library.

    Raises:
        InvalidInput: FIELD_INVALID, it is missing.
    """
    try:
        import c2pa
    except ImportError as error:
        problem = "Content Credentials need the extra c2pa: pip install 's2v[c2pa]'"
        raise InvalidInput(Reason.FIELD_INVALID, problem, field="sign_films") from error
    return c2pa
