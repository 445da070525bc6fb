"""The founding document's HTTP API, with its own commands."""

import asyncio
import json

from gateway_world import png, wav
from s2v.core.errors import Reason, S2VError, Unavailable
from s2v.testing.fakes_stages import FakeStages
from web_world import StartWeb, Web, curl, fault


async def submitted(web: Web, **fields: str) -> dict[str, object]:
    response = await web.client.post(
        "/api/generate", data={"text": "a bb ccc", **fields}, files={"image": ("me.png", png())}
    )
    assert response.status_code == 202, response.text
    answer: dict[str, object] = response.json()
    return answer


async def status(web: Web, task: object) -> dict[str, object]:
    answer: dict[str, object] = (await web.client.get(f"/api/status/{task}")).json()
    return answer


async def ended(web: Web, task: object) -> dict[str, object]:
    await web.ended(str(task).removeprefix("task_"))
    return await status(web, task)


async def test_a_task_is_submitted_asked_after_and_downloaded_by_curl(web: Web) -> None:
    text = await curl(
        "-X", "POST", f"{web.url}/api/generate", "-F", "text=This is a test video generation"
    )
    answer = json.loads(text)
    task = answer["task_id"]
    assert task.startswith("task_")
    assert answer == {
        "success": True,
        "task_id": task,
        "message": "Task submitted successfully",
        "status_url": f"/api/status/{task}",
    }
    await ended(web, task)
    told = json.loads(await curl(f"{web.url}/api/status/{task}"))
    assert told["status"] == "completed"
    assert told["progress"] == 100
    assert told["gpu_id"] is None
    assert set(told["timing"]) == {"tts_time", "video_time", "total_time"}
    assert all(seconds >= 0 for seconds in told["timing"].values())
    film = await web.client.get(told["result"])
    assert film.headers["content-type"] == "video/mp4"
    assert film.headers["content-disposition"] == f'attachment; filename="{task}.mp4"'
    assert film.content
    part = await web.client.get(told["result"], headers={"range": "bytes=1-2"})
    assert (part.status_code, part.content) == (206, film.content[1:3])


async def test_a_task_at_work_and_one_that_waits_are_told(start_web: StartWeb) -> None:
    hold = asyncio.Event()
    web = await start_web(FakeStages(hold={"render-1": hold}), max_running_jobs=1)
    first, second, third = [(await submitted(web))["task_id"] for _ in range(3)]
    await web.running.stages.called("render-1")
    working = await status(web, first)
    assert working["status"] == "processing"
    assert working["result"] is working["error"] is working["completed_time"] is None
    assert (await status(web, second))["queue_position"] == 1
    assert (await status(web, third))["queue_position"] == 2
    queue = (await web.client.get("/api/queue")).json()
    assert queue["queue_size"] == 2
    assert [one["task_id"] for one in queue["queue"]] == [second, third]
    assert queue["queue"][0]["text"] == "a bb ccc"
    early = await web.client.get(f"/api/download/{first}")
    assert early.status_code == 404
    assert "running" in early.json()["error"]
    hold.set()
    assert (await ended(web, third))["status"] == "completed"


async def test_a_task_that_failed_says_why(start_web: StartWeb) -> None:
    fail: dict[str, S2VError] = {"render-0": Unavailable(Reason.WORKER_LOST, "the worker was lost")}
    web = await start_web(FakeStages(fail=fail))
    told = await ended(web, (await submitted(web))["task_id"])
    assert (told["status"], told["error"]) == ("failed", "the worker was lost")
    missing = await web.client.get(f"/api/download/{told['task_id']}")
    assert missing.status_code == 404
    assert "the worker was lost" in missing.json()["error"]


async def test_given_sound_is_filmed(web: Web) -> None:
    files = {"audio": ("it.wav", wav()), "image": ("me.png", png())}
    response = await web.client.post("/api/generate", files=files, data={"text": "sound"})
    task = response.json()["task_id"]
    job = (await web.client.get(f"/v1/jobs/{task.removeprefix('task_')}")).json()["job"]
    script = job["spec"]["script"]
    assert script["audio"].startswith("assets/")
    assert script["transcript"] == "sound"


async def test_options_of_a_job_are_taken(web: Web) -> None:
    task = (await submitted(web, engine="portrait", preset="draft", seed="7", speed="1.5"))[
        "task_id"
    ]
    job = (await web.client.get(f"/v1/jobs/{str(task).removeprefix('task_')}")).json()["job"]
    spec = job["spec"]
    assert (spec["preset"], spec["seed"], spec["script"]["speed"]) == ("draft", "7", 1.5)


BAD = [
    ({}, {"image": png()}, "text"),
    ({"text": " "}, {"image": png()}, "text"),
    ({"text": "a", "colour": "red"}, {"image": png()}, "colour"),
    ({"text": "a"}, {"picture": png()}, "picture"),
    ({"text": "a"}, {"image": png(), "video": png()}, "image"),
    ({"text": "a"}, {"image": b""}, "image"),
    ({"text": "a", "seed": "x"}, {"image": png()}, "spec.seed"),
    ({"text": "a", "preset": "x"}, {"image": png()}, "spec.preset"),
    ({"text": "a"}, {"image": b"GIF89a nothing"}, "image"),
]


async def test_a_bad_form_is_an_error_with_its_field(web: Web) -> None:
    for data, files, field in BAD:
        response = await web.client.post("/api/generate", data=data, files=files)
        told = response.json()
        assert response.status_code == 400
        assert told["success"] is False
        assert told["error"] == told["message"]
        assert fault(response)[2] == field


async def test_a_task_that_is_not_there_is_not_found(web: Web) -> None:
    response = await web.client.get("/api/status/task_1768194928")
    assert response.status_code == 404
    assert response.json()["status"] == "not_found"
    assert (await web.client.get("/api/download/task_1768194928")).status_code == 404


async def test_info_and_health_are_told(web: Web) -> None:
    info = (await web.client.get("/api/info")).json()
    assert set(info) == {"service", "version", "port", "gpus", "endpoints"}
    assert info["port"] == web.port
    health = await web.client.get("/api/health")
    assert (health.status_code, health.json()) == (200, {"status": "healthy"})
    await web.running.gateway.server._health.enter_graceful_shutdown()
    gone = await web.client.get("/api/health")
    assert (gone.status_code, gone.json()) == (503, {"status": "unhealthy"})
