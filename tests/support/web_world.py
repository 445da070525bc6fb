"""A gateway that is asked over HTTP, through real sockets."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from gateway_world import Running, gateways, png
from s2v_gateway.access.callers import Caller
from s2v_gateway.records.keys import KeyRecords


@dataclass
class Web:
    """A gateway, and a client of its HTTP."""

    running: Running
    client: httpx2.AsyncClient

    @property
    def url(self) -> str:
        return f"http://{self.running.http}"

    @property
    def port(self) -> int:
        return int(self.running.http.rpartition(":")[2])

    async def job(self, **fields: object) -> str:
        """Have a film made; return the id of the job."""
        uploaded = await self.client.post("/v1/assets:upload", content=png())
        spec = {"script": {"text": "a bb ccc"}, "reference": uploaded.json()["asset"]["name"]}
        created = await self.client.post("/v1/jobs", json={"spec": spec, **fields})
        assert created.status_code == 200, created.text
        return str(created.json()["job"]["name"]).removeprefix("jobs/")

    async def ended(self, job: str) -> None:
        await self.running.finished(f"jobs/{job}")


StartWeb = Callable[..., Awaitable[Web]]


@asynccontextmanager
async def webs(folder: Path) -> AsyncIterator[StartWeb]:
    """Give a function that starts gateways with HTTP; all of them stop at the end."""
    clients: list[httpx2.AsyncClient] = []
    async with gateways(folder) as starting:

        async def start(*args: object, **settings: object) -> Web:
            running = await starting(*args, **({"http_listen": "127.0.0.1:0"} | settings))
            client = httpx2.AsyncClient(base_url=f"http://{running.http}", timeout=60)
            clients.append(client)
            return Web(running, client)

        try:
            yield start
        finally:
            for client in clients:
                await client.aclose()


def key_of(web: Web, who: str) -> str:
    """Make a key for a caller, `red/ann`."""
    tenant, _, subject = who.partition("/")
    key, _ = KeyRecords(web.running.gateway.database).make(Caller(tenant, subject))
    return key


def fault(response: httpx2.Response) -> tuple[int, str, str]:
    """Return the HTTP code, the reason and the field of an error that is a google.rpc.Status."""
    status = response.json()
    found = {"reason": "", "field": ""}
    for detail in status["details"]:
        found["reason"] = detail.get("reason", found["reason"])
        for violation in detail.get("fieldViolations", []):
            found["field"] = violation["field"]
    return response.status_code, found["reason"], found["field"]


async def curl(*arguments: str) -> str:
    """Run curl and return what it writes."""
    process = await asyncio.create_subprocess_exec(
        "curl",
        "--silent",
        "--show-error",
        "--max-time",
        "60",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()
