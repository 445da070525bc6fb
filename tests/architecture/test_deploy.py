"""What deploy/ says is what Envoy, Docker Compose and a linter of Dockerfiles understand."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from fronts import RUN, environment
from methods import SERVICES
from signed_tokens import AUDIENCE, ISSUER, Signer

COMPOSE = Path("deploy/compose")
PROGRAMS = Path(sys.executable).parent
NEEDED = {
    "S2V_TLS_DIR": "/srv/tls",
    "S2V_JWT_ISSUER": ISSUER,
    "S2V_JWT_AUDIENCE": AUDIENCE,
    "S2V_WAN_CHECKPOINT": "/srv/wan",
    "S2V_HEYGEM_DATA": "/srv/heygem",
}


def run(*command: str | Path, **settings: str) -> str:
    done = subprocess.run(
        command, env={**os.environ, **settings}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def composed(*names: str) -> dict[str, dict[str, object]]:
    """Return the services of compose files together, as Docker Compose reads them."""
    files = [part for name in names for part in ("-f", COMPOSE / name)]
    command = [PROGRAMS / "docker-compose", *files, "config", "--format", "json"]
    return json.loads(run(*command, **NEEDED))["services"]


@pytest.mark.parametrize("with_all", [False, True])
def test_envoy_understands_its_configuration(with_all: bool, tmp_path: Path) -> None:
    keys = tmp_path / "jwks.json"
    keys.write_text(json.dumps({"keys": [Signer("one").public]}))
    login = {"jwt_keys": str(keys), "jwt_issuer": ISSUER, "jwt_audience": AUDIENCE}
    all_of_them = login | {"tls": "deploy/envoy/certificate.yaml", "origins": "https://a.example"}
    command = [sys.executable, RUN, "--mode", "validate"]
    settings = environment(**(all_of_them if with_all else {}))
    run(*command, **settings)


def test_envoy_says_what_is_wrong_with_a_setting() -> None:
    done = subprocess.run(
        [sys.executable, RUN, "--print"],
        env=environment(listen="nowhere"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("bad setting S2V_ENVOY_LISTEN")


def test_only_calls_that_ask_are_tried_again() -> None:
    config = yaml.safe_load(Path("deploy/envoy/envoy.yaml").read_text())
    [listener] = config["static_resources"]["listeners"]
    http = listener["filter_chains"][0]["filters"][0]["typed_config"]
    routes = http["route_config"]["virtual_hosts"][0]["routes"]
    [regex] = [
        route["match"]["safe_regex"]["regex"] for route in routes if "safe_regex" in route["match"]
    ]
    names = [method.path for method in SERVICES["gateway"]]
    again = {name for name in names if re.fullmatch(regex, name)}
    assert again == {name for name in names if name.rpartition("/")[2].startswith(("Get", "List"))}
    assert len(again) > 5


@pytest.mark.parametrize("name", [None, "tls", "jwt", "gpu", "heygem", "observability"])
def test_only_envoy_is_reached_from_elsewhere(name: str | None) -> None:
    services = composed("compose.yaml", *([f"compose.{name}.yaml"] if name else []))
    assert {"gateway", "tts", "render", "compositor", "envoy"} <= services.keys()
    for service, settings in services.items():
        hosts = {port.get("host_ip") for port in settings.get("ports", [])}
        assert hosts <= {"0.0.0.0" if (service, name) == ("envoy", "tls") else "127.0.0.1"}
        if settings["image"].startswith(("s2v:", "s2v-gpu:", "s2v-otel:")):
            assert hosts == set()
            assert settings["read_only"]
            assert settings["cap_drop"] == ["ALL"]


def test_what_is_traced_has_what_that_needs() -> None:
    services = composed("compose.yaml", "compose.observability.yaml")
    traced = {
        name
        for name, one in services.items()
        if "OTEL_EXPORTER_OTLP_ENDPOINT" in one.get("environment", {})
    }
    assert traced == {"gateway", "tts", "render", "compositor"}
    for name in traced:
        assert services[name]["build"]["args"]["EXTRAS"] == "otel"
        assert services[name]["image"] == "s2v-otel:0.2.0"


def test_the_dockerfile_is_in_order() -> None:
    run(PROGRAMS / "hadolint", "deploy/docker/Dockerfile")
