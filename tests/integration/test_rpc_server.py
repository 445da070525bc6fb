"""What every service does around its calls: health, errors, logs, draining."""

import asyncio
import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2

from s2v.api.compositor.v1 import compositor_service_pb2, compositor_service_pb2_grpc
from s2v.api.gateway.v1 import job_service_pb2, job_service_pb2_grpc
from s2v.api.tts.v1 import speech_service_pb2, speech_service_pb2_grpc
from s2v.core.errors import InvalidInput, Reason
from s2v.rpc.channel import connect, connect_sync
from s2v.rpc.errors import from_rpc_error
from s2v.rpc.interceptor import Context
from s2v.rpc.limits import CallLimits
from s2v.rpc.logs import correlation
from s2v.rpc.server import Server

SERVICE = "s2v.api.tts.v1.SpeechService"


class Servicer(
    speech_service_pb2_grpc.SpeechServiceServicer, job_service_pb2_grpc.JobServiceServicer
):
    """Fails and waits on demand."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.released = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def GetJob(
        self, request: job_service_pb2.GetJobRequest, context: Context
    ) -> job_service_pb2.GetJobResponse:
        if request.name == "bug":
            raise ZeroDivisionError("secret detail")
        if request.name == "refuse":
            raise InvalidInput(Reason.TEXT_EMPTY, "say something", field="text")
        self.entered.set()
        await self.released.wait()
        return job_service_pb2.GetJobResponse()

    async def Speak(
        self, request: speech_service_pb2.SpeakRequest, context: Context
    ) -> AsyncIterator[speech_service_pb2.SpeakResponse]:
        yield speech_service_pb2.SpeakResponse(notice={"message": "one"})
        if request.voice == "refuse":
            raise InvalidInput(Reason.VOICE_UNKNOWN, "no such voice", field="voice")
        try:
            self.entered.set()
            await self.released.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


@pytest.fixture
async def servicer() -> Servicer:
    return Servicer()


@pytest.fixture
async def server(servicer: Servicer) -> AsyncIterator[Server]:
    server = Server("127.0.0.1:0", [SERVICE])
    speech_service_pb2_grpc.add_SpeechServiceServicer_to_server(servicer, server.grpc)
    job_service_pb2_grpc.add_JobServiceServicer_to_server(servicer, server.grpc)
    await server.start()
    yield server
    await server.stop(0)


@pytest.fixture
async def channel(server: Server) -> AsyncIterator[grpc.aio.Channel]:
    async with connect(server.address) as channel:
        yield channel


def ask(channel: grpc.aio.Channel, name: str) -> grpc.aio.UnaryUnaryCall:
    stub = job_service_pb2_grpc.JobServiceStub(channel)
    return stub.GetJob(job_service_pb2.GetJobRequest(name=name))


async def test_health_answers_before_the_service_does(
    server: Server, channel: grpc.aio.Channel
) -> None:
    health = health_pb2_grpc.HealthStub(channel)
    asked = health_pb2.HealthCheckRequest(service=SERVICE)
    starting = await health.Check(asked)
    assert starting.status == health_pb2.HealthCheckResponse.NOT_SERVING
    await server.serving()
    assert (await health.Check(asked)).status == health_pb2.HealthCheckResponse.SERVING


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
async def test_reflection_finds_services_methods_and_messages(
    channel: grpc.aio.Channel, version: str
) -> None:
    name = f"grpc.reflection.{version}.ServerReflection"
    ask = channel.stream_stream(
        f"/{name}/ServerReflectionInfo",
        reflection_pb2.ServerReflectionRequest.SerializeToString,
        reflection_pb2.ServerReflectionResponse.FromString,
    )
    symbols = [SERVICE, f"{SERVICE}.Speak", "s2v.api.tts.v1.SpeakRequest", name]
    requests = [
        reflection_pb2.ServerReflectionRequest(list_services=""),
        *(reflection_pb2.ServerReflectionRequest(file_containing_symbol=s) for s in symbols),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol=f"{SERVICE}.Sing"),
    ]
    listed, *found, missing = [response async for response in ask(iter(requests))]
    services = {service.name for service in listed.list_services_response.service}
    assert {SERVICE, name} <= services
    assert all(response.file_descriptor_response.file_descriptor_proto for response in found)
    assert missing.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]


async def test_our_errors_reach_the_client_whole(channel: grpc.aio.Channel) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        await ask(channel, "refuse")
    error = from_rpc_error(caught.value)
    assert isinstance(error, InvalidInput)
    assert (error.reason, error.field, error.message) == (
        Reason.TEXT_EMPTY,
        "text",
        "say something",
    )


async def test_an_error_in_the_middle_of_a_stream_reaches_the_client(
    channel: grpc.aio.Channel,
) -> None:
    stub = speech_service_pb2_grpc.SpeechServiceStub(channel)
    call = stub.Speak(speech_service_pb2.SpeakRequest(voice="refuse"))
    assert (await call.read()).notice.message == "one"
    with pytest.raises(grpc.RpcError) as caught:
        await call.read()
    assert from_rpc_error(caught.value).reason is Reason.VOICE_UNKNOWN


async def test_a_bug_is_internal_and_keeps_its_details(channel: grpc.aio.Channel) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        await ask(channel, "bug")
    error = from_rpc_error(caught.value)
    assert error.reason is Reason.INTERNAL
    assert "secret" not in error.message


async def test_a_client_that_goes_away_cancels_the_work(
    channel: grpc.aio.Channel, servicer: Servicer
) -> None:
    stub = speech_service_pb2_grpc.SpeechServiceStub(channel)
    call = stub.Speak(speech_service_pb2.SpeakRequest())
    await call.read()
    await servicer.entered.wait()
    call.cancel()
    await servicer.cancelled.wait()


async def test_stopping_lets_running_calls_end_and_takes_no_new_ones(
    server: Server, channel: grpc.aio.Channel, servicer: Servicer
) -> None:
    running = ask(channel, "wait")
    await servicer.entered.wait()
    stopping = asyncio.create_task(server.stop(30))
    async with connect(server.address) as other:
        with pytest.raises(grpc.RpcError) as caught:
            await ask(other, "late")
    assert from_rpc_error(caught.value).reason is Reason.SERVICE_UNAVAILABLE
    servicer.released.set()
    await running
    await stopping


def test_a_service_logs_json_with_job_and_trace_and_never_the_script(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "S2V_HOME": str(tmp_path),
        "S2V_COMPOSITOR_LISTEN": f"unix:{tmp_path}/c.sock",
        "S2V_COMPOSITOR_LOG_LEVEL": "DEBUG",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "s2v_compositor.main"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    lines = []
    while not lines or lines[-1]["event"] != "serving":
        lines.append(json.loads(process.stderr.readline()))
    job_id = "0123456789abcdef0123456789abcdef"
    with connect_sync(f"unix:{tmp_path}/c.sock") as channel:
        stub = compositor_service_pb2_grpc.CompositorServiceStub(channel)
        request = compositor_service_pb2.ComposeRequest()
        with pytest.raises(grpc.RpcError):
            list(stub.Compose(iter([request]), metadata=correlation(job_id, 3)))
    process.send_signal(signal.SIGTERM)
    lines += [json.loads(line) for line in process.stderr]
    process.stderr.close()
    assert process.wait() == 0
    [failed] = [line for line in lines if line["event"] == "call failed"]
    assert failed["service"] == "compositor"
    assert failed["job_id"] == failed["trace_id"] == job_id
    assert failed["segment"] == "3"
    assert failed["reason"] == "CONFIG_EXPECTED"
    assert lines[-1]["event"] == "stopped"


async def test_a_message_that_never_comes_whole_is_not_waited_for(servicer: Servicer) -> None:
    server = Server("127.0.0.1:0", [SERVICE], limits=CallLimits(request_seconds=0.2))
    speech_service_pb2_grpc.add_SpeechServiceServicer_to_server(servicer, server.grpc)
    await server.start()
    async with connect(server.address) as channel:
        call = channel.stream_stream(f"/{SERVICE}/Speak")()
        with pytest.raises(grpc.RpcError) as caught:
            await call.read()
    await server.stop(0)
    assert from_rpc_error(caught.value).reason is Reason.DEADLINE_EXCEEDED


async def test_what_the_start_made_is_spared_by_the_garbage_collector() -> None:
    server = Server("127.0.0.1:0", [SERVICE], reflection_enabled=False)
    running = asyncio.create_task(server.run())
    try:
        async with connect(server.address) as channel:
            health = health_pb2_grpc.HealthStub(channel)
            watched = health.Watch(health_pb2.HealthCheckRequest(service=SERVICE))
            async for answer in watched:
                if answer.status == health_pb2.HealthCheckResponse.SERVING:
                    break
            watched.cancel()
        assert gc.get_freeze_count() > 0
        os.kill(os.getpid(), signal.SIGTERM)
        await running
    finally:
        gc.unfreeze()
