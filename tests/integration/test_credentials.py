"""Content Credentials by the real library: signed films, changed films, keys of others."""

import asyncio
import datetime
import io
import stat
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pydantic import ValidationError

from disks import small_disk_at
from films import decode_sound
from s2v.core.errors import InvalidInput, Reason
from s2v.core.ports import DigitalSourceType
from s2v.core.timebase import samples_per_frame
from s2v.media.boxes import boxes
from s2v.media.credentials import FilmSigner, read_credentials
from s2v.media.pcm import wav_bytes
from s2v.media.provenance import read_marking
from s2v.media.self_made_key import kept_key
from s2v.media.video import ClipEncoder, decode_frames
from s2v_compositor.composing import FilmWriter
from s2v_compositor.main import serve
from s2v_compositor.settings import CompositorSettings

pytest.importorskip("c2pa")

COMPOSITE = DigitalSourceType.COMPOSITE_SYNTHETIC
C2PA_BOX = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("film")
    noise = np.random.default_rng(0).integers(0, 256, (30, 96, 128, 3), np.uint8)
    with ClipEncoder(folder / "clip.mp4", width=128, height=96, frame_rate=25) as encoder:
        encoder.write(noise)
    tone = np.sin(0.05 * np.arange(30 * samples_per_frame(25)))
    sound = io.BytesIO(wav_bytes(np.rint(9_000 * tone).astype(np.int16)))
    path = folder / "film.mp4"
    with FilmWriter(path, 25, marking=COMPOSITE) as writer:
        list(writer.add(folder / "clip.mp4", sound, 30))
        list(writer.finish())
    return path


@pytest.fixture(scope="module")
def self_made(tmp_path_factory: pytest.TempPathFactory) -> FilmSigner:
    return FilmSigner(*kept_key(tmp_path_factory.mktemp("key")))


def named(name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, name),
            x509.NameAttribute(NameOID.COMMON_NAME, f"films of {name}"),
        ]
    )


def operators_key(*, usable: bool = True) -> tuple[bytes, bytes]:
    """A chain and a key on P-256 such as an authority gives; not usable to sign documents, else."""
    root, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    usage = ExtendedKeyUsageOID.EMAIL_PROTECTION if usable else ExtendedKeyUsageOID.SERVER_AUTH
    certificate = (
        x509.CertificateBuilder()
        .subject_name(named("Example Studio"))
        .issuer_name(named("Example Authority"))
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(True, False, False, False, False, False, False, False, False),
            critical=True,
        )
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()), critical=False
        )
        .sign(root, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    return certificate.public_bytes(pem), key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, plain
    )


def parts(path: Path) -> tuple[bytes, bytes]:
    """Return the manifest's box, and all else but the places of the samples, which it moves."""
    data = path.read_bytes()
    (box,) = (b for b in boxes(data) if data[b.body : b.body + 16] == C2PA_BOX)
    rest = bytearray(data[: box.start] + data[box.end :])
    at = 0
    while (at := rest.find(b"stco", at)) >= 0:
        (count,) = struct.unpack_from(">I", rest, at + 8)
        rest[at + 12 : at + 12 + 4 * count] = bytes(4 * count)
        at += 1
    return data[box.start : box.end], bytes(rest)


def test_a_signed_film_plays_as_before_and_says_what_the_metadata_says(
    film: Path, tmp_path: Path, self_made: FilmSigner
) -> None:
    signed = tmp_path / "signed.mp4"
    self_made.sign(film, signed, COMPOSITE)
    assert read_marking(signed) is COMPOSITE
    for one, other in zip(decode_frames(signed), decode_frames(film), strict=True):
        assert (one == other).all()
    assert (decode_sound(signed) == decode_sound(film)).all()
    kinds = [box.path for box in boxes(signed.read_bytes())]
    assert kinds.index("moov") < kinds.index("mdat")  # it still can be played while it comes
    found = read_credentials(signed)
    assert found is not None
    assert (found.intact, found.trusted, found.self_made) == (True, False, True)
    assert found.source_type == "compositeSynthetic"
    trained = tmp_path / "trained.mp4"
    self_made.sign(film, trained, DigitalSourceType.TRAINED_ALGORITHMIC_MEDIA)
    of_trained = read_credentials(trained)
    assert of_trained is not None
    assert of_trained.source_type == "trainedAlgorithmicMedia"


def test_equal_films_differ_in_the_manifest_s_salts_alone(
    film: Path, tmp_path: Path, self_made: FilmSigner
) -> None:
    one, other = tmp_path / "one.mp4", tmp_path / "other.mp4"
    self_made.sign(film, one, COMPOSITE)
    self_made.sign(film, other, COMPOSITE)
    (of_one, rest_of_one), (of_other, rest_of_other) = parts(one), parts(other)
    assert rest_of_one == rest_of_other
    assert len(of_one) == len(of_other)
    differing = sum(a != b for a, b in zip(of_one, of_other, strict=True))
    # Two salts of 16 bytes, the two hashes of what they salt, and the signature over those.
    assert 0 < differing <= 2 * 16 + 2 * 32 + 64


@pytest.mark.parametrize("where", [0.3, 0.9])
def test_a_changed_film_is_found_out(
    film: Path, tmp_path: Path, self_made: FilmSigner, where: float
) -> None:
    signed = tmp_path / "signed.mp4"
    self_made.sign(film, signed, COMPOSITE)
    data = bytearray(signed.read_bytes())
    data[round(where * len(data))] ^= 1
    signed.write_bytes(data)
    found = read_credentials(signed)
    assert found is not None
    assert not found.intact


def test_an_unsigned_film_and_what_is_no_film_have_none(film: Path, tmp_path: Path) -> None:
    assert read_credentials(film) is None
    (tmp_path / "no.mp4").write_bytes(b"no film")
    assert read_credentials(tmp_path / "no.mp4") is None


def test_the_operator_s_certificate_names_the_signer(film: Path, tmp_path: Path) -> None:
    signed = tmp_path / "signed.mp4"
    FilmSigner(*operators_key()).sign(film, signed, COMPOSITE)
    found = read_credentials(signed)
    assert found is not None
    assert found.intact
    assert "Example Studio" in found.signer
    assert not found.self_made


def test_what_cannot_sign_is_refused_when_it_is_given(film: Path, tmp_path: Path) -> None:
    certificates, key = operators_key()
    _, other_key = operators_key()
    web, web_key = operators_key(usable=False)
    for wrong in (
        (b"none", key),
        (certificates, b"none"),
        (certificates, other_key),
        (web, web_key),
    ):
        with pytest.raises(InvalidInput) as refused:
            FilmSigner(*wrong)
        assert refused.value.reason is Reason.FIELD_INVALID


def test_the_key_is_made_once_and_for_one_s_own_eyes(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    key = kept_key(folder)
    assert kept_key(folder) == key
    (path,) = folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert kept_key(tmp_path / "others") != key


def test_a_full_disk_is_called_so(film: Path, tmp_path: Path, self_made: FilmSigner) -> None:
    (tmp_path / "disk").mkdir()
    large = tmp_path / "large.mp4"
    data = film.read_bytes()
    large.write_bytes(data + struct.pack(">I4s", 2_000_008, b"free") + bytes(2_000_000))
    with small_disk_at(tmp_path / "disk", mebibytes=1) as disk, pytest.raises(OSError, match="28"):
        self_made.sign(large, disk.folder / "signed.mp4", COMPOSITE)


def test_whoever_signs_without_the_library_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "c2pa", None)
    settings = CompositorSettings(sign_films=True, signing_dir=tmp_path)
    with pytest.raises(InvalidInput, match="need the extra c2pa") as refused:
        asyncio.run(serve(settings))
    assert refused.value.field == "sign_films"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"sign_films": True, "mark_films": False}, "a signed film says how it came to be"),
        ({"sign_films": True, "sign_key": __file__}, "belong together"),
        ({"sign_key": "nowhere.pem", "sign_certificates": __file__}, "not point to a file"),
    ],
)
def test_settings_that_do_not_fit_each_other_are_refused(
    values: dict[str, object], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        CompositorSettings.model_validate(values)
