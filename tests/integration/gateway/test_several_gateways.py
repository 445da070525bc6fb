"""Two gateways on one PostgreSQL share a queue, and whichever of them ends loses nothing."""

import signal
import uuid
from collections.abc import Iterator

import psycopg
import pytest

from gateway_world import png
from s2v.api.gateway.v1 import job_pb2
from s2v.client import Client
from s2v.core.errors import Exhausted, NotFound, Reason
from several_gateways import GatewayProcess, SeveralGateways, several_gateways

STEPS = ("cut", "speak-1", "render-1", "compose", "join-1", "measure")
ONCE = (1, ["SUCCEEDED"])
SUCCEEDED, CANCELLED = job_pb2.JOB_STATE_SUCCEEDED, job_pb2.JOB_STATE_CANCELLED


@pytest.fixture(scope="module")
def gateways(postgres_server: str) -> Iterator[SeveralGateways]:
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    url = postgres_server.replace("/postgres?", f"/{name}?")
    settings = {"LEASE_SECONDS": "5", "QUOTA_JOBS": "8", "MAX_RUNNING_JOBS": "6"}
    named = {f"S2V_GATEWAY_{key}": value for key, value in settings.items()}
    with several_gateways(url, **named) as gateways:
        yield gateways


@pytest.fixture(autouse=True)
def nothing_is_held(gateways: SeveralGateways) -> Iterator[None]:
    yield
    gateways.director.hold()


def job(client: Client, text: str = "a bb ccc") -> str:
    reference = client.upload(png()).name
    spec = job_pb2.JobSpec(script=job_pb2.Script(text=text), reference=reference)
    return client.create_job(spec).name


def ended(client: Client, name: str) -> job_pb2.Job:
    return list(client.watch(name))[-1].finished


def made(gateways: SeveralGateways, name: str) -> tuple[int, list[str]]:
    """Return how many films a job has, and how often it ended as what."""
    job_id = name.removeprefix("jobs/")
    with psycopg.connect(gateways.database_url) as connection:
        films = connection.execute(
            "SELECT count(*) FROM assets WHERE job_id = %s", (job_id,)
        ).fetchone()
        events = connection.execute(
            "SELECT event FROM job_history WHERE job_id = %s ORDER BY sequence", (job_id,)
        ).fetchall()
    assert films is not None
    states = [event.strip('"') for (event,) in events if event.startswith('"')]
    return films[0], [state for state in states if state not in ("QUEUED", "RUNNING")]


def test_jobs_of_either_wait_in_one_line_and_obey_both(gateways: SeveralGateways) -> None:
    leader, follower = gateways.two()
    director = gateways.director
    director.hold("render-0")
    names = [job(one.client) for one in (leader, follower) * 4]

    for one in (leader, follower):
        with pytest.raises(Exhausted) as refused:
            job(one.client)
        assert refused.value.metadata["quota"] == "jobs"
        status = one.client.system_status()
        assert (status.running_jobs, status.queued_jobs) == (6, 2)
        assert {found.name for found in one.client.list_jobs()} == set(names)
    for canceller, name, watcher in (
        (leader, names[1], follower),  # it is at work
        (follower, names[6], leader),  # it waits for a place, or has just got it
    ):
        canceller.client.cancel(name)
        assert ended(watcher.client, name).state == CANCELLED
    follower.client.delete_job(names[0])
    leader.client.delete_job(names[7])
    for one in (leader, follower):
        for gone in (names[0], names[7]):
            with pytest.raises(NotFound) as refusal:
                one.client.job(gone)
            assert refusal.value.reason is Reason.JOB_NOT_FOUND
    director.hold()

    for number, name in enumerate(names[2:6]):
        one = (leader, follower)[number % 2]
        assert ended(one.client, name).state == SUCCEEDED
        assert made(gateways, name) == ONCE


def jobs_at_every_step(gateways: SeveralGateways, leader: GatewayProcess) -> dict[str, str]:
    """Return jobs by the step that each is held at."""
    director = gateways.director
    director.hold(*STEPS)
    names = {}
    for number, step in enumerate(STEPS):
        names[step] = job(gateways.two()[number % 2].client)
        director.let(names[step], *STEPS[:number])
    for step, name in names.items():
        director.wait(name, step, leader.pid)
    return names


def check_films(
    gateways: SeveralGateways, names: dict[str, str], before: GatewayProcess, after: GatewayProcess
) -> None:
    """See to it that every film was made once, by the one that went on with it."""
    director = gateways.director
    for step, name in names.items():
        film = ended(after.client, name)
        assert film.state == SUCCEEDED, film
        assert made(gateways, name) == ONCE
        again = set(director.names(name, before.pid)) & set(director.names(name, after.pid))
        # What had ended is remembered; the composition alone begins anew, of the same clips.
        assert not again & {"cut", "speak-0"} - {step}


def test_what_a_killed_gateway_was_at_is_gone_on_with(gateways: SeveralGateways) -> None:
    leader, follower = gateways.two()
    names = jobs_at_every_step(gateways, leader)

    leader.kill()

    director = gateways.director
    for step, name in names.items():
        director.wait(name, step, follower.pid)
    director.hold()
    check_films(gateways, names, leader, follower)


def test_what_a_frozen_gateway_was_at_is_gone_on_with_and_it_can_do_no_more(
    gateways: SeveralGateways,
) -> None:
    leader, follower = gateways.two()
    names = jobs_at_every_step(gateways, leader)
    leader.process.send_signal(signal.SIGSTOP)

    director = gateways.director
    for step, name in names.items():
        director.wait(name, step, follower.pid)
    leader.process.send_signal(signal.SIGCONT)
    director.hold()

    assert leader.process.wait() == 1
    assert "another gateway has taken the database" in leader.log.read_text()
    check_films(gateways, names, leader, follower)


def test_a_gateway_that_follows_can_end_in_the_middle(gateways: SeveralGateways) -> None:
    leader, follower = gateways.two()
    director = gateways.director
    director.hold("render-0")
    name = job(follower.client)
    director.wait(name, "render-0", leader.pid)

    follower.kill()
    director.hold()

    assert ended(leader.client, name).state == SUCCEEDED
    assert director.names(name, leader.pid).count("render-0") == 1


def test_a_gateway_that_is_told_to_end_hands_over(gateways: SeveralGateways) -> None:
    leader, follower = gateways.two()
    director = gateways.director
    director.hold("render-0")
    name = job(follower.client)
    director.wait(name, "render-0", leader.pid)

    leader.process.send_signal(signal.SIGTERM)

    assert leader.process.wait() == 0
    director.wait(name, "render-0", follower.pid)
    director.hold()
    assert ended(follower.client, name).state == SUCCEEDED
    assert made(gateways, name) == ONCE
