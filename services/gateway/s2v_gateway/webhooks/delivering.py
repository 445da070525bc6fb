"""Send webhooks in the format of Standard Webhooks 1.0, again and again for three days."""

import asyncio
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

import httpcore2
import structlog
from google.protobuf import json_format
from standardwebhooks import Webhook

from s2v.api.gateway.v1 import job_pb2
from s2v.core.job import Job
from s2v.rpc.finishing import in_thread
from s2v_gateway.records.webhooks import Due, WebhookRecords
from s2v_gateway.webhooks.addresses import PublicNetwork

DELAYS_SECONDS = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""How long to wait after each attempt that failed; 75 hours in all."""
_JITTER = 0.2
_LOOK_SECONDS = 2.0
_ATTEMPT_SECONDS = 20.0
_AT_ONCE = 32
_GONE = 410
_MAX_ERROR_CHARACTERS = 300

_log = structlog.get_logger()


class Webhooks:
    """Tells the ends of jobs; a delivery that is not written down as taken is made again.

    Args:
        records: what is to be told.
        spell: makes a message of a job.
        secret: to sign with, base64 with or without `whsec_`.
        private_addresses: whether this machine and its network may be told, too.
        now: the time.
    """

    def __init__(
        self,
        records: WebhookRecords,
        *,
        spell: Callable[[Job], job_pb2.Job],
        secret: str,
        private_addresses: bool,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._records = records
        self._spell = spell
        self._webhook = Webhook(secret)
        self._network = PublicNetwork(private_too=private_addresses)
        self._now = now

    async def look_forever(self) -> None:
        """Tell what is due, now and then."""
        while True:
            try:
                told = await self.look()
            except Exception as error:  # noqa: BLE001 - the database may be away
                _log.error("webhooks cannot be looked for", exc_info=error)
                told = 0
            if told < _AT_ONCE:
                await asyncio.sleep(_LOOK_SECONDS)

    async def look(self) -> int:
        """Tell what is due; return how many attempts were made."""
        due = await in_thread(self._records.due, self._now(), most=_AT_ONCE)
        await asyncio.gather(*map(self._deliver, due))
        return len(due)

    async def _deliver(self, due: Due) -> None:
        try:
            async with asyncio.timeout(_ATTEMPT_SECONDS):
                code = await self._send(due)
        except Exception as error:  # noqa: BLE001 - whatever happens there, it did not arrive
            await self._failed(due, f"{type(error).__name__}: {error}")
            return
        if 200 <= code < 300:
            await in_thread(self._records.delivered, due)
        elif code == _GONE:
            await in_thread(self._records.unwanted, due, "it answered 410: no more is wanted there")
        else:
            await self._failed(due, f"it answered {code}")

    async def _send(self, due: Due) -> int:
        """Send a message and return the code that it is answered with."""
        now = self._now()
        body = self._body(due.job)
        headers = {
            "content-type": "application/json",
            "user-agent": f"s2v/{version('s2v')}",
            "webhook-id": due.delivery_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(due.delivery_id, now, body),
        }
        # No redirects are followed and no proxy is asked: this is not a client of the web.
        async with (
            httpcore2.AsyncConnectionPool(network_backend=self._network) as pool,
            pool.stream(
                "POST", due.url, headers=list(headers.items()), content=body.encode()
            ) as response,
        ):
            return int(response.status)

    async def _failed(self, due: Due, error: str) -> None:
        wait = DELAYS_SECONDS[due.attempts] if due.attempts < len(DELAYS_SECONDS) else None
        next_time = None
        if wait is not None:
            seconds = wait * random.uniform(1 - _JITTER, 1 + _JITTER)
            next_time = self._now() + timedelta(seconds=seconds)
        await in_thread(self._records.failed, due, error[:_MAX_ERROR_CHARACTERS], next_time)
        _log.warning("a webhook was not taken", job_id=due.job.job_id, attempts=due.attempts + 1)

    def _body(self, job: Job) -> str:
        """Tell how a job ended; what was asked for is left out, but for its name."""
        message = self._spell(job)
        name = message.spec.display_name
        message.ClearField("spec")
        message.spec.display_name = name
        kind = f"job.{job.state.value.lower()}"
        told = json_format.MessageToDict(message)
        timestamp = message.end_time.ToJsonString()
        return json.dumps({"type": kind, "timestamp": timestamp, "data": {"job": told}})
