"""Progress in words."""

import pytest

from s2v.api.common.v1 import media_pb2
from s2v.api.gateway.v1 import job_pb2, job_service_pb2
from s2v_cli.showing import activity, details, display, follow
from s2v_cli.spelling import duration


def progress(fraction: float, stage: job_pb2.Stage = job_pb2.STAGE_RENDER) -> job_pb2.Progress:
    return job_pb2.Progress(
        fraction=fraction,
        stage=stage,
        frames_done=int(fraction * 250),
        frames_total=250,
        frames_per_second=12.5,
        remaining_seconds=125.0,
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.42, "0.4 s"), (42.4, "42 s"), (125.0, "2:05 min"), (3599.9, "60:00 min")],
)
def test_durations_are_short_and_readable(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_details_tell_frames_speed_and_time_left_as_far_as_they_are_known() -> None:
    assert details(progress(0.4)) == "100/250 frames, 12.5 frames/s, 2:05 min left"
    assert details(job_pb2.Progress()) == ""
    assert activity(job_pb2.Progress()) == "waiting"


def test_lines_come_for_each_stage_and_each_tenth_and_notices_come_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    notice = media_pb2.Notice(
        code=media_pb2.NOTICE_CODE_SEVERAL_FACES, message="There are two faces."
    )
    response = job_service_pb2.WatchJobResponse
    finished = job_pb2.Job(state=job_pb2.JOB_STATE_SUCCEEDED, notices=[notice])
    events = [
        response(progress=progress(0.0, job_pb2.STAGE_SPEAK)),
        response(notice=notice),
        response(progress=progress(0.02)),
        response(progress=progress(0.05)),
        response(progress=progress(0.16)),
        response(finished=finished),
    ]

    with display() as shown:
        assert follow(events, shown) == finished

    assert capsys.readouterr().err.splitlines() == [
        "speaking: 0%, 0/250 frames, 12.5 frames/s, 2:05 min left",
        "note: There are two faces.",
        "rendering: 2%, 5/250 frames, 12.5 frames/s, 2:05 min left",
        "rendering: 16%, 40/250 frames, 12.5 frames/s, 2:05 min left",
    ]
