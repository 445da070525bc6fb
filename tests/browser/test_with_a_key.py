"""The page of a server that asks for keys, as it does from the first one on.

Not before the other files of this folder, whose pages have none.
"""

import subprocess
import sys
from pathlib import Path

from browsing import look, opened
from installations import Installation


def new_key(home: Path) -> str:
    command = [Path(sys.executable).with_name("s2v"), "keys", "create", "ada", "--home", home]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def give(page, key: str) -> None:
    page.get_by_label("Key", exact=True).fill(key)
    page.get_by_role("button", name="Use the key").click()


def test_a_key_is_asked_for_and_kept_for_the_tab(browser, installation: Installation) -> None:
    key = new_key(installation.home)
    with opened(browser, f"http://{installation.http}") as page:
        asked = page.get_by_role("heading", name="This server asks for a key")
        asked.wait_for()
        look(page, "key")
        give(page, f"{key[:-3]}xyz")
        page.locator("#key-problem").wait_for()
        assert "does not count" in page.locator("#key-problem").inner_text()
        look(page, "wrong-key")
        give(page, key)
        page.locator("#voice option").first.wait_for(state="attached")
        page.get_by_label("Text to speak").fill("With a key.")
        page.get_by_role("button", name="Make the film").click()
        page.locator("#film-files").wait_for()
        with page.expect_download() as download:
            page.get_by_role("link", name="Download film").click()
        assert download.value.suggested_filename == "with-a-key.mp4"
        page.reload()
        page.locator("#film-files").wait_for()
        page.get_by_role("link", name="System").click()
        page.locator("#system-problem, #services li").first.wait_for()
        look(page, "system-with-a-key")
        page.get_by_role("button", name="Forget key").click()
        asked.wait_for()
