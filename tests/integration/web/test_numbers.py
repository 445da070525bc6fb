"""What the gateway counts is told to admins."""

from prometheus_client.parser import text_string_to_metric_families

from s2v_gateway.access.callers import Caller, Role
from s2v_gateway.records.keys import KeyRecords
from web_world import StartWeb, Web, fault, key_of


async def test_whoever_asks_a_gateway_without_keys_is_told(web: Web) -> None:
    await web.client.get("/v1/server")
    response = await web.client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain")
    families = {one.name: one for one in text_string_to_metric_families(response.text)}
    methods = {sample.labels.get("method") for sample in families["s2v_rpc_calls"].samples}
    assert "SystemService/GetServerInfo" in methods


async def test_with_keys_admins_alone_are_told(start_web: StartWeb) -> None:
    web = await start_web(access="closed")
    assert fault(await web.client.get("/metrics"))[:2] == (401, "CREDENTIALS_MISSING")
    web.client.headers["authorization"] = f"Bearer {key_of(web, 'red/ann')}"
    assert fault(await web.client.get("/metrics"))[:2] == (403, "ROLE_MISSING")
    admin = Caller("ops", "eve", frozenset({Role.USER, Role.ADMIN}))
    key, _ = KeyRecords(web.running.gateway.database).make(admin)
    web.client.headers["authorization"] = f"Bearer {key}"
    assert (await web.client.get("/metrics")).status_code == 200
