"""The videos-compatible API, with the client of the `openai` package and with curl."""

import asyncio
import json

import openai
import pytest

from gateway_world import png, wav
from s2v.core.errors import Reason, Unavailable
from s2v.testing.fakes_stages import FakeStages
from web_world import StartWeb, Web, curl

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API")


def client_of(web: Web) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{web.url}/v1", api_key="none", max_retries=0)


async def test_a_video_is_made_by_the_client_of_openai(web: Web) -> None:
    async with client_of(web) as client:
        video = await client.videos.create(
            prompt="a bb ccc",
            model="portrait",  # type: ignore[arg-type]
            input_reference=("me.png", png()),
            size="128x64",  # type: ignore[arg-type]
            seconds="4",
        )
        assert video.id.startswith("video_")
        assert video.object == "video"
        assert video.status == "queued"
        assert (video.model, video.prompt, video.size) == ("portrait", "a bb ccc", "128x64")
        await web.ended(video.id.removeprefix("video_"))
        video = await client.videos.retrieve(video.id)
        assert (video.status, video.progress, video.error) == ("completed", 100, None)
        assert video.completed_at is not None
        assert video.completed_at >= video.created_at
        assert float(video.seconds) == pytest.approx(6 / 25)
        content = await client.videos.download_content(video.id)
        film = await web.client.get(f"/api/download/{video.id.replace('video_', 'task_')}")
        assert content.read() == film.content
        for variant in ("thumbnail", "spritesheet"):
            picture = await client.videos.download_content(video.id, variant=variant)
            assert picture.response.headers["content-type"] == "image/jpeg"
            assert picture.read()
        deleted = await client.videos.delete(video.id)
        assert (deleted.id, deleted.deleted, deleted.object) == (video.id, True, "video.deleted")
        with pytest.raises(openai.NotFoundError, match="there is no job") as caught:
            await client.videos.retrieve(video.id)
        assert caught.value.code == "job_not_found"


async def test_pictures_that_were_not_asked_for_are_not_found(web: Web) -> None:
    job = await web.job()
    await web.ended(job)
    async with client_of(web) as client:
        for variant in ("thumbnail", "spritesheet"):
            with pytest.raises(openai.NotFoundError, match="made without such pictures"):
                await client.videos.download_content(f"video_{job}", variant=variant)  # type: ignore[arg-type]


async def test_videos_are_listed_in_pages_in_either_order(web: Web) -> None:
    made = [f"video_{await web.job()}" for _ in range(5)]
    async with client_of(web) as client:
        newest = await client.videos.list(limit=2)
        assert [video.id for video in newest.data] == [made[4], made[3]]
        assert newest.has_more
        after = await client.videos.list(limit=2, after=made[3])
        assert [video.id for video in after.data] == [made[2], made[1]]
        everything = [video.id async for video in client.videos.list(limit=2, order="asc")]
        assert everything == made
        last = await client.videos.list(after=made[3], order="asc")
        assert [video.id for video in last.data] == [made[4]]
        assert not last.has_more
        with pytest.raises(openai.NotFoundError):
            await client.videos.list(after="video_01ARZ3NDEKTSV4RRFFQ69G5FAV")


async def test_a_reference_may_be_an_asset(web: Web) -> None:
    asset = (await web.client.post("/v1/assets:upload", content=png())).json()["asset"]["name"]
    # The package's own client takes files alone.
    for name in (asset, asset.removeprefix("assets/")):
        created = await web.client.post(
            "/v1/videos", json={"prompt": "a", "input_reference": {"file_id": name}}
        )
        job = created.json()["id"].removeprefix("video_")
        told = (await web.client.get(f"/v1/jobs/{job}")).json()["job"]
        assert told["spec"]["reference"] == asset


async def test_what_is_given_beside_the_prompt_is_said(web: Web) -> None:
    async with client_of(web) as client:
        video = await client.videos.create(
            prompt="by the sea",
            model="directed",  # type: ignore[arg-type]
            input_reference=("me.png", png()),
            extra_body={"text": "a bb"},
        )
    job = (await web.client.get(f"/v1/jobs/{video.id.removeprefix('video_')}")).json()["job"]
    assert (job["spec"]["prompt"], job["spec"]["script"]["text"]) == ("by the sea", "a bb")
    files = {"audio": ("a.wav", wav()), "input_reference": ("me.png", png())}
    sounding = await web.client.post("/v1/videos", files=files)
    assert sounding.json()["status"] == "queued"


async def test_a_video_that_failed_says_why(start_web: StartWeb) -> None:
    fail = {"render-0": Unavailable(Reason.WORKER_LOST, "the worker was lost")}
    web = await start_web(FakeStages(fail=fail))  # type: ignore[arg-type]
    job = await web.job()
    await web.ended(job)
    async with client_of(web) as client:
        video = await client.videos.retrieve(f"video_{job}")
        assert video.status == "failed"
        assert video.error is not None
        assert (video.error.code, video.error.message) == ("worker_lost", "the worker was lost")
        with pytest.raises(openai.NotFoundError, match="the worker was lost"):
            await client.videos.download_content(video.id)


async def test_a_video_at_work_is_in_progress(start_web: StartWeb) -> None:
    hold = asyncio.Event()
    web = await start_web(FakeStages(hold={"render-1": hold}))
    job = await web.job()
    async with client_of(web) as client:
        await web.running.stages.called("render-1")
        video = await client.videos.retrieve(f"video_{job}")
        assert video.status == "in_progress"
        assert 0 <= video.progress < 100
    hold.set()
    await web.ended(job)


BAD = [
    ({}, "prompt"),
    ({"prompt": "a", "size": "large"}, "size"),
    ({"prompt": "a", "size": "63x1"}, "size"),
    ({"prompt": "a", "colour": "red"}, "colour"),
    ({"prompt": "a", "model": "sora-9"}, "spec.engine"),
    ({"prompt": ["a"]}, "prompt"),
    ({"prompt": "a", "input_reference": {"image_url": "x"}}, "input_reference[image_url]"),
]


async def test_a_bad_request_is_an_error_of_theirs(web: Web) -> None:
    for fields, field in BAD:
        response = await web.client.post("/v1/videos", json=fields)
        error = response.json()["error"]
        assert response.status_code == 400
        assert (error["type"], error["param"]) == ("invalid_request_error", field)
        assert error["message"]
    for query in ("limit=0", "limit=101", "limit=x", "order=up"):
        response = await web.client.get(f"/v1/videos?{query}")
        assert response.status_code == 400
        assert response.json()["error"]["param"] == query.partition("=")[0]


async def test_a_video_is_made_by_curl(web: Web) -> None:
    made = json.loads(
        await curl(
            f"{web.url}/v1/videos", "-H", "content-type: application/json", "-d", '{"prompt": "a"}'
        )
    )
    await web.ended(made["id"].removeprefix("video_"))
    told = json.loads(await curl(f"{web.url}/v1/videos/{made['id']}"))
    assert told["status"] == "completed"
    head = await curl("-I", f"{web.url}/v1/videos/{made['id']}/content")
    assert "content-type: video/mp4" in head.lower()
    listed = json.loads(await curl(f"{web.url}/v1/videos?limit=1"))
    assert [one["id"] for one in listed["data"]] == [made["id"]]
    gone = json.loads(await curl("-X", "DELETE", f"{web.url}/v1/videos/{made['id']}"))
    assert gone["deleted"] is True
