"""Who made and deleted what is written down, and nothing of what was in it."""

import hashlib
import json
import os
import stat
from pathlib import Path

import pytest

from gateway_world import Running, Start, failure, generate_requests, png, rest, wav
from s2v.api.gateway.v1 import asset_service_pb2, job_pb2, job_service_pb2, voice_service_pb2
from s2v_gateway.access.audit import AuditEntry, AuditLog
from s2v_gateway.access.callers import Caller

SECRET = "Nobody shall read this sentence"
ANN = Caller("red", "ann", key_id="KEY")


def lines(server: Running) -> list[dict[str, str]]:
    return [json.loads(line) for line in server.gateway.audit.path.read_text().splitlines()]


async def test_what_is_made_and_deleted_is_written_down(start: Start) -> None:
    server = await start(access="closed")
    ann = server.acting("red/ann")
    picture, sound = await ann.upload(png()), await ann.upload(wav(), "audio/wav")
    voice = voice_service_pb2.Voice(name="voices/anns", language="en-US", description=SECRET)
    voice.consent.statement, voice.consent.date = SECRET, "2026-01-01"
    create = voice_service_pb2.CreateVoiceRequest(voice=voice, asset=sound)
    await ann.voices.CreateVoice(create)
    spec = job_pb2.JobSpec(
        script=job_pb2.Script(text=SECRET), reference=picture, voice="voices/anns"
    )
    request = job_service_pb2.CreateJobRequest(spec=spec, request_id="one")
    job = (await ann.jobs.CreateJob(request)).job.name
    await ann.jobs.CreateJob(request)
    await ann.finished(job)
    await rest(ann.generation.Generate(iter(generate_requests(png(), text=(SECRET,)))))
    await ann.jobs.DeleteJob(job_service_pb2.DeleteJobRequest(name=job))
    await failure(ann.jobs.DeleteJob(job_service_pb2.DeleteJobRequest(name=job)))
    await ann.voices.DeleteVoice(voice_service_pb2.DeleteVoiceRequest(name="voices/anns"))
    await ann.assets.DeleteAsset(asset_service_pb2.DeleteAssetRequest(name=picture))

    written = lines(server)
    assert [(line["call"], line["result"]) for line in written] == [
        ("FinishUpload", "OK"),
        ("FinishUpload", "OK"),
        ("CreateVoice", "OK"),
        ("CreateJob", "OK"),
        ("film", "OK"),
        ("Generate", "OK"),
        ("film", "OK"),
        ("DeleteJob", "OK"),
        ("DeleteJob", "JOB_NOT_FOUND"),
        ("DeleteVoice", "OK"),
        ("DeleteAsset", "OK"),
    ]
    assert {(line["tenant"], line["subject"]) for line in written} == {("red", "ann")}
    assert {line["call"] for line in written if len(line.get("key", "")) != 26} == {"film"}
    uploaded, _, made_voice, made_job, film, *_ = written
    assert (film["job"], film["sha256"]) == (job, hashlib.sha256(b"film").hexdigest())
    assert made_job["face"] == uploaded["sha256"]
    assert (made_job["job"], made_job["reference"], made_job["voice"]) == (job, picture, "anns")
    assert made_job["sample"] == made_voice["sample"]
    path = server.gateway.audit.path
    assert "sentence" not in path.read_text()
    assert ann.key not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_name_that_a_client_made_up_fills_no_log(start: Start) -> None:
    server = await start()
    name = "jobs/" + "x\n" * 10_000
    await failure(server.jobs.DeleteJob(job_service_pb2.DeleteJobRequest(name=name)))
    [line] = lines(server)
    assert line["job"] == name[:100]


def test_a_full_file_is_put_aside_and_the_oldest_goes(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        log = AuditLog(tmp_path, max_bytes=1000, max_files=2, complain=pytest.fail)
        for number in range(40):
            log.write(ANN, "CreateJob", AuditEntry({"job": f"jobs/{number:02}"}))
        log.close()
    finally:
        os.umask(before)
    files = sorted(tmp_path.glob("audit.jsonl*"))
    assert [file.name for file in files] == ["audit.jsonl", "audit.jsonl.1", "audit.jsonl.2"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert max(file.stat().st_size for file in files) <= 1000
    kept = [
        json.loads(line)["job"]
        for file in reversed(files)
        for line in file.read_text().splitlines()
    ]
    assert kept == [f"jobs/{number:02}" for number in range(40 - len(kept), 40)]


def test_a_log_that_cannot_be_written_is_complained_of(tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").symlink_to(tmp_path / "elsewhere")
    told = list[str]()
    log = AuditLog(tmp_path, max_bytes=0, max_files=0, complain=lambda what, _: told.append(what))
    log.write(ANN, "CreateJob", AuditEntry())
    log.close()
    assert len(told) == 1
    assert not (tmp_path / "elsewhere").exists()


async def test_what_ends_by_itself_is_written_down(start: Start) -> None:
    server = await start(access="closed", keep_jobs_days=1e-9, keep_uploads_days=1e-9)
    ann = server.acting("red/ann")
    job = await ann.create()
    await ann.finished(job.name)
    await server.gateway.retention.sweep()
    gone = [line for line in lines(server) if line["call"] == "expiry"]
    assert [(line["subject"], line.get("job"), line.get("asset")) for line in gone] == [
        ("ann", job.name, None),
        ("ann", None, job.spec.reference),
    ]
