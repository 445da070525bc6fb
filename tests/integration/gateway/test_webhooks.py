"""The ends of jobs are told, signed, until they are heard, and to nobody within the network."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from standardwebhooks import Webhook

from gateway_world import Running, Start, failure, png
from s2v.api.gateway.v1 import job_service_pb2
from s2v.core.errors import InvalidInput, Reason, Unavailable
from s2v.testing.fakes_stages import FakeStages
from s2v_gateway.records.webhooks import WebhookRecords
from s2v_gateway.webhooks.addresses import is_public
from s2v_gateway.webhooks.delivering import DELAYS_SECONDS

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
SETTINGS: dict[str, Any] = {"webhook_secret": SECRET, "webhook_private_addresses": True}


class Receiver:
    """Somebody who is told, and answers with these codes, the last one for ever."""

    def __init__(self) -> None:
        self.codes = [204]
        self.heard: list[tuple[dict[str, str], str]] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.heard.append((dict(request.headers), await request.text()))
        code = self.codes.pop(0) if len(self.codes) > 1 else self.codes[0]
        return web.Response(status=code, headers={"location": f"{self.url}/elsewhere"})


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/{path:.*}", receiver.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield receiver
    await runner.cleanup()


async def told(server: Running) -> int:
    assert server.gateway.webhooks is not None
    return await server.gateway.webhooks.look()


async def deliveries(server: Running, **fields: Any) -> list[job_service_pb2.WebhookDelivery]:
    request = job_service_pb2.ListWebhookDeliveriesRequest(**fields)
    return list((await server.jobs.ListWebhookDeliveries(request)).webhook_deliveries)


def later(server: Running, seconds: float) -> None:
    """Let the gateway take it for later."""
    assert server.gateway.webhooks is not None
    server.gateway.webhooks._now = lambda: datetime.now(UTC) + timedelta(seconds=seconds)


async def test_the_end_of_a_job_is_told_once_and_signed(start: Start, receiver: Receiver) -> None:
    hold = asyncio.Event()
    server = await start(FakeStages(hold={"render-1": hold}), **SETTINGS)
    job = await server.create(webhook_url=f"{receiver.url}/hook", display_name="Ann")
    [waiting] = await deliveries(server)
    assert waiting.state == job_service_pb2.WEBHOOK_STATE_WAITING
    assert not waiting.HasField("next_attempt_time")
    assert await told(server) == 0  # it has not ended
    hold.set()
    await server.finished(job.name)

    assert await told(server) == 1
    assert await told(server) == 0

    [(headers, body)] = receiver.heard
    message = Webhook(SECRET).verify(body, headers)
    assert message["type"] == "job.succeeded"
    assert message["data"]["job"]["name"] == job.name
    assert message["data"]["job"]["film"]["asset"].startswith("assets/")
    assert message["data"]["job"]["spec"] == {"displayName": "Ann"}
    [delivery] = await deliveries(server)
    assert delivery.name == f"webhookDeliveries/{headers['webhook-id']}"
    assert (delivery.job, delivery.url) == (job.name, f"{receiver.url}/hook")
    assert (delivery.state, delivery.attempts) == (job_service_pb2.WEBHOOK_STATE_DELIVERED, 1)


async def test_a_job_that_failed_is_told_with_its_error(start: Start, receiver: Receiver) -> None:
    fail = {"render-0": Unavailable(Reason.WORKER_LOST, "the worker was lost")}
    server = await start(FakeStages(fail=fail), **SETTINGS)  # type: ignore[arg-type]
    await server.finished((await server.create(webhook_url=receiver.url)).name)
    await told(server)
    message = json.loads(receiver.heard[0][1])
    assert message["type"] == "job.failed"
    assert message["data"]["job"]["error"]["message"] == "the worker was lost"


async def test_who_does_not_take_it_is_told_again_for_three_days(
    start: Start, receiver: Receiver
) -> None:
    server = await start(**SETTINGS)
    receiver.codes = [500, 302, 429, 503]
    await server.finished((await server.create(webhook_url=receiver.url)).name)
    passed = 0.0
    for number, delay in enumerate(DELAYS_SECONDS, 1):
        assert await told(server) == 1
        [delivery] = await deliveries(server)
        assert delivery.attempts == number
        assert delivery.last_error.startswith("it answered ")
        left = delivery.next_attempt_time.ToDatetime(UTC) - datetime.now(UTC)
        assert 0.8 * delay - 60 <= left.total_seconds() - passed <= 1.2 * delay
        assert await told(server) == 0  # not before its time
        passed += 1.2 * delay
        later(server, passed)
    assert passed > 3 * 24 * 3600
    assert await told(server) == 1
    [delivery] = await deliveries(server, states=[job_service_pb2.WEBHOOK_STATE_GIVEN_UP])
    assert (delivery.attempts, delivery.last_error) == (10, "it answered 503")
    assert not delivery.HasField("next_attempt_time")
    later(server, 10 * passed)
    assert await told(server) == 0
    ids = {headers["webhook-id"] for headers, _ in receiver.heard}
    assert len(receiver.heard) == 10  # and no redirect was followed
    assert len(ids) == 1


async def test_who_is_gone_is_told_nothing_more(start: Start, receiver: Receiver) -> None:
    server = await start(**SETTINGS)
    receiver.codes = [500, 500, 410, 200]
    for path in ("a", "b", "a"):
        url = f"{receiver.url}/{path}"
        await server.finished((await server.create(webhook_url=url)).name)
        await told(server)
    states = [(one.url[-1], one.state) for one in await deliveries(server)]
    given_up, waiting = (
        job_service_pb2.WEBHOOK_STATE_GIVEN_UP,
        job_service_pb2.WEBHOOK_STATE_WAITING,
    )
    assert states == [("a", given_up), ("b", waiting), ("a", given_up)]
    later(server, 3600)
    assert await told(server) == 1  # to b alone
    assert len(receiver.heard) == 4


async def test_what_was_not_told_is_told_after_a_restart(start: Start, receiver: Receiver) -> None:
    server = await start(**SETTINGS)
    job = await server.create(webhook_url=receiver.url)
    await server.finished(job.name)
    receiver.codes = [500, 200]
    await told(server)
    # Whoever opens the database next finds it, with its time and its number of attempts.
    again = WebhookRecords(server.gateway.database)
    [due] = again.due(datetime.now(UTC) + timedelta(minutes=1), most=5)
    assert (due.attempts, due.job.name) == (1, job.name)


async def test_nobody_within_the_network_is_told(start: Start, receiver: Receiver) -> None:
    server = await start(webhook_secret=SECRET)
    for name in ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"):
        url = receiver.url.replace("127.0.0.1", name)
        await server.finished((await server.create(webhook_url=url)).name)
    assert await told(server) == 4
    assert receiver.heard == []
    for delivery in await deliveries(server):
        assert "has no public address" in delivery.last_error


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::808:808", True),
        ("2002:7f00:1::", False),
    ],
)
def test_an_address_is_public_or_not(address: str, public: bool) -> None:
    assert is_public(address) is public


async def test_deliveries_are_their_owners_and_go_with_their_jobs(
    start: Start, receiver: Receiver
) -> None:
    server = await start(access="closed", **SETTINGS)
    red, blue = server.acting("red/ann"), server.acting("blue/bob")
    job = await red.create(webhook_url=receiver.url)
    await red.finished(job.name)
    assert [one.job for one in await deliveries(red)] == [job.name]
    assert await deliveries(blue) == []
    await red.jobs.DeleteJob(job_service_pb2.DeleteJobRequest(name=job.name))
    assert await deliveries(red) == []
    assert await told(server) == 0


async def test_deliveries_are_listed_in_pages(start: Start, receiver: Receiver) -> None:
    server = await start(**SETTINGS)
    names = [(await server.create(webhook_url=receiver.url)).name for _ in range(3)]
    page = await server.jobs.ListWebhookDeliveries(
        job_service_pb2.ListWebhookDeliveriesRequest(page_size=2)
    )
    assert [one.job for one in page.webhook_deliveries] == names[:0:-1]
    rest = await deliveries(server, page_size=2, page_token=page.next_page_token)
    assert [one.job for one in rest] == names[:1]
    for field, value in (("page_token", "x"), ("page_size", 999), ("states", [77])):
        error = await failure(_listing(server, **{field: value}))
        assert isinstance(error, InvalidInput)
        assert error.field == field


def _listing(server: Running, **fields: Any) -> Any:
    request = job_service_pb2.ListWebhookDeliveriesRequest(**fields)
    return server.jobs.ListWebhookDeliveries(request)


BAD_URLS = [
    "ftp://x/",
    "x",
    "http:///a",
    "https://u:p@h/",
    "http://h:x/",
    "https://h/ä",
    "http://[",
]


async def test_a_url_that_cannot_be_told_is_refused(start: Start) -> None:
    server = await start(**SETTINGS)
    reference = await server.upload(png())
    for url in [*BAD_URLS, f"https://h/{'a' * 2000}"]:
        error = await failure(server.create(webhook_url=url, reference=reference))
        assert isinstance(error, InvalidInput)
        assert (error.reason, error.field) == (Reason.FIELD_INVALID, "spec.webhook_url")


async def test_without_a_secret_nobody_is_told(start: Start) -> None:
    error = await failure((await start()).create(webhook_url="https://example.org/"))
    assert error.field == "spec.webhook_url"
    assert "S2V_GATEWAY_WEBHOOK_SECRET" in error.message
