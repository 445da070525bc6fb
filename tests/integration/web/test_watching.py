"""Server-sent events and live media, and how they go on where they broke off."""

import asyncio
import json

import httpx2
import pytest

from s2v.core.errors import Reason, Unavailable
from s2v.testing.fakes_stages import FakeStages
from showing_stages import ShowingStages
from web_world import StartWeb, Web, fault

LARGE = [bytes([number]) * 600_000 for number in range(3)]
FILM = b"".join(LARGE)
Event = dict[str, str]


def events_in(text: str) -> list[Event]:
    """Read server-sent events as a browser does; comments and the wait are left out."""
    blocks = [
        dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        for block in text.split("\n\n")
    ]
    return [block for block in blocks if "data" in block]


async def events(web: Web, job: str, last: str = "") -> tuple[httpx2.Response, list[Event]]:
    headers = {"last-event-id": last} if last else {}
    response = await web.client.get(f"/v1/jobs/{job}/events", headers=headers)
    told = response.headers.get("content-type", "").startswith("text/event-stream")
    return response, events_in(response.text) if told else []


async def test_a_job_is_told_as_events_and_goes_on_where_it_was(web: Web) -> None:
    job = await web.job()
    response, told = await events(web, job)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.text.startswith("retry: ")
    kinds = [event["event"] for event in told]
    assert kinds[0] == "snapshot"
    assert kinds[-2:] == ["finished", "end"]
    assert json.loads(told[-2]["data"])["finished"]["state"] == "JOB_STATE_SUCCEEDED"

    seen = next(index for index, event in enumerate(told) if event["event"] == "state")
    _, rest = await events(web, job, told[seen]["id"])
    before = [event.get("id") for event in told[: seen + 1]]
    states = [event for event in rest if event["event"] == "state"]
    assert states
    assert not {event["id"] for event in states} & set(before)

    # A browser connects again when a stream has ended; 204 tells it that there is no more.
    over, nothing = await events(web, job, told[-1]["id"])
    assert (over.status_code, nothing) == (204, [])


async def test_the_contracts_own_path_tells_events_to_who_asks_for_them(web: Web) -> None:
    job = await web.job()
    response = await web.client.get(
        f"/v1/jobs/{job}:watch", headers={"accept": "text/event-stream"}
    )
    assert events_in(response.text)[-1]["event"] == "end"


async def test_events_come_while_a_job_works(start_web: StartWeb) -> None:
    hold = asyncio.Event()
    web = await start_web(FakeStages(hold={"render-1": hold}))
    job = await web.job()
    await web.running.stages.called("render-1")
    async with web.client.stream("GET", f"/v1/jobs/{job}/events") as response:
        text = ""
        async for piece in response.aiter_text():
            text += piece
            if "event: snapshot" in text and not hold.is_set():
                assert "event: finished" not in text
                hold.set()
    assert events_in(text)[-1]["event"] == "end"


async def test_stats_are_told_after_the_end_to_who_waits_for_them(web: Web) -> None:
    job = await web.job()
    response = await web.client.get(f"/v1/jobs/{job}/events?with_stats=true")
    assert [event["event"] for event in events_in(response.text)][-3:] == [
        "finished",
        "stats",
        "end",
    ]


async def test_a_job_or_a_place_that_is_not_there_is_an_error(web: Web) -> None:
    missing, _ = await events(web, "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert fault(missing) == (404, "JOB_NOT_FOUND", "name")
    strange, _ = await events(web, await web.job(), "one")
    assert fault(strange) == (400, "RESUME_TOKEN_INVALID", "resume_token")
    assert (await web.client.head("/v1/jobs/x/events")).status_code == 405
    for path in ("events", "media"):
        unknown = await web.client.get(f"/v1/jobs/x/{path}?start=1")
        assert fault(unknown) == (400, "FIELD_INVALID", "start")


async def test_a_stream_that_breaks_says_so(start_web: StartWeb) -> None:
    web = await start_web(FakeStages(hold={"render-1": asyncio.Event()}))
    job = await web.job()
    await web.running.stages.called("render-1")
    async with web.client.stream("GET", f"/v1/jobs/{job}/events") as response:
        text = ""
        async for piece in response.aiter_text():
            if not text:
                web.running.gateway.studio.close()  # as when the gateway goes down
            text += piece
    last = events_in(text)[-1]
    assert last["event"] == "error"
    assert json.loads(last["data"])["details"][0]["reason"] == "SERVICE_UNAVAILABLE"


@pytest.mark.parametrize("offset", [0, 600_001])
async def test_a_film_is_read_while_it_is_made(offset: int, start_web: StartWeb) -> None:
    hold = asyncio.Event()
    web = await start_web(ShowingStages(LARGE, hold={"join-1": hold}))
    job = await web.job(withMedia=True)
    if offset:
        hold.set()
    async with web.client.stream("GET", f"/v1/jobs/{job}/media?offset={offset}") as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "video/mp4"
        film = bytearray()
        async for piece in response.aiter_bytes():
            film += piece
            if len(film) >= len(LARGE[0]):
                hold.set()
    assert film == FILM[offset:]
    behind = await web.client.get(f"/v1/jobs/{job}/media?offset={len(FILM)}")
    assert fault(behind) == (404, "MEDIA_NOT_FOUND", "offset")
    far = await web.client.get(f"/v1/jobs/{job}/media?offset={len(FILM) + 1}")
    assert far.status_code == 400
    bad = await web.client.get(f"/v1/jobs/{job}/media?offset=x")
    assert bad.status_code == 400


async def test_a_film_that_breaks_off_does_not_look_whole(start_web: StartWeb) -> None:
    fail = {"join-1": Unavailable(Reason.WORKER_LOST, "the worker was lost")}
    web = await start_web(ShowingStages(LARGE, fail=fail))
    job = await web.job(withMedia=True)
    with pytest.raises(httpx2.RemoteProtocolError):
        await web.client.get(f"/v1/jobs/{job}/media")
    without = await web.client.get(f"/v1/jobs/{await web.job()}/media")
    assert fault(without) == (404, "MEDIA_NOT_FOUND", "with_media")
