"""Films made on the page by clicking, seen while they are made, and kept."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from browsing import look
from installations import Installation
from stories import worker_pid

# Five minutes of film: whatever is looked at meanwhile, it is still being made.
LONG = "Every picture moves while the words are still being spoken. " * 80
PORTRAIT = Path(__file__).parents[2] / "libs/s2v/samples/portrait.jpg"


def video(page) -> dict[str, float]:
    return page.evaluate(
        """() => {
            const video = document.querySelector("#screen video");
            const duration = Number.isFinite(video.duration) ? video.duration : 0;
            return {duration, videoWidth: video.videoWidth, cues: video.textTracks[0].cues.length};
        }"""
    )


def note_first_move(page) -> None:
    """Have the page note whether the film was still being made when it began to move."""
    page.locator("#screen video").evaluate(
        """(video) => video.addEventListener("timeupdate", () => {
            if (video.currentTime > 0.3) {
                const ended = document.getElementById("making").hidden;
                video.dataset.moved ??= ended ? "after" : "before";
            }
        })"""
    )


def ready(page) -> None:
    page.locator("#film-files").wait_for()


def test_the_first_film_takes_one_click_and_is_there_to_download(page) -> None:
    look(page, "empty")
    page.get_by_role("button", name="Make the film").click()
    ready(page)
    look(page, "finished")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download film").click()
    film = Path(download.value.path()).read_bytes()
    assert film[4:8] == b"ftyp"
    assert (
        download.value.suggested_filename == "hello-i-am-a-photograph-that-has-just-learned-to.mp4"
    )
    with page.expect_download() as download:
        page.get_by_role("link", name="Captions (.srt)").click()
    assert "photograph" in Path(download.value.path()).read_text()
    page.locator("#film-facts").get_by_text("Lips follow sound").wait_for()
    shown = video(page)
    assert shown["videoWidth"] == 512
    assert shown["cues"] > 0


@contextlib.contextmanager
def at_rest(pid: int) -> Iterator[None]:
    """Have a process stand still, which would take processors for nothing meanwhile."""
    os.kill(pid, signal.SIGSTOP)
    yield
    with contextlib.suppress(ProcessLookupError):  # it was taken for stalled
        os.kill(pid, signal.SIGCONT)


def test_a_film_plays_before_it_is_finished_and_a_refresh_comes_back_to_its_making(
    page, installation: Installation
) -> None:
    page.get_by_label("Text to speak").fill(LONG)
    page.get_by_role("button", name="Make the film").click()
    page.locator("#making").wait_for()
    note_first_move(page)
    page.locator("#screen video[data-moved]").wait_for()
    assert page.locator("#screen video").get_attribute("data-moved") == "before"
    page.reload()
    page.locator("#making").wait_for()
    assert page.get_by_label("Text to speak").input_value() == LONG
    with at_rest(worker_pid(installation.sockets)):
        look(page, "making")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("heading", name="The film was cancelled").wait_for()
    look(page, "cancelled")


def test_ones_own_picture_shape_and_recording(page) -> None:
    page.get_by_text("Recording", exact=True).click()
    page.get_by_role("button", name="Record with the microphone").click()
    page.get_by_role("button", name="Stop recording").wait_for()
    look(page, "recording")
    page.wait_for_timeout(1500)
    page.get_by_role("button", name="Stop recording").click()
    page.locator("#sound-view audio").wait_for()
    page.locator("#portrait").set_input_files(PORTRAIT)
    page.get_by_text("Your picture").wait_for()
    page.locator("#portrait-status progress").wait_for(state="detached")
    page.get_by_text("Quality, shape and pace").click()
    page.get_by_label("Shape").select_option("Tall, 9:16")
    page.get_by_label("Quality").select_option("Draft")
    look(page, "chosen")
    page.get_by_role("button", name="Make the film").click()
    ready(page)
    assert page.locator("#order-problem").inner_text() == ""


def test_one_of_several_faces_is_chosen(page, tmp_path) -> None:
    one = Image.open(PORTRAIT)
    both = Image.new("RGB", (900, 512), "grey")
    both.paste(one, (0, 0))
    both.paste(one.resize((320, 320)), (560, 150))
    both.save(tmp_path / "both.png")
    assert not page.get_by_label("Who speaks").is_visible()
    page.get_by_label("Text to speak").fill("Short.")
    page.locator("#portrait").set_input_files(tmp_path / "both.png")
    page.get_by_role("button", name="Make the film").click()
    page.locator("#film-notices").get_by_text("number 1 in reading order").wait_for()
    ready(page)
    look(page, "several-faces")
    page.get_by_role("button", name="Choose who speaks").click()
    assert page.evaluate("() => document.activeElement.id") == "face"
    page.get_by_label("Who speaks").select_option("2")
    look(page, "face-chosen")
    page.get_by_role("button", name="Make the film").click()
    page.locator("#film-notices").get_by_text("number 2 in reading order").wait_for()
    ready(page)


def test_a_face_that_is_not_there_is_told_at_its_field(page) -> None:
    page.get_by_label("Text to speak").fill("Short.")
    page.locator("#portrait").set_input_files(PORTRAIT)
    page.get_by_label("Who speaks").select_option("3")
    page.get_by_role("button", name="Make the film").click()
    page.locator("#film-problem").get_by_text("there is no face 3").wait_for()
    page.get_by_role("button", name="Change it").click()
    assert page.evaluate("() => document.activeElement.id") == "face"


def test_the_camera_gives_a_picture(page) -> None:
    page.get_by_role("button", name="Use the camera").click()
    page.get_by_label("Camera", exact=True).wait_for()
    page.wait_for_timeout(500)  # for the first picture, of which the browser tells nothing here
    look(page, "camera")
    page.get_by_role("button", name="Take a picture").click()
    page.get_by_text("Your picture").wait_for()


def test_films_are_listed_and_deleted(page) -> None:
    page.get_by_label("Text to speak").fill("Short.")
    page.get_by_role("button", name="Make the film").click()
    ready(page)
    name = page.url.partition("#/")[2]
    page.get_by_role("link", name="Films").click()
    row = page.locator(f'[data-job="{name}"]')
    row.get_by_role("link", name="Short.", exact=True).wait_for()
    look(page, "films")
    row.get_by_role("button", name="Delete").click()
    look(page, "deleting")
    page.get_by_role("button", name="Keep it").click()
    row.get_by_role("button", name="Delete").click()
    page.locator("#delete-yes").click()
    row.wait_for(state="detached")
    page.goto(page.url.partition("#")[0] + f"#/{name}")
    page.get_by_role("heading", name="There is no such film").wait_for()
    look(page, "gone")


def test_the_system_is_told(page) -> None:
    page.get_by_role("link", name="System").click()
    for service in ("tts", "render", "compositor"):
        page.locator("#services").get_by_text(service).wait_for()
    page.locator("#workers").get_by_text("worker-0").wait_for()
    look(page, "system")


def test_the_keyboard_alone_makes_a_film(page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    tab_to(page, "text")
    page.keyboard.press("Control+A")
    page.keyboard.type("By keys.")
    tab_to(page, "make-film")
    page.keyboard.press("Enter")
    ready(page)
    page.locator("#film-files a.main[href$='=by-keys']").wait_for()


def tab_to(page, element: str) -> None:
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.id") == element:
            return
    raise AssertionError(f"no tab leads to {element}")


def test_colours_are_chosen_and_kept(page) -> None:
    switch = page.get_by_role("button", name="Colours")
    switch.click()
    switch.click()
    page.reload()
    assert page.evaluate("() => document.documentElement.dataset.theme") == "dark"
    assert (
        page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(15, 20, 19)"
    )
