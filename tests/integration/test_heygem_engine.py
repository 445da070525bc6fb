"""The engine heygem over a container that is a process, with each of the real one's traps."""

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from heygem_studio import (
    PATIENT,
    PORTRAIT,
    QUICK,
    begun,
    engine_for,
    frames_of,
    mouths,
    portrait_take,
)
from s2v.core.errors import InvalidInput, Reason, Unavailable
from s2v.core.lengths import VideoShorter
from s2v.core.ports import Take
from s2v.media.pcm import wav_bytes
from s2v.media.video import ClipEncoder, decode_frames
from s2v.testing.fakes_heygem import FakeContainer, container
from s2v.testing.fakes_heygem.making import make_video
from s2v_render.engines.heygem.containers import Container, HeygemSettings
from s2v_render.engines.heygem.engine import HeygemEngine

FRAMES = 25
Pictures = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeContainer]:
    with container(tmp_path_factory.mktemp("gpu0")) as fake:
        yield fake


@pytest.fixture
def fake(running: FakeContainer) -> FakeContainer:
    running.start_anew()
    return running


@pytest.fixture
def take() -> Take:
    return portrait_take()


def failure(fake: FakeContainer, take: Take) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        frames_of(engine_for(fake), take)
    return caught.value


def brightness(frames: Pictures) -> Any:
    """Return how bright each frame is above the mouth."""
    return frames[:, :60].mean(axis=(1, 2, 3))


def test_the_mouth_follows_the_sound_and_nothing_is_left(fake: FakeContainer, take: Take) -> None:
    frames = frames_of(engine_for(fake), take)

    levels = mouths(frames)
    loud, quiet = [levels[n] for n in (6, 18)], [levels[n] for n in (0, 12, 24)]
    assert len(frames) == FRAMES
    assert min(loud) > max(quiet) + 60
    assert fake.files == []


def test_it_is_told_all_that_it_asks_for(fake: FakeContainer, take: Take) -> None:
    frames_of(engine_for(fake), replace(take, preset="high"))

    [told] = fake.submitted
    assert told["audio_url"] == f"{told['code']}.wav"
    assert told["video_url"] == f"{told['code']}.mp4"
    switches = {key: told[key] for key in ("chaofen", "watermark_switch", "digital_auth", "pn")}
    assert switches == {"chaofen": 1, "watermark_switch": 0, "digital_auth": 0, "pn": 1}


@pytest.mark.parametrize("frame_rate", [10, 30, 60])
def test_its_own_rate_becomes_the_film_s(fake: FakeContainer, frame_rate: int) -> None:
    frames = frames_of(engine_for(fake), portrait_take(1.2, frame_rate))

    levels = mouths(frames)
    assert len(frames) == round(1.2 * frame_rate)
    assert abs(int(np.argmax(levels[: frame_rate // 2])) / frame_rate - 0.25) < 0.11


def test_a_sound_too_short_to_be_heard_has_its_frames_all_the_same(fake: FakeContainer) -> None:
    assert len(frames_of(engine_for(fake), portrait_take(0.04))) == 1


def test_a_video_plays_on_where_the_take_before_ended(
    fake: FakeContainer, take: Take, tmp_path: Path, a_video: Path
) -> None:
    take = replace(take, reference=a_video, reference_media_type="video/mp4")

    first = frames_of(engine_for(fake), take)
    later = frames_of(engine_for(fake), replace(take, first_frame=FRAMES))
    looped = replace(take, first_frame=2 * FRAMES, video_shorter=VideoShorter.LOOP)

    # The video, of two seconds, grows brighter from picture to picture.
    assert brightness(first)[-1] < brightness(later)[0]
    assert np.abs(brightness(frames_of(engine_for(fake), looped)) - brightness(first)).max() < 4


@pytest.mark.parametrize(
    ("mode", "submissions"),
    [
        ("absolute", 1),
        ("escapes", 1),
        ("text_codes", 1),
        ("lost_end", 1),
        ("restarts_late", 1),
        ("lost_submit", 1),
        ("duplicate", 1),
    ],
)
def test_a_video_is_found_whatever_is_said_of_it(
    fake: FakeContainer, take: Take, mode: str, submissions: int
) -> None:
    fake.behave(mode)

    assert len(frames_of(engine_for(fake, PATIENT), take)) == FRAMES
    assert len(fake.submitted) == submissions


@pytest.mark.parametrize(
    ("mode", "problem"),
    [
        ("fails", "no final result"),
        ("corrupt", "is not whole"),
        ("cut", "is not whole"),
        ("damaged", "is not whole"),
        ("short", "it lasts 0.48 s, not 1.00"),
        ("silent_film", "no sound"),
        ("slow_file", "it left no video"),
        ("growing_file", "is not whole"),
        ("drops", "knows nothing"),
        ("refuses", "refuses the request"),
        ("locked", "does not take the video"),
        ("errors", "does not take the video"),
        ("page", "does not take the video"),
    ],
)
def test_what_it_did_not_make_is_not_believed(
    fake: FakeContainer, take: Take, mode: str, problem: str
) -> None:
    fake.behave(mode)

    error = failure(fake, take)
    fake.go_on()

    assert error.reason is Reason.RENDER_FAILED
    assert 'container "gpu0"' in error.message
    assert problem in error.message
    fake.behave()
    assert len(frames_of(engine_for(fake), take)) == FRAMES


@pytest.mark.parametrize("mode", ["mixed_up", "odd_status"])
def test_answers_without_sense_are_none(fake: FakeContainer, take: Take, mode: str) -> None:
    fake.behave(mode)

    error = failure(fake, take)
    fake.go_on()

    assert error.reason is Reason.SERVICE_UNAVAILABLE
    assert "gave no answer" in error.message


@pytest.mark.parametrize("mode", ["slow_file", "growing_file"])
def test_a_video_that_is_late_is_waited_for(fake: FakeContainer, take: Take, mode: str) -> None:
    fake.behave(mode)
    with ThreadPoolExecutor(1) as thread:
        making = thread.submit(frames_of, engine_for(fake, PATIENT), take)
        fake.wait_for("told the end")
        fake.go_on()
        assert len(making.result()) == FRAMES


def test_a_busy_one_is_told_from_one_that_takes_it(fake: FakeContainer, take: Take) -> None:
    fake.behave("busy_for_ever")

    error = failure(fake, take)

    assert error.reason is Reason.SERVICE_UNAVAILABLE
    assert "makes another video" in error.message
    assert len(fake.submitted) == 1
    assert fake.files == []


def test_one_that_forgets_in_mid_work_has_lost_the_video(fake: FakeContainer, take: Take) -> None:
    fake.behave("restarts")
    with begun(engine_for(fake), take, fake) as items:
        fake.go_on()
        with pytest.raises(Unavailable, match="knows nothing of the video that it took"):
            list(items)
    assert fake.files == []


def test_one_that_comes_to_no_end_is_given_up(fake: FakeContainer, tmp_path: Path) -> None:
    with container(tmp_path) as stuck:
        stuck.behave("hang")
        engine = engine_for(stuck, replace(QUICK, take_seconds=1.0))

        with pytest.raises(Unavailable, match="was not done within 1 s") as caught:
            frames_of(engine, portrait_take())
    assert caught.value.reason is Reason.STAGE_STALLED


def test_one_that_is_killed_at_work_is_away(take: Take, tmp_path: Path) -> None:
    with container(tmp_path) as dying:
        dying.behave("held")
        engine = engine_for(dying)
        with begun(engine, take, dying) as items:
            dying.kill()
            with pytest.raises(Unavailable, match="does not answer") as caught:
                list(items)
        assert caught.value.reason is Reason.SERVICE_UNAVAILABLE
        with pytest.raises(Unavailable, match="is away: it does not answer"):
            engine.check()
        with pytest.raises(Unavailable, match="cannot be asked"):
            frames_of(engine, take)


def test_one_that_answers_is_well(fake: FakeContainer) -> None:
    engine_for(fake).check()

    assert fake.count("asked") == 1
    assert not fake.submitted


def test_cancelling_lasts_until_it_is_free(fake: FakeContainer, take: Take) -> None:
    fake.behave("held")
    with begun(engine_for(fake, PATIENT), take, fake) as items:
        closing = threading.Thread(target=items.close)
        closing.start()
        asked = fake.count("asked")
        while fake.count("asked") < asked + 3:
            time.sleep(0.01)
        assert closing.is_alive()
        assert fake.files
        fake.go_on()
        closing.join()

    assert fake.count("told the end") == 1
    assert fake.files == []


def test_a_video_that_a_dead_worker_asked_for_is_gone_on_with(
    fake: FakeContainer, take: Take
) -> None:
    fake.behave("held")
    with begun(engine_for(fake, PATIENT), take, fake) as abandoned:
        again = engine_for(fake, PATIENT).render(take)
        asked = fake.count("told that it runs")
        while fake.count("told that it runs") < asked + 2:
            next(again)
        fake.go_on()
        frames = sum(len(item.rgb) for item in again if hasattr(item, "rgb"))
        abandoned.close()

    assert frames == FRAMES
    assert len(fake.submitted) == 1


def test_a_video_that_nobody_fetched_is_not_made_again(
    fake: FakeContainer, take: Take, tmp_path: Path
) -> None:
    frames = frames_of(engine_for(fake), take)
    left = fake.folder / "temp" / f"{fake.submitted[0]['code']}-r.mp4"
    with ClipEncoder(tmp_path / "clip.mp4", width=96, height=120, frame_rate=25) as encoder:
        encoder.write(255 - frames)
    sound = tmp_path / "sound.wav"
    sound.write_bytes(wav_bytes(take.pcm))
    make_video(sound, tmp_path / "clip.mp4", left, fraction=1.0, sounds=True)
    fake.behave()

    found = frames_of(engine_for(fake), take)

    assert fake.submitted == []
    assert np.abs(found.astype(int) - (255 - frames.astype(int)))[:, :60].mean() < 5
    assert fake.files == []


def test_files_get_there_and_back_by_commands(
    fake: FakeContainer, take: Take, tmp_path: Path
) -> None:
    temp = fake.folder / "temp"
    copied = Container(
        name="far",
        url=fake.url,
        put=("cp", "{file}", f"{temp}/{{name}}"),
        fetch=("cp", f"{temp}/{{name}}", "{file}"),
        remove=("rm", "-f", f"{temp}/{{name}}"),
    )

    assert len(frames_of(HeygemEngine(HeygemSettings(copied, QUICK)), take)) == FRAMES
    assert fake.files == []


@pytest.mark.parametrize("command", ["false", "/no/such/program"])
def test_a_command_that_fails_is_told(fake: FakeContainer, take: Take, command: str) -> None:
    words = (command, "{file}", "{name}")
    copied = Container(name="far", url=fake.url, put=words, fetch=words, remove=words)

    with pytest.raises(Unavailable, match="its command `put` fails"):
        frames_of(HeygemEngine(HeygemSettings(copied, QUICK)), take)


def test_a_folder_that_cannot_be_written_to_is_told(
    fake: FakeContainer, take: Take, tmp_path: Path
) -> None:
    (tmp_path / "temp").touch()
    barred = Container(name="gpu0", url=fake.url, data_dir=tmp_path)

    with pytest.raises(Unavailable, match="cannot be put into its data_dir"):
        frames_of(HeygemEngine(HeygemSettings(barred, QUICK)), take)


def test_a_link_in_its_folder_is_not_followed(
    fake: FakeContainer, take: Take, tmp_path: Path
) -> None:
    frames_of(engine_for(fake), take)
    code = fake.submitted[0]["code"]
    elsewhere = tmp_path / "elsewhere.mp4"
    elsewhere.write_bytes(b"private")
    (fake.folder / "temp" / f"{code}-r.mp4").symlink_to(elsewhere)

    assert len(frames_of(engine_for(fake), take)) == FRAMES
    assert elsewhere.read_bytes() == b"private"


def test_what_was_left_a_day_ago_is_removed(fake: FakeContainer) -> None:
    temp = fake.folder / "temp"
    ours, fresh, theirs = temp / "s2v-old.mp4", temp / "s2v-new.mp4", temp / "old.mp4"
    for file in (ours, fresh, theirs):
        file.touch()
    for file in (ours, theirs):
        os.utime(file, (0, 0))

    frames_of(engine_for(fake), portrait_take(0.5))

    assert fake.files == ["old.mp4", "s2v-new.mp4"]
    fresh.unlink()
    theirs.unlink()


def test_a_reference_without_a_face_is_refused_before_it_is_asked(
    fake: FakeContainer, take: Take, tmp_path: Path
) -> None:
    grey = tmp_path / "grey.mp4"
    with ClipEncoder(grey, width=96, height=120, frame_rate=25) as encoder:
        encoder.write(np.full((25, 120, 96, 3), 128, np.uint8))
    faceless = replace(take, reference=grey, reference_media_type="video/mp4")

    with pytest.raises(InvalidInput) as caught:
        frames_of(engine_for(fake), faceless)

    assert (caught.value.reason, caught.value.field) == (Reason.FACE_NOT_FOUND, "spec.reference")
    assert fake.count("asked") == 0


@pytest.fixture(scope="module")
def a_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of the portrait, growing brighter."""
    photo = np.asarray(Image.open(PORTRAIT).convert("RGB").resize((200, 250))) // 2
    path = tmp_path_factory.mktemp("video") / "video.mp4"
    height, width, _ = photo.shape
    with ClipEncoder(path, width=width, height=height, frame_rate=25) as encoder:
        for frame in range(50):
            encoder.write((photo + np.uint8(frame))[None])
    assert sum(1 for _ in decode_frames(path)) == 50
    return path
