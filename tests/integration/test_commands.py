"""The commands about what there is, against a gateway in memory, and bad input to them."""

from pathlib import Path

import pytest

from command_line import PHOTO, s2v
from s2v.api.common.v1 import measurement_pb2
from s2v.api.gateway.v1 import job_pb2
from s2v.core.errors import InvalidInput, Reason
from s2v.testing.fakes_gateway import FILM, FakeGateway


def test_jobs_are_listed_the_newest_first_and_by_state(gateway: FakeGateway) -> None:
    done = gateway.add_job(job_pb2.JobSpec(display_name="first film"))
    gateway.finish(done)
    running = gateway.add_job(job_pb2.JobSpec())

    listed = s2v("jobs", gateway=gateway).stdout.splitlines()
    assert [line.split()[:2] for line in listed] == [
        [running.name, "running"],
        [done.name, "succeeded"],
    ]
    assert listed[1].endswith("first film")
    only = s2v("jobs", "--state", "succeeded", gateway=gateway).stdout.splitlines()
    assert only == listed[1:]


def test_one_job_is_shown_with_its_film_and_how_well_its_lips_fit(gateway: FakeGateway) -> None:
    job = gateway.add_job(job_pb2.JobSpec(display_name="a film"))
    gateway.finish(job)
    early = s2v("jobs", job.name, gateway=gateway)
    assert "the lips" not in early.stdout
    job.stats.lip_sync.frames = 100
    job.stats.lip_sync.face_share = 1.0
    job.stats.lip_sync.opening_correlation = 0.31
    job.stats.lip_sync.best_correlation = 0.9
    job.stats.lip_sync.lag_milliseconds = 79.6
    job.stats.lip_sync.closures = 8
    job.stats.lip_sync.closure_recall = 0.75

    shown = s2v("jobs", job.name.removeprefix("jobs/"), gateway=gateway)

    assert shown.exit_code == 0, shown.output
    assert shown.stdout.splitlines()[0].endswith("a film")
    assert "4.00 s, 512x640, 25 frames/s" in shown.stdout
    assert shown.stdout.splitlines()[-2:] == [
        "the lips follow the sound, but 80 ms late",
        "agreement 0.90, 80 ms late, shut on 6 of 8 m, b, p",
    ]


def test_one_job_that_failed_is_shown_with_the_reason(gateway: FakeGateway) -> None:
    gateway.error = InvalidInput(Reason.FACE_NOT_FOUND, "no face in it", field="spec.reference")
    job = gateway.add_job(job_pb2.JobSpec())
    gateway.finish(job)
    assert "--reference: no face in it" in s2v("jobs", job.name, gateway=gateway).stdout


def test_watch_then_download_fetch_a_job_that_somebody_else_made(
    gateway: FakeGateway, tmp_path: Path
) -> None:
    job = gateway.add_job(job_pb2.JobSpec())
    output = tmp_path / "film.mp4"

    early = s2v("download", job.name, "-o", output, gateway=gateway)
    assert early.exit_code == 1
    assert "has no film yet" in early.stderr
    watched = s2v("watch", job.name.removeprefix("jobs/"), gateway=gateway)
    assert watched.exit_code == 0, watched.output
    assert f"s2v download {job.name} -o film.mp4" in watched.stdout
    fetched = s2v("download", job.name, "-o", output, gateway=gateway)
    assert fetched.exit_code == 0, fetched.output
    assert output.read_bytes() == FILM


def test_a_job_that_is_not_there_is_bad_input(gateway: FakeGateway) -> None:
    result = s2v("cancel", "nonsense", gateway=gateway)
    assert result.exit_code == 2
    assert result.stderr == "Error: JOB: there is no job jobs/nonsense\n"


def test_voices_engines_and_status_tell_what_there_is(gateway: FakeGateway) -> None:
    assert "nobody  en-US  Silent." in s2v("voices", gateway=gateway).stdout
    engines = s2v("engines", gateway=gateway).stdout
    assert "preset fast: Quick." in engines
    assert "sides of 64 to 1920 in steps of 64 pixels" in engines
    assert engines.count("takes --prompt") == 1
    status = s2v("status", gateway=gateway)
    assert status.exit_code == 1
    assert "render      away     it does not answer" in status.stdout
    assert "worker-0    idle     cpu, 0 restarts" in status.stdout
    assert status.stdout.endswith(
        "alarm       2026-11-28T09:00:00Z the gateway's database: SQLITE_FULL\n"
    )


def test_voices_and_engines_are_shown_by_their_bare_names(gateway: FakeGateway) -> None:
    assert s2v("voices", gateway=gateway).stdout.startswith("nobody ")
    assert s2v("engines", gateway=gateway).stdout.startswith("fake ")


def test_assets_are_listed_the_newest_first_with_the_job_that_made_them(
    gateway: FakeGateway,
) -> None:
    photo = gateway.add_asset(PHOTO, "image/jpeg")
    job = gateway.add_job(job_pb2.JobSpec())
    gateway.finish(job)

    listed = s2v("assets", gateway=gateway).stdout.splitlines()

    assert [line.split()[0] for line in listed] == [job.film.asset, photo.name]
    assert listed[0].endswith(job.name)
    assert "image/jpeg" in listed[1]
    assert len(s2v("assets", "--limit", "1", gateway=gateway).stdout.splitlines()) == 1


def test_delete_removes_a_job_or_an_asset_and_says_what_went(gateway: FakeGateway) -> None:
    job = gateway.add_job(job_pb2.JobSpec(display_name="first film"))
    photo = gateway.add_asset(PHOTO, "image/jpeg")

    of_job = s2v("delete", job.name, gateway=gateway)
    of_photo = s2v("delete", photo.name, gateway=gateway)

    assert of_job.stdout.startswith(f"deleted {job.name}  running")
    assert of_job.stdout.endswith("first film\n")
    assert of_photo.stdout.startswith(f"deleted {photo.name}  image/jpeg")
    assert not gateway.jobs
    assert not gateway.assets


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("me.jpg", "NAME: 'me.jpg' is neither a job nor an asset"),
        ("jobs/none", "NAME: there is no job jobs/none"),
        ("assets/none", "NAME: there is no asset assets/none"),
    ],
)
def test_delete_refuses_what_is_not_there(gateway: FakeGateway, name: str, problem: str) -> None:
    result = s2v("delete", name, gateway=gateway)
    assert result.exit_code == 2
    assert problem in result.stderr


def test_watch_waits_for_what_is_measured_when_asked_to(gateway: FakeGateway) -> None:
    gateway.stats = job_pb2.FilmStats(
        state=job_pb2.STATS_STATE_DONE,
        lip_sync=measurement_pb2.LipSyncMeasurement(
            face_share=1.0, opening_correlation=0.8, best_correlation=0.8
        ),
    )
    names = [gateway.add_job(job_pb2.JobSpec()).name for _ in range(3)]

    assert "the lips follow the sound" in s2v("watch", names[0], "--stats", gateway=gateway).stdout
    gateway.stats = job_pb2.FilmStats(state=job_pb2.STATS_STATE_PENDING)
    assert "the lips" not in s2v("watch", names[1], gateway=gateway).stdout
    gateway.stats = job_pb2.FilmStats(
        state=job_pb2.STATS_STATE_NOT_MEASURED, reason="There is no face."
    )
    told = s2v("watch", names[2], "--stats", gateway=gateway).stdout
    assert "the lips were not measured: There is no face." in told


def test_a_server_that_is_not_there_is_named_with_what_to_do(tmp_path: Path) -> None:
    result = s2v("jobs", "--server", f"unix:{tmp_path}/none.sock")
    assert result.exit_code == 1
    assert "start one with `s2v serve`" in result.stderr
