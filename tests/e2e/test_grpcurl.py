"""A film without any Python client: grpcurl uploads, creates, watches and downloads."""

import base64
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import google_crc32c

from methods import SERVICES
from s2v.media.video import decode_frames

PORTRAIT = Path("libs/s2v/samples/portrait.jpg")
GRPCURL = Path(sys.executable).with_name("grpcurl")
PACKAGE = "s2v.api.gateway.v1"


def grpcurl(address: str, method: str, *messages: dict[str, Any]) -> list[dict[str, Any]]:
    """Call a method with JSON messages and return the JSON messages that come back."""
    done = subprocess.run(
        [GRPCURL, "-plaintext", "-d", "@", address, f"{PACKAGE}.{method}"],
        input="\n".join(json.dumps(message) for message in messages),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return list(documents(done.stdout))


def documents(text: str) -> Any:
    """Yield the JSON documents of a text that has one after the other."""
    decoder = json.JSONDecoder()
    while text := text.lstrip():
        document, end = decoder.raw_decode(text)
        yield document
        text = text[end:]


def test_grpcurl_makes_a_film(installation: Any, tmp_path: Path) -> None:
    address = installation.address
    portrait = PORTRAIT.read_bytes()
    [created] = grpcurl(
        address,
        "AssetService/CreateUpload",
        {"media_type": "image/jpeg", "total_bytes": len(portrait)},
    )
    upload = created["upload"]["name"]
    chunks = [portrait[i : i + 20_000] for i in range(0, len(portrait), 20_000)]
    [written] = grpcurl(
        address,
        "AssetService/WriteUpload",
        *(
            {
                "name": upload,
                "offset": 20_000 * index,
                "data": base64.b64encode(chunk).decode(),
                "crc32c": google_crc32c.value(chunk),
            }
            for index, chunk in enumerate(chunks)
        ),
    )
    assert int(written["upload"]["committedBytes"]) == len(portrait)
    digest = hashlib.sha256(portrait).hexdigest()
    [finished] = grpcurl(address, "AssetService/FinishUpload", {"name": upload, "sha256": digest})
    spec = {
        "script": {"text": "No Python was needed to ask for this."},
        "reference": finished["asset"]["name"],
        "preset": "draft",
    }
    [job] = grpcurl(address, "JobService/CreateJob", {"spec": spec})
    events = grpcurl(address, "JobService/WatchJob", {"name": job["job"]["name"]})
    assert "snapshot" in events[0]
    film = events[-1]["finished"]["film"]
    pieces = grpcurl(address, "AssetService/ReadAsset", {"name": film["asset"]})
    data = b"".join(base64.b64decode(piece["data"]) for piece in pieces)
    assert hashlib.sha256(data).hexdigest() == film["sha256"]
    (tmp_path / "film.mp4").write_bytes(data)
    assert sum(1 for _ in decode_frames(tmp_path / "film.mp4")) == int(film["frames"])


def test_grpcurl_lists_and_describes_every_service_of_every_process(installation: Any) -> None:
    addresses = {
        "gateway": [installation.address],
        **{
            name: ["-unix", str(installation.sockets / f"{name}.sock")]
            for name in ("tts", "render", "compositor")
        },
    }
    for name, where in addresses.items():
        listed = subprocess.run(
            [GRPCURL, "-plaintext", *where, "list"], capture_output=True, text=True, check=True
        ).stdout.split()
        assert "grpc.health.v1.Health" in listed
        ours = [service for service in listed if service.startswith(f"s2v.api.{name}.v1.")]
        assert ours
        described = subprocess.run(
            [GRPCURL, "-plaintext", *where, "describe"], capture_output=True, text=True, check=True
        ).stdout
        told = re.findall(r"^(\S+) is a service:$|^  rpc (\w+) \(", described, re.M)
        paths, service = set(), ""
        for header, method in told:
            service = header or service
            paths.add(f"/{service}/{method}")
        assert {f"/{one}/" for one in [*ours, "grpc.reflection.v1.ServerReflection"]} <= paths
        assert {method.path for method in SERVICES[name]} <= paths
