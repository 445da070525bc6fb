"""A real service that listens for others answers only who shows the token."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import grpc

from methods import SERVICES
from ports import own_address
from s2v.api.compositor.v1 import compositor_service_pb2_grpc
from s2v.rpc.channel import connect, connect_sync
from s2v.rpc.trust import showing
from s2v_cli.child import ServiceSpec
from s2v_cli.supervisor import Supervisor

TOKEN = "0123456789abcdef" * 4


def test_only_who_shows_the_token_is_answered(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    address = own_address()
    environment = {
        **os.environ,
        "S2V_HOME": str(tmp_path),
        "S2V_COMPOSITOR_LISTEN": f"0.0.0.0:{address.rpartition(':')[2]}",
        "S2V_INTERNAL_TOKEN_FILE": str(tmp_path / "token"),
    }
    command = (sys.executable, "-m", "s2v_compositor.main")
    spec = ServiceSpec("compositor", command, address, environment)
    with Supervisor([spec], report=print):
        with connect_sync(address) as channel:
            for method in SERVICES["compositor"]:
                error = method.outcome(channel, [b""], timeout_seconds=10)
                assert error is not None
                assert error.code() is grpc.StatusCode.UNAUTHENTICATED
        codes = {token: asyncio.run(code_of(address, token)) for token in (TOKEN, TOKEN[::-1])}
        asked = [sys.executable, "-m", "s2v.rpc.health", address]
        assert subprocess.run(asked, check=False).returncode == 0
    assert codes[TOKEN[::-1]] is grpc.StatusCode.UNAUTHENTICATED
    assert codes[TOKEN] is grpc.StatusCode.INVALID_ARGUMENT  # nothing was sent after that
    assert subprocess.run(asked, check=False).returncode == 1


async def code_of(address: str, token: str) -> grpc.StatusCode:
    """Return how a call ends that brings nothing but the token."""
    async with connect(address) as channel:
        stub = compositor_service_pb2_grpc.CompositorServiceStub(showing(channel, token))
        call = stub.Compose(iter(()), timeout=10)
        try:
            async for _ in call:
                pass
        except grpc.aio.AioRpcError as error:
            return error.code()
    return grpc.StatusCode.OK
