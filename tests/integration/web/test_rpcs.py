"""The contract as JSON, by its descriptors."""

import asyncio
import importlib
import json
import pkgutil
import re

import aiohttp

import s2v.api.gateway.v1
from gateway_world import png
from s2v.api.gateway.v1 import job_pb2, job_service_pb2
from s2v.core.errors import Reason
from s2v.testing.fakes_stages import FakeStages
from s2v_gateway.web.bindings import bindings_of
from s2v_gateway.wiring import SERVICES
from web_world import StartWeb, Web, fault, key_of

FILES = [
    importlib.import_module(f"s2v.api.gateway.v1.{module.name}").DESCRIPTOR
    for module in pkgutil.iter_modules(s2v.api.gateway.v1.__path__)
    if module.name.endswith("_pb2")
]
METHODS = [
    method
    for file in FILES
    for service in file.services_by_name.values()
    for method in service.methods
]


def test_every_public_service_is_served() -> None:
    assert {method.containing_service.full_name for method in METHODS} == set(SERVICES)
    assert len(METHODS) >= 24


async def test_every_method_answers_over_http(web: Web) -> None:
    for method in METHODS:
        bindings = bindings_of(method)
        assert bindings, method.full_name
        for binding in bindings:
            path = re.sub(r"\{\w+:segment\}", "01ARZ3NDEKTSV4RRFFQ69G5FAV", binding.path)
            body = b"{}" if binding.body else None
            response = await web.client.request(binding.verb, path, content=body)
            if response.status_code != 200:
                # It came to the method, which says in its own words what it does not like.
                code, reason, field = fault(response)
                assert code in (400, 404), method.full_name
                assert reason in set(Reason) - {Reason.INTERNAL}
                assert field or reason == "CONFIG_EXPECTED"


def test_no_message_of_a_stream_looks_like_its_error() -> None:
    streamed = [method.output_type for method in METHODS if method.server_streaming]
    assert streamed
    assert not [kind.full_name for kind in streamed if "error" in kind.fields_by_name]


async def test_a_job_is_made_found_listed_and_deleted(web: Web) -> None:
    job = await web.job(requestId="0e37df36-f698-11e6-8dd4-cb9ced3df976")
    await web.ended(job)
    got = (await web.client.get(f"/v1/jobs/{job}")).json()["job"]
    assert (got["name"], got["state"]) == (f"jobs/{job}", "JOB_STATE_SUCCEEDED")
    query = {"pageSize": "10", "states": ["JOB_STATE_SUCCEEDED", "JOB_STATE_FAILED"]}
    listed = (await web.client.get("/v1/jobs", params=query)).json()
    assert [one["name"] for one in listed["jobs"]] == [f"jobs/{job}"]
    others = await web.client.get("/v1/jobs", params={"states": "JOB_STATE_FAILED"})
    assert others.json() == {"jobs": [], "nextPageToken": ""}
    cancelled = await web.client.post(f"/v1/jobs/{job}:cancel")
    assert cancelled.json()["job"]["state"] == "JOB_STATE_SUCCEEDED"
    assert (await web.client.delete(f"/v1/jobs/{job}")).json() == {}
    assert fault(await web.client.get(f"/v1/jobs/{job}")) == (404, "JOB_NOT_FOUND", "name")


async def test_a_field_in_path_and_body_is_filled(web: Web) -> None:
    response = await web.client.patch(
        "/v1/voices/heart",
        params={"updateMask": "description,language"},
        json={"description": "New.", "language": "en-US"},
    )
    assert fault(response) == (400, "VOICE_BUILT_IN", "name")


BAD = [
    ({"spec": {"widthPixels": "wide"}}, "spec.widthPixels"),
    ({"spec": {"width_pixels": 1.5}}, "spec.width_pixels"),
    ({"spec": {"colour": "red"}}, "spec.colour"),
    ({"spec": "all of it"}, "spec"),
    ({"spec": {"script": {"text": "a", "audio": "assets/b"}}}, "spec.script"),
    ({"spec": {"script": {"text": ["a"]}}}, "spec.script.text"),
    ({"withMedia": "perhaps"}, "withMedia"),
]


BAD_QUERIES = [
    ("pageSize=many", "pageSize"),
    ("states=3&states=x", "states[1]"),
    ("page=1", "page"),
]
NO_OBJECTS = [b"{", b"[]", b"3", b"\xff", b"[" * 50_000, b'{"a":' * 50_000]


async def test_a_bad_field_is_named(web: Web) -> None:
    for body, field in BAD:
        response = await web.client.post("/v1/jobs", json=body)
        assert fault(response) == (400, "FIELD_INVALID", field)
    for query, field in BAD_QUERIES:
        response = await web.client.get(f"/v1/jobs?{query}")
        assert fault(response) == (400, "FIELD_INVALID", field)
    for data in NO_OBJECTS:
        response = await web.client.post("/v1/jobs", content=data)
        assert fault(response) == (400, "FIELD_INVALID", "body")


async def test_a_path_or_a_verb_that_is_not_there_is_an_error(web: Web) -> None:
    missing = await web.client.get("/v1/nothing")
    assert (missing.status_code, missing.json()["code"]) == (404, 5)
    wrong = await web.client.put("/v1/jobs", json={})
    assert wrong.status_code == 405
    assert "GET" in wrong.headers["allow"] or "POST" in wrong.headers["allow"]


async def test_who_asks_is_who_the_key_says(start_web: StartWeb) -> None:
    web = await start_web(access="closed")
    stranger = await web.client.get("/v1/jobs")
    assert fault(stranger)[:2] == (401, "CREDENTIALS_MISSING")
    assert stranger.headers["www-authenticate"] == "Bearer"
    for path in ("/api/queue", "/v1/videos"):
        assert (await web.client.get(path)).status_code == 401
    assert (await web.client.get("/api/health")).status_code == 200
    red, blue = key_of(web, "red/ann"), key_of(web, "blue/bob")
    web.client.headers["authorization"] = f"Bearer {red}"
    job = await web.job()
    await asyncio.wait_for(_seen(web, job), 60)
    # How the server is, admins alone may know.
    assert (await web.client.get("/v1/status")).status_code == 403
    assert (await web.client.get("/api/queue")).json() == {"gpus": {}, "queue": [], "queue_size": 0}
    assert (await web.client.get("/api/info")).json()["gpus"] == 0
    web.client.headers["authorization"] = f"Bearer {blue}"
    assert fault(await web.client.get(f"/v1/jobs/{job}")) == (404, "JOB_NOT_FOUND", "name")
    del web.client.headers["authorization"]
    web.client.headers["x-api-key"] = red
    assert (await web.client.get(f"/v1/jobs/{job}")).status_code == 200


async def _seen(web: Web, job: str) -> None:
    async with web.client.stream("GET", f"/v1/jobs/{job}/events") as response:
        assert response.status_code == 200
        await response.aread()


async def test_a_stream_is_lines_of_json(start_web: StartWeb) -> None:
    hold = asyncio.Event()
    web = await start_web(FakeStages(hold={"render-1": hold}))
    job = await web.job()
    async with web.client.stream("GET", f"/v1/jobs/{job}:watch") as response:
        assert response.headers["content-type"] == "application/x-ndjson"
        lines = response.aiter_lines()
        first = json.loads(await anext(lines))
        assert first["snapshot"]["name"] == f"jobs/{job}"  # and nothing has ended yet
        hold.set()
        rest = [json.loads(line) async for line in lines]
    assert rest[-1]["finished"]["state"] == "JOB_STATE_SUCCEEDED"


async def test_generate_takes_and_gives_lines(web: Web) -> None:
    asset = (await web.client.post("/v1/assets:upload", content=png())).json()["asset"]["name"]
    requests = [
        {"config": {"spec": {"reference": asset}, "withoutMedia": True}},
        {"textChunk": "a bb "},
        {"textChunk": "ccc"},
    ]
    body = "\n".join(map(json.dumps, requests))
    response = await web.client.post("/v1:generate", content=body)
    events = [json.loads(line) for line in response.text.splitlines()]
    assert "accepted" in events[0]
    assert events[-1]["finished"]["spec"]["script"]["text"] == "a bb ccc"
    assert events[-1]["finished"]["state"] == "JOB_STATE_SUCCEEDED"


async def test_generate_answers_while_it_is_written_to(web: Web) -> None:
    asset = (await web.client.post("/v1/assets:upload", content=png())).json()["asset"]["name"]
    said, heard = asyncio.Event(), asyncio.Event()

    async def requests():  # type: ignore[no-untyped-def]
        spec = {"reference": asset}
        yield json.dumps({"config": {"spec": spec, "withoutMedia": True}}).encode() + b"\n"
        yield json.dumps({"textChunk": "This is the first sentence. And "}).encode() + b"\n"
        said.set()
        await heard.wait()
        yield json.dumps({"textChunk": "this the last."}).encode()

    # httpx would send everything before it reads anything.
    async with (
        aiohttp.ClientSession() as client,
        client.post(f"{web.url}/v1:generate", data=requests()) as response,
    ):
        await said.wait()
        events = []
        async for line in response.content:
            events.append(json.loads(line))
            heard.set()
    assert "accepted" in events[0]
    assert events[-1]["finished"]["state"] == "JOB_STATE_SUCCEEDED"


async def test_a_job_whose_generate_is_left_is_cancelled(start_web: StartWeb) -> None:
    web = await start_web(FakeStages(hold={"render-0": asyncio.Event()}))
    asset = (await web.client.post("/v1/assets:upload", content=png())).json()["asset"]["name"]
    body = json.dumps({"config": {"spec": {"reference": asset, "script": {"text": "a"}}}})
    async with web.client.stream("POST", "/v1:generate", content=body) as response:
        job = json.loads(await anext(response.aiter_lines()))["accepted"]["name"]
    # Whoever watches it would have it go on.
    request = job_service_pb2.GetJobRequest(name=job)
    while not (found := (await web.running.jobs.GetJob(request)).job).HasField("end_time"):
        pass
    assert found.state == job_pb2.JOB_STATE_CANCELLED
