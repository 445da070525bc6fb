"""Keys over real calls: which count, from when on and how long, and what needs none."""

from datetime import UTC, datetime, timedelta

import grpc
import pytest
import sqlalchemy as sa
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status

from gateway_world import Running, Start, failure, rest
from s2v.api.gateway.v1 import job_service_pb2, system_service_pb2
from s2v.core.errors import PermissionDenied, Reason, Unauthenticated
from s2v_gateway.access.callers import LOCAL, Caller, Role
from s2v_gateway.records.database import open_database
from s2v_gateway.records.keys import KeyRecords
from s2v_gateway.records.migrating import migrate

ANN = Caller("red", "ann")
LIST = job_service_pb2.ListJobsRequest()
INFO = system_service_pb2.GetServerInfoRequest()
STATUS = system_service_pb2.GetSystemStatusRequest()


def bearing(key: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {key}"),)


def test_keys_are_kept_by_what_cannot_be_shown(database_url: str) -> None:
    engine = open_database(database_url)
    migrate(engine)
    now = datetime(2026, 12, 1, tzinfo=UTC)
    records = KeyRecords(engine, lambda: now)
    assert not records.any_made()
    both = frozenset({Role.USER, Role.ADMIN})
    key, made = records.make(
        Caller("red", "ann", both), label="laptop", expire_time=now + timedelta(days=1)
    )
    with engine.connect() as connection:
        row = connection.execute(sa.text("SELECT * FROM api_keys")).one()
    assert not [value for value in row if isinstance(value, str) and key[4:] in value]
    assert (made.caller.roles, made.label, made.revoke_time) == (both, "laptop", None)
    assert records.every() == [made]
    digest = row.sha256
    assert records.find(digest) == made.caller
    assert records.find("0" * 64) is None
    now += timedelta(days=1)
    assert records.find(digest) is None
    now -= timedelta(days=1)
    assert records.revoke("none") is None
    revoked = records.revoke(made.caller.key_id)
    assert revoked is not None
    assert revoked.revoke_time == now
    now += timedelta(hours=1)
    assert records.revoke(made.caller.key_id) == revoked
    assert records.find(digest) is None
    assert records.any_made()
    engine.dispose()


async def test_a_key_counts_as_soon_as_it_is_made_and_no_longer_than_it_is_revoked(
    start: Start,
) -> None:
    server = await start(access="closed")
    error = await failure(server.jobs.ListJobs(LIST))
    assert (type(error), error.reason) == (Unauthenticated, Reason.CREDENTIALS_MISSING)
    records = KeyRecords(server.gateway.database)
    key, made = records.make(ANN)
    await server.jobs.ListJobs(LIST, metadata=bearing(key))
    await server.jobs.ListJobs(LIST, metadata=(("x-api-key", key),))
    records.revoke(made.caller.key_id)
    revoked = await failure(server.jobs.ListJobs(LIST, metadata=bearing(key)))
    unknown = await failure(server.jobs.ListJobs(LIST, metadata=bearing(key[:-1] + "A")))
    assert vars(revoked) == vars(unknown)
    assert (type(revoked), revoked.reason) == (Unauthenticated, Reason.CREDENTIALS_INVALID)


async def test_who_had_no_key_still_has_what_they_made(start: Start) -> None:
    server = await start()
    job = await server.create()
    key, _ = KeyRecords(server.gateway.database).make(Caller(LOCAL.tenant, "ann"))
    listed = await server.jobs.ListJobs(LIST, metadata=bearing(key))
    assert [one.name for one in listed.jobs] == [job.name]


async def test_only_admins_hear_how_the_server_is(start: Start) -> None:
    server = await start(access="closed")
    records = KeyRecords(server.gateway.database)
    users, _ = records.make(ANN)
    admins, _ = records.make(Caller("red", "bob", frozenset(Role)))
    await server.system.GetServerInfo(INFO, metadata=bearing(users))
    error = await failure(server.system.GetSystemStatus(STATUS, metadata=bearing(users)))
    assert (type(error), error.reason) == (PermissionDenied, Reason.ROLE_MISSING)
    await server.system.GetSystemStatus(STATUS, metadata=bearing(admins))


async def test_health_and_reflection_need_no_key(start: Start) -> None:
    server = await start(access="closed")
    check = health_pb2_grpc.HealthStub(server.channel).Check
    assert (await check(health_pb2.HealthCheckRequest())).status == 1
    reflect = reflection_pb2_grpc.ServerReflectionStub(server.channel).ServerReflectionInfo
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    assert await rest(reflect(iter([request])))


async def test_reflection_can_be_left_out(start: Start) -> None:
    server = await start(reflection=False)
    reflect = reflection_pb2_grpc.ServerReflectionStub(server.channel).ServerReflectionInfo
    with pytest.raises(grpc.RpcError) as caught:
        await rest(reflect(iter([reflection_pb2.ServerReflectionRequest(list_services="")])))
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_too_many_calls_are_told_as_a_quota(start: Start) -> None:
    server = await start(quota_calls_per_minute=2)
    await _list(server)
    await _list(server)
    with pytest.raises(grpc.RpcError) as caught:
        await _list(server)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    details = rpc_status.from_call(caught.value).details
    kinds = (
        error_details_pb2.ErrorInfo(),
        error_details_pb2.QuotaFailure(),
        error_details_pb2.RetryInfo(),
    )
    for detail, kind in zip(details, kinds, strict=True):
        assert detail.Unpack(kind)
    assert (kinds[0].reason, kinds[0].metadata["limit"]) == ("QUOTA_EXCEEDED", "2")
    [violation] = kinds[1].violations
    assert (violation.subject, violation.quota_id) == ("tenants/local", "calls_per_minute")
    assert 0 < kinds[2].retry_delay.ToTimedelta().total_seconds() <= 30


async def _list(server: Running) -> None:
    await server.jobs.ListJobs(LIST)
