"""What goes wrong is told where it is, with what to do; what passes is waited for."""

import io
import os
import signal

from PIL import Image

from browsing import look
from installations import Installation

LONG = "Nobody loses a film because a wire was pulled for a while. " * 4


def test_a_lost_connection_is_told_and_the_film_goes_on(page, installation: Installation) -> None:
    page.get_by_label("Text to speak").fill(LONG)
    page.get_by_text("Quality, shape and pace").click()
    page.get_by_label("Quality").select_option("Draft")
    page.get_by_role("button", name="Make the film").click()
    page.locator("#making").wait_for()
    os.kill(installation.supervisor.pid("gateway"), signal.SIGKILL)
    page.locator("#lost").wait_for()
    look(page, "lost")
    page.locator("#lost").wait_for(state="hidden")
    page.locator("#film-files").wait_for()
    seconds = page.evaluate("() => document.querySelector('#screen video').duration")
    assert seconds > 8


def test_bad_inputs_are_told_where_they_are(page) -> None:
    page.get_by_label("Text to speak").fill("   ")
    page.get_by_role("button", name="Make the film").click()
    page.locator("#text-problem").wait_for()
    assert page.locator("#text-problem").inner_text() == "Write what shall be said."
    assert page.evaluate("() => document.activeElement.id") == "text"
    look(page, "no-text")
    page.get_by_label("Text to speak").fill("Hello.")
    notes = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no picture " * 50}
    page.locator("#portrait").set_input_files(notes)
    problem = page.locator("#portrait-problem")
    problem.wait_for()
    assert "Choose a picture" in problem.inner_text()
    look(page, "no-picture")


def test_a_picture_without_a_face_is_told_on_the_stage(page) -> None:
    page.locator("#portrait").set_input_files(
        {"name": "grey.png", "mimeType": "image/png", "buffer": grey_picture()}
    )
    page.get_by_label("Text to speak").fill("Hello.")
    page.get_by_role("button", name="Make the film").click()
    page.get_by_role("heading", name="The film could not be made").wait_for()
    look(page, "failed")
    page.get_by_role("button", name="Change it").click()
    page.locator("#portrait:focus").wait_for(state="attached")


def grey_picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (320, 320), (128, 128, 128)).save(file, "PNG")
    return file.getvalue()
