"""The two clients have a method for every call of the public API, and the same ones."""

import ast
import inspect
from collections import Counter
from pathlib import Path

import pytest

from s2v.api.gateway.v1 import (
    asset_service_pb2,
    generation_service_pb2,
    job_pb2,
    job_service_pb2,
    system_service_pb2,
    voice_service_pb2,
)
from s2v.client import AsyncClient, Client
from s2v.client.making import SpecFields

FILES = (
    asset_service_pb2,
    generation_service_pb2,
    job_service_pb2,
    system_service_pb2,
    voice_service_pb2,
)
RPCS = sorted(
    method.name
    for file in FILES
    for service in file.DESCRIPTOR.services_by_name.values()
    for method in service.methods
)


def called() -> Counter[str]:
    """Return how often the client's code takes each attribute of something."""
    sources = [path.read_text() for path in Path("libs/s2v/client").glob("*.py")]
    nodes = [node for source in sources for node in ast.walk(ast.parse(source))]
    return Counter(node.attr for node in nodes if isinstance(node, ast.Attribute))


def methods(client: type) -> dict[str, list[str]]:
    return {
        name: list(inspect.signature(method).parameters)
        for name, method in vars(client).items()
        if not name.startswith("_") and inspect.isfunction(method)
    }


@pytest.mark.parametrize("rpc", RPCS)
def test_every_rpc_is_called_by_both_clients(rpc: str) -> None:
    # Once for the blocking client, once for coroutines.
    assert called()[rpc] >= 2


def test_an_rpc_without_a_method_would_be_found() -> None:
    assert len(RPCS) > 25
    assert called()["NoSuchCall"] == 0


def test_both_clients_have_the_same_methods() -> None:
    assert methods(Client) == methods(AsyncClient)
    assert len(methods(Client)) > 20


def test_make_takes_every_field_of_a_spec() -> None:
    given_otherwise = {"script", "reference", "pose"}
    fields = {field.name for field in job_pb2.JobSpec.DESCRIPTOR.fields}
    assert set(SpecFields.__annotations__) == fields - given_otherwise
