"""The services of a gateway behind one channel."""

import grpc

from s2v.api.gateway.v1.asset_service_pb2_grpc import AssetServiceStub
from s2v.api.gateway.v1.generation_service_pb2_grpc import GenerationServiceStub
from s2v.api.gateway.v1.job_service_pb2_grpc import JobServiceStub
from s2v.api.gateway.v1.system_service_pb2_grpc import SystemServiceStub
from s2v.api.gateway.v1.voice_service_pb2_grpc import VoiceServiceStub


class Stubs:
    """Makes calls that block."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.assets = AssetServiceStub(channel)
        self.generation = GenerationServiceStub(channel)
        self.jobs = JobServiceStub(channel)
        self.system = SystemServiceStub(channel)
        self.voices = VoiceServiceStub(channel)


class AsyncStubs:
    """Makes calls to await."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.assets = AssetServiceStub(channel)
        self.generation = GenerationServiceStub(channel)
        self.jobs = JobServiceStub(channel)
        self.system = SystemServiceStub(channel)
        self.voices = VoiceServiceStub(channel)
