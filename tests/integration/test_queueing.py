"""The queue through the client and the commands, against a gateway in memory."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from command_line import s2v
from s2v.api.gateway.v1 import job_pb2
from s2v.core.errors import InvalidInput, NotFound, Reason
from s2v.testing.fakes_gateway import FakeGateway


def waiting(position: int, seconds: float) -> job_pb2.Waiting:
    place = job_pb2.Waiting(position=position)
    place.estimated_start_time.FromDatetime(datetime.now(UTC) + timedelta(seconds=seconds))
    return place


def spec(text: str) -> job_pb2.JobSpec:
    return job_pb2.JobSpec(script=job_pb2.Script(text=text), reference="assets/0")


def test_the_client_estimates_a_film(gateway: FakeGateway, client: Any) -> None:
    estimate = client.estimate(spec("Hello."))
    assert estimate.work_duration.ToMilliseconds() == 8000
    assert estimate.wait_duration.ToMilliseconds() == 90_000


def test_a_batch_goes_in_as_many_calls_as_it_takes_and_comes_back_in_order(
    gateway: FakeGateway, client: Any
) -> None:
    gateway.error = InvalidInput(Reason.FACE_NOT_FOUND, "no face", field="spec.reference")
    specs = [spec(f"{number} {'a' * 20_000}") for number in range(60)] + [job_pb2.JobSpec()]
    outcomes = client.batch_create(specs)
    assert gateway.calls == ["BatchCreateJobs"] * 2
    assert [job.spec.script.text for job in outcomes[:60]] == [
        one.script.text for one in specs[:60]
    ]
    assert isinstance(outcomes[60], InvalidInput)
    assert (outcomes[60].reason, outcomes[60].field) == (Reason.FACE_NOT_FOUND, "spec.reference")


def test_a_batch_of_many_small_jobs_is_parted_too(gateway: FakeGateway, client: Any) -> None:
    assert len(client.batch_create([spec("a")] * 150)) == 150
    assert gateway.calls == ["BatchCreateJobs"] * 2
    assert client.batch_create([]) == []


def test_a_batch_whose_answer_is_lost_makes_no_job_twice(gateway: FakeGateway, client: Any) -> None:
    gateway.break_after["BatchCreateJobs"] = 1
    outcomes = client.batch_create([spec("a"), spec("b")])
    assert [job.name for job in outcomes] == list(gateway.jobs)
    again = client.batch_create([spec("a")], request_ids=["one"])
    assert client.batch_create([spec("a")], request_ids=["one"]) == again
    with pytest.raises(ValueError, match="shorter"):
        client.batch_create([spec("a"), spec("b")], request_ids=["one"])


def test_a_retry_whose_answer_is_lost_makes_one_job(gateway: FakeGateway, client: Any) -> None:
    old = gateway.add_job(spec("a"))
    gateway.break_after["RetryJob"] = 1
    anew = client.retry(old.name)
    assert anew.retry_of == old.name
    assert list(gateway.jobs) == [old.name, anew.name]
    with pytest.raises(NotFound):
        client.retry("jobs/none")


def test_jobs_tell_where_they_wait(gateway: FakeGateway) -> None:
    job = gateway.add_job(job_pb2.JobSpec(display_name="a film"))
    job.state = job_pb2.JOB_STATE_QUEUED
    job.waiting.CopyFrom(waiting(3, 200.5))
    line = s2v("jobs", gateway=gateway).stdout.rstrip()
    assert "a film  number 3 in the queue, may start in 3:" in line
    assert s2v("jobs", job.name, gateway=gateway).stdout.rstrip()[:-6] == line[:-6]
    job.waiting.CopyFrom(waiting(1, -5))
    listed = s2v("jobs", "--state", "queued", gateway=gateway).stdout
    assert listed.rstrip().endswith("number 1 in the queue, may start any moment")


def test_a_job_is_made_again(gateway: FakeGateway) -> None:
    old = gateway.add_job(spec("a"))
    result = s2v("jobs", "retry", old.name.removeprefix("jobs/"), gateway=gateway)
    assert result.exit_code == 0, result.output
    name = result.stdout.split()[0]
    assert gateway.jobs[name].retry_of == old.name
    assert f"makes {old.name} again" in s2v("jobs", name, gateway=gateway).stdout
    none = s2v("jobs", "retry", "none", gateway=gateway)
    assert (none.exit_code, none.stderr) == (2, "Error: JOB: there is no job jobs/none\n")


def test_make_says_what_it_wants_of_the_queue_and_where_its_job_waits(
    gateway: FakeGateway, photo: Path, tmp_path: Path
) -> None:
    gateway.waiting = [waiting(2, 40.9), waiting(2, 40.9), waiting(1, 20.9)]
    result = s2v(
        *("make", "--text", "Hello.", "--reference", photo, "-o", tmp_path / "film.mp4"),
        *("--priority", "high", "--timeout", "90.5"),
        gateway=gateway,
    )
    assert result.exit_code == 0, result.output
    (job,) = gateway.jobs.values()
    assert job.spec.priority == job_pb2.PRIORITY_HIGH
    assert job.spec.timeout.ToMilliseconds() == 90_500
    waits = [line for line in result.stderr.splitlines() if line.startswith("waiting: n")]
    assert len(waits) == 2
    assert waits[0].startswith("waiting: number 2 in the queue, may start in ")


def test_make_leaves_the_usual_time_to_the_server(
    gateway: FakeGateway, photo: Path, tmp_path: Path
) -> None:
    s2v(
        *("make", "--text", "Hello.", "--reference", photo, "-o", tmp_path / "film.mp4"),
        gateway=gateway,
    )
    (job,) = gateway.jobs.values()
    assert job.spec.priority == job_pb2.PRIORITY_NORMAL
    assert not job.spec.HasField("timeout")
    negative = s2v(
        *("make", "--text", "a", "--reference", photo, "-o", tmp_path / "b.mp4", "--timeout", "-1"),
        gateway=gateway,
    )
    assert negative.exit_code == 2
